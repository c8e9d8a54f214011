from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from tests.baselines.fusion.planted import IDS, QUICK, planted, planted_blocks
from vlm4rec.baselines.fusion.batches import Batches
from vlm4rec.baselines.fusion.examples import examples_from
from vlm4rec.baselines.fusion.networks import NETWORKS, Metric, SpectralFusion
from vlm4rec.baselines.fusion.trained import FUSIONS
from vlm4rec.baselines.fusion.training import batch_loss

WIDTHS = [28, 33]
BLOCKS = [torch.from_numpy(block) for block in planted_blocks()]

MAKERS: dict[str, Callable[[], Any]] = {
    **{name: partial(NETWORKS[name], WIDTHS, 16, 0.1) for name in FUSIONS},
    "metric": lambda: Metric(WIDTHS, [1, 1], 8, pull=0.5),
    "bent metric": lambda: Metric(WIDTHS, [1, 3], 8, bent=True),
}


@pytest.fixture(params=MAKERS)
def network(request: pytest.FixtureRequest) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return MAKERS[request.param]()


def test_every_name_has_a_network() -> None:
    assert set(NETWORKS) == set(FUSIONS)


def test_gradients_reach_every_parameter(network: Any) -> None:
    batches = Batches(examples_from(planted("both", users=40)[0]), len(IDS), 64)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    for batch in batches.epoch(np.random.default_rng(0)):  # the metric starts at zero
        optimiser.zero_grad()
        batch_loss(network, BLOCKS, batch, QUICK).backward()
        optimiser.step()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        moved = parameter.grad != 0
        if name == "filters":  # the first and last frequency of a real transform are real
            moved = moved[:, 1:-1]
        assert moved.all(), name


def test_the_loss_is_the_softmax_written_out(network: Any) -> None:
    some = examples_from(planted("text", users=12)[0])
    batch = Batches(some, len(IDS), 20).batch(np.arange(20), np.arange(5))
    network.eval()
    with torch.no_grad():
        loss = float(batch_loss(network, BLOCKS, batch, QUICK))
        vectors = network(BLOCKS).numpy().astype(np.float64)
        given = [block[torch.from_numpy(batch.rows)] for block in BLOCKS]
        penalty = float(network.penalty(given, network(given)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    losses = []
    for row, label in enumerate(batch.labels):
        profile = batch.shares[row] @ vectors[batch.rows]
        profile /= np.linalg.norm(profile)
        scores = {
            column: profile @ vectors[batch.rows[column]] / QUICK.temperature - chance
            for column, chance in enumerate(batch.log_chance)
            if not batch.masked[row, column]
        }
        losses.append(np.log(np.sum(np.exp(list(scores.values())))) - scores[label])
    assert loss == pytest.approx(np.mean(losses) + penalty, rel=1e-4)


def test_the_company_of_an_item_does_not_matter(network: Any) -> None:
    network.eval()
    with torch.no_grad():
        together = network(BLOCKS)
        alone = torch.cat([network([block[row : row + 1] for block in BLOCKS]) for row in range(9)])
    torch.testing.assert_close(together[:9], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_block_says_nothing(network: Any, missing: int) -> None:
    """An item that lacks a block is made of the other; what lacks both is a row of zeros."""
    network.eval()
    blocks = [block.clone() for block in BLOCKS]
    blocks[missing][:60] = 0
    blocks[1 - missing][:10] = 0
    with torch.no_grad():
        vectors = network(blocks)
    assert torch.isfinite(vectors).all()
    assert not vectors[:10].any()
    assert vectors[10:].any(dim=1).all()
    left = torch.nn.functional.normalize(vectors[10:60], dim=1)
    kept = torch.nn.functional.normalize(blocks[1 - missing][10:60], dim=1)
    # what is left still tells the items apart as that block does
    correlation = np.corrcoef((left @ left.T).flatten(), (kept @ kept.T).flatten())[0, 1]
    assert correlation > 0.6


@pytest.mark.parametrize("dimension", [16, 15, 2])
def test_the_spectral_filter_is_numpys_transform(dimension: int) -> None:
    network = SpectralFusion(WIDTHS, dimension)
    rng = np.random.default_rng(5)
    filters = rng.normal(size=(3, dimension // 2 + 1, 2)).astype(np.float32)
    with torch.no_grad():
        network.filters.copy_(torch.from_numpy(filters))
        ours = network(BLOCKS).numpy()
        text, image = (part.numpy().astype(np.float64) for part in network.project(BLOCKS))
    for_text, for_image, for_both = filters[..., 0] + 1j * filters[..., 1]
    turned = [np.fft.rfft(part, norm="ortho") for part in (text, image)]
    parts = [
        for_text * turned[0],
        for_image * turned[1],
        for_both * turned[0] * turned[1] * np.sqrt(dimension),
    ]
    back = [np.fft.irfft(part, n=dimension, norm="ortho") for part in parts]
    np.testing.assert_allclose(ours, np.mean(back, axis=0), atol=1e-5)


def test_a_metric_starts_as_the_weighted_concatenation() -> None:
    with torch.no_grad():
        vectors = Metric(WIDTHS, [3, 1], 8)(BLOCKS)
    torch.testing.assert_close(vectors, torch.cat([BLOCKS[0] * 0.75**0.5, BLOCKS[1] * 0.5], dim=1))


def test_dropout_of_a_metric_leaves_out_whole_blocks() -> None:
    network = Metric(WIDTHS, [1, 1], 0, dropout=0.4).train()
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        vectors = network(BLOCKS)
    there = torch.stack([vectors[:, :28].any(dim=1), vectors[:, 28:].any(dim=1)])
    full = torch.cat([BLOCKS[0], BLOCKS[1]], dim=1) * 0.5**0.5
    whole = there.all(dim=0)
    torch.testing.assert_close(vectors[whole], full[whole])
    assert 0.3 < float(1 - there.float().mean()) < 0.5
