"""Recommending by what `vlm4rec tune` found: the signals rebuilt from the shop as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from vlm4rec.baselines.blends import BlendChoice, blend_signals
from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.vectors import Block
from vlm4rec.errors import ShopDamagedError
from vlm4rec.interactions.filtering import only_items
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.recommending.blend import BlendRanker, signal_rankers
from vlm4rec.recommending.blended import BlendedRanking
from vlm4rec.recommending.blocks import BlockVectors
from vlm4rec.recommending.choice_model import ChoiceModel
from vlm4rec.recommending.content import Content, ContentRanker
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker
from vlm4rec.recommending.time_rankers import Newness, RecentSales, StillSold
from vlm4rec.shop.features import shop_variants
from vlm4rec.shop.tuned_choice import TunedChoice, feature_inputs, tune_command
from vlm4rec.shop.tuned_features import tuned_features

if TYPE_CHECKING:
    from vlm4rec.shop.shop import Shop

__all__ = ["tuned_ranking"]

_OF_TIME = (RecentSales, StillSold, Newness)
"""The methods whose scores depend on the time of a request alone."""


def tuned_ranking(shop: Shop, choice: TunedChoice) -> tuple[BlendedRanking, str]:
    """Rebuild a tuned ranking from a shop, and tell what of it could not be rebuilt.

    Weights are those that tuning learned; all else is as the shop is now. The items are those
    covered now, co-purchases and sales are of all interactions. A request without a time is
    ranked as on the day after the last interaction.

    Parameters
    ----------
    shop
        The shop.
    choice
        What was tuned.

    Returns
    -------
    ranking, note
        The note names the signals that the shop no longer has; empty if it has all.

    Raises
    ------
    MissingExtraError
        If scipy is not installed, or something new must be encoded and the encoder is not.
    EncoderError
        If an encoder that is needed can't be had.
    ShopBusyError
        If something new must be encoded while another process writes to the shop.
    DataError
        If the shop has no interactions any more, or no covered item.
    ShopDamagedError
        If the weights are of other signals than this version of vlm4rec makes.
    """
    features = tuned_features(shop.folder, choice, feature_inputs(shop.folder))
    log = only_items(shop.interactions, features.ids)
    data = TrainingData(log, features, features.ids, log=log)
    held = {each.signal: each for each in choice.weights}
    how = BlendChoice(choice.profile, choice.shrinkage, choice.nearest)
    if held.keys() != blend_signals(choice.features, how, beyond=True).keys():
        step = shop.folder.step("tune")
        raise ShopDamagedError(
            "What tune found is of other signals than this version of vlm4rec has.",
            f"Run: {tune_command(shop.folder, step)}",
        )
    there = blend_signals(features.names, how, beyond=True)
    signals = {
        name: _Remembered(ranker) if isinstance(there[name], _OF_TIME) else ranker
        for name, ranker in _rankers(there, data).items()
    }
    weights = [held[name] for name in there]
    model = ChoiceModel(
        np.array([each.weight for each in weights]),
        np.array([each.centre for each in weights]),
        np.array([each.scale for each in weights]),
    )
    variants = shop_variants(shop.catalog, choice.variants) if choice.variants else None
    ranking = BlendedRanking(
        BlendRanker(signals, model, choice.penalty), how.told, _day_after(log), variants
    )
    return ranking, _lost([name for name in held if name not in there])


def _rankers(signals: Mapping[str, Method], data: TrainingData) -> dict[str, ScoreRanker]:
    """Return what the signals learn; those of one kind of features share its vectors.

    Features are of length 1 already: to make vectors of them anew would take most of the time
    that a shop needs to open.
    """
    vectors = cache(partial(_vectors, data.features))
    rankers: dict[str, ScoreRanker] = {}
    for name, method in signals.items():
        if isinstance(method, Content) and isinstance(method.blocks, str):
            held = vectors(method.blocks)
            ids = data.features.ids
            rankers[name] = ContentRanker(ids, held, data.candidates, method.strategy)
        else:
            rankers.update(signal_rankers({name: method}, data))
    return rankers


def _vectors(features: ItemFeatures, name: str) -> BlockVectors:
    matrix = features[name]
    return BlockVectors(matrix, (Block(name, 0, matrix.shape[1]),))


class _Remembered(ScoreRanker):
    """A ranker whose scores depend on the time alone: those of the last time are kept.

    A shop asks for one time again and again, and counts its log only once.
    """

    def __init__(self, ranker: ScoreRanker) -> None:
        super().__init__(ranker.candidates)
        self._ranker = ranker
        self._last: tuple[datetime | None, Floats] | None = None

    def scores(self, requests: Sequence[Request]) -> Floats:
        times = {request.time for request in requests}
        if len(times) != 1:
            return self._ranker.scores(requests)
        time, last = times.pop(), self._last
        if last is None or last[0] != time:
            last = self._last = (time, self._ranker.scores(requests[:1]))
        return np.repeat(last[1], len(requests), axis=0)


def _day_after(log: Interactions) -> datetime | None:
    """Return the start of the day after the last interaction; None if none has a time."""
    latest = log.frame["time"].max()
    if not isinstance(latest, datetime):
        return None
    return latest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _lost(names: Sequence[str]) -> str:
    if not names:
        return ""
    told = ", ".join(names)
    return f"The shop no longer has what these signals of tune are made of: {told}. Tune it again."
