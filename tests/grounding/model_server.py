"""A model server on loopback that speaks two APIs, and misbehaves as it is told.

It answers ``POST .../chat/completions`` as OpenAI's API does and ``POST .../messages`` as
Anthropic's, by ``mood(number of the photo, how often it was asked about before)``:

========================  =========================================================================
``good``                  a good answer
``fenced``, ``prose``     a good one in another form
``refusal``, ``filter``,
``schema``, ``length``,
``empty``, ``odd-types``  a whole answer that is of no use
``429``, ``500``, ...     that status; ``429 7``, ``429 ms=250`` and ``429 date=30`` say how long to
                          wait; any other word is the error's code: ``429 insufficient_quota``
``no-format``             400 for whoever asks by schema; ``no-tools`` by schema or tool;
                          ``no-temperature`` with a temperature
``no-choices``            status 200, and an error in place of the answer
``not-json``              status 200, and a web page
``reset``, ``reset-late`` a reset where the answer is due, or in the middle of it
``cut``                   an end in the middle of it
``stall``                 a good answer after ``stall`` seconds
``trickle``               a good answer, one byte every 50 ms
``duplicate``             a good answer; the work was done, and is charged, twice
``twice``                 a good answer, sent twice on the same connection
========================  =========================================================================

``early(number of the request)`` resets the connection before the request is read.
"""

from __future__ import annotations

import email.utils
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from .model_server_bodies import APIS, GOOD, Api, Usage, completion, description, said
from .model_server_wire import Loop, Reply

__all__ = [
    "GOOD",
    "Asked",
    "ModelServer",
    "Spend",
    "Usage",
    "colour_of",
    "completion",
    "description",
    "number_of",
]

_LOST = ("reset", "reset-late", "cut", "not-json")
_USED = (GOOD, "fenced", "prose", "duplicate", "twice")


def colour_of(number: int) -> tuple[int, int, int]:
    """Give each number up to 4,095 a colour that survives JPEG."""
    return (number % 16 * 16 + 8, number // 16 % 16 * 16 + 8, number // 256 * 16 + 8)


def number_of(photo: Image.Image) -> int:
    """Tell the number from the colour of the photo that the server got."""
    pixel = photo.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    red, green, blue = (int(value) // 16 for value in pixel)
    return red + 16 * green + 256 * blue


@dataclass
class Asked:
    """One request as the server got it."""

    number: int
    size: tuple[int, int]
    text: str
    body: dict[str, Any]
    headers: dict[str, str]
    mood: str
    answered: bool = False
    api: str = "openai"
    usage: Usage = field(default_factory=Usage)


@dataclass
class Spend:
    """What was generated: so many answers, and the tokens in all of them."""

    answers: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_written: int = 0
    tokens_out: int = 0

    def add(self, usage: Usage) -> None:
        self.answers += 1
        self.tokens_in += usage.tokens_in
        self.tokens_cached += usage.tokens_cached
        self.tokens_written += usage.tokens_written
        self.tokens_out += usage.tokens_out


@dataclass
class ModelServer:
    """Answers by ``mood(number of the photo, how often it was asked about before)``.

    Parameters
    ----------
    mood
        What it does; see the module's table.
    latency
        Seconds before each answer, or what draws them.
    stall
        Seconds that ``stall`` takes.
    usage
        The tokens of an answer, by the same two numbers as ``mood``.
    early
        Whether the connection is reset before the request of that number (from 0) is read.
    log
        What was asked, in the order it came.
    busiest
        The most requests that were open at a time.
    charged, charged_by
        What was generated and sent whole: in all, and for each photo.
    lost
        What was generated, and got lost on the way or was never sent.
    defects
        What the server itself could not understand; it is raised by `close`.
    """

    mood: Callable[[int, int], str] = lambda _number, _before: GOOD
    latency: float | Callable[[], float] = 0.0
    stall: float = 3.0
    usage: Callable[[int, int], Usage] = lambda _number, _before: Usage()
    early: Callable[[int], bool] = lambda _number: False
    log: list[Asked] = field(default_factory=list)
    busiest: int = 0
    charged: Spend = field(default_factory=Spend)
    charged_by: dict[int, Spend] = field(default_factory=dict)
    lost: Spend = field(default_factory=Spend)
    defects: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._seen = 0
        self._before: Counter[int] = Counter()
        self._loop = Loop(self._reply, self._early, self.defects)

    @property
    def root(self) -> str:
        """The address as Anthropic's client wants it."""
        return f"http://127.0.0.1:{self._loop.port}"

    @property
    def url(self) -> str:
        """The address as OpenAI's client wants it."""
        return f"{self.root}/v1"

    def close(self) -> None:
        self._loop.close()
        if self.defects:
            raise self.defects.pop()

    def answered(self) -> Counter[int]:
        """Count the good answers sent for each photo."""
        with self._lock:
            return Counter(asked.number for asked in self.log if asked.answered)

    def _early(self) -> bool:
        number, self._seen = self._seen, self._seen + 1
        return self.early(number)

    def _reply(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        try:
            api = next(api for end, api in APIS.items() if path.endswith(end))
            return self._answer(api, self._enter(api, headers, json.loads(body)))
        except Exception as error:
            self.defects.append(error)
            return Reply(b"{}", status=418)

    def _enter(self, api: Api, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        question = api.read(body)
        photo = Image.open(io.BytesIO(question.jpeg))
        assert photo.format == "JPEG"
        size = photo.size
        if max(size) > 64:
            photo.draft("RGB", (8, 8))  # an eighth of the work, and the same colour
        number = number_of(photo)
        with self._lock:
            before = self._before[number]
            self._before[number] += 1
            mood = _weighed(self.mood(number, before), api, body)
            usage = self.usage(number, before)
            asked = Asked(
                number, size, question.text, body, headers, mood, api=api.name, usage=usage
            )
            self.log.append(asked)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        return asked

    def _answer(self, api: Api, asked: Asked) -> Reply:
        reply = self._made(api, asked)
        reply.delay += self.latency() if callable(self.latency) else self.latency
        reply.then = lambda whole: self._leave(asked, whole)
        return reply

    def _made(self, api: Api, asked: Asked) -> Reply:
        mood, _, argument = asked.mood.partition(" ")
        if mood.isdigit():
            return _refused(api, int(mood), argument, asked)
        if mood == "no-choices":
            return Reply(json.dumps(api.late).encode())
        if mood == "not-json":
            return Reply(b"<html>not what you want</html>")
        id_ = f"answer-{len(self.log)}"
        odd = mood == "odd-types"
        body = (
            api.odd if odd else api.answer(said(mood, asked.number), asked.usage, id_, asked.body)
        )
        content = json.dumps(body).encode()
        return Reply(
            content,
            delay=self.stall if mood == "stall" else 0.0,
            cut=len(content) // 2 if mood in ("cut", "reset-late") else None,
            reset=mood in ("reset", "reset-late"),
            pause=0.05 if mood == "trickle" else 0.0,
            twice=mood == "twice",
        )

    def _leave(self, asked: Asked, whole: bool) -> None:
        """Account for an answer: it was sent whole, lost, or never made."""
        mood = asked.mood.partition(" ")[0]
        with self._lock:
            self._busy -= 1
            if mood.isdigit() or mood == "no-choices":
                return
            if not whole or mood in _LOST:
                self.lost.add(asked.usage)
                return
            self._charge(asked)
            asked.answered = mood in _USED
            if mood in ("duplicate", "twice"):
                self.lost.add(asked.usage)

    def _charge(self, asked: Asked) -> None:
        usage = Usage(0, 0, 0, 0) if asked.mood == "odd-types" else asked.usage
        self.charged.add(usage)
        self.charged_by.setdefault(asked.number, Spend()).add(usage)


def _weighed(mood: str, api: Api, body: dict[str, Any]) -> str:
    """Refuse what this mood doesn't know, or be good."""
    refused = {
        "no-format": api.schema in body,
        "no-tools": api.schema in body or "tools" in body,
        "no-temperature": "temperature" in body,
    }
    if mood not in refused:
        return mood
    code = "no-temperature" if mood == "no-temperature" else ""
    return f"400 {code}".strip() if refused[mood] else GOOD


def _refused(api: Api, status: int, argument: str, asked: Asked) -> Reply:
    """Say no as servers do that quote the key and the photo."""
    key = asked.headers.get("authorization") or asked.headers.get("x-api-key")
    message = f"No ({key} asked with {'QUJD' * 50})."
    code, headers = "", {}
    how, _, value = argument.partition("=")
    if argument == "no-temperature":
        message, code = "`temperature` is not supported with this model.", "unsupported_value"
    elif argument == "credit":
        message = "Your credit balance is too low."
    elif how == "ms":
        headers["Retry-After-Ms"] = value
    elif how == "date":
        headers["Retry-After"] = email.utils.formatdate(time.time() + float(value), usegmt=True)
    elif "_" in argument:
        code = argument
    elif argument:
        headers["Retry-After"] = argument
    content = json.dumps(api.refuse(message, status, code)).encode()
    return Reply(content, status=status, headers=headers)
