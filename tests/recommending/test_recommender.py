from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pytest

from vlm4rec.errors import DataError
from vlm4rec.grounding.schema import Answer
from vlm4rec.index.exact import ExactIndex
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.recommender import Recommender


def test_the_nearest_comes_first_with_its_reason(recommender: Recommender) -> None:
    found = recommender.recommend(History.of(["b1"]), k=2)
    assert [item.id for item in found] == ["b2", "b3"]
    reason = found[0].reasons[0]
    assert (reason.item, reason.title) == ("b1", "Title b1")
    assert reason.similarity == pytest.approx(0.75, abs=1e-6)
    assert found[0].score == pytest.approx(reason.similarity, abs=1e-6)
    assert reason.shared == {
        "category": ("boot",),
        "material": ("leather",),
        "style": ("rugged",),
    }
    assert "Title b1 (b1), 0.75 - both category: boot" in str(reason)


def test_reasons_name_the_nearest_history_item_first(recommender: Recommender) -> None:
    found = recommender.recommend(History.of(["t2", "b1"]), k=5, reasons=2)
    by_id = {item.id: item for item in found}
    assert [reason.item for reason in by_id["b2"].reasons] == ["b1", "t2"]
    assert [reason.item for reason in by_id["t1"].reasons] == ["b1", "t2"]  # a tie: by id


def test_the_whole_history_is_masked_even_if_bought_twice(recommender: Recommender) -> None:
    found = recommender.recommend(History.of(["b1", "b2", "b1"]), k=10)
    assert {item.id for item in found} == {"b3", "t1", "t2"}


def test_further_items_can_be_left_out(recommender: Recommender) -> None:
    found = recommender.recommend(History.of(["b1"]), k=10, exclude=["b2", "nobody"])
    assert "b2" not in {item.id for item in found}


def test_what_can_not_be_used_is_named(recommender: Recommender) -> None:
    found = recommender.recommend(History.of(["b1", "new", "nobody", "new"]), k=1, user="u")
    assert (found.uncovered, found.unknown, found.user) == (("new",), ("nobody",), "u")


@pytest.mark.parametrize(
    ("history", "told"),
    [([], "is empty"), (["nobody"], "'nobody'"), (["new"], "vector"), (["new", "x"], "vector")],
)
def test_a_useless_history_says_why(
    recommender: Recommender, history: list[str], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        recommender.recommend(History.of(history))


def test_weights_turn_the_profile(recommender: Recommender) -> None:
    boots = History(("b1", "t2"), (None, None), ("buy", "buy"), (5.0, 1.0))
    pots = History(("b1", "t2"), (None, None), ("buy", "buy"), (1.0, 5.0))
    assert recommender.recommend(boots, k=1)[0].id == "b2"
    assert recommender.recommend(pots, k=1)[0].id in ("b3", "t1")


def test_it_is_json_all_through(recommender: Recommender) -> None:
    found = recommender.recommend(History.of(["b1"]), k=2, user="u").to_dict()
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found))
    assert set(found) >= {"user", "items"}
    assert set(found["items"][0]) >= {"id", "score", "title", "reasons"}


def test_similar_leaves_the_item_itself_out(recommender: Recommender) -> None:
    assert [item.id for item in recommender.similar("t1", k=1)] != ["t1"]


@pytest.fixture(params=["its own index", "an index that was given"])
def delisted(request: pytest.FixtureRequest, recommender: Recommender) -> Recommender:
    """The recommender after b2 and t1 left the catalog, and before it is encoded again."""
    gone = {"b2", "t1"}
    titles = {id_: title for id_, title in recommender.titles.items() if id_ not in gone}
    vectors = recommender.vectors
    index = ExactIndex(vectors.ids, vectors.matrix) if "given" in request.param else None
    return Recommender(vectors, titles, recommender.answers, index=index)


def test_what_left_the_catalog_is_not_recommended(delisted: Recommender) -> None:
    assert [item.id for item in delisted.recommend(History.of(["b1"]))] == ["b3", "t2"]
    assert {item.id for item in delisted.similar("t2")} == {"b1", "b3"}
    assert delisted.rank([Request(History.of(["b1"]))], 10) == [["b3", "t2"]]
    assert set(delisted.rank([Request(History.of(["b1"]), mask=())], 10)[0]) == {"b1", "b3", "t2"}


def test_what_left_the_catalog_is_unknown_in_a_history(delisted: Recommender) -> None:
    found = delisted.recommend(History.of(["t1", "b1", "new"]))
    assert (found.unknown, found.uncovered) == (("t1",), ("new",))
    assert [item.score for item in found] == [
        item.score for item in delisted.recommend(History.of(["b1"]))
    ]
    assert {reason.item for item in found for reason in item.reasons} == {"b1"}
    assert delisted.rank([Request(History.of(["t1"]))], 10) == [[]]
    with pytest.raises(DataError, match="'t1'"):
        delisted.similar("t1")


@pytest.mark.parametrize("reasons", [0, -1])
def test_reasons_can_be_left_out(recommender: Recommender, reasons: int) -> None:
    found = recommender.recommend(History.of(["b1", "t1"]), reasons=reasons)
    assert [item.reasons for item in found] == [()] * 3


class Asked(Mapping[str, Sequence[Answer]]):
    """Answers that are read when they are asked for, and count that."""

    def __init__(self, held: Mapping[str, Sequence[Answer]]) -> None:
        self.held = held
        self.counts: Counter[str] = Counter()

    def __getitem__(self, id_: str) -> Sequence[Answer]:
        self.counts[id_] += 1
        return self.held[id_]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("all answers were read")

    def __len__(self) -> int:
        raise AssertionError("all answers were counted")


def test_only_the_answers_of_what_is_told_are_read_and_once(recommender: Recommender) -> None:
    answers = Asked(recommender.answers)
    lazy = Recommender(recommender.vectors, recommender.titles, answers)
    lazy.rank([Request(History.of(["b1"]))], 3)
    lazy.recommend(History.of(["b1"]), reasons=0)
    assert not answers.counts
    found = lazy.recommend(History.of(["b1", "t1"]), k=2, reasons=1)
    told = {item.id for item in found} | {why.item for item in found for why in item.reasons}
    assert answers.counts == dict.fromkeys(told, 1)
    assert found == recommender.recommend(History.of(["b1", "t1"]), k=2, reasons=1)


def test_without_an_item_that_left_nothing_is_copied(recommender: Recommender) -> None:
    vectors = recommender.vectors
    index = Recommender(vectors, recommender.titles, {}).index
    assert isinstance(index, ExactIndex)
    assert index._vectors is vectors.matrix
