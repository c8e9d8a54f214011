"""`vlm4rec ground`, as a person at the command line sees it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Command
from tests.grounding.model_server import ModelServer
from vlm4rec.grounding.providers import choosing
from vlm4rec.grounding.providers.choosing import Found
from vlm4rec.shop import InitOptions, Shop


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("VLM4REC_PRICES", raising=False)
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def bare(tmp_path: Path, source: Path) -> Path:
    """A shop with photos and nothing else."""
    options = InitOptions(
        format="csv",
        source=str(source / "items.csv"),
        interactions=(str(source / "interactions.csv"),),
    )
    return Shop.create(tmp_path / "bare", options).folder.root


def on(server: ModelServer) -> tuple[str, ...]:
    return ("--lvlm", "openai:test-model", "--base-url", server.url)


def test_a_dry_run_estimates_and_asks_no_one(
    vlm4rec: Command, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    told = vlm4rec("ground", bare, "--lvlm", "openai:gpt-4.1-mini", "--dry-run")
    assert told.code == 0
    assert "5 photos to describe by openai:" in told.out
    assert re.search(r"out: \$0\.0", told.out)
    assert "by batch $" in told.out
    assert not Shop.open(bare).answers
    asked = vlm4rec("ground", bare, "--lvlm", "openai:gpt-4.1-mini", "--dry-run", "--json")
    plan = json.loads(asked.out)
    assert plan["estimate"]["photos"] == 5
    assert 0 < plan["estimate"]["cost_batch"] < plan["estimate"]["cost"] < plan["estimate"]["most"]


def test_what_another_model_described_can_be_left_alone(
    vlm4rec: Command, bare: Path, source: Path, server: ModelServer
) -> None:
    vlm4rec("ground", bare, "--lvlm", f"recorded:{source / 'groundings.jsonl'}", "--limit", "2")
    told = vlm4rec("ground", bare, *on(server), "--dry-run")
    assert "5 photos to describe by openai:" in told.out
    assert "2 photos of the shop described by another model" in told.out
    told = vlm4rec("ground", bare, *on(server), "--dry-run", "--missing")
    assert "3 photos to describe by" in told.out
    assert "--missing" not in told.out
    assert vlm4rec("ground", bare, *on(server), "--missing").code == 0
    assert len(server.log) == 3
    assert len(Shop.open(bare).answers) == 5


def test_a_run_tells_what_it_did_and_what_comes_next(
    vlm4rec: Command, bare: Path, server: ModelServer
) -> None:
    server.mood = lambda _number, before: "429" if not before else "good"
    told = vlm4rec("ground", bare, *on(server), "--max-tokens", "200", "--temperature", "0.5")
    assert told.code == 0, told.err
    assert re.search(r"^Described +5 ", told.out)
    assert "Calls made again" in told.out
    assert f"Next: vlm4rec encode {bare}" in told.out
    body = server.log[-1].body
    assert (body["max_tokens"], body["temperature"]) == (200, 0.5)
    told = vlm4rec("ground", bare, *on(server), "--max-tokens", "200", "--temperature", "0.5")
    assert re.search(r"^Described before +5 ", told.out, re.MULTILINE)


def test_json_lines_go_to_stderr_and_the_report_to_stdout(
    vlm4rec: Command, bare: Path, server: ModelServer
) -> None:
    told = vlm4rec("ground", bare, *on(server), "--json")
    report = json.loads(told.out)
    assert (report["grounded"], report["spent"], report["flags"]) == (5, 0.0, {})
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert {line["event"] for line in lines} == {"progress"}
    assert (lines[-1]["done"], lines[-1]["total"]) == (5, 5)


def test_a_budget_stops_in_good_order(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "vlm4rec.grounding.providers.openai.OpenAILVLM.traits",
        property(lambda lvlm: _paid()),
    )
    ground = ("ground", bare, *on(server), "--concurrency", "1")
    told = vlm4rec(*ground, "--budget", "1")
    assert (told.code, server.log) == (1, [])
    assert "there is none for test-model" in told.err
    assert "vlm4rec prices --write" in told.err

    table = bare.parent / "prices.toml"
    table.write_text(
        '[models."test-model"]\ninput = 100\noutput = 100\n'
        'photo = { rule = "fixed", tokens = 80 }\n'
    )
    dear = (*ground, "--prices", str(table))
    most = json.loads(vlm4rec(*dear, "--dry-run", "--json").out)["estimate"]["most"] / 5
    told = vlm4rec(*dear, "--budget", str(most + 0.02))
    assert told.code == 0
    assert "Stopped before the budget would be passed" in told.out
    assert "the same command goes on" in told.out
    assert 0 < len(server.log) < 5


def _paid() -> object:
    from vlm4rec.grounding.lvlm import Traits

    return Traits(free=False, most_tokens_out=100, max_side=768)


def test_what_is_done_about_flags_can_be_said(
    vlm4rec: Command, bare: Path, server: ModelServer, tmp_path: Path
) -> None:
    server.mood = lambda _number, _before: "schema"
    told = vlm4rec("ground", bare, *on(server), "--on", "malformed=leave-out")
    assert (told.code, len(server.log)) == (1, 5)
    assert "The first failure: item" in told.out
    assert vlm4rec("ground", bare, *on(server)).code == 1
    told = vlm4rec("ground", bare, *on(server))
    assert (told.code, len(server.log)) == (0, 10)
    assert "Given up before" in told.out
    server.mood = lambda _number, _before: "good"
    told = vlm4rec("ground", bare, *on(server), "--again")
    assert (told.code, len(server.log)) == (0, 15)
    for wrong, said in (
        (("--on", "nonsense=keep"), "nonsense"),
        (("--on", "cut-off=maybe"), "again+keep"),
        (("--policy", str(tmp_path / "none.toml")), "none.toml"),
        (("--prices", str(tmp_path / "none.toml")), "none.toml"),
        (("--budget", "0"), "budget"),
        (("--requests-per-minute", "-1"), "requests_per_minute"),
    ):
        told = vlm4rec("ground", bare, *on(server), *wrong)
        assert told.code == 1
        assert said in told.err
        assert "Traceback" not in told.err


def test_without_a_model_it_lists_the_ways_in(
    vlm4rec: Command, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in choosing.KEYS:
        monkeypatch.delenv(key.variable, raising=False)
    monkeypatch.setattr(choosing, "find_lvlms", lambda *_args, **_named: [])
    told = vlm4rec("ground", bare)
    assert told.code == 1
    for way in choosing.WAYS_IN:
        assert way in told.err


def test_what_is_found_is_told_and_asked_before_it_costs(
    vlm4rec: Command, bare: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Found("openai:test-model", server.url, "a server answers on this machine.")
    monkeypatch.setattr(choosing, "choose_lvlm", lambda _environ: found)
    told = vlm4rec("ground", bare)
    assert (told.code, server.log) == (1, [])
    assert f"taking openai:test-model at {server.url}: a server answers" in told.err
    assert "add --yes" in told.err

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    answers = iter([False, True])

    def confirm(*_arguments: object, **_named: object) -> None:
        if not next(answers):
            raise typer.Abort

    monkeypatch.setattr(typer, "confirm", confirm)
    assert vlm4rec("ground", bare).code == 1
    assert server.log == []
    assert vlm4rec("ground", bare).code == 0
    assert len(server.log) == 5
    assert vlm4rec("ground", bare, "--yes").code == 0


def test_photos_that_failed_before_are_told_and_the_server_is_not_blamed(
    vlm4rec: Command, bare: Path, server: ModelServer
) -> None:
    server.mood = lambda number, _before: "400" if number % 16 < 5 else "good"
    told = vlm4rec("ground", bare, *on(server))
    assert "as in an earlier run" not in told.out
    failed = told.out.count("The first failure: item")
    told = vlm4rec("ground", bare, *on(server))
    assert failed == told.out.count("The first failure: item") == 1
    assert "\n2 photos got no answer, as in an earlier run. Look at them" in told.out
    assert (told.code, told.err.count("Error:")) == (1, 0)
    report = json.loads(vlm4rec("ground", bare, *on(server), "--json").out)
    assert (report["error"], report["silent"]) == (None, len(report["failed"]))


def test_another_kind_of_model_is_a_data_error(vlm4rec: Command, bare: Path) -> None:
    told = vlm4rec("ground", bare, "--lvlm", "recorded:x.jsonl", "--temperature", "1")
    assert told.code == 1
    assert "has no option 'temperature'" in told.err
