from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.validation import validation_score
from vlm4rec.recommending.variants import Variants

ITEMS = tuple("abcdefgh")
DATA = TrainingData(Interactions.empty(), ItemFeatures((), {}), ITEMS)


@dataclass
class Fixed:
    """Ranks in one order, but for what is masked; nothing at all for those who own h."""

    order: str = "abcdefgh"

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        return [
            [] if "h" in request.history.items else self._order(request, k) for request in requests
        ]

    def _order(self, request: Request, k: int) -> list[str]:
        return [item for item in self.order if item not in request.masked][:k]


def case(targets: str, user: str = "u", history: str = "g") -> Case:
    return Case(user, History.of([*history]), tuple(targets))


def test_recall_is_the_share_of_targets_found() -> None:
    assert validation_score(Fixed(), DATA, [case("bce")], "recall", 3) == pytest.approx(2 / 3)


def test_hitrate_is_whether_any_was_found() -> None:
    cases = [case("bc"), case("f", "v")]
    assert validation_score(Fixed(), DATA, cases, "hitrate", 3) == 0.5


@given(st.sets(st.sampled_from("abcdef"), min_size=1), st.integers(1, 7))
def test_ndcg_is_that_of_scikit_learn(targets: set[str], k: int) -> None:
    found = validation_score(Fixed(), DATA, [case("".join(sorted(targets)))], "ndcg", k)
    allowed = [item for item in ITEMS if item != "g"]
    relevance = np.array([[item in targets for item in allowed]], dtype=float)
    expected = ndcg_score(relevance, -np.arange(len(allowed))[None, :], k=k)
    assert found == pytest.approx(expected, abs=1e-12)


def test_each_user_counts_once() -> None:
    cases = [case("a"), case("f"), case("f"), case("a", "v")]
    assert validation_score(Fixed(), DATA, cases, "recall", 1) == pytest.approx((1 / 3 + 1) / 2)


def test_an_empty_ranking_counts_as_nothing_found() -> None:
    assert validation_score(Fixed(), DATA, [case("a"), case("a", "v", "h")], "recall") == 0.5


def test_targets_that_may_not_be_ranked_are_taken_out() -> None:
    variants = Variants({"g": "shirt", "f": "shirt"})
    data = replace(DATA, variants=variants, candidates=tuple("abcdefg"))
    cases = [case("af"), case("fh", "v"), case("f", "w")]
    assert validation_score(Fixed(), data, cases, "recall", 1) == 1
    assert validation_score(Fixed(), replace(data, variants=None), cases, "recall", 1) < 1


def test_no_target_left_is_told() -> None:
    with pytest.raises(DataError, match="None of the 1 validation cases has a target"):
        validation_score(Fixed(), DATA, [case("g")])


def test_wrong_options_are_told() -> None:
    with pytest.raises(DataError, match="no validation metric 'map'"):
        validation_score(Fixed(), DATA, [case("a")], "map")
    with pytest.raises(DataError, match="k must be at least 1, not 0"):
        validation_score(Fixed(), DATA, [case("a")], k=0)
