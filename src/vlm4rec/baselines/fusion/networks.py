"""The networks of the trained fusions; imports torch, so it is imported late.

Every network maps feature blocks of the same items, tensors of shape (n, columns of the block),
to one vector an item, shape (n, dimension). A row of zeros is a missing block: nothing is added
for it, and the item's vector is made of what is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

__all__ = [
    "NETWORKS",
    "AttentionFusion",
    "CrossModalFusion",
    "GatingFusion",
    "Metric",
    "SpectralFusion",
]

_PACE = 10.0
"""How many times as fast as other parameters the weights of blocks move: there are few of them."""


class _Pair(nn.Module):  # type: ignore[misc]
    """Projects text and image into one space of the same dimension, without a bias.

    Each starts as its first columns, turned at random: cosines inside a block are kept, and those
    of one block with the other are noise until something is learned.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float) -> None:
        super().__init__()
        self.projections = nn.ModuleList(
            nn.Linear(width, dimension, bias=False) for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        for linear, width in zip(self.projections, widths, strict=True):
            turned = nn.init.orthogonal_(torch.empty(dimension, dimension))
            with torch.no_grad():
                linear.weight.copy_(turned @ torch.eye(dimension, width))

    def penalty(self, blocks: Sequence[Tensor], vectors: Tensor) -> Tensor:
        """Return what is added to the loss: nothing."""
        return vectors.new_zeros(())

    def weights(self) -> Tensor:
        """Return the share of each block: there is none that is the same for all items."""
        return torch.zeros(0)

    def project(self, blocks: Sequence[Tensor]) -> list[Tensor]:
        pairs = zip(self.projections, blocks, strict=True)
        return [linear(self.dropout(block)) for linear, block in pairs]


class AttentionFusion(_Pair):
    """Weighs text against image with two numbers an item, from both of them.

    ``a = softmax(W2 gelu(W1 [t; v] + b1) + b2)``, ``item = a1 t + a2 v``.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float = 0.0) -> None:
        super().__init__(widths, dimension, dropout)
        n = len(widths)
        self.attention = nn.Sequential(
            nn.Linear(n * dimension, dimension), nn.GELU(), nn.Linear(dimension, n)
        )

    def forward(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return the items' vectors."""
        projected = self.project(blocks)
        scores = self.attention(torch.cat(projected, dim=1))
        weights = scores.masked_fill(~_present(blocks), -1e9).softmax(dim=1)
        return (weights.unsqueeze(2) * torch.stack(projected, dim=1)).sum(dim=1)


class GatingFusion(_Pair):
    """Weighs text against image in every dimension on its own.

    ``g = sigmoid(W2 gelu(W1 [t; v] + b1) + b2)``, ``item = g t + (1 - g) v``, element by element.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float = 0.0) -> None:
        super().__init__(widths, dimension, dropout)
        self.gate = nn.Sequential(
            nn.Linear(2 * dimension, dimension), nn.GELU(), nn.Linear(dimension, dimension)
        )

    def forward(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return the items' vectors."""
        text, image = self.project(blocks)
        gate = torch.sigmoid(self.gate(torch.cat([text, image], dim=1)))
        has_text, has_image = _present(blocks).unsqueeze(2).unbind(dim=1)
        gate = torch.where(has_image, gate, 1.0)
        gate = torch.where(has_text, gate, 0.0)
        return gate * text + (1 - gate) * image


class CrossModalFusion(_Pair):
    """Lets the parts of each vector attend to the parts of the other.

    An item has one vector of text and one of its image. With one key there is nothing to attend
    to: softmax of one number is 1, and the queries learn nothing. So each projected vector is
    cut into tokens, ``dimension / tokens`` long; text tokens attend to image tokens and image
    tokens to text tokens, what was found is added to the token, and both vectors are joined by
    one linear map.
    """

    def __init__(
        self, widths: Sequence[int], dimension: int, dropout: float = 0.0, tokens: int = 8
    ) -> None:
        super().__init__(widths, dimension, dropout)
        self.tokens = math.gcd(tokens, dimension)
        length = dimension // self.tokens
        self.queries = nn.ModuleList(nn.Linear(length, length) for _ in range(2))
        self.keys = nn.ModuleList(nn.Linear(length, length, bias=False) for _ in range(2))
        self.values = nn.ModuleList(nn.Linear(length, length, bias=False) for _ in range(2))
        self.place = nn.Parameter(0.1 * torch.randn(2, self.tokens, length))
        self.join = nn.Linear(2 * dimension, dimension, bias=False)
        with torch.no_grad():
            self.join.weight.copy_(torch.eye(dimension).repeat(1, 2) / 2)
            for linear in self.values:
                linear.weight.mul_(0.1)

    def forward(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return the items' vectors."""
        text, image = self.project(blocks)
        both = [text + self._seen(0, text, image), image + self._seen(1, image, text)]
        here = _present(blocks)
        # a missing block stays missing: what it would see is the other block once more
        return self.join(torch.cat([both[0] * here[:, :1], both[1] * here[:, 1:]], dim=1))

    def _seen(self, side: int, own: Tensor, other: Tensor) -> Tensor:
        """Return what each token of one vector finds in the tokens of the other."""
        n = len(own)
        asks, told = own.view(n, self.tokens, -1), other.view(n, self.tokens, -1)
        query = self.queries[side](asks + self.place[side])
        key = self.keys[side](told + self.place[1 - side])
        weights = (query @ key.transpose(1, 2) / math.sqrt(query.shape[2])).softmax(dim=2)
        return (weights @ self.values[side](told)).reshape(n, -1)


class SpectralFusion(_Pair):
    """The frequency-domain filter of SMORE (WSDM 2025, arXiv 2412.14978), without its graphs.

    With F the real Fourier transform along the feature dimension (orthonormal), learned complex
    filters ``Wt``, ``Wv``, ``Wf`` and element-wise products: each block is filtered by itself,
    ``t' = F^-1(Wt F(t))`` and ``v' = F^-1(Wv F(v))``, both are fused in the frequency domain,
    ``f = F^-1(Wf F(t) F(v))``, and the item is the mean of the three. All filters start near
    one; the product is scaled by the square root of the dimension, so that it is as long as the
    two others.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float = 0.0) -> None:
        super().__init__(widths, dimension, dropout)
        start = torch.zeros(3, dimension // 2 + 1, 2)
        start[:, :, 0] = 1.0
        self.filters = nn.Parameter(start + 0.01 * torch.randn(start.shape))
        self.dimension = dimension

    def forward(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return the items' vectors."""
        text, image = self.project(blocks)
        spectra = [torch.fft.rfft(part, dim=1, norm="ortho") for part in (text, image)]
        filters = torch.view_as_complex(self.filters)
        product = spectra[0] * spectra[1] * math.sqrt(self.dimension)
        summed = filters[0] * spectra[0] + filters[1] * spectra[1] + filters[2] * product
        return torch.fft.irfft(summed / 3, n=self.dimension, dim=1, norm="ortho")


class Metric(nn.Module):  # type: ignore[misc]
    """Weights of blocks and a low-rank metric on their concatenation.

    With ``x`` the blocks, each times the square root of its weight, end to end:
    ``item = x + B A x``, or ``x + B gelu(A x)``. The weights are the softmax of learned numbers.
    It starts as the plain concatenation: ``B`` is zero and the weights are the given ones.

    Parameters
    ----------
    widths
        The columns of each block.
    weights
        The share of each block at the start, positive.
    rank
        The rows of ``A``; 0 learns the weights alone.
    bent
        Whether with gelu.
    pull
        How much `penalty` weighs.
    dropout
        The chance that a whole block of an item is left out in a step of training.
    """

    def __init__(
        self,
        widths: Sequence[int],
        weights: Sequence[float],
        rank: int,
        *,
        bent: bool = False,
        pull: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        start = torch.tensor(list(weights), dtype=torch.float32)
        self.register_buffer("start", (start / start.sum()).log())
        self.change = nn.Parameter(torch.zeros(len(widths)))
        total = sum(widths)
        self.inward = nn.Parameter(torch.randn(total, rank) / math.sqrt(max(1, rank)))
        self.outward = nn.Parameter(torch.zeros(rank, total))
        self.bend: Callable[[Tensor], Tensor] = nn.GELU() if bent else nn.Identity()
        self.pull = pull
        self.dropout = dropout

    def weights(self) -> Tensor:
        """Return the share of each block, shape (blocks,); they sum to 1."""
        return (self.start + _PACE * self.change).softmax(dim=0)

    def forward(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return the items' vectors."""
        scales = self.weights().sqrt()
        parts = [self._thinned(block) * scale for block, scale in zip(blocks, scales, strict=True)]
        joined = torch.cat(parts, dim=1)
        if not self.inward.shape[1]:
            return joined
        return joined + self.bend(joined @ self.inward) @ self.outward

    def penalty(self, blocks: Sequence[Tensor], vectors: Tensor) -> Tensor:
        """Return how far vectors are from the start: the mean of one minus their cosine."""
        scales = self.start.exp().sqrt()
        parts = [block * scale for block, scale in zip(blocks, scales, strict=True)]
        cosines = nn.functional.cosine_similarity(torch.cat(parts, dim=1), vectors, dim=1)
        return self.pull * (1 - cosines).mean()

    def _thinned(self, block: Tensor) -> Tensor:
        if not self.training or not self.dropout:
            return block
        kept = torch.rand(len(block), 1, device=block.device) >= self.dropout
        return block * kept


NETWORKS: Mapping[str, Callable[[Sequence[int], int, float], nn.Module]] = {
    "attention": AttentionFusion,
    "gating": GatingFusion,
    "cross-modal": CrossModalFusion,
    "spectral": SpectralFusion,
}
"""The trained fusions of two blocks, by name."""


def _present(blocks: Sequence[Tensor]) -> Tensor:
    """Tell which items have which block: shape (n, blocks)."""
    return torch.stack([block.any(dim=1) for block in blocks], dim=1)
