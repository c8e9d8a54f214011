from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch

from tests.baselines.fusion.planted import IDS, planted, planted_blocks
from vlm4rec.baselines.fusion.batches import Batches
from vlm4rec.baselines.fusion.examples import examples_from
from vlm4rec.baselines.fusion.networks import AttentionFusion
from vlm4rec.baselines.fusion.training import Judge, Learned, Training, learn
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError, MissingExtraError

BLOCKS = list(planted_blocks())


def run(
    *, seed: int = 0, epochs: int | None = None, judge: Judge | None = None, **changes: Any
) -> Learned:
    settings = {"epochs": 6, "patience": 2, "batch": 64, "learning_rate": 5e-3, "device": "cpu"}
    training = Training(**{**settings, **changes})
    batches = Batches(examples_from(planted("text", users=40)[0]), len(IDS), training.batch)
    make = lambda: AttentionFusion([28, 33], 8, training.dropout)  # noqa: E731
    return learn(make, BLOCKS, batches, training, seed=seed, epochs=epochs, judge=judge)


def saying(scores: Iterable[float], seen: list[Floats]) -> Callable[[Floats], float]:
    says = iter(scores)

    def judge(vectors: Floats) -> float:
        seen.append(vectors)
        return next(says)

    return judge


def test_training_stops_after_patience_and_the_best_epoch_is_kept() -> None:
    seen: list[Floats] = []
    learned = run(judge=saying([0.1, 0.2, 0.15, 0.19, 0.9], seen))
    assert learned.scores == (0.1, 0.2, 0.15, 0.19)
    assert learned.epochs == 1
    np.testing.assert_array_equal(learned.vectors, seen[1])


def test_the_untrained_start_is_kept_where_nothing_is_better() -> None:
    seen: list[Floats] = []
    learned = run(judge=saying([0.3, 0.2, 0.3], seen))
    assert (learned.epochs, learned.scores) == (0, (0.3, 0.2, 0.3))
    np.testing.assert_array_equal(learned.vectors, run(epochs=0).vectors)


def test_without_a_judge_all_epochs_are_run() -> None:
    assert run().epochs == len(run().losses) == 6
    assert run(epochs=2).epochs == 2
    assert run(epochs=0).losses == ()


def test_judging_changes_nothing() -> None:
    """So the number of epochs found on validation means the same in the run that follows."""
    seen: list[Floats] = []
    run(judge=saying(range(9), seen), dropout=0.2)
    np.testing.assert_array_equal(seen[3], run(epochs=3, dropout=0.2).vectors)


def test_the_loss_falls() -> None:
    losses = run(epochs=6).losses
    assert losses[-1] < losses[0] - 0.3


def test_the_same_seed_gives_the_same_vectors() -> None:
    first, again, other = run(dropout=0.3), run(dropout=0.3), run(dropout=0.3, seed=1)
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert np.abs(first.vectors - other.vectors).max() > 0.01


def test_nobody_elses_random_numbers_are_touched() -> None:
    before = torch.random.get_rng_state()
    run(epochs=1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_vectors_have_length_one() -> None:
    vectors = run(epochs=1).vectors
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_loss_that_is_no_number_is_told() -> None:
    with pytest.raises(DataError, match="lower learning rate"):
        run(learning_rate=1e30)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 0}, "batch must be above 0"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0"),
        ({"epochs": -1}, "epochs must be 0 or more"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1"),
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Training(**changes)


def test_torch_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"vlm4rec\[encode\]"):
        run()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_what_the_processor_gives() -> None:
    on_gpu, again, on_cpu = run(device="cuda"), run(device="cuda"), run()
    np.testing.assert_array_equal(on_gpu.vectors, again.vectors)
    np.testing.assert_allclose(on_gpu.vectors, on_cpu.vectors, atol=1e-2)
