from __future__ import annotations

import pytest

from vlm4rec.encoding.encoder import TextEncoder, load_encoder


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    """The default encoder, its real weights."""
    return load_encoder()
