"""Fused item vectors as a ranker takes them."""

from __future__ import annotations

from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.vectors import Block
from vlm4rec.recommending.blocks import BlockVectors

__all__ = ["fused_vectors"]


def fused_vectors(vectors: Floats) -> BlockVectors:
    """Return fused item vectors as vectors of one block.

    >>> import numpy as np
    >>> fused_vectors(np.eye(2, dtype=np.float32)).blocks
    (Block(name='fused', start=0, stop=2, weight=1.0),)
    """
    return BlockVectors(vectors, (Block("fused", 0, vectors.shape[1]),))
