"""The shop folder: versions, damage, two processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.words import WordEncoder
from vlm4rec.errors import (
    ShopBusyError,
    ShopDamagedError,
    ShopNotFoundError,
    ShopVersionError,
)
from vlm4rec.shop import InitOptions, Shop, ShopFolder
from vlm4rec.shop.manifest import Manifest

HOLD = """
import sys, time
from pathlib import Path
from vlm4rec.shop import ShopFolder
with ShopFolder(Path(sys.argv[1])).writing("ground"):
    print("holding", flush=True)
    time.sleep(60)
"""


def test_a_newer_shop_says_upgrade(shop: Shop) -> None:
    path = shop.folder.manifest_file
    path.write_text(json.dumps({"format": 2, "steps": "of another kind"}))
    with pytest.raises(ShopVersionError, match="Upgrade"):
        Shop.open(shop.folder.root)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "x"}', '{"format": 1, "steps": 3}'])
def test_a_damaged_manifest_says_so(shop: Shop, text: str) -> None:
    shop.folder.manifest_file.write_text(text)
    with pytest.raises(ShopDamagedError, match="ledger"):
        Shop.open(shop.folder.root)


def test_binary_noise_for_a_manifest(shop: Shop) -> None:
    shop.folder.manifest_file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ShopDamagedError):
        Shop.open(shop.folder.root)


@pytest.mark.parametrize("name", ["catalog_file", "interactions_file"])
def test_a_damaged_table_names_the_file_and_the_remedy(shop: Shop, name: str) -> None:
    path = getattr(shop.folder, name)
    path.write_bytes(b"PAR1 no more")
    shop.refresh()
    with pytest.raises(ShopDamagedError, match="vlm4rec init") as caught:
        shop.recommend(user="ben")
    assert path.name in str(caught.value)


def test_a_file_is_no_shop(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ShopNotFoundError):
        Shop.open(tmp_path / "file")


def test_a_second_writer_is_told_who_holds_it(shop: Shop) -> None:
    command = [sys.executable, "-c", HOLD, str(shop.folder.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(ShopBusyError, match=rf"ground, process {other.pid} ") as caught:
            shop.encode(encoder=WordEncoder(), again=True)
        assert "nothing is lost" in caught.value.remedy
        assert len(shop.recommend(["001"])) == 4  # readers are not kept waiting
        other.kill()
    shop.encode(encoder=WordEncoder(), again=True)  # the right ended with the process


def test_a_reader_keeps_its_vectors_while_new_ones_are_made(shop: Shop) -> None:
    reader = Shop.open(shop.folder.root)
    before = [item.id for item in reader.recommend(["001"])]
    shop.encode("description", WordEncoder())
    assert [item.id for item in reader.recommend(["001"])] == before


def test_vanished_vectors_are_told_and_made_anew(shop: Shop) -> None:
    for folder in shop.folder.vectors.iterdir():
        shutil.rmtree(folder)
    shop.refresh()
    with pytest.raises(ShopDamagedError, match="vlm4rec encode"):
        shop.recommend(["001"])
    part = next(part for part in shop.status().parts if part.name == "vectors")
    assert part.state == "damaged"
    shop.encode(encoder=WordEncoder())
    assert len(shop.recommend(["001"])) == 4


def test_problems_are_kept_step_by_step(tmp_path: Path) -> None:
    folder = ShopFolder(tmp_path)
    assert folder.load_problems("init") == []


def test_manifest_round_trip(shop: Shop) -> None:
    manifest = shop.folder.manifest()
    assert set(manifest.steps) == {"init", "ground", "encode"}
    for step in manifest.steps.values():
        assert step.version
        assert step.finished.endswith("+00:00")
    manifest.save(shop.folder.manifest_file)
    assert Manifest.load(shop.folder.manifest_file) == manifest


def test_status_tells_a_changed_source(
    shop: Shop, source: Path, change: Callable[[str, str], None]
) -> None:
    def state(name: str) -> str:
        return next(part.state for part in shop.status().parts if part.name == name)

    assert {part.state for part in shop.status().parts} == {"ok"}
    change("brass lamp for the desk", "brass lamp for the hall")
    assert state("groundings") == "stale"
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    assert (state("groundings"), state("vectors")) == ("ok", "stale")
    shop.encode(encoder=WordEncoder())
    assert state("vectors") == "ok"
    (source / "items.csv").write_text((source / "items.csv").read_text() + "006,Six,,1\n")
    assert state("catalog") == "stale"


def test_status_is_json(shop: Shop) -> None:
    told = json.loads(json.dumps(shop.status().to_dict()))
    assert [part["name"] for part in told["parts"]] == [
        "catalog",
        "photos",
        "interactions",
        "groundings",
        "vectors",
    ]


def test_one_damaged_part_does_not_hide_the_others(shop: Shop) -> None:
    shop.folder.ledger_file.write_bytes(b"no longer a database, but long enough to look at" * 50)
    states = {part.name: part.state for part in shop.status().parts}
    assert states["groundings"] == "damaged"
    assert states["catalog"] == states["photos"] == states["interactions"] == "ok"


def test_a_template_whose_column_went_is_stale(shop: Shop, source: Path) -> None:
    shop.encode("template:{title} {price}", WordEncoder())
    (source / "items.csv").write_text("id,title,photo\n001,One,001.jpg\n")
    Shop.create(shop.folder.root, InitOptions("csv", str(source / "items.csv")))
    part = next(part for part in shop.status().parts if part.name == "vectors")
    assert part.state == "stale"
    assert "{price}" in part.summary


def test_what_systems_and_killed_processes_leave_is_no_obstacle(
    tmp_path: Path, options: InitOptions
) -> None:
    (tmp_path / "shop").mkdir()
    for name in (".DS_Store", ".shop.json.0123.tmp", "Thumbs.db"):
        (tmp_path / "shop" / name).touch()
    shop = Shop.create(tmp_path / "shop", options)
    assert not list(shop.folder.root.glob("*.tmp"))
    assert not list(shop.folder.root.glob(".*.tmp"))
