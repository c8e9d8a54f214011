"""Answers good and bad, made up for these tests, in the two files beside this one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlm4rec.grounding.answers import read_answer
from vlm4rec.grounding.lvlm import LVLMAnswer
from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.grounding.quality.flags import Flag, flag_of
from vlm4rec.grounding.quality.gates import Subject, check
from vlm4rec.grounding.schema import Answer

_FIELDS = frozenset(Answer.model_fields)


@dataclass(frozen=True)
class Case:
    """One answer: its fields or its raw text, how it came about, and the flags it must have."""

    row: Mapping[str, Any]

    @property
    def expected(self) -> list[str]:
        return list(self.row.get("flags", []))

    @property
    def text(self) -> str:
        fields = {name: value for name, value in self.row.items() if name in _FIELDS}
        return str(self.row["raw"]) if "raw" in self.row else json.dumps(fields)

    def flags(self) -> list[Flag]:
        """Read and check the answer as a run does."""
        finish = self.row.get("finish", "stop")
        reading = read_answer(LVLMAnswer(self.text, "m", finish_reason=finish))
        unreadable = flag_of(reading)
        if unreadable or reading.answer is None:
            return [unreadable] if unreadable else []
        subject = Subject(
            reading.answer,
            self.text,
            self.row.get("question", DEFAULT_PROMPT.text),
            title=self.row.get("title", ""),
            titled=self.row.get("titled", False),
            language=self.row.get("language", "en"),
            said_of_another=self.row.get("said_of_another", False),
        )
        return list(check(subject))

    def __str__(self) -> str:
        return str(self.row.get("description", self.text))[:50]


def cases(name: str) -> list[Case]:
    lines = (Path(__file__).parent / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Case(json.loads(line)) for line in lines]
