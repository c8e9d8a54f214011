from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from vlm4rec.cli import console as consoles
from vlm4rec.cli.grounding_summary import duration, money, summary
from vlm4rec.cli.grounding_view import GroundingView, Pace
from vlm4rec.grounding.watching import RunState

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")

STATE = RunState(
    done=0,
    total=1000,
    grounded=0,
    reused=0,
    failed=0,
    left_out=0,
    retried=0,
    flagged=0,
    tokens_in=0,
    tokens_cached=0,
    tokens_out=0,
    spent=0.0,
    uncertain=0.0,
    level=8,
    in_flight=8,
    paused=None,
)


class Ticking:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(done: int, **rest: object) -> RunState:
    return replace(STATE, done=done, grounded=done, **rest)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


def made(
    clock: Ticking, *, terminal: bool = False, as_json: bool = False, width: int = 80
) -> tuple[GroundingView, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=width, highlight=False)
    return GroundingView(as_json=as_json, console=console, clock=clock), file


def events(file: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_elsewhere_than_on_a_terminal_a_line_comes_every_ten_seconds(clock: Ticking) -> None:
    view, file = made(clock)
    with view:
        for second in range(25):
            clock.now = 100.0 + second
            view.show(at(10 * second, spent=0.001 * second, retried=second // 12))
    assert file.getvalue().splitlines() == [
        "Grounding: 100 of 1,000, 10.0 photos/s, 1:30 left, $0.0100, 8 at once",
        "Grounding: 200 of 1,000, 10.0 photos/s, 1:20 left, $0.0200, 8 at once, 1 retried",
    ]


def test_machines_get_one_line_a_second_and_the_last(clock: Ticking) -> None:
    view, file = made(clock, as_json=True)
    with view:
        for tick in range(26):
            clock.now = 100.0 + tick / 8
            view.show(at(tick))
    assert [event["done"] for event in events(file)] == [0, 8, 16, 24, 25]


def test_what_machines_are_told(clock: Ticking) -> None:
    view, file = made(clock, as_json=True)
    with view:
        clock.now += 4.0
        view.show(at(20, spent=1 / 3, uncertain=0.01, retried=2, flagged=3, failed=1, paused=12.0))
        clock.now += 0.5
    first, last = events(file)
    assert datetime.fromisoformat(str(first.pop("time"))).tzinfo is not None
    assert first == {
        "event": "progress",
        "done": 20,
        "total": 1000,
        "rate": 5.25,
        "eta_seconds": 186.7,
        "spent_usd": 0.333333,
        "uncertain_usd": 0.01,
        "retries": 2,
        "flagged": 3,
        "failed": 1,
        "level": 8,
        "trouble": "",
        "paused": 12.0,
    }
    assert last["paused"] == 11.5


def test_machines_are_told_when_nobody_knows(clock: Ticking) -> None:
    view, file = made(clock, as_json=True)
    with view:
        view.show(at(0, total=None))
    assert [(e["total"], e["eta_seconds"], e["rate"]) for e in events(file)] == [
        (None, None, 0.0),
        (None, None, 0.0),
    ]


def test_photos_described_before_do_not_make_it_look_fast(clock: Ticking) -> None:
    view, file = made(clock, as_json=True)
    with view:
        clock.now += 10.0
        view.show(replace(STATE, done=520, reused=500, grounded=20))
    event = events(file)[-1]
    assert (event["rate"], event["eta_seconds"]) == (2.0, 240.0)


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    pace = Pace(0.0)
    for second in range(1, 101):
        pace.seen(float(second), min(second, 60) * 10 + max(0, second - 60) * 2)
    assert pace.rate == pytest.approx(2.0)
    assert pace.left(10) == pytest.approx(5.0)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_shows_a_bar_and_what_is_wrong(clock: Ticking, width: int) -> None:
    view, file = made(clock, terminal=True, width=width)
    with view:
        clock.now += 2.0
        view.show(at(250, spent=12.5, uncertain=0.5, retried=4, flagged=3, failed=2, left_out=1))
    lines = [line for line in _ESCAPES.sub("", file.getvalue()).splitlines() if line.strip()]
    assert max(map(len, lines)) <= width
    drawn = " ".join(" ".join(lines).split())
    assert "250/1,000 25%" in drawn
    assert "126.0 photos/s, 6 s left, $12.50 and up to $0.5000, 8 at once" in drawn
    assert "4 retried, 3 flagged, 2 failed, 1 given up before" in drawn
    assert "down" not in drawn


def test_a_pause_counts_down_though_nothing_comes(clock: Ticking) -> None:
    view, file = made(clock, terminal=True)
    with view:
        view.show(at(3, paused=12.0))
        clock.now += 5.0
    assert "Trying again in 7 s" in file.getvalue()


def test_a_probe_of_a_server_that_is_down(clock: Ticking) -> None:
    view, file = made(clock, terminal=True)
    with view:
        view.show(at(3, paused=math.inf))
    assert "Trying again now" in file.getvalue()
    view, file = made(clock, as_json=True)
    with view:
        view.show(at(3, paused=math.inf))
    assert [event["paused"] for event in events(file)] == [0.0, 0.0]


def test_a_terminal_says_what_goes_on_before_the_first_answer(clock: Ticking) -> None:
    view, file = made(clock, terminal=True)
    with view:
        pass
    assert "looking up" in file.getvalue()


def test_a_run_that_breaks_leaves_its_last_state(clock: Ticking) -> None:
    view, file = made(clock)

    def broken() -> None:
        with view:
            view.show(at(7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert "7 of 1,000" in file.getvalue()


def told(state: RunState, seconds: float = 61.0, **more: dict[str, int]) -> str:
    console = Console(file=io.StringIO(), width=90)
    console.print(summary(state, seconds, more.get("flags", {}), more.get("models", {})))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_summary_leaves_out_what_did_not_happen() -> None:
    assert [line.split() for line in told(at(0)).splitlines()] == [
        ["Described", "0"],
        ["Time", "1:01"],
    ]


def test_the_summary_tells_all_that_did() -> None:
    state = replace(
        STATE,
        done=15,
        grounded=10,
        reused=2,
        failed=2,
        left_out=1,
        retried=4,
        flagged=3,
        tokens_in=12_000,
        tokens_cached=4_000,
        tokens_out=900,
        spent=1.25,
        uncertain=0.003,
    )
    text = told(state, 6.0, flags={"cut-off": 1, "repeats": 2}, models={"gpt [b]": 10})
    rows = [line.split(maxsplit=1)[0] for line in text.splitlines()]
    assert rows == [
        *("Described", "Described", "Failed", "Given", "Flagged", "Calls", "Tokens", "Tokens"),
        *("Cost", "Time"),
    ]
    for part in (
        "gpt [b] (10)",
        "repeats (2), cut-off (1)",
        "4,000 of them from the server's cache",
        "$1.25  and up to $0.0030 for answers that got lost",
        "2.0 photos/s",
    ):
        assert part in text


def test_the_summary_goes_where_results_go(
    clock: Ticking, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(consoles.out, "width", 80)
    for as_json in (False, True):
        view, _ = made(clock, as_json=as_json)
        with view:
            view.show(at(5))
            clock.now += 2.0
        view.summarise({"cut-off": 1})
        assert view.seconds == 2.0
        assert ("Described" in capsys.readouterr().out) is not as_json


def test_nothing_to_do_shows_nothing(clock: Ticking, capsys: pytest.CaptureFixture[str]) -> None:
    view, file = made(clock, as_json=True)
    with view:
        pass
    view.summarise()
    assert file.getvalue() == capsys.readouterr().out == ""


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_any_time_and_sum_can_be_told(seconds: float, dollars: float) -> None:
    assert duration(seconds)
    assert money(dollars).startswith("$")


@given(st.lists(st.tuples(st.floats(0, 1e4), st.integers(0, 1000)), max_size=40))
def test_a_rate_is_never_negative(steps: list[tuple[float, int]]) -> None:
    pace, now, answered = Pace(0.0), 0.0, 0
    for wait, count in steps:
        now, answered = now + wait, answered + count
        pace.seen(now, answered)
    assert pace.rate >= 0
    assert (pace.left(5) is None) == (pace.rate == 0)
