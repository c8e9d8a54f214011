from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from vlm4rec.grounding.quality import language
from vlm4rec.grounding.quality.gates import Subject, check
from vlm4rec.grounding.schema import Answer

ESTONIAN = "Punane puuvillane kleit lühikeste varrukatega, sobib suveks, pidudeks ja jalutamiseks."


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    language._classifier.cache_clear()
    yield
    language._classifier.cache_clear()


def flagged(description: str, wanted: str = "en") -> bool:
    subject = Subject(Answer(description=description), "", "Describe.", language=wanted)
    return "language" in [flag.name for flag in check(subject)]


def test_without_the_classifier_a_language_that_is_not_listed_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert not flagged(ESTONIAN)


def test_the_classifier_is_asked_where_the_lists_know_nothing() -> None:
    pytest.importorskip("py3langid")
    assert flagged(ESTONIAN)
    assert not flagged(ESTONIAN, "et")


def test_the_classifier_is_not_loaded_for_plain_english() -> None:
    assert not flagged("A red dress with short sleeves and a pleated skirt, made for the summer.")
    assert language._classifier.cache_info().misses == 0


def test_the_language_asked_for_is_the_one_that_passes() -> None:
    german = "Ein rotes Kleid mit kurzen Ärmeln und einem weiten Rock, das für den Sommer ist."
    assert not flagged(german, "de")
    assert not flagged(german, "de-AT")
    assert flagged(german, "fr")
    assert flagged(german, "ja")


def test_a_brand_in_another_script_does_not_make_a_language() -> None:
    assert not flagged("A tin of tea with 茶 in red, and a dragon that winds round the lid.")
    assert flagged("一个红色的茶叶罐,上面有一条龙。Tea.")
