"""Grounding: throughput beside a bare client, photos beside plain Pillow, memory, and a rerun.

Each measure prints one JSON line. The model server is `model_server.py` in a process of its own,
with log-normal latency. Names of measures choose some of them: ``throughput photos shop``.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import openai
from PIL import Image

from model_server import MODEL, serving
from product_photos import make_photos, make_shop
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.photo_payload import photo_jpeg
from vlm4rec.grounding.providers.structured import strict_schema
from vlm4rec.grounding.report import RunOptions
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.storage import file_hash

MAX_SIDE, QUALITY = 768, 90
WITHIN, LARGER, LARGE = (576, 768), (600, 800), (2000, 3000)
ROUNDS = 5
FIRST = 256
"""Photos in which a run finds out how many calls at a time the server takes."""


class Rate(NamedTuple):
    """How many photos a second, and how much CPU time of this process each took.

    Both are of the photos after the first ones; ``whole_per_s`` is of all.
    """

    per_s: float
    cpu_ms: float
    whole_per_s: float


class Stopwatch:
    """Measures how long photos take, from its making on, and from some photos on.

    A run begins with few calls at a time, and finds out within the first photos how many the
    server takes. What comes then is the throughput at that concurrency.
    """

    def __init__(self, photos: int, first: int = 0) -> None:
        self.photos = photos
        self.first = min(first, photos // 2)
        self.skipped = 0
        self.start = self.mark = time.perf_counter(), time.process_time()

    def done(self, photos: int) -> None:
        """Note how many are done; each number is noted, or some are passed over."""
        if photos <= self.first:
            self.mark = time.perf_counter(), time.process_time()
            self.skipped = photos

    def stop(self) -> Rate:
        """Return what was measured."""
        now, busy = time.perf_counter(), time.process_time()
        photos = self.photos - self.skipped
        return Rate(
            photos / (now - self.mark[0]),
            1000 * (busy - self.mark[1]) / photos,
            self.photos / (now - self.start[0]),
        )


def main() -> None:
    """Run the measures that were named, by default all."""
    measures = {"throughput": throughput, "photos": photos, "shop": shop}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measure", nargs="*", choices=[*measures, []], help="by default all")
    parser.add_argument("--photos", type=int, default=2000, help="photos in a round of throughput")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--median", type=float, default=0.1, help="median latency in seconds")
    parser.add_argument("--items", type=int, default=100_000, help="photos of the shop")
    given = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = "no-key"
    for name in given.measure or measures:
        with tempfile.TemporaryDirectory() as folder:
            for row in measures[name](Path(folder), given):
                told = {"benchmark": f"grounding {name}", "cpus": os.cpu_count(), **row}
                print(json.dumps(told), flush=True)


# Throughput: our run with a ledger, beside the official client in a loop, on the same server.


def throughput(folder: Path, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Ground photos and ask about them bare, in turn; photos that need resizing and that don't."""
    for size in (WITHIN, LARGER):
        paths = make_photos(folder, size, given.photos)
        requests = [
            GroundingRequest(path.stem, str(path), file_hash(path), DEFAULT_PROMPT, size=size)
            for path in paths
        ]
        urls = [data_url(request.photo) for request in requests]
        rounds: list[tuple[Rate, Rate]] = []
        with serving(given.median) as server:
            ours(requests[:200], server, given.concurrency, folder)
            bare(urls[:200], server, given.concurrency)
            for _ in range(given.rounds):
                mine = ours(requests, server, given.concurrency, folder)
                rounds.append((mine, bare(urls, server, given.concurrency)))
        yield {
            "photo": "x".join(map(str, size)),
            "sent": "as it is" if size == WITHIN else f"at most {MAX_SIDE} pixels",
            "photos": len(paths),
            "concurrency": given.concurrency,
            "rounds": given.rounds,
            **compared(rounds),
        }


def ours(requests: Sequence[GroundingRequest], server: str, concurrency: int, at: Path) -> Rate:
    """Ground into a new ledger, as the command does."""
    with (
        tempfile.TemporaryDirectory(dir=at) as folder,
        Ledger.open(Path(folder) / "ledger.sqlite") as ledger,
    ):
        lvlm = OpenAILVLM(MODEL, base_url=server, max_side=MAX_SIDE)
        options = RunOptions(concurrency=concurrency)
        watch = Stopwatch(len(requests), FIRST)
        report = ground_photos(
            requests, lvlm, ledger, options, watch=lambda state: watch.done(state.done)
        )
        rate = watch.stop()
    if report.grounded != len(requests):
        raise SystemExit(f"only {report.grounded} grounded: {report.error or report.failed[:1]}")
    return rate


def bare(urls: Sequence[str], server: str, concurrency: int) -> Rate:
    """Ask about photos that are prepared already, and throw the answers away."""

    async def ask_all() -> Rate:
        client = openai.AsyncOpenAI(base_url=server, max_retries=0, timeout=60.0)
        left, answered = iter(urls), itertools.count(1)

        async def work() -> None:
            for url in left:
                await client.chat.completions.create(**question(url))
                watch.done(next(answered))

        watch = Stopwatch(len(urls), FIRST)
        await asyncio.gather(*(work() for _ in range(concurrency)))
        rate = watch.stop()
        await client.close()
        return rate

    return asyncio.run(ask_all())


SCHEMA = {"name": "photo_description", "strict": True, "schema": strict_schema()}


def question(url: str) -> dict[str, Any]:
    """Return what is asked about a photo, as our provider asks it."""
    content = [
        {"type": "text", "text": DEFAULT_PROMPT.text},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": content}],
        "response_format": {"type": "json_schema", "json_schema": SCHEMA},
    }


def data_url(path: str) -> str:
    """Prepare a photo beforehand."""
    return "data:image/jpeg;base64," + base64.b64encode(photo_jpeg(path, MAX_SIDE)).decode()


def compared(rounds: Sequence[tuple[Rate, Rate]]) -> dict[str, float]:
    """Return medians of both, and the median of the ratios of each round."""
    mine, theirs = zip(*rounds, strict=True)
    return {
        "ours_per_s": round(statistics.median(rate.per_s for rate in mine), 1),
        "bare_per_s": round(statistics.median(rate.per_s for rate in theirs), 1),
        "ratio": round(statistics.median(a.per_s / b.per_s for a, b in rounds), 3),
        "ratio_with_start": round(
            statistics.median(a.whole_per_s / b.whole_per_s for a, b in rounds), 3
        ),
        "ours_cpu_ms": round(statistics.median(rate.cpu_ms for rate in mine), 2),
        "bare_cpu_ms": round(statistics.median(rate.cpu_ms for rate in theirs), 2),
    }


# Preparation: a photo as it is sent, beside what one would write with Pillow alone.


def photos(folder: Path, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Prepare photos in one thread, ours and plain in turn."""
    for size, count in ((WITHIN, 100), (LARGER, 100), (LARGE, 12)):
        paths = [str(path) for path in make_photos(folder, size, count)]
        rounds = []
        for _ in range(given.rounds + 1):
            mine = each(paths, lambda path: photo_jpeg(path, MAX_SIDE))
            rounds.append((mine, each(paths, plain)))
        yield {"photo": "x".join(map(str, size)), "photos": count, **faster(rounds[1:])}


def plain(path: str) -> bytes:
    """Make a photo smaller by the book."""
    with Image.open(path) as opened:
        photo = opened.convert("RGB")
        photo.thumbnail((MAX_SIDE, MAX_SIDE))
        held = io.BytesIO()
        photo.save(held, "JPEG", quality=QUALITY)
        return held.getvalue()


def each(paths: Sequence[str], prepare: Callable[[str], bytes]) -> Rate:
    """Prepare all, one after the other."""
    watch = Stopwatch(len(paths))
    for path in paths:
        prepare(path)
    return watch.stop()


def faster(rounds: Sequence[tuple[Rate, Rate]]) -> dict[str, float]:
    """Return photos a second of CPU time, and the median ratio of ours to plain Pillow."""
    return {
        "ours_per_s": round(1000 / statistics.median(mine.cpu_ms for mine, _ in rounds), 1),
        "pillow_per_s": round(1000 / statistics.median(rival.cpu_ms for _, rival in rounds), 1),
        "ratio": round(statistics.median(b.cpu_ms / a.cpu_ms for a, b in rounds), 2),
    }


# A large shop: the commands as whole processes, grounding all of it and then finding it done.


def shop(folder: Path, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Ground a shop of many small photos, then again with nothing to do."""
    source = make_shop(folder, given.items)
    command("init", folder / "shop", "--source", source)
    with serving(0.0) as server:
        ground = ("ground", folder / "shop", "--lvlm", f"openai:{MODEL}", "--base-url", server)
        first = command(*ground, "--json")
        again = command(*ground, "--json")
    if first.told["grounded"] != given.items or again.told["reused"] != given.items:
        raise SystemExit(f"not all was grounded and reused: {first.told}, {again.told}")
    yield {
        "photos": given.items,
        "seconds": round(first.seconds, 1),
        "per_s": round(given.items / first.seconds, 1),
        "peak_mb": first.peak_mb,
        "rss_mb_by_quarters": first.quarters,
    }
    yield {
        "photos": given.items,
        "nothing_to_do_seconds": round(again.seconds, 2),
        "peak_mb": again.peak_mb,
    }


class Ran(NamedTuple):
    """What a command took: its time, its peak memory, and its memory in each quarter of it."""

    seconds: float
    peak_mb: int
    quarters: list[int]
    told: dict[str, Any]


def command(*arguments: str | Path) -> Ran:
    """Run a command of vlm4rec and look at its memory twice a second."""
    words = [sys.executable, "-m", "vlm4rec", *map(str, arguments)]
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as seen_by_people:
        start = time.perf_counter()
        process = subprocess.Popen(words, stdout=told, stderr=seen_by_people)
        seen: list[int] = []
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            seen.append(resident(process.pid))
            time.sleep(0.02 if len(seen) < 25 else 0.5)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        if process.returncode:
            seen_by_people.seek(-min(1000, seen_by_people.tell()), os.SEEK_CUR)
            last = seen_by_people.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {last}")
        told.seek(0)
        text = told.read()
    quarters = [max(part) for part in split(seen[25:], 4) if part]
    peak = round(ended[2].ru_maxrss / 1024)
    return Ran(seconds, peak, quarters, json.loads(text) if "--json" in words else {})


def resident(pid: int) -> int:
    """Return the memory of a process in MB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # it has just ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def split(values: Sequence[int], parts: int) -> list[Sequence[int]]:
    """Cut a list into parts of the same length."""
    edges = [len(values) * part // parts for part in range(parts + 1)]
    return [values[a:b] for a, b in itertools.pairwise(edges)]


if __name__ == "__main__":
    main()
