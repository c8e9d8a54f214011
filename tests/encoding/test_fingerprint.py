from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from vlm4rec.encoding.encoder import TextEncoder
from vlm4rec.encoding.fingerprint import model_fingerprint
from vlm4rec.encoding.sentence_transformer import SentenceTransformerEncoder


@pytest.fixture
def model(encoder: TextEncoder) -> Any:
    assert isinstance(encoder, SentenceTransformerEncoder)
    return copy.deepcopy(encoder._model)


def pool_by_first_token(model: Any) -> None:
    model[1].pooling_mode = "cls"


def change_one_weight(model: Any) -> None:
    with torch.no_grad():
        next(iter(model.state_dict().values()))[-1, -1] += 1


def shorten_texts(model: Any) -> None:
    model.max_seq_length = 128


def add_a_prompt(model: Any) -> None:
    model.prompts["query"] = "query: "


def change_the_activation(model: Any) -> None:
    model[0].model.config.hidden_act = "relu"


def keep_case(model: Any) -> None:
    from tokenizers.normalizers import NFC

    model.tokenizer.backend_tokenizer.normalizer = NFC()


def drop_the_normalising(model: Any) -> None:
    model.pop(2)


def round_the_weights(model: Any) -> None:
    model.to(torch.bfloat16)


@pytest.mark.parametrize(
    "change",
    [
        pool_by_first_token,
        change_one_weight,
        shorten_texts,
        add_a_prompt,
        change_the_activation,
        keep_case,
        drop_the_normalising,
        round_the_weights,
    ],
)
def test_it_changes_with_whatever_changes_the_vectors(
    encoder: TextEncoder, model: Any, change: Callable[[Any], None]
) -> None:
    assert model_fingerprint(model) == encoder.fingerprint
    change(model)
    assert model_fingerprint(model) != encoder.fingerprint


def test_use_does_not_change_it(encoder: TextEncoder, model: Any) -> None:
    model.tokenizer.backend_tokenizer.no_truncation()
    model.tokenizer.backend_tokenizer.no_padding()
    assert model_fingerprint(model) == encoder.fingerprint
    model.encode(["a boot", "a much longer text of a boot"], show_progress_bar=False)
    assert model_fingerprint(model) == encoder.fingerprint


@pytest.mark.slow
def test_it_is_made_in_no_time(model: Any) -> None:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        model_fingerprint(model)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.5
