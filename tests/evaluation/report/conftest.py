"""Evaluations made by hand, so small that every number can be made again naively."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlm4rec.evaluation.beyond_accuracy import ItemCounts
from vlm4rec.evaluation.metrics import Targets, hits, metric_values
from vlm4rec.evaluation.report import ReportItems, ReportOptions
from vlm4rec.evaluation.results import Evaluation, Facts, MethodResult, Setting
from vlm4rec.interactions.interactions import History
from vlm4rec.interactions.splitting import Case

CANDIDATES = tuple(f"i{number:02}" for number in range(24))
KS = (2, 5)
SKILL = {
    "title": 0.35,
    "title + description": 0.45,
    "description": 0.3,
    "image": 0.05,
    "best": 0.8,
    "best without grounding": 0.5,
}
"""How often each method puts the target first."""

FAST = ReportOptions(resamples=100, rounds=2000)


def make_cases(users: int = 60) -> tuple[Case, ...]:
    """Two cases of every other user, one of the rest."""
    rng = np.random.default_rng(3)
    made = []
    for user in range(users):
        for turn in range(1 + user % 2):
            drawn = [CANDIDATES[column] for column in rng.permutation(len(CANDIDATES))]
            history = History.of(drawn[: 1 + user % 6])
            targets = tuple(drawn[10 : 11 + user % 3])
            made.append(
                Case(f"u{user:03}", history, targets, datetime(2026, 1, 1 + turn), turn)  # noqa: DTZ001
            )
    return tuple(made)


def make_setting(
    name: str,
    cases: Sequence[Case],
    skill: Mapping[str, float],
    seed: int = 0,
    ks: Sequence[int] = KS,
) -> Setting:
    """Let each method rank: by its skill the targets first, by chance the rest."""
    targets = Targets.of_ids([case.targets for case in cases], CANDIDATES)
    results = {}
    for number, (method, chance) in enumerate(skill.items()):
        rng = np.random.default_rng([seed, number])
        rankings = np.full((len(cases), max(ks)), -1, dtype=np.int32)
        for row, case in enumerate(cases):
            free = [
                column for column, item in enumerate(CANDIDATES) if item not in case.history.items
            ]
            order = [int(column) for column in rng.permutation(free)]
            if rng.random() < chance:
                wanted = [CANDIDATES.index(item) for item in case.targets]
                order = wanted + [column for column in order if column not in wanted]
            ranked = order[: max(ks)]
            rankings[row, : len(ranked)] = ranked
        values = metric_values(hits(rankings, targets), targets.counts, ks)
        chosen = {"profile": "mean"} if method.startswith("best") else {}
        results[method] = MethodResult(method, rankings, values, chosen, 0.5 + number, 0.25)
    return Setting(name, tuple(cases), {"targets that are no candidates": 3}, results)


def make_evaluation(
    skill: Mapping[str, float] = SKILL,
    users: int = 60,
    settings: int = 2,
    ks: tuple[int, ...] = KS,
) -> Evaluation:
    """Return an evaluation with one or two settings."""
    cases = make_cases(users)
    facts = Facts(
        "basket",
        "Basket completion: one item is hidden.",
        7,
        ks,
        {"covered items": 24, "validation cases": 9, "validation users": 5},
        {"users without a history": 2},
        ("This is made by hand.",),
    )
    held = [make_setting("variants in", cases, skill, ks=ks)]
    if settings == 2:
        fewer = [case for case in cases if case.user != "u003"]
        held.append(make_setting("variants out", fewer, skill, seed=1, ks=ks))
    return Evaluation(facts, CANDIDATES, tuple(held))


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return make_evaluation()


@pytest.fixture(scope="session")
def items(tmp_path_factory: pytest.TempPathFactory) -> ReportItems:
    """Titles, photos, categories, counts and vectors of all candidates but the last."""
    folder = tmp_path_factory.mktemp("photos")
    photos = {}
    for number, item in enumerate(CANDIDATES[:-1]):
        path = folder / f"{item}.png"
        Image.new("RGB", (40, 50), (10 * number, 120, 200)).save(path)
        photos[item] = (str(path), f"{number:064x}"[::-1])
    users = np.arange(24)[::-1].copy()
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(24, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return ReportItems(
        {item: f"Thing {item}" for item in CANDIDATES},
        photos,
        {item: ("shoes", "hats")[number % 2] for number, item in enumerate(CANDIDATES)},
        ItemCounts(users, users, 60),
        vectors.astype(np.float32),
        "title",
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "report"
