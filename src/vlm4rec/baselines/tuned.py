"""Methods that choose among others on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from vlm4rec.baselines.ease import EASE
from vlm4rec.baselines.item_knn import ItemKNN
from vlm4rec.baselines.matrix_factorisation import ALS, BPR, FOLD_INS
from vlm4rec.baselines.popularity import RecentPopularity
from vlm4rec.errors import DataError
from vlm4rec.recommending.method import Method, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.validation import validation_score

__all__ = ["Tuned", "TunedRanker", "tuned_collaborative"]


@dataclass(frozen=True, slots=True)
class Tuned:
    """Tries several methods on validation, and learns the best one again on all training data.

    Parameters
    ----------
    name
        What the table shows.
    choices
        The methods to choose from by what they are called, or a sequence of methods, which are
        called by their own names. Of equally good ones the first is chosen.
    metric, k
        By what is chosen; see `vlm4rec.recommending.validation.validation_score`.

    Raises
    ------
    DataError
        If there is no choice, or two have one name.
    """

    name: str
    choices: Mapping[str, Method] | Sequence[Method]
    metric: str = "ndcg"
    k: int = 10

    def __post_init__(self) -> None:
        names = [name for name, _ in self._named()]
        if not names:
            raise DataError(f"There is nothing to choose from for {self.name!r}.")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DataError(
                f"Two choices for {self.name!r} are called {twice[0]!r}.",
                "Give a mapping of different names to methods.",
            )

    def fit(self, data: TrainingData) -> TunedRanker:
        """Choose, and learn.

        Raises
        ------
        DataError
            If there is no validation, or none of its targets may be ranked.
        """
        if data.validation is None:
            raise DataError(
                f"{self.name!r} can't be chosen: there is no validation part.",
                "Choose another split, or name one of its choices as the method.",
            )
        inner, cases = data.for_validation(), data.validation.cases
        choices = dict(self._named())
        scores = {
            name: validation_score(method.fit(inner), inner, cases, self.metric, self.k)
            for name, method in choices.items()
        }
        chosen = max(scores, key=scores.__getitem__)
        return TunedRanker(choices[chosen].fit(data), chosen, scores, self.metric, self.k)

    def _named(self) -> list[tuple[str, Method]]:
        if isinstance(self.choices, Mapping):
            return list(self.choices.items())
        return [(method.name, method) for method in self.choices]


@dataclass(frozen=True, slots=True)
class TunedRanker:
    """Ranks by the chosen method, and tells of the choice.

    Parameters
    ----------
    ranker
        Of the chosen method, learned from all training data.
    chosen
        What the chosen method is called.
    scores
        What each choice reached on validation, in the order of the choices.
    metric, k
        By what was chosen.
    """

    ranker: Ranker
    chosen: str
    scores: Mapping[str, float]
    metric: str
    k: int

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Rank; see `vlm4rec.recommending.ranker.Ranker.rank`."""
        return self.ranker.rank(requests, k)


def tuned_collaborative() -> list[Method]:
    """Return the collaborative methods and recent popularity, each with a grid to choose from.

    Examples
    --------
    >>> [method.name for method in tuned_collaborative()]
    ['ItemKNN', 'EASE', 'ALS', 'BPR', 'recent popularity']
    """
    knn = [
        ItemKNN(neighbours, shrinkage, similarity)
        for neighbours, shrinkage, similarity in product(
            (20, 200), (0.0, 10.0, 100.0), ("cosine", "jaccard")
        )
    ]
    ease = [EASE(regularisation) for regularisation in (0.1, 1.0, 10.0, 100.0, 1000.0)]
    als = [
        ALS(factors, regularisation, alpha)
        for factors, regularisation, alpha in product(
            (32, 128), (10.0, 100.0, 300.0, 1000.0), (40.0, 100.0)
        )
    ]
    bpr = [
        BPR(factors, regularisation=regularisation, iterations=iterations, fold_in=fold_in)
        for factors, regularisation, iterations, fold_in in product(
            (64, 256), (0.05, 0.1), (100, 300), FOLD_INS
        )
    ]
    recent = [RecentPopularity(days) for days in (3.0, 7.0, 14.0, 30.0, 90.0)]
    return [
        Tuned("ItemKNN", knn),
        Tuned("EASE", ease),
        Tuned("ALS", als),
        Tuned("BPR", bpr),
        Tuned("recent popularity", recent),
    ]
