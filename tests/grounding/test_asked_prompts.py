from __future__ import annotations

from vlm4rec.grounding.asked_prompts import asked_prompts, note_prompt
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt


def test_a_text_that_changed_under_its_id_is_a_problem(ledger: Ledger) -> None:
    assert note_prompt(ledger, Prompt("shoes", 1, "What shoe?")) == []
    assert note_prompt(ledger, Prompt("shoes", 1, "What shoe?")) == []
    assert note_prompt(ledger, Prompt("shoes", 2, "Which shoe?")) == []
    (problem,) = note_prompt(ledger, Prompt("shoes", 1, "What boot?"))
    assert (problem.code, problem.where) == ("prompt-changed", "prompt shoes-v1")
    asked = asked_prompts(ledger)
    assert asked["shoes-v2"] == "Which shoe?"
    assert asked[DEFAULT_PROMPT.id] == DEFAULT_PROMPT.text
