"""A shop small enough to tune in a test, whose customers have tastes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from tests.colours import ColourEncoder
from tests.words import WordEncoder
from vlm4rec.evaluation.tune_shop import Tuned, TuneOptions, tune_shop
from vlm4rec.shop import InitOptions, Shop

__all__ = ["COLOURS", "KINDS", "ROWS", "USERS", "make_shop", "tune", "write_interactions"]

KINDS = ("boot", "teapot", "lamp", "coat")
COLOURS = ("red", "green", "blue")
USERS = 24
_START = datetime(2026, 1, 1)  # noqa: DTZ001 - UTC without a zone, as in interactions
_EACH = 6


def _rows() -> list[tuple[str, str, str]]:
    """Return what customers of one taste each bought: user, item and day."""
    rng = np.random.default_rng(3)
    rows = []
    for user in range(USERS):
        kind = user % len(KINDS)
        for number in range(_EACH):
            liked = kind if rng.random() < 0.8 else rng.integers(len(KINDS))
            item = f"{liked}{rng.integers(len(COLOURS))}{rng.integers(3)}"
            day = _START + timedelta(days=number * 10 + int(rng.integers(10)))
            rows.append((f"u{user:02}", item, f"{day:%Y-%m-%d}"))
    return rows


ROWS = _rows()


def write_interactions(path: Path, rows: list[tuple[str, str, str]]) -> None:
    """Write purchases as CSV."""
    path.write_text("\n".join(["user,item,time", *map(",".join, rows)]) + "\n")


def make_shop(folder: Path) -> Shop:
    """Make a grounded and encoded shop of 36 items; its source lies beside it."""
    source = folder / "source"
    source.mkdir()
    items, answers = ["id,title,photo,model"], []
    for k, kind in enumerate(KINDS):
        for c, colour in enumerate(COLOURS):
            for n in range(3):
                id_ = f"{k}{c}{n}"
                shade = tuple(200 - 20 * n if c == place else 40 * k for place in range(3))
                Image.new("RGB", (20, 24), shade).save(source / f"{id_}.png")
                items.append(f"{id_},{kind} {n},{id_}.png,{k}{c}")
                answer = {
                    "item_id": id_,
                    "model": "seen by a person",
                    "prompt_id": "paper-v1",
                    "category": kind,
                    "colors": [colour],
                    "description": f"A {colour} {kind} of kind {n}, made to be looked at.",
                }
                answers.append(json.dumps(answer))
    (source / "items.csv").write_text("\n".join(items) + "\n")
    (source / "groundings.jsonl").write_text("\n".join(answers) + "\n")
    write_interactions(source / "interactions.csv", ROWS)
    options = InitOptions("csv", str(source / "items.csv"), (str(source / "interactions.csv"),))
    shop = Shop.create(folder / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    shop.encode(encoder=WordEncoder())
    return shop


def tune(shop: Shop, trials: int = 2, **options: object) -> Tuned:
    """Tune with encoders that need no weights."""
    given = TuneOptions(
        trials=trials,
        encoder=WordEncoder(),
        image_encoder=ColourEncoder(),
        **options,  # type: ignore[arg-type]
    )
    tuned = tune_shop(shop.folder, given)
    shop.refresh()
    return tuned
