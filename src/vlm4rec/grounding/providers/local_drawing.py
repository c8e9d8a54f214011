"""What `generate` is to do at each token: draw it, or stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Drawing", "Halting"]


class Drawing:
    """Draws the tokens of the rows that have a temperature; of the others the likeliest is taken.

    The largest of ``logit / temperature + noise``, the noise being drawn from a Gumbel
    distribution for each token of the vocabulary, is a draw from the softmax of ``logit /
    temperature`` (Maddison, Tarlow and Minka, "A* Sampling", arXiv 1411.0030). Each row has a
    generator of its own, so that its answer does not depend on what else is in the batch.

    Parameters
    ----------
    temperatures
        One a row; None takes the likeliest token.
    seeds
        One a row.
    device
        Where the logits are.
    """

    def __init__(
        self, temperatures: Sequence[float | None], seeds: Sequence[int], device: Any
    ) -> None:
        import torch

        self._drawn = [
            (row, temperature, torch.Generator(device).manual_seed(seed))
            for row, (temperature, seed) in enumerate(zip(temperatures, seeds, strict=True))
            if temperature
        ]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Return the scores of which the largest is taken."""
        if not self._drawn:
            return scores
        scores = scores.clone()
        for row, temperature, generator in self._drawn:
            noise = scores.new_empty(scores.shape[-1]).exponential_(generator=generator)
            scores[row] = scores[row] / temperature - noise.log()
        return scores


class Halting:
    """Stops rows that no one waits for any more, and all of them when the time is up.

    Parameters
    ----------
    given_up
        One a row.
    timeout
        Seconds from now; None for as long as it takes.
    """

    def __init__(self, given_up: Sequence[Callable[[], bool]], timeout: float | None) -> None:
        self._given_up = given_up
        self._until = None if timeout is None else time.monotonic() + timeout
        self.overdue = False

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Return for each row whether it stops here."""
        import torch

        self.overdue = self._until is not None and time.monotonic() > self._until
        halted = [self.overdue or each() for each in self._given_up]
        return torch.tensor(halted, dtype=torch.bool, device=input_ids.device)
