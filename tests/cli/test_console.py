from __future__ import annotations

import json
import subprocess
import sys

import pytest

from vlm4rec.cli import console
from vlm4rec.errors import DataError

HELP = "import sys; from vlm4rec.cli.main import app; print(*sys.modules)"


def test_help_needs_nothing_heavy() -> None:
    run = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert not loaded & {"torch", "polars", "numpy", "openai", "PIL", "jinja2"}


def test_ids_and_paths_are_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(DataError("There is no item '[bold]x[/]'.", "See [a].csv"))
    assert "[bold]x[/]" in capsys.readouterr().err


def test_json_keeps_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"title": "Stövel – 靴"})
    out = capsys.readouterr().out
    assert "Stövel – 靴" in out
    assert json.loads(out) == {"title": "Stövel – 靴"}
