from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.shop.conftest import options, source
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, Identity
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.schema import Answer, Provenance
from vlm4rec.problems import Problem
from vlm4rec.shop import InitOptions, Shop, ShopFolder
from vlm4rec.storage import content_hash

__all__ = ["options", "source"]

Describe = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, options: InitOptions) -> ShopFolder:
    """A shop of five items, 001 to 005, of which nothing is described."""
    return Shop.create(tmp_path / "shop", options).folder


@pytest.fixture
def ledger(folder: ShopFolder) -> Iterator[Ledger]:
    with Ledger.open(folder.ledger_file) as ledger:
        yield ledger


@pytest.fixture
def photos(folder: ShopFolder) -> dict[str, str]:
    """The sha256 of each item's photo."""
    return dict(pl.read_parquet(folder.photos_file).select("item", "sha256").iter_rows())


@pytest.fixture
def describe(ledger: Ledger, photos: dict[str, str]) -> Describe:
    """Put an answer into the ledger as a run of `ground` does, and return its key."""

    def record(
        item: str,
        answer: Answer | str | None,
        *,
        prompt_id: str = "paper-v1",
        model: str = "m-2026",
        text: str = "",
        assign: bool = True,
        **more: Any,
    ) -> str:
        sha256 = photos[item]
        if isinstance(answer, str):
            answer = Answer(description=answer)
        request = GroundingRequest(item, "", sha256, Prompt(prompt_id, 1, "?"))
        key = Identity("openai", model, {"text": content_hash(str(answer))}).key(request)
        facts = {
            name: more.pop(name) for name in ("cost", "tokens_in", "tokens_out") if name in more
        }
        provenance = Provenance(
            provider="openai",
            model=model,
            prompt_id=prompt_id,
            photo_sha256=sha256,
            created="2026-01-02T03:04:05+00:00",
            **facts,
        )
        text = text or ("" if answer is None else answer.model_dump_json())
        photo = [(item, 0)] if assign else []
        ledger.record(key, text, provenance, answer=answer, photos=photo, **more)
        return key

    return record


@pytest.fixture
def fail(ledger: Ledger) -> Callable[[str, str], None]:
    """Note that a photo was asked about in vain."""

    def note(item: str, code: str) -> None:
        problem = Problem(code, f"item {item}", f"It is {code}", "Ask again", item)
        ledger.fail([(item, 0, problem)])

    return note


def said(ledger: Ledger, item: str) -> str:
    """What the current grounding of an item says, empty if there is none."""
    return next((g.answer.description for *_, g in ledger.groundings([item])), "")
