"""Drawing tokens."""

from __future__ import annotations

import pytest

from vlm4rec.grounding.providers.local_drawing import Drawing


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_come_as_often_as_the_softmax_says(temperature: float) -> None:
    import torch

    logits = torch.tensor([[0.0, 1.0, 2.0, -torch.inf]])
    draws = 4000
    drawing = Drawing([temperature], [7], "cpu")
    drawn = torch.stack([drawing(None, logits).argmax(dim=-1) for _ in range(draws)])
    shares = torch.bincount(drawn.flatten(), minlength=4) / draws
    assert (shares - torch.softmax(logits[0] / temperature, dim=0)).abs().max() < 0.03
    assert logits.tolist() == [[0.0, 1.0, 2.0, -torch.inf]]


def test_without_a_temperature_the_likeliest_token_is_taken() -> None:
    import torch

    logits = torch.tensor([[0.0, 3.0, 2.0], [5.0, 1.0, 4.0]])
    assert Drawing([None, None], [1, 2], "cpu")(None, logits) is logits
    mixed = Drawing([None, 50.0], [1, 2], "cpu")(None, logits)
    assert mixed[0].tolist() == logits[0].tolist()
    assert mixed[1].tolist() != logits[1].tolist()
