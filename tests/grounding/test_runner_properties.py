"""Runs in which anything may happen, and what holds of each whatever happens."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding import sorting
from vlm4rec.grounding.asking import Clock
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Traits
from vlm4rec.grounding.money.prices import PriceTable
from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.grounding.quality.policy import Policy
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import run
from vlm4rec.storage import content_hash

MODELS = ("gpt-4.1-mini", "gpt-4.1")
"""Two whose prices differ by a factor of five."""

PRICES = PriceTable.load()
IN, OUT = 1000, 100
BOUND = 0.002
"""US dollars; somewhat more than the most that a call to the cheaper one may cost."""

SAID = {
    "good": "A brown leather boot with laces and the number {} on its sole.",
    "cut": "A brown leather boot with laces, the number {} and a",
    "loop": "A boot {} and a boot. " * 40,
    "same": "A plain boot that this text says of every photo, whichever one it is shown.",
}
ANSWERS = (*SAID, "prose", "malformed", "refused", "empty", "length", "uncounted")
PASSING = ("down", "lost", "busy", "later", "cancelled")
LASTING = ("too-large", "broken-file")
ENDING = ("wrong-key", "much-later")
ACTS = (*ANSWERS, *PASSING, *LASTING, *ENDING)


def cost(model: str) -> float:
    price = PRICES.price("openai", model)
    assert price is not None
    return (IN * price.input + OUT * price.output) / 1e6


@dataclass
class Scripted:
    """Does with each photo what its script says, one act a call, and after that says good things.

    It keeps its own count of what it was asked, answered and charged.
    """

    scripts: dict[str, list[str]]
    model: str = MODELS[0]
    free: bool = False
    varies: bool = True
    blind: frozenset[str] = frozenset()
    stop: asyncio.Event | None = None
    stop_at: int = 0
    calls: int = 0
    not_asked: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    charged: float = 0.0

    @property
    def traits(self) -> Traits:
        return Traits(self.free, OUT, 768, self.varies)

    def identity(self, request: GroundingRequest) -> Identity | None:
        known = request.photo_sha256 not in self.blind
        return Identity("openai", self.model) if known else None

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        sha256 = request.photo_sha256
        self.calls += 1
        self.asked[sha256] += 1
        if self.stop is not None and self.calls == self.stop_at:
            self.stop.set()
        script = self.scripts.get(sha256, [])
        act = script.pop(0) if script else "good"
        for _ in range(int(sha256[:2], 16) % 4):
            await asyncio.sleep(0)
        if act in ANSWERS:
            self.answers[sha256] += 1
            self._charge()
            return said(act, request, self.model)
        if act in ("lost", "cancelled"):
            self._charge()
        self.not_asked += act == "broken-file"
        raise failure(act)

    def _charge(self) -> None:
        self.charged += 0.0 if self.free else cost(self.model)

    async def close(self) -> None:
        raise AssertionError("a run leaves it open")


def said(act: str, request: GroundingRequest, model: str) -> LVLMAnswer:
    number = f"{request.photo_sha256[:8]}{request.again}"
    text = SAID.get(act, SAID["good"]).replace("{}", number)
    written = {
        "prose": text,
        "malformed": "[1, 2]",
        "empty": "",
        "length": '{"description": "A bro',
    }.get(act, json.dumps({"category": "boot", "description": text}))
    finish = {"length": "length", "refused": "refusal"}.get(act, "stop")
    tokens_in, cached, out = (None, None, None) if act == "uncounted" else (IN, 0, OUT)
    varied = {"again": 1} if request.again else {}
    return LVLMAnswer(written, f"{model}-2026", finish, tokens_in, cached, out, varied=varied)


def failure(act: str) -> BaseException:
    return {
        "down": LVLMError("Down.", retryable=True),
        "lost": LVLMError("Lost.", retryable=True, charged=True),
        "busy": LVLMError("Busy.", retryable=True, overloaded=True),
        "later": LVLMError("Later.", retryable=True, overloaded=True, retry_after=7.0),
        "cancelled": asyncio.CancelledError(),
        "too-large": LVLMError("Too large."),
        "broken-file": PhotoError("Broken.", code="truncated"),
        "wrong-key": LVLMError("Wrong key.", fatal=True),
        "much-later": LVLMError("Tomorrow.", retryable=True, retry_after=86_400.0),
    }[act]


def quick_clock() -> Clock:
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    return Clock(sleep=sleep, draw=lambda: 1.0, monotonic=lambda: now)


@dataclass(frozen=True)
class Case:
    requests: list[GroundingRequest]
    first: Scripted
    second: Scripted | None
    options: RunOptions
    stop_at: int
    chunk: int


def photo(number: int) -> str:
    return content_hash(number)


scripts = st.lists(st.sampled_from((*ANSWERS, *PASSING, *LASTING) * 4 + ENDING), max_size=4)
policies = st.lists(
    st.sampled_from(("cut-off=leave-out", "cut-off=keep", "repetition=keep", "same-text=keep")),
    max_size=2,
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(1, 8))
    shown = draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=3 * count))
    requests = [
        GroundingRequest(f"item{n}", f"{number}-{n % 3}.jpg", photo(number), DEFAULT_PROMPT)
        for n, number in enumerate(shown)
    ]
    blind = st.frozensets(st.sampled_from([photo(n) for n in range(count)]), max_size=2)

    def scripted(model: str) -> Scripted:
        return Scripted(
            {photo(number): draw(scripts) for number in range(count)},
            model,
            free=draw(st.booleans()),
            varies=draw(st.integers(0, 3)) > 0,
            blind=draw(blind) if model == MODELS[1] else frozenset(),
        )

    budget = draw(st.none() | st.floats(BOUND / 4, 8 * BOUND))
    options = RunOptions(
        concurrency=draw(st.integers(1, 6)),
        retries=draw(st.integers(0, 2)),
        limit=draw(st.none() | st.integers(0, count)),
        again=draw(st.booleans()),
        budget=budget,
        prices=PRICES,
        policy=Policy.parse(draw(policies)),
    )
    second = scripted(MODELS[1]) if draw(st.booleans()) else None
    stop_at, chunk = draw(st.integers(0, 12)), draw(st.sampled_from((1, 2, 5, 256)))
    return Case(requests, scripted(MODELS[0]), second, options, stop_at, chunk)


def grounded(case: Case, ledger: Ledger) -> tuple[GroundingReport, list[Scripted]]:
    """Run, and check all that holds of any run."""
    asked = [case.first, *([case.second] if case.second else [])]
    before = [replace(lvlm, answers=lvlm.answers.copy()) for lvlm in asked]
    counts, failed_before = ledger.counts(), {problem.item for problem in ledger.failures()}

    async def go() -> GroundingReport:
        stop = asyncio.Event()
        for lvlm in asked:
            lvlm.stop, lvlm.stop_at = stop, lvlm.calls + case.stop_at
        running = run(
            case.requests,
            case.first,
            ledger,
            case.options,
            second=case.second,
            clock=quick_clock(),
            stop=stop,
        )
        return await asyncio.wait_for(running, 20)

    with mock.patch.object(sorting, "_CHUNK", case.chunk):
        report = asyncio.run(go())
    charged = sum(now.charged - then.charged for now, then in zip(asked, before, strict=True))
    assert charged <= report.spent + report.uncertain + 1e-9
    if case.options.budget is not None:
        assert report.spent + report.uncertain <= case.options.budget + 1e-9

    answers = sum((lvlm.answers for lvlm in asked), Counter[str]()).total()
    after = ledger.counts()
    assert after.answers + after.invalid == answers  # what came is kept
    assert report.tokens_in == after.tokens_in - counts.tokens_in
    assert report.spent == pytest.approx(after.cost - counts.cost)
    calls = sum(now.calls - then.calls for now, then in zip(asked, before, strict=True))
    broken = sum(now.not_asked - then.not_asked for now, then in zip(asked, before, strict=True))
    assert report.asked + report.again + report.retried == calls - broken
    if case.options.limit is not None:
        assert report.asked <= case.options.limit

    failed = {problem.item for problem in report.failed}
    assert len(failed) == len(report.failed)
    assert failed <= {problem.item for problem in ledger.failures()} <= failed | failed_before
    items = {item for item, _, _ in ledger.groundings()}
    assert report.grounded + report.reused <= len(items)
    if not report.stopped_by:
        assert report.grounded + report.reused == len(items)
    assert not items & {problem.item for problem in ledger.failures()}
    assert report.flagged <= report.grounded
    done = report.done == len(case.requests)
    assert done if not report.stopped_by else report.done <= len(case.requests)
    assert (report.error is not None) == (report.stopped_by == "error")
    sql = "SELECT key FROM answers WHERE status = 'ok' GROUP BY key HAVING COUNT(*) > 1"
    twice = ledger.rows(sql)
    assert not list(twice)
    return report, asked


@settings(max_examples=80)
@given(cases())
def test_whatever_happens_the_books_are_right_and_a_rerun_finishes(case: Case) -> None:
    with Ledger.open(Path(":memory:")) as ledger:
        grounded(case, ledger)
        sql = "SELECT photo_sha256 FROM answers WHERE status = 'ok'"
        usable = {row[0] for row in ledger.rows(sql)}
        tries = Counter(row[0] for row in ledger.rows("SELECT photo_sha256 FROM answers"))

        # The same again until nothing stops it: scripts come to their end.
        lasting = replace(case.options, limit=None, budget=None, again=False)
        for _ in range(100):
            was = case.first.asked + (case.second.asked if case.second else Counter())
            report, asked = grounded(replace(case, options=lasting, stop_at=0), ledger)
            now = sum((lvlm.asked for lvlm in asked), Counter[str]())
            assert not usable & (now - was).keys()  # what was usable is never asked for again
            if not report.stopped_by:
                break
        assert not report.stopped_by
        most = 1 if not case.first.varies and case.second is None else 2
        for sha256, count in Counter(
            row[0] for row in ledger.rows("SELECT photo_sha256 FROM answers")
        ).items():
            assert count <= max(most, tries[sha256])

        sure = replace(case, first=replace(case.first, scripts={}), second=None)
        sure = replace(sure, options=replace(lasting, again=True), stop_at=0)
        going = run(sure.requests, sure.first, ledger, sure.options, clock=quick_clock())
        last = asyncio.run(going)
        assert last.grounded + last.reused == len(case.requests)
        assert not ledger.failures()
        calls = sure.first.calls
        idle = asyncio.run(run(sure.requests, sure.first, ledger, sure.options))
        assert (idle.reused, sure.first.calls) == (len(case.requests), calls)
