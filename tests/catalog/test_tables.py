from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.catalog.rows import ROW
from vlm4rec.catalog.tables import TABLE_FORMATS, as_text, read_table, table_format
from vlm4rec.errors import DataError

ROWS = "id,title\n0108775015,Strap top\n7,Boot\n"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode(),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r").encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        b"\xfe\xff" + ROWS.encode("utf-16-be"),
        ROWS.replace(",", ";").encode(),
        ROWS.replace(",", "\t").encode(),
        gzip.compress(ROWS.encode(), mtime=0),
        gzip.compress(ROWS.encode("utf-16"), mtime=0),
    ],
    ids=["plain", "crlf", "cr", "bom", "utf16", "utf16be", "semicolon", "tab", "gz", "gz-utf16"],
)
def test_csv_is_read_as_text_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    frame = read_table(write(tmp_path / "items.csv", content)).frame
    assert frame.rows() == [(2, "0108775015", "Strap top"), (3, "7", "Boot")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_lines_are_read_however_they_were_saved(
    tmp_path: Path, encoding: str, pack: type[bytes]
) -> None:
    text = '{"id": "007", "title": "Boot\u2028é"}\n\n{"id": 8, "new": [1, {"a": null}]}\n'
    frame = read_table(write(tmp_path / "items.jsonl", pack(text.encode(encoding)))).frame
    assert frame.rows(named=True) == [
        {ROW: 1, "id": "007", "title": "Boot\u2028é", "new": None},
        {ROW: 3, "id": "8", "title": None, "new": '[1, {"a": null}]'},
    ]


def test_parquet_keeps_its_types_and_leaves_raw_bytes_out(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    data = {"id": [7, 8], "photos": [["a.jpg"], []], "pixels": [b"x", b"y"]}
    pl.DataFrame(data, schema_overrides={"photos": pl.List(pl.String)}).write_parquet(path)
    table = read_table(path)
    assert table.found == ("id", "photos")
    assert table.frame.rows() == [(1, 7, ["a.jpg"]), (2, 8, [])]


def test_only_the_columns_asked_for_are_kept_and_all_are_told(tmp_path: Path) -> None:
    for name, text in (("a.csv", "id,x,y\n1,2,3\n"), ("a.jsonl", '{"id":"1","x":2,"y":3}\n')):
        table = read_table(write(tmp_path / name, text), only=lambda name: name == "y")
        assert table.found == ("id", "x", "y")
        assert table.frame.columns == [ROW, "y"]


def test_a_row_has_the_number_of_its_first_line(tmp_path: Path) -> None:
    text = 'id,title\na,"two\nlines"\n\nb,""\n'
    frame = read_table(write(tmp_path / "a.csv", text)).frame
    assert frame.rows() == [(2, "a", "two\nlines"), (5, "b", None)]


def test_a_ragged_row_becomes_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = 'id,title\na\nb,Boot\nc,1,2\n"d"x,y\ne,Shoe\n'
    table = read_table(write(tmp_path / "a.csv", text))
    assert table.frame["id"].to_list() == ["b", "e"]
    problems = sorted(table.tally.problems(), key=lambda problem: problem.where)
    assert [problem.where for problem in problems] == [f"a.csv, row {row}" for row in (2, 4, 5)]
    assert problems[0].what == "has 1 field where the header has 2"


def test_a_bad_json_line_becomes_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = ['{"id": "a"}', '{"id": ', "[1]", '{"id": "\\ud800"}', '{"id": "b"}']
    table = read_table(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert table.frame["id"].to_list() == ["a", "b"]
    assert [problem.where[-5:] for problem in table.tally.problems()] == ["row 2", "row 3", "row 4"]


def test_column_names_are_made_unique_and_none_is_blank(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.csv", f"id,,x,x, x ,{ROW}\n1,2,3,4,5,6\n"))
    assert table.found == ("id", "column 2", "x", "x (2)", "x (3)", f"{ROW} (2)")


def test_json_columns_of_several_kinds_become_text(tmp_path: Path) -> None:
    values: list[object] = [["a", "b"], "c", True, 1.5, 2, 2**70, None, {"k": "é"}]
    lines = [json.dumps({"id": str(row), "x": value}) for row, value in enumerate(values)]
    frame = read_table(write(tmp_path / "a.jsonl", "\n".join(lines))).frame
    told = ['["a", "b"]', "c", "true", "1.5", "2", str(2**70), None, '{"k": "é"}']
    assert frame["x"].to_list() == told


def test_json_kinds_may_change_far_down_the_file(tmp_path: Path) -> None:
    lines = ['{"id": "a", "x": ["p"], "y": null}'] * 20_000 + ['{"id": "b", "x": "q", "y": true}']
    frame = read_table(write(tmp_path / "a.jsonl", "\n".join(lines))).frame
    assert frame["x"][0] == '["p"]'
    assert frame.row(-1) == (20_001, "b", "q", True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n", "no header row"),
        ("a.csv", b"id,title\n", "holds no row that can be read"),
        ("a.csv", b"id,title\nonly one\n", "row 2: has 1 field"),
        ("a.csv", "id,title\n1,Café\n".encode("cp1252"), r"line 2 holds 0xE9 at byte 14"),
        ("a.csv", "id,title\n1,a\n".encode("utf-16-le"), "not UTF-8"),
        ("a.csv", b"\xff\xfei\x00d\x00\x00", "not valid UTF-16"),
        ("a.csv", b"\x1f\x8b\x08\x00", "damaged or incomplete gzip"),
        ("a.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:-9], "damaged or incomplete gzip"),
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl", b"\n \n", "holds no row"),
        ("a.jsonl", ROWS.encode(), "row 1: is not valid JSON"),
        ("a.jsonl", b'[\n{"id": 1}]', "one JSON list"),
        ("a.jsonl", '{"id": "Café"}'.encode("cp1252"), "line 1 holds 0xE9"),
        ("a.parquet", ROWS.encode(), "not a Parquet file"),
        ("a.parquet", b"PAR1PAR1", "not a Parquet file"),
        ("a.xlsx", b"PK", "does not tell its format"),
    ],
)
def test_a_file_that_cant_be_read_is_refused_with_its_name(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert path.name in str(caught.value)


def test_wrong_encoding_names_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id\nCafé\n".encode("cp1252"))
    with pytest.raises(DataError, match="Save it as UTF-8"):
        read_table(path)


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "articles.csv", ROWS)
    with pytest.raises(DataError, match=r"There is no file .*Did you mean .*articles\.csv\?"):
        read_table(tmp_path / "article.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder, not a file"):
        read_table(tmp_path, "csv")


def test_a_path_that_no_system_takes_is_refused() -> None:
    with pytest.raises(DataError):
        read_table(Path("a\0.csv"))


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Choose one of csv, parquet, jsonl"):
        read_table(write(tmp_path / "a.csv", ROWS), "excel")


def test_too_many_keys_are_refused(tmp_path: Path) -> None:
    lines = [json.dumps({f"key {row}": 1}) for row in range(2_100)]
    with pytest.raises(DataError, match="more than 2,000 different keys"):
        read_table(write(tmp_path / "a.jsonl", "\n".join(lines)))


@pytest.mark.parametrize(
    ("name", "format_"),
    [("A.CSV", "csv"), ("a.tsv.gz", "csv"), ("a.pq", "parquet"), ("a.b.ndjson", "jsonl")],
)
def test_the_suffix_tells_the_format(name: str, format_: str) -> None:
    assert table_format(Path(name)) == format_


def test_whole_floats_get_no_point_as_text() -> None:
    assert as_text(pl.Series([7.0, None])).to_list() == ["7", None]
    assert as_text(pl.Series([7.5])).to_list() == ["7.5"]
    assert as_text(pl.Series([" a ", " ", ""])).to_list() == ["a", None, None]
    with pytest.raises(DataError, match="where text is wanted"):
        as_text(pl.Series("id", [["a"]]))


@given(content=st.binary(max_size=200), format_=st.sampled_from(TABLE_FORMATS))
def test_arbitrary_bytes_raise_nothing_but_data_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, format_: str
) -> None:
    path = write(tmp_path_factory.mktemp("bytes") / "a.bin", content)
    try:
        table = read_table(path, format_)
    except DataError:
        return
    assert table.frame.height > 0


@given(
    text=st.text(alphabet='ab,;"\n\r\t|{}[]:\\u01 \x00é', max_size=60),
    format_=st.sampled_from(("csv", "jsonl")),
)
def test_text_that_is_nearly_right_raises_nothing_but_data_errors(
    tmp_path_factory: pytest.TempPathFactory, text: str, format_: str
) -> None:
    path = write(tmp_path_factory.mktemp("text") / "a.txt", text)
    try:
        read_table(path, format_)
    except DataError:
        return


def test_100_000_json_lines_take_seconds(tmp_path: Path) -> None:
    line = json.dumps({"id": "0108775015", "title": "Strap top", "photos": ["a.jpg"], "price": 9.9})
    path = write(tmp_path / "a.jsonl.gz", gzip.compress(f"{line}\n".encode() * 100_000, 1))
    started = time.perf_counter()
    assert read_table(path).frame.height == 100_000
    assert time.perf_counter() - started < 20
