"""Whether a photo is still the one that an answer about it will be kept for."""

from __future__ import annotations

from pathlib import Path

from vlm4rec.errors import PhotoError
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.storage import file_hash

__all__ = ["verify_photo"]


def verify_photo(request: GroundingRequest) -> None:
    """See that the file is the one that the request names by its content.

    Raises
    ------
    PhotoError
        If it is gone, can't be read, or is another one now.
    """
    try:
        found = file_hash(Path(request.photo))
    except FileNotFoundError:
        raise PhotoError(
            f"There is no photo {request.photo} any more.", "Put it back.", code="missing"
        ) from None
    except OSError as error:
        raise PhotoError(
            f"{request.photo} can't be read: {error.strerror}.", "Check its permissions."
        ) from None
    if found != request.photo_sha256:
        raise PhotoError(
            f"{request.photo} has changed since the catalog was read.",
            "Read the catalog again.",
            code="changed",
        )
