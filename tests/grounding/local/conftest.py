from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from ..model_server import colour_of, description
from .tiny_models import FAMILIES, OPENAI, OURS, Lesson, build_model, one_thread

PUPILS = 8
"""How many photos the taught models know."""

BuildFamily = Callable[[str], Path]


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """See to it that tiny models take no longer than they must."""
    with one_thread():
        yield


@pytest.fixture(scope="session")
def build_family(tmp_path_factory: pytest.TempPathFactory) -> BuildFamily:
    """Build an untaught model of a family, once; without the library it wants, skip."""
    built: dict[str, Path] = {}

    def build(name: str) -> Path:
        if name == "smolvlm":
            pytest.importorskip("num2words", reason="SmolVLM's processor wants num2words")
        if name not in built:
            built[name] = build_model(name, tmp_path_factory.mktemp(name))
        return built[name]

    return build


@pytest.fixture(params=sorted(FAMILIES))
def any_model(request: pytest.FixtureRequest, build_family: BuildFamily) -> Path:
    """A model of each family in turn, untaught."""
    return build_family(request.param)


@pytest.fixture
def babbler(build_family: BuildFamily) -> Path:
    """A model that was taught nothing, and goes on for ever."""
    return build_family("llava_next")


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that describes each of the first photos as `description` does."""
    return build_model("qwen2_vl", tmp_path_factory.mktemp("taught"), _lessons(), OURS)


@pytest.fixture(scope="session")
def taught_for_serving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a family whose own processor needs no torchvision, asked as OpenAI's API is."""
    return build_model("llava_next", tmp_path_factory.mktemp("served"), _lessons(), OPENAI)


def _lessons() -> list[Lesson]:
    return [_lesson(number) for number in range(PUPILS)]


def _lesson(number: int) -> Lesson:
    words = description(number)
    pieces = ('{"description": "', words[:14], words[14:40], words[40:], '"}')
    return Lesson(Image.new("RGB", (24, 16), colour_of(number)), pieces)
