"""A model server that no one here wrote: `transformers serve`, reached through `openai:`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.report import RunOptions
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.storage import file_hash

from ..conftest import MakeRequests
from ..model_server import description
from .conftest import PUPILS

pytestmark = pytest.mark.slow

_ADDRESS = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@pytest.fixture(scope="module")
def served(taught_for_serving: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server on a free port of loopback; give its address, and stop it in any case."""
    for library in ("fastapi", "uvicorn", "accelerate"):
        pytest.importorskip(library, reason="transformers serve wants it")
    cache = tmp_path_factory.mktemp("cache")
    command = (Path(sys.executable).parent / "transformers", "serve", taught_for_serving)
    options = ("--host", "127.0.0.1", "--port", "0", "--device", "cpu", "--dtype", "float32")
    process = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield f"{_address(process)}/v1"
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    """Read what the server says of itself until it tells where it listens."""
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if found := _ADDRESS.search(line):
            return found[1]
    raise AssertionError(f"transformers serve ended: {''.join(said)}")


@pytest.fixture
def lvlm(served: str, taught_for_serving: Path) -> OpenAILVLM:
    """The server knows the model by its folder."""
    return OpenAILVLM(str(taught_for_serving), base_url=served, max_tokens=40, temperature=0.0)


def test_photos_are_grounded_from_end_to_end(
    lvlm: OpenAILVLM, make_requests: MakeRequests, ledger: Ledger
) -> None:
    requests = make_requests(PUPILS)
    report = ground_photos(requests, lvlm, ledger, RunOptions(concurrency=4))
    assert (report.grounded, report.asked, report.failed) == (PUPILS, PUPILS, [])
    groundings = {item: grounding for item, _, grounding in ledger.groundings()}
    for number, request in enumerate(requests):
        grounding = groundings[request.item]
        # The server looked at that photo: each has a description of its own.
        assert grounding.answer.description == description(number)
        provenance = grounding.provenance
        assert provenance.provider == "openai"
        assert provenance.model == lvlm.model
        assert (provenance.finish_reason, provenance.tokens_out) == ("stop", 6)
        assert (provenance.tokens_in or 0) > 10
    assert report.tokens_out == 6 * PUPILS

    again = ground_photos(requests, lvlm, ledger)
    assert (again.asked, again.reused) == (0, PUPILS)


def test_the_server_counts_the_photo(
    lvlm: OpenAILVLM, make_requests: MakeRequests, ledger: Ledger
) -> None:
    """A larger photo is cut into more tiles, and so is more tokens by the server's own count."""
    small, large = make_requests(2)
    Image.new("RGB", (600, 600), (9, 9, 90)).save(large.photo)
    large = replace(large, photo_sha256=file_hash(Path(large.photo)))
    counts = [ground_photos([each], lvlm, ledger).tokens_in for each in (small, large)]
    assert counts[1] > counts[0] > 10


def test_an_answer_cut_short_is_kept_as_no_use(
    served: str, lvlm: OpenAILVLM, make_requests: MakeRequests, ledger: Ledger
) -> None:
    cut = OpenAILVLM(lvlm.model, base_url=served, max_tokens=3, temperature=0.0)
    report = ground_photos(make_requests(1), cut, ledger)
    assert report.grounded == 0
    assert [problem.code for problem in report.failed] == ["truncated"]
    counts = ledger.counts()
    assert (counts.answers, counts.items) == (0, 0)
    assert counts.invalid > 0
    assert report.tokens_out == 3 * counts.invalid


def test_a_model_that_it_does_not_serve_is_told(
    served: str, make_requests: MakeRequests, ledger: Ledger
) -> None:
    report = ground_photos(make_requests(1), OpenAILVLM("another", base_url=served), ledger)
    assert report.grounded == 0
    assert report.failed or isinstance(report.error, LVLMError)
    assert ledger.counts().answers == 0
