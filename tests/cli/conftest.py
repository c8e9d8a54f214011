from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.shop.conftest import change, options, shop, source
from tests.words import WordEncoder
from vlm4rec.cli import console
from vlm4rec.cli.main import run

__all__ = ["change", "options", "shop", "source"]


class Told(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Command = Callable[..., Told]


@pytest.fixture
def vlm4rec(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process, wide enough that no line is broken."""
    monkeypatch.setattr(console.out, "width", 250)
    monkeypatch.setattr(console.err, "width", 250)

    def command(*arguments: str | Path) -> Told:
        monkeypatch.setattr(sys, "argv", ["vlm4rec", *map(str, arguments)])
        try:
            run()
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else int(bool(exit_.code))
        captured = capsys.readouterr()
        return Told(code, captured.out, captured.err)

    return command


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the name of the default encoder stand for one that needs no weights."""
    monkeypatch.setattr("vlm4rec.shop.encode.load_encoder", lambda _name: WordEncoder())
