"""Own photos and a model server, by the command line alone."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.end_to_end.conftest import COMMAND, vlm4rec, vlm4rec_json
from tests.grounding.model_server import ModelServer, colour_of
from vlm4rec import Shop

SENTINEL = "sk-sentinel-77aa"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", SENTINEL)
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "photos"
    (folder / "sofa").mkdir(parents=True)
    for number in range(30):
        place = folder / ("sofa" if number % 2 else "") / f"p{number:03}.png"
        Image.new("RGB", (64, 48), colour_of(number)).save(place)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    return folder


def test_from_a_folder_of_photos_to_similar_items(
    tmp_path: Path, photos: Path, server: ModelServer
) -> None:
    shop = tmp_path / "shop"
    init = vlm4rec_json("init", shop, "--format", "photos", "--source", photos)
    assert (init["counts"]["items"], init["counts"]["unusable_photos"]) == (31, 1)
    model = ("--lvlm", "openai:test-model", "--base-url", server.url)
    assert vlm4rec_json("ground", shop, *model, "--limit", "10")["grounded"] == 10
    report = vlm4rec_json("ground", shop, *model)
    assert (report["asked"], report["reused"], report["failed"]) == (20, 10, [])
    assert server.answered().most_common(1)[0][1] == 1  # nobody was asked about twice
    vlm4rec("encode", shop)
    found = vlm4rec_json("similar", shop, "sofa/p001", "-k", "3")
    assert len(found["items"]) == 3
    status = vlm4rec_json("status", shop)
    assert sum(status["problems"]["by_code"].values()) == 1
    assert "broken.jpg" in status["problems"]["list"][0]["where"]


def test_the_key_is_nowhere_but_in_the_requests(
    tmp_path: Path, photos: Path, server: ModelServer
) -> None:
    shop = tmp_path / "shop"
    server.mood = lambda number, _before: "401" if number == 7 else "good"
    vlm4rec("init", shop, "--format", "photos", "--source", photos)
    model = ("--lvlm", "openai:test-model", "--base-url", server.url)
    done = vlm4rec("ground", shop, *model, check=False)
    assert done.returncode == 1
    assert done.stderr.count("Error:") == 1
    assert SENTINEL not in done.stdout + done.stderr
    assert any(SENTINEL in str(asked.headers) for asked in server.log)
    for path in shop.rglob("*"):
        assert path.is_dir() or SENTINEL.encode() not in path.read_bytes()


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_nothing_paid_for(
    tmp_path: Path, photos: Path, server: ModelServer
) -> None:
    shop = tmp_path / "shop"
    server.latency = 0.15
    vlm4rec("init", shop, "--format", "photos", "--source", photos)
    arguments = ["ground", str(shop), "--lvlm", "openai:m", "--base-url", server.url]
    for kills, after in enumerate((6, 14, 22), start=1):
        process = subprocess.Popen(
            [*COMMAND, *arguments, "--concurrency", "2"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while len(server.log) < after and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = len(Shop.open(shop).answers)
        assert kept >= after - 2 * kills  # all but the two in flight at each kill
    assert vlm4rec_json(*arguments)["failed"] == []
    assert len(Shop.open(shop).answers) == 30
    asked_again = sum(count - 1 for count in server.answered().values())
    assert asked_again <= 3 * 2


@pytest.mark.slow
def test_kill_9_in_encode_and_init_leaves_a_shop_that_goes_on(tmp_path: Path, photos: Path) -> None:
    shop = tmp_path / "shop"
    records = tmp_path / "groundings.jsonl"
    vlm4rec("init", shop, "--format", "photos", "--source", photos)
    items = Shop.open(shop).catalog.ids
    lines = [
        {"item_id": id_, "model": "m", "prompt_id": "paper-v1", "description": f"Thing {id_} here."}
        for id_ in items
    ]
    records.write_text("\n".join(map(json.dumps, lines)))
    vlm4rec("ground", shop, "--lvlm", f"recorded:{records}")
    vlm4rec("encode", shop)
    before = [item["id"] for item in vlm4rec_json("similar", shop, items[1])["items"]]
    for step in (["init", str(shop)], ["encode", str(shop), "--document", "facets", "--again"]):
        for wait in (0.3, 0.6, 0.9, 1.2, 2.4):
            process = subprocess.Popen(
                [*COMMAND, *step], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert [
                item["id"] for item in vlm4rec_json("similar", shop, items[1])["items"]
            ] == before
    vlm4rec("init", shop)
    vlm4rec("encode", shop)
    assert {part["state"] for part in vlm4rec_json("status", shop)["parts"]} >= {"ok"}
