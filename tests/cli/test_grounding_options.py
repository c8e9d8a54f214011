"""What `vlm4rec ground` makes of odd options, and of what goes wrong half way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_grounding import bare, on, server
from tests.grounding.model_server import ModelServer
from vlm4rec.cli.grounding_told import report_dict
from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.providers import choosing
from vlm4rec.grounding.providers.choosing import Found
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.report import GroundingReport
from vlm4rec.shop import Shop

__all__ = ["bare", "server"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--no-wait",), "Add --batch"),
        (("--batch", "--second-lvlm", "openai:other"), "A batch asks one model only."),
        (("--base-url", ""), "--base-url is empty."),
        (("--base-url", " "), "--base-url is empty."),
        (("--temperature", "inf"), "temperature is inf."),
        (("--timeout", "inf"), "timeout is inf."),
        (("--budget", "nan"), "budget is nan."),
        (("--budget", "1e12"), "US dollars"),
        (("--requests-per-minute", "inf"), "requests_per_minute is inf."),
        (("--second-lvlm", "nobody"), "There is no LVLM 'nobody'."),
        (("--second-lvlm", "openai:"), "There is no LVLM 'openai:'."),
    ],
)
def test_options_that_can_not_be_meant_are_told(
    vlm4rec: Command, bare: Path, server: ModelServer, options: tuple[str, ...], said: str
) -> None:
    for more in ((), ("--json",), ("--dry-run",)):
        told = vlm4rec("ground", bare, *on(server), *options, *more)
        assert (told.code, told.out, server.log) == (1, "", [])
        assert said in told.err


def test_an_address_without_a_model_is_told(
    vlm4rec: Command, bare: Path, server: ModelServer
) -> None:
    told = vlm4rec("ground", bare, "--base-url", server.url, "--yes")
    assert (told.code, server.log) == (1, [])
    assert "Name it with --lvlm." in told.err


def test_a_batch_of_a_provider_without_is_told_in_a_dry_run_too(
    vlm4rec: Command, bare: Path, tmp_path: Path
) -> None:
    recorded = tmp_path / "r.jsonl"
    line = {"item_id": "1", "model": "m", "prompt_id": "paper-v1", "description": "A shoe."}
    recorded.write_text(json.dumps(line))
    for more in ((), ("--dry-run",)):
        told = vlm4rec("ground", bare, "--lvlm", f"recorded:{recorded}", "--batch", *more)
        assert told.code == 1
        assert "has no batch API" in told.err


def test_an_answer_of_any_length_may_be_allowed(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vlm4rec.grounding.providers.server_address.Address.here", False)
    spec = ("--lvlm", "openai:gpt-4.1-mini", "--base-url", server.url)
    told = vlm4rec("ground", bare, *spec, "--max-tokens", str(10**18))
    assert told.code == 0, told.err


def test_the_json_has_the_flags(vlm4rec: Command, bare: Path, server: ModelServer) -> None:
    server.mood = lambda number, before: "same"
    report = GroundingReport()
    report.count(["cut-off", "language"], 3)
    report.count(["cut-off"], 1)
    written = json.loads(json.dumps(report_dict(report)))
    assert written["flags"] == {"cut-off": 4, "language": 3}


def test_the_json_has_the_error_of_a_batch() -> None:
    error = LVLMError("No.", "Wait.", fatal=True)
    report = GroundingReport(error=error, batch=BatchReport(submitted=2, error=error))
    written = json.loads(json.dumps(report_dict(report)))
    assert (written["error"], written["batch"]["error"]) == ("No. Wait.", "No. Wait.")
    assert written["batch"]["submitted"] == 2


def test_the_json_is_all_of_stdout_where_the_model_was_found(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Found("openai:test-model", server.url, "a server answers on this machine.")
    monkeypatch.setattr(choosing, "choose_lvlm", lambda _environ: found)
    told = vlm4rec("ground", bare, "--yes", "--json")
    assert (told.code, json.loads(told.out)["grounded"]) == (0, 5)
    assert "5 photos to describe by openai:test-model" in told.err


def test_the_key_goes_to_a_server_that_was_named_and_to_none_that_was_found(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = os.environ["OPENAI_API_KEY"]
    found = Found("openai:test-model", server.url, "a server answers on this machine.")
    monkeypatch.setattr(choosing, "choose_lvlm", lambda _environ: found)
    assert vlm4rec("ground", bare, "--yes", "--limit", "1").code == 0
    assert vlm4rec("ground", bare, *on(server), "--limit", "1").code == 0
    by_itself, named = server.log
    assert not any(key in value for value in by_itself.headers.values())
    assert named.headers["authorization"] == f"Bearer {key}"


def test_the_json_of_a_run_that_an_error_ended(
    vlm4rec: Command, bare: Path, server: ModelServer
) -> None:
    server.mood = lambda _number, _before: "401"
    told = vlm4rec("ground", bare, *on(server), "--json")
    report = json.loads(told.out)
    assert (told.code, report["stopped_by"], report["grounded"]) == (1, "error", 0)
    assert "401" in report["error"]
    assert told.err.count("Error:") == 1


def test_a_dry_run_writes_nothing(vlm4rec: Command, bare: Path, server: ModelServer) -> None:
    before = sorted(path for path in bare.rglob("*"))
    told = vlm4rec("ground", bare, *on(server), "--dry-run")
    assert told.code == 0
    assert sorted(path for path in bare.rglob("*")) == before


def test_a_dry_run_finds_that_a_budget_can_not_be_kept(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vlm4rec.grounding.providers.server_address.Address.here", False)
    for more in ((), ("--dry-run",)):
        told = vlm4rec("ground", bare, *on(server), "--budget", "1", *more)
        assert (told.code, server.log) == (1, [])
        assert "there is none for test-model" in told.err


def test_the_second_model_gets_the_settings_that_its_provider_knows(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, dict[str, object]]] = []

    def init(lvlm: OpenAILVLM, model: str, **settings: object) -> None:
        made.append((model, settings))
        original(lvlm, model, **settings)  # type: ignore[arg-type]

    original = OpenAILVLM.__init__
    init.__wrapped__ = original  # type: ignore[attr-defined]
    monkeypatch.setattr(OpenAILVLM, "__init__", init)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    options = ("--lvlm", "openai:small", "--max-tokens", "90", "--seed", "3")
    told = vlm4rec("ground", bare, *options, "--second-lvlm", "openai:large", "--timeout", "9")
    assert told.code == 0, told.err
    settings = {"max_tokens": 90, "seed": 3, "timeout": 9.0}
    assert made == [("small", settings), ("large", settings)]
    told = vlm4rec("ground", bare, *options, "--second-lvlm", "anthropic:large")
    assert told.code == 0, told.err  # it knows no seed, and that is no reason to refuse it


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_in_good_order(
    bare: Path, server: ModelServer, times: int, tmp_path: Path
) -> None:
    server.latency = 0.3
    command = [sys.executable, "-m", "vlm4rec", "ground", str(bare), *on(server), "--json"]
    process = subprocess.Popen(
        [*command, "--concurrency", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    deadline = time.monotonic() + 30
    while len(server.log) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    kept = len(Shop.open(bare).answers)
    if times == 1:
        report = json.loads(out)
        assert (report["stopped_by"], report["grounded"]) == ("interrupt", kept)
    else:
        assert out == ""
    assert 1 <= kept <= 2
