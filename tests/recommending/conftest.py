from __future__ import annotations

import pytest

from tests.words import WordEncoder
from vlm4rec.encoding.encoder import normalise
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.grounding.schema import Answer
from vlm4rec.recommending.recommender import Recommender

TEXTS = {
    "b1": "brown leather boot rugged",
    "b2": "black leather boot rugged",
    "b3": "brown suede boot elegant",
    "t1": "brown clay teapot rustic",
    "t2": "white porcelain teapot elegant",
}


@pytest.fixture
def recommender() -> Recommender:
    encoder = WordEncoder()
    ids = tuple(sorted(TEXTS))
    matrix = normalise(encoder.encode([TEXTS[id_] for id_ in ids]))
    blocks = (Block("text", 0, encoder.dimension),)
    titles: dict[str, str | None] = {id_: f"Title {id_}" for id_ in [*ids, "new"]}
    answers = {id_: [_answer(TEXTS[id_])] for id_ in ids}
    return Recommender(ItemVectors(ids, matrix, blocks, ("",) * len(ids)), titles, answers)


def _answer(text: str) -> Answer:
    colour, material, category, style = text.split()
    return Answer(
        category=category,
        colors=(colour,),
        materials=(material,),
        style=(style,),
        description=text,
    )
