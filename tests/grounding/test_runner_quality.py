from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer, Traits
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.quality.policy import Policy
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.problems import count_by_code

from .conftest import MakeRequests
from .fake_lvlm import Behaviour, FakeLVLM, answer, good, saying

LOOP = json.dumps({"category": "boot", "description": "A boot and a boot. " * 40})
CUT = json.dumps({"category": "boot", "description": "A brown leather boot with laces and a"})
COPIED = "A plain boot that this text says of every photo, whichever one it is shown."


def always(text: str, finish: str = "stop") -> Behaviour:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        return answer(request, text, finish)

    return behaviour


def standings(ledger: Ledger) -> list[tuple[str, str]]:
    return list(ledger.rows("SELECT status, reason FROM answers ORDER BY id"))


@pytest.mark.parametrize(
    ("text", "finish", "code"),
    [
        ("Sorry.", "stop", "malformed"),
        ('{"description": "A brown bo', "length", "truncated"),
        ("I won't.", "refusal", "refused"),
        ("", "stop", "empty"),
        (LOOP, "stop", "repetition"),
    ],
)
def test_a_photo_is_asked_about_twice_and_then_given_up(
    ledger: Ledger, make_requests: MakeRequests, text: str, finish: str, code: str
) -> None:
    (request,) = make_requests(1)
    lvlm = FakeLVLM(always(text, finish))
    report = ground_photos([request], lvlm, ledger)
    assert count_by_code(report.failed) == count_by_code(ledger.failures()) == {code: 1}
    assert (report.asked, report.again, report.grounded) == (1, 1, 0)
    assert [each.again for each in lvlm.log] == [0, 1]
    assert report.tokens_in == ledger.counts().tokens_in == 20
    assert ledger.counts().invalid == 2

    later = ground_photos([request], FakeLVLM(), ledger)
    assert later == GroundingReport(given_up=1)
    assert count_by_code(ledger.failures()) == {code: 1}

    asked_for = ground_photos([request], FakeLVLM(), ledger, RunOptions(again=True))
    assert asked_for.grounded == 1
    assert ledger.failures() == []


def test_the_better_second_answer_is_used(ledger: Ledger, make_requests: MakeRequests) -> None:
    requests = make_requests(3)
    report = ground_photos(requests, FakeLVLM(saying(CUT)), ledger)
    assert (report.asked, report.again, report.grounded, report.flagged) == (3, 3, 3, 0)
    assert sorted(standings(ledger)) == [("held", "cut-off")] * 3 + [("ok", "")] * 3
    for _, _, grounding in ledger.groundings():
        assert grounding.answer.description.endswith("on its sole.")
        assert grounding.provenance.parameters == {"seed": 1, "again": 1}
        assert grounding.flags == ()


def test_the_first_is_used_where_the_second_is_worse(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    report = ground_photos(make_requests(1), FakeLVLM(saying(CUT, LOOP)), ledger)
    assert (report.grounded, report.flags) == (1, {"cut-off": 1})
    assert standings(ledger) == [("ok", "cut-off"), ("left-out", "repetition")]
    ((_, _, grounding),) = ledger.groundings()
    assert grounding.flags == ("cut-off",)
    assert grounding.answer.description.endswith("laces and a")


@pytest.mark.parametrize("fatal", [False, True])
def test_the_first_is_used_where_no_second_comes(
    ledger: Ledger, make_requests: MakeRequests, fatal: bool
) -> None:
    async def once(request: GroundingRequest, before: int) -> LVLMAnswer:
        if before:
            raise LVLMError("No more.", fatal=fatal)
        return answer(request, CUT)

    report = ground_photos(make_requests(1), FakeLVLM(once), ledger)
    assert (report.grounded, report.flags, report.failed) == (1, {"cut-off": 1}, [])
    assert report.stopped_by == ("error" if fatal else "")


def test_a_run_killed_between_the_two_asks_goes_on_with_the_second(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)

    async def killed(request: GroundingRequest, before: int) -> LVLMAnswer:
        if before:
            raise SystemExit  # as little as a kill does it let the run write anything more
        return answer(request, CUT)

    with pytest.raises(SystemExit):
        ground_photos([request], FakeLVLM(killed), ledger)
    assert standings(ledger) == [("held", "cut-off")]
    lvlm = FakeLVLM()
    assert ground_photos([request], lvlm, ledger).grounded == 1
    assert [each.again for each in lvlm.log] == [1]


def test_a_second_model_is_asked_and_its_name_is_kept(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(2)
    first, second = FakeLVLM(always(LOOP)), FakeLVLM(model="larger")
    report = ground_photos(requests, first, ledger, second=second)
    assert (report.grounded, report.again) == (2, 2)
    assert (sum(first.asked.values()), sum(second.asked.values())) == (2, 2)
    assert first.closed
    assert second.closed
    assert ground_photos(requests, FakeLVLM(), ledger) == GroundingReport(reused=2)


def test_what_can_not_vary_is_asked_once(ledger: Ledger, make_requests: MakeRequests) -> None:
    lvlm = FakeLVLM(always(CUT), traits=Traits(free=True, varies=False))
    report = ground_photos(make_requests(1), lvlm, ledger)
    assert (report.asked, report.again, report.grounded) == (1, 0, 1)
    assert report.flags == {"cut-off": 1}


def test_the_same_words_of_different_photos_are_flagged(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    same = json.dumps({"category": "boot", "description": COPIED})
    policy = Policy.parse(["same-text=keep"])
    requests = make_requests(20)
    ground_photos(requests[:1], FakeLVLM(always(same)), ledger, RunOptions(policy=policy))
    report = ground_photos(requests, FakeLVLM(always(same)), ledger, RunOptions(policy=policy))
    assert report.flags == {"same-text": 19}
    assert ledger.counts().flagged == 19


def test_the_policy_leaves_out_what_it_is_told_to(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    policy = Policy.parse(["cut-off=leave-out"])
    report = ground_photos(
        make_requests(1), FakeLVLM(saying(CUT)), ledger, RunOptions(policy=policy)
    )
    assert (report.grounded, report.again) == (0, 0)
    assert count_by_code(report.failed) == {"cut-off": 1}
    assert {status for status, _ in standings(ledger)} == {"left-out"}
    assert ledger.counts().photos == 0


def test_a_sound_answer_has_no_flag(ledger: Ledger, make_requests: MakeRequests) -> None:
    (request,) = make_requests(1)
    assert ground_photos([request], FakeLVLM(), ledger).flags == {}
    ((_, _, grounding),) = ledger.groundings()
    assert grounding.flags == ()
    assert json.loads(good(request))["description"] == grounding.answer.description


def test_a_second_model_is_asked_where_the_first_would_only_say_the_same(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(2)
    first = FakeLVLM(always(CUT), traits=Traits(free=True, varies=False))
    second = FakeLVLM(model="larger")
    report = ground_photos(requests, first, ledger, second=second)
    assert (report.asked, report.again, report.grounded, report.flagged) == (2, 2, 2, 0)
    assert second.asked.total() == 2


def test_photos_that_one_model_gave_up_are_not_asked_of_it_without_a_second(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(1)
    traits = Traits(free=True, varies=False)
    assert ground_photos(requests, FakeLVLM(always(LOOP), traits=traits), ledger).failed
    assert ground_photos(requests, FakeLVLM(traits=traits), ledger).given_up == 1
    second = FakeLVLM(model="larger")
    report = ground_photos(requests, FakeLVLM(traits=traits), ledger, second=second)
    assert (report.grounded, second.asked.total()) == (1, 1)


def test_the_same_words_of_one_photo_under_two_prompts_are_not_flagged(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    same = json.dumps({"category": "boot", "description": COPIED})
    (request,) = make_requests(1)
    other = replace(request, item="copy", prompt=Prompt("shoes", 1, "What shoe?"))
    report = ground_photos([request, other], FakeLVLM(always(same)), ledger)
    assert (report.asked, report.grounded, report.flagged) == (2, 2, 0)


def test_the_same_words_from_the_second_ask_are_not_those_of_another_photo(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    report = ground_photos(make_requests(1), FakeLVLM(saying(CUT, CUT)), ledger)
    assert (report.again, report.flags) == (1, {"cut-off": 1})


def test_the_same_photo_later_in_the_run_is_given_up_alike(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    first, *others = make_requests(300)
    twin = replace(first, item="twin")

    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        return answer(request, LOOP if request.item == first.item else None)

    report = ground_photos([first, *others, twin], FakeLVLM(behaviour), ledger)
    assert count_by_code(report.failed) == count_by_code(ledger.failures()) == {"repetition": 2}
    assert (report.asked, report.again, report.given_up) == (300, 1, 0)
