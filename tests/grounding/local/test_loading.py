"""What a local model is called, what can't be meant, and what can't be loaded."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vlm4rec.errors import DataError, LVLMError, MissingExtraError
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer, Traits
from vlm4rec.grounding.providers.transformers import TransformersLVLM

from ..conftest import MakeRequests
from .conftest import BuildFamily


def ask(lvlm: TransformersLVLM, *requests: GroundingRequest) -> list[LVLMAnswer]:
    async def all_at_once() -> list[LVLMAnswer]:
        try:
            return await asyncio.gather(*map(lvlm.ground, requests))
        finally:
            await lvlm.close()

    return asyncio.run(all_at_once())


def test_identity_tells_what_changes_the_answer(
    babbler: Path, tmp_path: Path, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)
    here = str(babbler)
    plain = TransformersLVLM(here).identity(request)
    assert dict(plain.parameters) == {"max_side": 768, "max_tokens": 512}
    assert here not in json.dumps([plain.model, dict(plain.parameters)])
    moved = shutil.copytree(babbler, tmp_path / "moved")
    (moved / "README.md").write_text("A note.", encoding="utf-8")
    same = [
        TransformersLVLM(str(moved)),
        TransformersLVLM(here, batch=2, device="cpu", timeout=5, seed=4, temperature=0),
    ]
    assert {lvlm.identity(request).key(request) for lvlm in same} == {plain.key(request)}
    others = [
        TransformersLVLM(here, max_tokens=100),
        TransformersLVLM(here, max_side=512),
        TransformersLVLM(here, dtype="float16"),
        TransformersLVLM(here, temperature=0.5),
        TransformersLVLM(here, temperature=0.5, seed=1),
        TransformersLVLM("organisation/model"),
    ]
    keys = {lvlm.identity(request).key(request) for lvlm in others}
    assert len(keys) == len(others)
    assert plain.key(request) not in keys
    assert others[-1].identity(request).model == "organisation/model"


def test_what_is_beside_a_model_is_no_matter(
    babbler: Path, tmp_path: Path, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)
    copy = shutil.copytree(babbler, tmp_path / "copy")
    settings = json.loads((copy / "config.json").read_text())
    settings |= {"transformers_version": "4.56.0", "_name_or_path": "/somewhere"}
    (copy / "config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    (copy / "pytorch_model.bin").write_bytes(b"the same weights, as they were stored once")
    (copy / "trainer_state.json").write_text('{"epoch": 3}', encoding="utf-8")
    (copy / ".cache").mkdir()
    (copy / ".cache" / "notes.json").write_text("{}", encoding="utf-8")
    first, second = (TransformersLVLM(str(each)).identity(request) for each in (babbler, copy))
    assert first == second
    assert first.model.startswith("llava_next:")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "chat_template.jinja", "tokenizer.json", "config.json"]
)
def test_another_content_is_another_model(
    babbler: Path, tmp_path: Path, make_requests: MakeRequests, name: str
) -> None:
    (request,) = make_requests(1)
    changed = shutil.copytree(babbler, tmp_path / "changed")
    content = (changed / name).read_bytes()
    (changed / name).write_bytes(content.replace(b"a", b"b", 1))
    assert (changed / name).read_bytes() != content
    first, second = (TransformersLVLM(str(each)).identity(request) for each in (babbler, changed))
    assert first.model != second.model


def test_traits_say_that_nobody_charges(babbler: Path) -> None:
    lvlm = TransformersLVLM(str(babbler), max_tokens=99, max_side=500)
    assert lvlm.traits == Traits(free=True, most_tokens_out=99, max_side=500, varies=True)
    assert str(babbler.parent) not in repr(lvlm)


def damaged_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no weights")


def damaged_settings(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def another_kind(folder: Path) -> None:
    settings = {"model_type": "bert", "architectures": ["BertModel"]}
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")


def without_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def without_some_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in sorted(weights) if "multi_modal_projector" in name))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        damaged_weights,
        damaged_settings,
        another_kind,
        without_template,
        without_some_weights,
        without_weights,
    ],
)
def test_a_model_that_can_t_be_loaded_ends_the_run(
    babbler: Path, tmp_path: Path, make_requests: MakeRequests, damage: Callable[[Path], None]
) -> None:
    folder = shutil.copytree(babbler, tmp_path / "copy")
    damage(folder)
    with pytest.raises(LVLMError) as caught:
        ask(TransformersLVLM(str(folder)), *make_requests(2))
    assert caught.value.fatal
    assert caught.value.__cause__ is None
    assert f"The model {folder} can't be loaded" in caught.value.message
    assert caught.value.remedy
    assert not [each for each in threading.enumerate() if "local-model" in each.name]


def test_a_name_that_is_neither_cached_nor_to_be_had(
    monkeypatch: pytest.MonkeyPatch, make_requests: MakeRequests
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(LVLMError, match="vlm4rec/no-such-model can't be loaded") as caught:
        ask(TransformersLVLM("vlm4rec/no-such-model"), *make_requests(1))
    assert caught.value.fatal
    assert "Check the name and the network" in caught.value.remedy


def test_a_device_that_is_not_there(babbler: Path, make_requests: MakeRequests) -> None:
    with pytest.raises(DataError, match="There is no device abacus"):
        ask(TransformersLVLM(str(babbler), device="abacus"), *make_requests(1))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("./nowhere", {}, "There is no folder ./nowhere"),
        ("/no/where", {}, "There is no folder /no/where"),
        ("a/b/c", {}, "There is no folder a/b/c"),
        ("two words", {}, "There is no folder two words"),
        ("a/b", {"batch": 0}, "batch is 0"),
        ("a/b", {"max_tokens": -1}, "max_tokens is -1"),
        ("a/b", {"max_side": 0}, "max_side is 0"),
        ("a/b", {"temperature": -0.1}, "temperature is -0.1"),
        ("a/b", {"temperature": float("nan")}, "temperature is nan"),
        ("a/b", {"timeout": 0.0}, "timeout is 0.0"),
        ("a/b", {"dtype": "int8"}, "dtype is 'int8'"),
        ("a/b", {"quantize": "3bit"}, "quantize is '3bit'"),
        ("a/b", {"quantize": "4bit", "device": "cpu"}, "need a GPU with CUDA"),
    ],
)
def test_what_can_t_be_meant_is_said_at_once(
    model: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        TransformersLVLM(model, **options)
    assert caught.value.remedy


def test_a_folder_without_a_model_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no model"):
        TransformersLVLM(str(tmp_path))
    file = tmp_path / "model.gguf"
    file.write_bytes(b"")
    with pytest.raises(DataError, match="is not a folder"):
        TransformersLVLM(str(file))


def test_without_the_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vlm4rec\[local\]'"):
        TransformersLVLM("a/b")


def test_a_library_that_a_family_wants_is_named(
    build_family: BuildFamily, make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wanting(*_: Any, **__: Any) -> Any:
        raise ImportError("Could not import it.") from ImportError("`num2words` is required.")

    monkeypatch.setattr("transformers.AutoProcessor.from_pretrained", wanting)
    with pytest.raises(LVLMError, match="num2words") as caught:
        ask(TransformersLVLM(str(build_family("idefics3"))), *make_requests(1))
    assert "vlm4rec[local]" in caught.value.remedy


def test_importing_and_naming_it_loads_no_heavy_library(babbler: Path) -> None:
    code = (
        "import sys\n"
        "from vlm4rec.grounding.providers.transformers import TransformersLVLM\n"
        "repr(TransformersLVLM(sys.argv[1]))\n"
        "print([n for n in ('torch', 'transformers', 'accelerate') if n in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(babbler)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
