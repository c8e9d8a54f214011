from __future__ import annotations

import csv
import time
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.catalog.rows import ROW, Table
from vlm4rec.catalog.tables import read_table

free_text = st.text(st.characters(codec="utf-8"), max_size=20)


def read(folder: Path, text: str) -> Table:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_table(path)


def pans(count: int, strays: Collection[int], title: str = "pan") -> str:
    rows = [f"{n},{chr(34) * (n in strays)}{title} {n},{n}.jpg" for n in range(1, count)]
    return "\n".join(["id,title,photo", *rows, ""])


def bad_rows(table: Table) -> list[int]:
    return [int(problem.where.rsplit(" ", 1)[1]) for problem in table.tally.problems()]


@pytest.mark.parametrize("strays", [(5,), (5, 4_000), (1, 2, 3, 9_999)])
@pytest.mark.parametrize("title", ["pan", "a rather long title of a pan " * 10])
def test_a_stray_quote_costs_its_row_only(
    tmp_path: Path, strays: tuple[int, ...], title: str
) -> None:
    table = read(tmp_path, pans(10_000, strays, title))
    expected = [n for n in range(1, 10_000) if n not in strays]
    assert table.frame["id"].to_list() == [str(n) for n in expected]
    assert table.frame[ROW].to_list() == [n + 1 for n in expected]
    assert bad_rows(table) == [n + 1 for n in strays]


def test_a_stray_quote_on_the_edge_of_a_chunk_costs_its_row_only(tmp_path: Path) -> None:
    strays = (49_999, 50_000, 50_001)
    table = read(tmp_path, pans(100_100, strays))
    assert bad_rows(table) == [50_000, 50_001, 50_002]
    assert table.frame.height == 100_099 - len(strays)


@pytest.mark.parametrize(
    ("rows", "ids", "bad"),
    [
        (['a,"Boot,x', 'b,"Shoe, red",y', "c,Sock,z"], ["b", "c"], [2]),
        (['a,"Boot,x', '"b",Shoe,y', "c,Sock,z"], ["b", "c"], [2]),
        (['a,"Boot,x', 'b,"Shoe', 'red",y', "c,Sock,z"], ["b", "c"], [2]),
        (['a,"Boot,x', "b,Shoe,y", "c,Sock,z"], ["b", "c"], [2]),
        (['a,"Boot,x', "b,Shoe,y", 'c,8 inch",z', "d,,"], ["b", "c", "d"], [2]),
        (["a,Boot,x", 'b,"Shoe,y'], ["a"], [3]),
    ],
    ids=["cell", "first", "lines", "end", "row-like", "last"],
)
def test_the_rows_after_a_stray_quote_come_in(
    tmp_path: Path, rows: list[str], ids: list[str], bad: list[int]
) -> None:
    table = read(tmp_path, "\n".join(["id,title,photo", *rows]))
    assert table.frame["id"].to_list() == ids
    assert bad_rows(table) == bad


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "cell", ["two\nlines", "Soft, warm\nred, blue\n\nand, green", "\n" * 500, "a,b,c\nd"]
)
def test_a_cell_may_span_lines(tmp_path: Path, cell: str, end: str) -> None:
    cell = cell.replace("\n", end)
    rows = ["id,title", "a,b", f'c,"{cell}"', "d,e", ""]
    table = read(tmp_path, end.join(rows))
    lines = cell.count(end)
    assert table.frame[ROW].to_list() == [2, 3, 4 + lines]
    assert table.frame["title"].to_list() == ["b", cell, "e"]
    assert bad_rows(table) == []


@given(rows=st.lists(st.tuples(free_text, free_text), min_size=1, max_size=5))
def test_what_is_written_well_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("id", "title"), *rows])
    frame = read_table(path).frame
    assert frame.select("id", "title").fill_null("").rows() == rows


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "limit"),
    [("0108775015,Strap top,x\n", 15), ('7,"Strap, top",x\n', 15), ('b",c,"x\n', 60)],
    ids=["plain", "quoted", "every row swallows the rest"],
)
def test_a_million_rows_take_seconds(tmp_path: Path, row: str, limit: int) -> None:
    text = "id,title,photo\na,b,c\n" + row * 1_000_000
    started = time.perf_counter()
    assert read(tmp_path, text).frame.height in (1, 1_000_001)
    assert time.perf_counter() - started < limit
