"""Real processors and real `generate` on tiny models of real families."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.answers import parse_answer, read_answer
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers.local_batches import Waiting
from vlm4rec.grounding.providers.local_drawing import Halting
from vlm4rec.grounding.providers.local_loading import Settings
from vlm4rec.grounding.providers.local_model import Asked, LocalModel, Written
from vlm4rec.grounding.providers.transformers import TransformersLVLM
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.storage import file_hash

from ..conftest import MakeRequests
from ..model_server import colour_of, description
from .conftest import PUPILS
from .tiny_models import FAMILIES, QUESTION

PRECISE = "float32"
"""The number format of most tests: rows of a batch then differ from single ones in no digit."""


def ask(lvlm: TransformersLVLM, *requests: GroundingRequest) -> list[LVLMAnswer]:
    async def all_at_once() -> list[LVLMAnswer]:
        try:
            return await asyncio.gather(*map(lvlm.ground, requests))
        finally:
            await lvlm.close()

    return asyncio.run(all_at_once())


def loaded(folder: Path, **settings: Any) -> LocalModel:
    given = {"name": "tiny", "max_tokens": 12, "dtype": PRECISE, **settings}
    return LocalModel(Settings(str(folder), **given))


def waiting(
    asked: Sequence[Asked], given_up: Callable[[], bool] = lambda: False
) -> list[Waiting[Asked]]:
    return [Waiting(each, given_up) for each in asked]


def described(model: LocalModel, asked: Sequence[Asked]) -> list[Written]:
    answers = model.describe(waiting(asked))
    assert all(isinstance(answer, Written) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Written)]


def logits(model: LocalModel, asked: Sequence[Asked]) -> Any:
    """Return the logits of the first three tokens: one row a photo."""
    import torch

    came = model.network.generate(
        **model.inputs(asked),
        max_new_tokens=3,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    return torch.stack(came.logits, dim=1)


def three(colour: tuple[int, int, int] = (200, 20, 90)) -> list[Asked]:
    """Photos of other shapes and questions of other lengths, so that there is padding."""
    sizes, questions = ((24, 16), (16, 60), (50, 50)), (QUESTION, "What is it?", f"So. {QUESTION}")
    photos = [Image.new("RGB", size, colour) for size in sizes]
    return [Asked(photo, text) for photo, text in zip(photos, questions, strict=True)]


def test_together_is_the_same_as_one_by_one(any_model: Path) -> None:
    model = loaded(any_model)
    mask = model.inputs(three())["attention_mask"]
    lengths = mask.sum(dim=1).tolist()
    assert len(set(lengths)) == 3
    assert mask[:, -1].tolist() == [1, 1, 1]  # the padding is on the left
    together = logits(model, three())
    for row, asked in enumerate(three()):
        assert (logits(model, [asked])[0] - together[row]).abs().max() < 1e-3
    alone = [described(model, [asked])[0] for asked in three()]
    for answer, single in zip(described(model, three()), alone, strict=True):
        assert replace(answer, seconds=0) == replace(single, seconds=0)
    assert [answer.tokens_in for answer in alone] == lengths


def test_the_photo_reaches_the_model(any_model: Path) -> None:
    model = loaded(any_model)
    first, same, other = (logits(model, three(c)) for c in ((9, 9, 9), (9, 9, 9), (9, 9, 200)))
    assert (first - same).abs().max() == 0
    assert (first - other).abs().amax(dim=(1, 2)).min() > 0.1


def test_the_limit_ends_an_answer_that_goes_on(any_model: Path) -> None:
    for answer in described(loaded(any_model, max_tokens=5), three()):
        assert (answer.finish_reason, answer.tokens_out) == ("length", 5)


def test_each_photo_gets_its_own_answer(
    taught: Path, make_requests: MakeRequests, ledger: Ledger
) -> None:
    requests = make_requests(PUPILS)
    report = ground_photos(requests, TransformersLVLM(str(taught), dtype=PRECISE), ledger)
    assert (report.grounded, report.failed) == (PUPILS, [])
    groundings = {item: grounding for item, _, grounding in ledger.groundings()}
    for number, request in enumerate(requests):
        grounding = groundings[request.item]
        assert grounding.answer.description == description(number)
        assert grounding.provenance.provider == "transformers"
        assert grounding.provenance.model == taught.name
        assert grounding.provenance.finish_reason == "stop"
        assert grounding.provenance.tokens_out == 6  # five pieces and the end of the turn


def test_by_default_the_numbers_suit_the_hardware(
    taught: Path, make_requests: MakeRequests
) -> None:
    answers = ask(TransformersLVLM(str(taught)), *make_requests(2))
    assert [parse_answer(answer.text).description for answer in answers] == [
        description(number) for number in range(2)
    ]


def test_it_says_where_an_answer_ended_and_what_it_took(
    taught: Path, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)
    (whole,) = ask(TransformersLVLM(str(taught), dtype=PRECISE), request)
    (cut,) = ask(TransformersLVLM(str(taught), dtype=PRECISE, max_tokens=3), request)
    assert (whole.finish_reason, whole.tokens_out) == ("stop", 6)
    assert (cut.finish_reason, cut.tokens_out) == ("length", 3)
    assert whole.text.startswith(cut.text)
    assert read_answer(cut).reason == "truncated"
    assert whole.tokens_in == cut.tokens_in
    assert (whole.tokens_in or 0) > 10
    assert whole.tokens_cached is None
    assert (whole.seconds or 0) > 0
    assert whole.varied == {}


def test_photos_are_made_as_small_as_asked(taught: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (64, 32), (90, 9, 9)).save(path)
    request = GroundingRequest("a", str(path), file_hash(path), DEFAULT_PROMPT)
    tokens = {}
    for side in (64, 32, 16):
        (answer,) = ask(TransformersLVLM(str(taught), max_side=side, max_tokens=1), request)
        tokens[side] = answer.tokens_in or 0
    # 8 by 8 pixels are a token: 8 x 4 of them, 4 x 2, and 2 x 1.
    assert (tokens[64] - tokens[32], tokens[32] - tokens[16]) == (24, 6)


def test_a_bad_photo_fails_alone(taught: Path, make_requests: MakeRequests, tmp_path: Path) -> None:
    good, broken, gone, odd, changed = make_requests(5)
    Path(broken.photo).write_bytes(b"no photo")
    Path(gone.photo).unlink()
    Image.new("RGB", (24, 16)).save(changed.photo)
    Image.new("RGB", (800, 1)).save(odd.photo)  # the family refuses so long a strip
    odd = replace(odd, photo_sha256=file_hash(Path(odd.photo)))
    lvlm = TransformersLVLM(str(taught), dtype=PRECISE)

    async def all_of_them() -> list[LVLMAnswer | BaseException]:
        asked = (lvlm.ground(request) for request in (broken, good, gone, odd, changed))
        try:
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await lvlm.close()

    first, second, third, fourth, fifth = asyncio.run(all_of_them())
    assert isinstance(first, PhotoError)
    assert isinstance(third, PhotoError)
    assert isinstance(fifth, PhotoError)
    assert (first.code, third.code, fifth.code) == ("not-an-image", "missing", "changed")
    assert isinstance(second, LVLMAnswer)
    assert parse_answer(second.text).description == description(0)
    assert isinstance(fourth, LVLMError)
    assert (fourth.fatal, fourth.retryable, fourth.__cause__) == (False, False, None)
    assert "ValueError" in fourth.message


def test_without_memory_the_batch_is_halved_for_good(
    taught: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    model = loaded(taught)
    generate, sizes = model.network.generate, []

    def tight(**inputs: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("There is no more.")
        return generate(**inputs)

    monkeypatch.setattr(model.network, "generate", tight)
    answers = described(model, three() + three())
    assert sizes == [6, 3, 2, 1, 2, 1]
    alone = loaded(taught)
    assert [answer.text for answer in answers] == [
        described(alone, [asked])[0].text for asked in three() + three()
    ]
    sizes.clear()
    described(model, three())
    assert sizes == [2, 1]


def test_without_memory_for_one_photo_the_run_ends(
    taught: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to")

    model = loaded(taught)
    monkeypatch.setattr(model.network, "generate", full)
    for error in model.describe(waiting(three())):
        assert isinstance(error, LVLMError)
        assert error.fatal
        assert "not enough memory" in error.message


def test_when_the_time_is_up_it_stops(babbler: Path) -> None:
    model = loaded(babbler, timeout=1e-6, max_tokens=100_000)
    for error in model.describe(waiting(three())):
        assert isinstance(error, LVLMError)
        assert not error.retryable
        assert "did not finish" in error.message


def test_an_answer_in_time_is_kept_when_another_is_not(
    taught: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr("vlm4rec.grounding.providers.local_drawing.time", clock)
    model = loaded(taught, timeout=10, max_tokens=100_000)
    known = Asked(Image.new("RGB", (24, 16), colour_of(0)), QUESTION)
    rambling = replace(known, temperature=1e6, seed=1)
    done, late = model.describe(waiting([known, rambling]))
    assert isinstance(done, Written)
    assert (done.finish_reason, done.tokens_out) == ("stop", 6)
    assert isinstance(late, LVLMError)


def test_what_no_one_waits_for_is_not_written_on(babbler: Path) -> None:
    model = loaded(babbler, max_tokens=100_000)
    looked: list[bool] = []

    def leaves() -> bool:
        looked.append(True)
        return len(looked) > 6  # two tokens for each of the three

    for error in model.describe(waiting(three(), leaves)):
        assert isinstance(error, LVLMError)
    assert len(looked) == 9 + 3  # after three tokens, and to tell why each ended


def test_closing_ends_an_answer_that_goes_on(
    babbler: Path, make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    (request,) = make_requests(1)
    writing = threading.Event()

    class Noticed(Halting):
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            writing.set()
            return super().__call__(input_ids, scores)

    monkeypatch.setattr("vlm4rec.grounding.providers.local_model.Halting", Noticed)

    async def leave() -> None:
        lvlm = TransformersLVLM(str(babbler), max_tokens=1_000_000)
        task = asyncio.create_task(lvlm.ground(request))
        await asyncio.to_thread(writing.wait)
        await lvlm.close()
        await task

    with pytest.raises(LVLMError, match="stopped before it had answered"):
        asyncio.run(leave())
    assert not [each for each in threading.enumerate() if "local-model" in each.name]


def test_asked_again_it_varies_and_says_how(babbler: Path, make_requests: MakeRequests) -> None:
    (request,) = make_requests(1)
    lvlm = TransformersLVLM(str(babbler), max_tokens=8, dtype=PRECISE)
    again = replace(request, again=1)
    first, second, repeated = ask(lvlm, request, again, again)
    assert first.varied == {}
    assert second.varied == {"again": 1, "seed": 1, "temperature": 0.7}
    assert second.text == repeated.text != first.text
    assert (second.tokens_in or 0) > (first.tokens_in or 0)  # the wording is another
    warm = TransformersLVLM(str(babbler), max_tokens=8, dtype=PRECISE, temperature=1.1, seed=5)
    (other,) = ask(warm, again)
    assert other.varied == {"again": 1, "seed": 6}
    assert lvlm.identity(again) == lvlm.identity(request)


def test_a_draw_depends_on_its_seed_and_not_on_the_batch(babbler: Path) -> None:
    model = loaded(babbler, max_tokens=8)
    drawn = [replace(each, temperature=1.0, seed=7) for each in three()]
    mixed = [drawn[0], *three(), replace(drawn[0], seed=8), drawn[2]]
    alone = [described(model, [each])[0].text for each in mixed]
    assert [answer.text for answer in described(model, mixed)] == alone
    assert alone[0] != alone[4]
    assert alone[0] != alone[1]


def test_words_that_steer_a_model_are_only_words_in_a_title(
    any_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (24, 16), (9, 99, 9)).save(path)
    prompt = Prompt("titled", 1, "Describe {title}.")
    (family,) = (family for family in FAMILIES if family in any_model.name)
    plain, hostile = "a boot", "".join(FAMILIES[family].specials) + " a boot"
    requests = [
        GroundingRequest("a", str(path), file_hash(path), prompt, title=title)
        for title in (plain, hostile)
    ]
    first, second = ask(TransformersLVLM(str(any_model), max_tokens=1), *requests)
    assert (second.tokens_in or 0) > (first.tokens_in or 0)
    model = loaded(any_model)
    texts = [request.question for request in requests]
    ids = model.inputs([Asked(Image.open(path), text) for text in texts])["input_ids"].tolist()
    special = set(model.processor.tokenizer.all_special_ids) - {
        model.processor.tokenizer.pad_token_id
    }
    counts = [[row.count(token) for token in sorted(special)] for row in ids]
    assert counts[0] == counts[1]
