from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.baselines.fusion.ragged import Ragged


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=6), st.data())
def test_chosen_lists_come_back_in_order(lists: list[list[int]], data: st.DataObject) -> None:
    ragged = Ragged.of(lists)
    chosen = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=8))
    owners, places = ragged.places(np.array(chosen, dtype=np.intp))
    values = ragged.values[places]
    assert len(ragged) == len(lists)
    assert [values[owners == place].tolist() for place in range(len(chosen))] == [
        lists[number] for number in chosen
    ]
