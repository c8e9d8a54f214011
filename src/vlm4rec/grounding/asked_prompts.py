"""What was asked under the id of each prompt, so that an answer can be read beside its question."""

from __future__ import annotations

from datetime import UTC, datetime

from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.ledger_rows import storable
from vlm4rec.grounding.prompts import PROMPTS, Prompt
from vlm4rec.problems import Problem

__all__ = ["asked_prompts", "note_prompt"]


def note_prompt(ledger: Ledger, prompt: Prompt) -> list[Problem]:
    """Take down the text of a prompt that is about to be asked.

    Returns
    -------
    list of Problem
        One if another text was asked under the same id: its answers are told apart by their
        keys, and are not asked for again for the old text; people can't tell them apart.
    """
    text = storable(prompt.text)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ledger.change("INSERT OR IGNORE INTO prompts VALUES (?, ?, ?)", [(prompt.id, text, now)])
    sql = "SELECT COUNT(*) FROM prompts WHERE id = ? AND text <> ?"
    ((others,),) = ledger.rows(sql, [prompt.id, text])
    if not others:
        return []
    what = "another text was asked under this id before, and the answers to both bear it"
    return [
        Problem("prompt-changed", f"prompt {prompt.id}", what, "Give the new text a new version")
    ]


def asked_prompts(ledger: Ledger) -> dict[str, str]:
    """Return the text of each prompt by its id, of several the one asked last.

    Prompts of the package are there whether they were asked or not.
    """
    asked = {id_: prompt.text for id_, prompt in PROMPTS.items()}
    asked.update(ledger.rows("SELECT id, text FROM prompts ORDER BY first_asked"))
    return asked
