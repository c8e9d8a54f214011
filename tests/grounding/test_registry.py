from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vlm4rec.errors import DataError
from vlm4rec.grounding.providers.anthropic import AnthropicLVLM
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.registry import PROVIDERS, lvlm_from_spec


def test_a_model_name_may_hold_a_colon() -> None:
    lvlm = lvlm_from_spec("openai:llava:13b", base_url="http://localhost:11434/v1", seed=3)
    assert isinstance(lvlm, OpenAILVLM)
    assert (lvlm.model, lvlm.base_url) == ("llava:13b", "http://localhost:11434/v1")


def test_options_that_are_none_are_left_out(tmp_path: Path) -> None:
    lvlm = lvlm_from_spec("anthropic:m", base_url=None, temperature=None, seed=None, max_tokens=7)
    assert isinstance(lvlm, AnthropicLVLM)
    assert lvlm.max_tokens == 7
    assert lvlm.base_url == "https://api.anthropic.com"
    with pytest.raises(DataError, match="can't be read"):  # not: has no option base_url
        lvlm_from_spec(f"recorded:{tmp_path / 'none.jsonl'}", base_url=None, temperature=None)


def test_every_provider_is_offered() -> None:
    with pytest.raises(DataError) as caught:
        lvlm_from_spec("nobody:m")
    for name, (_, _, form) in PROVIDERS.items():
        assert form.startswith(f"{name}:")
        assert form in str(caught.value)


@pytest.mark.parametrize("spec", ["", "openai", "openai:", "recorded:", "claude:opus", ":x"])
def test_an_unknown_name_lists_the_choices(spec: str) -> None:
    with pytest.raises(DataError, match="Choose from: recorded:FILE, openai:MODEL"):
        lvlm_from_spec(spec)


def test_an_option_that_a_provider_does_not_take(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"recorded provider has no option 'base-url'\. Leave"):
        lvlm_from_spec(f"recorded:{tmp_path / 'a.jsonl'}", base_url="http://localhost/v1")
    with pytest.raises(
        DataError, match=r"openai provider has no option 'heat'\. .*: base-url, .*, max-tokens"
    ):
        lvlm_from_spec("openai:m", heat=1)
    with pytest.raises(DataError, match=r"anthropic provider has no option 'seed'"):
        lvlm_from_spec("anthropic:m", seed=1)


def test_making_an_lvlm_loads_no_client() -> None:
    script = (
        "import sys\n"
        "from vlm4rec.grounding.providers.registry import lvlm_from_spec\n"
        "import vlm4rec.grounding.runner\n"
        "assert not {'openai', 'httpx', 'httpx2', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
