"""The seam to encoders: text, or photos, to vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.arrays import chunks
from vlm4rec.errors import EncoderError
from vlm4rec.problems import counted

__all__ = ["DEFAULT_ENCODER", "Floats", "TextEncoder", "checked_vectors", "normalise"]

Floats = NDArray[np.float32]

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
"""The paper's text encoder (arXiv 2603.12625): 384 dimensions, 22.7 million parameters."""


class TextEncoder(Protocol):
    """Turns texts into vectors.

    The same text gives the same vector whatever the others in its batch, up to float rounding.
    """

    @property
    def name(self) -> str:
        """The name by which it can be loaded again."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that change whenever the vectors may: other weights, other limits."""
        ...

    @property
    def dimension(self) -> int:
        """The length of its vectors."""
        ...

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        """Return one vector of length 1 for each text: float32, shape (n, dimension).

        ``on_batch`` is called with how many texts were encoded since the last call.
        """
        ...


def normalise(vectors: NDArray[np.floating[Any]], *, out: Floats | None = None) -> Floats:
    """Scale each row to length 1; rows of zeros stay zeros.

    Parameters
    ----------
    vectors
        Shape (n, d).
    out
        Where to put the result; ``vectors`` itself may be given. By default a new array.

    Examples
    --------
    >>> normalise(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    if out is None:
        out = np.empty(vectors.shape, dtype=np.float32)
    for part in chunks(len(vectors)):
        exact = vectors[part].astype(np.float64)
        lengths = np.linalg.norm(exact, axis=1, keepdims=True)
        exact /= np.where(lengths > 0, lengths, 1.0)
        out[part] = exact
    return out


def checked_vectors(
    given: object, encoded: Sequence[str], thing: str, encoder: str, dimension: int
) -> Floats:
    """Return what an encoder gave as float32, so that nothing bad is kept.

    Parameters
    ----------
    given
        What it gave.
    encoded
        What it was to encode, in words.
    thing
        What that is: ``"text"`` or ``"image"``.
    encoder, dimension
        The encoder's name, and the length of its vectors.

    Raises
    ------
    EncoderError
        If it is no matrix of finite numbers, or of another shape.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            vectors = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise _bad_output(thing, encoder, f"no matrix of numbers ({error})") from error
    due = (len(encoded), dimension)
    if vectors.shape != due:
        told = f"vectors of shape {vectors.shape} for {counted(len(encoded), thing)}"
        raise _bad_output(thing, encoder, f"{told}, where {due} was due")
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        told = f"infinite or undefined numbers for {counted(len(bad), thing)}"
        raise _bad_output(thing, encoder, f"{told} (the first: {encoded[bad[0]][:80]!r})")
    return vectors


def _bad_output(thing: str, encoder: str, told: str) -> EncoderError:
    return EncoderError(
        f"The {thing} encoder {encoder!r} gave {told}.",
        "Check its weights and its precision, or choose another encoder.",
    )
