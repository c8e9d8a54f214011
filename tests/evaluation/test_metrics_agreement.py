"""Metrics, against the packages that others use."""

from __future__ import annotations

import sys
import warnings
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from vlm4rec.evaluation.metrics import Targets, hits, metric_values

KS = [1, 3, 5, 10, 20]
N, WIDTH, CANDIDATES = 300, 20, 40

Case = tuple[list[int], list[int]]


@cache
def cases() -> tuple[Case, ...]:
    """Random rankings, some short, one in fifty empty, with up to 12 targets."""
    rng = np.random.default_rng(4)
    made = []
    for number in range(N):
        length = WIDTH if number % 3 else int(rng.integers(1, WIDTH))
        ranking = rng.permutation(CANDIDATES)[: 0 if number % 50 == 7 else length]
        targets = rng.permutation(CANDIDATES + 5)[: rng.integers(1, 13)]
        made.append((ranking.tolist(), targets.tolist()))
    return tuple(made)


@cache
def ours() -> dict[str, NDArray[np.float64]]:
    rankings = np.full((N, WIDTH), -1, dtype=np.int32)
    for row, (ranking, _) in enumerate(cases()):
        rankings[row, : len(ranking)] = ranking
    targets = Targets.of([targets for _, targets in cases()])
    return metric_values(hits(rankings, targets), targets.counts, KS)


def qrels() -> dict[str, dict[str, int]]:
    return {f"q{n:03}": {f"d{c}": 1 for c in targets} for n, (_, targets) in enumerate(cases())}


def run(*, empty: bool) -> dict[str, dict[str, float]]:
    return {
        f"q{n:03}": {f"d{c}": float(WIDTH - place) for place, c in enumerate(ranking)}
        for n, (ranking, _) in enumerate(cases())
        if ranking or empty
    }


def test_the_cases_are_worth_comparing() -> None:
    values = ours()
    assert 0.1 < values["hitrate@1"].mean() < 0.9
    assert (np.array([len(ranking) for ranking, _ in cases()]) == 0).sum() == 6
    assert len(set(values["ndcg@10"].tolist())) > 100


def test_ir_measures_agrees() -> None:
    ir_measures = pytest.importorskip("ir_measures")
    names = {
        "recall": "R",
        "ndcg": "nDCG",
        "hitrate": "Success",
        "mrr": "RR",
        "map": "AP",
        "precision": "P",
    }
    wanted = {
        str(ir_measures.parse_measure(f"{theirs}@{k}")): f"{name}@{k}"
        for name, theirs in names.items()
        for k in KS
    }
    measures = [ir_measures.parse_measure(text) for text in wanted]
    theirs = {name: np.full(N, np.nan) for name in wanted.values()}
    for metric in ir_measures.iter_calc(measures, qrels(), run(empty=False)):
        theirs[wanted[str(metric.measure)]][int(metric.query_id[1:])] = metric.value
    for name, values in theirs.items():
        there = [bool(ranking) for ranking, _ in cases()]
        np.testing.assert_allclose(ours()[name][there], values[there], rtol=0, atol=1e-12)
        assert not ours()[name][np.logical_not(there)].any()


@pytest.mark.slow
def test_ranx_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    config = pytest.importorskip("numba.core.config")
    if "ranx" not in sys.modules:  # to compile its functions takes a minute, to run them seconds
        monkeypatch.setattr(config, "DISABLE_JIT", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it imports warns of its own affairs
        ranx = pytest.importorskip("ranx")
        names = {"recall", "ndcg", "hit_rate", "mrr", "map", "precision"}
        wanted = [f"{name}@{k}" for name in sorted(names) for k in KS]
        runs = ranx.Run({query: row or {"none": 1.0} for query, row in run(empty=True).items()})
        found = ranx.evaluate(ranx.Qrels(qrels()), runs, wanted, return_mean=False)
    for name in wanted:
        values = ours()[name.replace("_", "")]
        np.testing.assert_allclose(values, found[name], rtol=0, atol=1e-12, err_msg=name)
