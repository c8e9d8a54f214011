"""The contract of the `LVLM` seam, held by a local model that was taught what to answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from vlm4rec.grounding.providers.registry import lvlm_from_spec
from vlm4rec.storage import file_hash

from ..conftest import MakeRequests
from ..model_server import ModelServer
from ..test_lvlm_contract import (
    Case,
    test_asked_again_it_is_the_same_question_to_the_ledger,
    test_closing_what_was_never_used_is_fine,
    test_it_can_be_used_again_after_closing,
    test_it_shows_no_key,
    test_key_is_that_of_photo_and_prompt,
    test_many_at_once_each_get_their_own_answer,
    test_no_answer_is_an_lvlm_error,
    test_traits_are_known_before_anything_is_asked,
    test_who_varies_says_so,
)
from .conftest import PUPILS

__all__ = [
    "test_asked_again_it_is_the_same_question_to_the_ledger",
    "test_closing_what_was_never_used_is_fine",
    "test_it_can_be_used_again_after_closing",
    "test_it_shows_no_key",
    "test_key_is_that_of_photo_and_prompt",
    "test_many_at_once_each_get_their_own_answer",
    "test_no_answer_is_an_lvlm_error",
    "test_traits_are_known_before_anything_is_asked",
    "test_who_varies_says_so",
]


@pytest.fixture
def case(taught: Path, tmp_path: Path, make_requests: MakeRequests, server: ModelServer) -> Case:
    requests = make_requests(PUPILS)
    strip = tmp_path / "strip.png"
    Image.new("RGB", (800, 1)).save(strip)  # the family refuses so long a strip
    hopeless = type(requests[0])("strip", str(strip), file_hash(strip), requests[0].prompt)
    return Case(
        lambda: lvlm_from_spec(f"transformers:{taught}", dtype="float32"),
        requests,
        hopeless,
        server,
    )


def test_identity_is_the_same_each_time_and_loads_nothing(case: Case) -> None:
    first, second = case.make(), case.make()
    for request in case.requests:
        identity = first.identity(request)
        assert identity is not None
        assert identity == second.identity(request)
        assert identity.model.startswith("qwen2_vl:")
        assert None not in identity.parameters.values()
