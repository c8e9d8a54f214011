"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from vlm4rec.encoding.encoder import TextEncoder
from vlm4rec.encoding.loading import load_encoder

# a busy machine is slow, not wrong
settings.register_profile("vlm4rec", deadline=None)
settings.load_profile("vlm4rec")


@pytest.fixture(scope="session")
def hm_folder() -> Path:
    """The H&M sample; in CI its absence is a failure, elsewhere a reason to skip."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "hm"
    folder = Path(os.environ.get("VLM4REC_HM", beside))
    if (folder / "articles.csv").is_file():
        return folder
    reason = "the H&M sample is absent: set VLM4REC_HM to its folder"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    """The default encoder, its real weights."""
    return load_encoder()
