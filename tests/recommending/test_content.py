from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.profiles.many import weighted_means
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.strategy import Profile
from vlm4rec.recommending import content
from vlm4rec.recommending.blocks import block_specs, block_vectors
from vlm4rec.recommending.consistency import block_factors
from vlm4rec.recommending.content import Content, ContentRanker
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.ranker import Request

IDS = tuple(f"i{row:02}" for row in range(60))
STRATEGIES = ("mean", "recency:9+last:4", "max", "power:3", "interests:2", "events:view=0.1+max")


def data(*, candidates: tuple[str, ...] = IDS[::2], bare: int = 3) -> TrainingData:
    """Return items of two kinds of features, the last few without the first, all in all."""
    rng = np.random.default_rng(0)
    title = normalise(rng.normal(size=(60, 8)) + 0.4)
    colour = normalise(rng.normal(size=(60, 5)) + 0.4)
    title[60 - bare :] = 0
    features = ItemFeatures(IDS, {"title": lambda: title, "colour": lambda: colour})
    return TrainingData(Interactions.empty(), features, candidates)


def requests(n: int = 25) -> list[Request]:
    rng = np.random.default_rng(1)
    start = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    made = []
    for number in range(n):
        size = 1 + number % 7
        days = np.sort(rng.integers(0, 60, size)).tolist()
        history = History(
            tuple(IDS[row] for row in rng.integers(0, 60, size)),
            tuple(start + timedelta(days=day) for day in days),
            tuple(rng.choice(["view", "purchase"], size).tolist()),
            tuple(rng.uniform(0.1, 2, size).tolist()),
        )
        made.append(Request(history))
    return made


def alone(ranker: ContentRanker, request: Request, matrix: Floats) -> Floats:
    """Return the scores of one request, by the strategy itself."""
    covered = {id_ for id_, vector in zip(IDS, matrix, strict=True) if vector.any()}
    history = request.history.only([item in covered for item in request.history.items])
    candidates = matrix[[IDS.index(id_) for id_ in ranker.candidates]]
    try:
        profile = ranker.strategy.make(matrix[[IDS.index(i) for i in history.items]], history)
    except DataError:
        return np.full(len(candidates), -np.inf, dtype=np.float32)
    return profile.scores(candidates)


@pytest.mark.parametrize("profile", STRATEGIES)
@pytest.mark.parametrize("blocks", ["title", {"title": 2.0, "colour": 1.0}])
def test_together_is_as_alone(profile: str, blocks: str | dict[str, float]) -> None:
    ranker = Content("ours", blocks, profile, whiten=0.1).fit(data())
    asked = [*requests(), Request(History.of([])), Request(History.of(["nobody"]))]
    matrix = block_vectors(data().features, block_specs(blocks, whiten=0.1)).matrix
    together = ranker.scores(asked)
    assert together.dtype == np.float32
    assert together.shape == (len(asked), len(ranker.candidates))
    for request, scores in zip(asked, together, strict=True):
        np.testing.assert_allclose(scores, alone(ranker, request, matrix), atol=1e-6)


@pytest.mark.parametrize("profile", STRATEGIES)
@pytest.mark.parametrize("most", [1, 40, 100])
def test_little_memory_gives_the_same(
    profile: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranker = Content("ours", "title", profile).fit(data())
    wanted = ranker.scores(requests())
    monkeypatch.setattr(content, "_SIMILARITIES", most)
    np.testing.assert_allclose(ranker.scores(requests()), wanted, atol=1e-6)


@pytest.mark.parametrize("profile", STRATEGIES)
def test_nothing_to_go_by_gives_an_empty_ranking(profile: str) -> None:
    ranker = Content("ours", "title", profile).fit(data())
    nothing = History(("i00",), (None,), ("purchase",), (0.0,))
    bare = History.of(["i58", "i59", "nobody"])
    asked = [History.of([]), nothing, bare, History.of(["i00", "i58"])]
    rankings = ranker.rank([Request(history) for history in asked], 5)
    assert [len(ranking) for ranking in rankings] == [0, 0, 0, 5]
    assert ranker.rank([], 5) == []


def test_only_candidates_are_ranked_and_not_what_is_masked() -> None:
    ranker = Content("ours", "colour").fit(data(candidates=IDS[:10]))
    ranking = ranker.rank([Request(History.of(["i00", "i30"]))], 60)[0]
    assert set(ranking) == set(IDS[1:10])
    unmasked = ranker.rank([Request(History.of(["i00"]), mask=("i03",))], 60)[0]
    assert unmasked[0] == "i00"
    assert set(unmasked) == set(IDS[:10]) - {"i03"}


def test_a_candidate_of_which_nothing_is_known_scores_0() -> None:
    ranker = Content("ours", "title").fit(data(candidates=IDS[50:]))
    scores = ranker.scores([Request(History.of(["i00"]))])[0]
    assert (scores[-3:] == 0).all()
    assert (scores[:-3] != 0).all()


@pytest.mark.parametrize("profile", ["mean", "power:2"])
def test_equal_vectors_get_equal_scores(profile: str) -> None:
    rng = np.random.default_rng(0)
    same = normalise(rng.normal(size=(20, 33)))[rng.integers(0, 20, 60)]
    features = ItemFeatures(IDS, {"title": lambda: same})
    ranker = Content("ours", "title", profile).fit(
        TrainingData(Interactions.empty(), features, IDS)
    )
    scores = ranker.scores(requests())
    _, twins = np.unique(same, axis=0, return_inverse=True)
    for twin in range(20):
        columns = scores[:, np.ravel(twins) == twin]
        assert (columns == columns[:, :1]).all()


def test_company_does_not_matter() -> None:
    for profile in STRATEGIES:
        ranker = Content("ours", ["title", "colour"], profile, consistency=2).fit(data())
        together = ranker.rank(requests(), 10)
        assert together == [ranker.rank([request], 10)[0] for request in requests()]


def test_validation_is_ranked_as_any() -> None:
    method = Content("ours", "title")
    first = method.fit(data()).rank(requests(), 3)
    assert method.fit(replace(data(), seed=7)).rank(requests(), 3) == first
    assert method.name == "ours"


def test_what_can_not_be_is_told_at_once() -> None:
    with pytest.raises(DataError, match="no profile 'nobody'"):
        Content("ours", "title", "nobody")
    with pytest.raises(DataError, match="consistency"):
        Content("ours", "title", consistency=float("nan"))
    with pytest.raises(DataError, match="at least one"):
        Content("ours", [])
    with pytest.raises(DataError, match="'nothing'"):
        Content("ours", "nothing").fit(data())
    with pytest.raises(DataError, match="candidate 'nobody'"):
        Content("ours", "title").fit(data(candidates=("i00", "nobody")))


def two_sided() -> ItemFeatures:
    """Return four items: the first two share their cut, the first and the third their colour."""
    cut = np.eye(3, dtype=np.float32)[[0, 0, 1, 1]]
    colour = np.eye(4, dtype=np.float32)[[0, 1, 0, 2]]
    return ItemFeatures(("a", "b", "c", "d"), {"cut": lambda: cut, "colour": lambda: colour})


def factors(*histories: History, consistency: float = 1.0) -> Floats:
    vectors = block_vectors(two_sided(), block_specs(["cut", "colour"]))
    pasts = Pasts.of(histories, {"a": 0, "b": 1, "c": 2, "d": 3})
    means = weighted_means(pasts, vectors.matrix)
    found = block_factors(pasts, means, vectors, vectors.lengths(), consistency)
    return found.astype(np.float32)


def test_who_buys_one_cut_in_many_colours_chooses_by_the_cut() -> None:
    found = factors(History.of(["a", "b"]), History.of(["a", "c"]), History.of(["a", "d"]))
    np.testing.assert_allclose(found, [[1, 0.5], [0.5, 1], [0.5, 0.5]], atol=1e-6)
    softened = factors(History.of(["a", "b"]), consistency=2.0)
    np.testing.assert_allclose(softened, [[1, 0.25]], atol=1e-6)


def test_the_consistency_is_the_mean_cosine_of_all_pairs() -> None:
    found = factors(History.of(["a", "b", "c"]))
    np.testing.assert_allclose(found, [[(1 + 1 / 3) / 2] * 2], atol=1e-6)
    weighed = History(("a", "b", "d"), (None,) * 3, ("x",) * 3, (1.0, 1.0, 2.0))
    cut = (1 * 1) / (1 * 1 + 1 * 2 + 1 * 2)  # of the pairs' weights, that of the pair alike
    np.testing.assert_allclose(factors(weighed), [[(1 + cut) / 2, 0.5]], atol=1e-6)


def test_consistency_can_be_taken_back() -> None:
    np.testing.assert_allclose(
        factors(History.of(["a", "b"]), consistency=-1.0), [[1, 2]], atol=1e-6
    )


def test_opposites_are_no_reason_for_an_infinite_factor() -> None:
    sides = np.array([[1.0], [-1.0]], dtype=np.float32)
    features = ItemFeatures(("a", "b"), {"cut": lambda: sides, "colour": lambda: abs(sides)})
    vectors = block_vectors(features, block_specs(["cut", "colour"]))
    pasts = Pasts.of([History.of(["a", "b"])], {"a": 0, "b": 1})
    means = weighted_means(pasts, vectors.matrix)
    found = block_factors(pasts, means, vectors, vectors.lengths(), -1.0)
    np.testing.assert_allclose(found, [[10, 1]])


def test_a_single_purchase_leaves_the_blocks_as_they_are() -> None:
    found = factors(History.of(["a"]), History.of([]), History.of(["a", "a"]))
    np.testing.assert_allclose(found, np.ones((3, 2)), atol=1e-6)


def test_an_unknown_block_is_as_consistent_as_the_others() -> None:
    some = data(bare=30)
    vectors = block_vectors(some.features, block_specs(["title", "colour"]))
    pasts = Pasts.of([History.of(["i00", "i40", "i41"])], {id_: n for n, id_ in enumerate(IDS)})
    means = weighted_means(pasts, vectors.matrix)
    found = block_factors(pasts, means, vectors, vectors.lengths(), 1.0)[0]
    assert found[0] == found[1] < 1


@pytest.mark.parametrize("profile", ["mean", "max", "interests:2"])
def test_consistency_turns_the_ranking_to_what_the_customer_chooses_by(profile: str) -> None:
    cut = np.eye(3, dtype=np.float32)[[0, 0, 0, 0, 1]]
    colour = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]]
    features = ItemFeatures(tuple("abcde"), {"cut": lambda: cut, "colour": lambda: colour})
    train = TrainingData(Interactions.empty(), features, tuple("de"))
    request = [Request(History.of(["a", "b", "c"]))]  # one cut; e has the colour of a
    weights = {"cut": 1.0, "colour": 9.0}
    plain = Content("plain", weights, profile).fit(train).scores(request)[0]
    own = Content("own", weights, profile, consistency=6).fit(train).scores(request)[0]
    assert own[0] - own[1] > plain[0] - plain[1]
    assert own[0] > own[1]
    assert np.isfinite(own).all()


class Newest:
    """A strategy of somebody's own, by its seam alone."""

    name = "newest"

    def make(self, vectors: Floats, history: History) -> Profile:
        assert len(vectors) == len(history)
        return Profile.of_one(vectors[-1])


def test_a_strategy_of_ones_own_will_do() -> None:
    ranker = Content("own", "title", Newest(), consistency=1).fit(data(candidates=IDS))
    rankings = ranker.rank([Request(History.of(["i00", "i07", "i58"]), mask=())], 1)
    assert rankings == [["i07"]]
