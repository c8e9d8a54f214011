"""Whole runs, as a user makes them: commands in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-W", "error", "-m", "vlm4rec"]


def vlm4rec(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command line; whatever happens, there is no traceback."""
    environment = {**os.environ, "PYTHONWARNINGS": "", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    if check:
        assert done.returncode == 0, done.stderr
    return done


def vlm4rec_json(*arguments: str | Path) -> Any:
    """Run the command line with --json and return what it printed."""
    return json.loads(vlm4rec(*arguments, "--json").stdout)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo that was run: ``shop`` and ``gallery``."""
    out = tmp_path_factory.mktemp("demo")
    done = vlm4rec("demo", "--out", out)
    (out / "told.txt").write_text(done.stdout, encoding="utf-8")
    return out
