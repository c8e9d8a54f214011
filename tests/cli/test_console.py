from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


def test_json_survives_a_pipe_that_lacks_a_letter(tmp_path: Path) -> None:
    code = "from vlm4rec.cli.console import print_json; print_json({'title': '\\U0001f600 Stövel'})"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        check=True,
    )
    assert json.loads(run.stdout) == {"title": "😀 Stövel"}


def test_json_keeps_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"title": "Stövel – 靴"})
    out = capsys.readouterr().out
    assert "Stövel – 靴" in out
    assert json.loads(out) == {"title": "Stövel – 靴"}


def test_foreign_text_gives_the_terminal_no_commands() -> None:
    assert console.plain("a\x1b[31mb\x9bc [d]\ne") == "a [31mb c \\[d] e"


def test_a_terminal_that_lacks_a_letter(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,title\n😀,靴\nb,Boot\n", encoding="utf-8")
    command = [sys.executable, "-m", "vlm4rec", "init", str(tmp_path / "靴"), "--source"]
    run = subprocess.run(
        [*command, str(tmp_path / "items.csv")],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        check=False,
    )
    assert run.returncode == 0
    assert b"Traceback" not in run.stderr
    assert b"\\u9774" in run.stdout
