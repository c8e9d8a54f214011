from __future__ import annotations

import gzip
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from vlm4rec.catalog.columns import INTERACTION_COLUMNS, parse_columns
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import SCHEMA
from vlm4rec.interactions.reading import (
    INTERACTION_FORMATS,
    InteractionsReading,
    UnknownItems,
    read_interactions,
)
from vlm4rec.problems import count_by_code

KNOWN = {"007", "8"}


def utc(*parts: int) -> datetime:
    """Return a UTC time as the tables hold it: without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type, misc]


def read(
    folder: Path, text: str, *columns: str, name: str = "bought.csv", format_: str = "csv"
) -> InteractionsReading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    mapping = parse_columns(columns, INTERACTION_COLUMNS)
    return read_interactions([path], columns=mapping, format=format_, known_items=KNOWN)


def test_all_columns_are_read(tmp_path: Path) -> None:
    text = "User ID,sku,timestamp,event,quantity\nu, 007 ,2020-09-16T02:00:00+02:00,view,2\n"
    reading = read(tmp_path, text)
    assert reading.problems == ()
    assert reading.interactions.frame.schema == SCHEMA
    assert reading.interactions.frame.rows() == [("u", "007", utc(2020, 9, 16), "view", 2.0)]


def test_absent_columns_and_empty_cells_get_their_defaults(tmp_path: Path) -> None:
    expected = [("u", "007", None, "purchase", 1.0)]
    assert read(tmp_path, "user,item\nu,007\n").interactions.frame.rows() == expected
    text = "user,item,time,event,weight\nu,007,,,\n"
    assert read(tmp_path, text).interactions.frame.rows() == expected


def test_repeated_purchases_and_their_order_are_kept(tmp_path: Path) -> None:
    rows = ["u,007,2020-01-01", "u,8,2020-01-01", "u,007,2020-01-01"]
    reading = read(tmp_path, "\n".join(["user,item,time", *rows]))
    assert reading.interactions.history("u").items == ("007", "8", "007")


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        (",007,,1", "no-user", "row 3: has no user."),
        (" ,007,,1", "no-user", "row 3: has no user."),
        ("u,,,1", "no-item", "row 3: has no item."),
        ("u,00\x1b7,,1", "bad-id", "control characters in its item id '00\\x1b7'"),
        ('"a\x01b",007,,1', "bad-id", "control characters in its user id 'a\\x01b'"),
        ("u,007,16/09/2020,1", "bad-time", "row 3: has the time '16/09/2020', which can't be read"),
        ("u,007,,-1", "bad-weight", "row 3: has the weight '-1', which is not a number of 0"),
        ("u,007,,nan", "bad-weight", "'nan'"),
        ("u,007,,inf", "bad-weight", "'inf'"),
        ("u,007,,many", "bad-weight", "'many'"),
        ("u,007", "bad-row", "row 3: has 2 fields where the header has 4"),
    ],
)
def test_a_bad_row_is_left_out_and_told(tmp_path: Path, row: str, code: str, message: str) -> None:
    reading = read(tmp_path, f"user,item,time,weight\nu,8,,1\n{row}\nu,007,,0\n")
    assert reading.interactions.history("u").items == ("8", "007")
    (problem,) = reading.problems
    assert problem.code == code
    assert problem.where == "bought.csv, row 3"
    assert message in str(problem)


def test_unknown_items_are_counted_and_told_once(tmp_path: Path) -> None:
    rows = [f"u,new{n}" for n in range(20)] + ["u,new1", "u,8"]
    reading = read(tmp_path, "\n".join(["user,item", *rows]))
    assert len(reading.interactions) == 1
    assert reading.unknown_items == UnknownItems(rows=21, ids=20)
    (problem,) = reading.problems
    assert str(problem) == (
        "Interactions: 21 rows name 20 items that the catalog does not hold (new0, new1, new2, "
        "new3, new4 and 15 more). Add the items to the catalog to keep them."
    )


def test_lost_zeros_are_recognised(tmp_path: Path) -> None:
    reading = read(tmp_path, "user,item\nu,7\n")
    assert "Keep the leading zeros of the ids: '7' here is '007'" in str(reading.problems[0])


def test_a_stray_quote_costs_its_row_only(tmp_path: Path) -> None:
    rows = [f"u{n},{chr(34) * (n == 5)}007,2020-09-16" for n in range(10_000)]
    reading = read(tmp_path, "\n".join(["user,item,time", *rows]))
    assert len(reading.interactions) == 9_999
    assert [problem.where for problem in reading.problems] == ["bought.csv, row 7"]


def test_control_characters_in_an_event_become_spaces(tmp_path: Path) -> None:
    reading = read(tmp_path, "user,item,event\nu,8,\x1b[31mview\nu,007,\x07\n")
    assert reading.interactions.history("u").events == ("[31mview", "purchase")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("format_", ["csv", "parquet", "jsonl"])
def test_a_folder_may_have_a_name_that_looks_like_a_pattern(tmp_path: Path, format_: str) -> None:
    path = tmp_path / "my [shop] *?" / f"a.{format_}"
    path.parent.mkdir()
    frame = pl.DataFrame({"user": ["u"], "item": ["8"]})
    match format_:
        case "csv":
            frame.write_csv(path)
        case "parquet":
            frame.write_parquet(path)
        case _:
            frame.write_ndjson(path)
    reading = read_interactions([path], columns={}, format=format_, known_items=KNOWN)
    assert len(reading.interactions) == 1


@pytest.mark.parametrize("format_", INTERACTION_FORMATS)
def test_a_path_that_is_not_utf_8_is_refused_readably(format_: str) -> None:
    with pytest.raises(DataError, match=r"The path sh\\xffop is not UTF-8"):
        read_interactions([Path("sh\udcffop")], format=format_, known_items=KNOWN)


@pytest.mark.slow
def test_a_million_bad_rows_do_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("user,item,time\n" + "u,007,yesterday\n" * 1_000_000)
    started = time.perf_counter()
    reading = read_interactions([path], columns={}, format="csv", known_items=KNOWN)
    assert time.perf_counter() - started < 60
    assert count_by_code(reading.problems) == {"bad-time": 1_001}
    assert "999,000 more" in reading.problems[-1].what


def test_several_files_make_one_and_each_names_its_rows(tmp_path: Path) -> None:
    for name, row in (("a.csv", "u,007"), ("b.csv", "v,\nu,8")):
        (tmp_path / name).write_text(f"user,item\n{row}\n")
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    reading = read_interactions(paths, columns={}, format="csv", known_items=KNOWN)
    assert reading.interactions.history("u").items == ("007", "8")
    assert [problem.where for problem in reading.problems] == ["b.csv, row 2"]


def test_json_lines_and_parquet_give_what_csv_gives(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "user": [1, 2],
            "item": ["007", "8"],
            "time": [1_600_259_405_123, None],
            "weight": [1.0, 2.5],
        }
    )
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "a.jsonl")
    read = [
        read_interactions(
            [tmp_path / f"a.{format_}"], columns={}, format=format_, known_items=KNOWN
        ).interactions.frame.rows()
        for format_ in ("csv", "parquet", "jsonl")
    ]
    assert read[0] == read[1] == read[2]
    assert read[0][0] == ("1", "007", utc(2020, 9, 16, 12, 30, 5, 123_000), "purchase", 1.0)


def test_times_of_parquet_with_a_zone_are_utc(tmp_path: Path) -> None:
    times = pl.Series([utc(2020, 9, 16, 2)]).dt.replace_time_zone("Europe/Berlin")
    frame = pl.DataFrame({"user": ["u"], "item": ["8"], "time": times})
    frame.write_parquet(tmp_path / "a.parquet")
    reading = read_interactions(
        [tmp_path / "a.parquet"], columns={}, format="parquet", known_items=KNOWN
    )
    assert reading.interactions.history("u").times == (utc(2020, 9, 16),)


def test_hm_transactions_are_read_from_a_file_or_the_folder(tmp_path: Path) -> None:
    text = "t_dat,customer_id,article_id,price,sales_channel_id\n2018-09-20,00a,007,0.05,1\n"
    path = tmp_path / "transactions_train.csv"
    path.write_text(text)
    for source in (path, tmp_path):
        reading = read_interactions([source], columns={}, format="hm", known_items=KNOWN)
        expected = [("00a", "007", utc(2018, 9, 20), "purchase", 1.0)]
        assert reading.interactions.frame.rows() == expected


def test_amazon_reviews_weigh_one_unless_the_rating_is_asked_for(tmp_path: Path) -> None:
    review = {
        "rating": 4.0,
        "title": "Lovely",
        "text": "Smells good",
        "images": [],
        "asin": "B00",
        "parent_asin": "007",
        "user_id": "AGKH",
        "timestamp": 1_588_687_728_923,
        "helpful_vote": 0,
        "verified_purchase": True,
    }
    path = tmp_path / "All_Beauty.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(review).encode()))
    for columns, weight in (({}, 1.0), ({"weight": ("rating",)}, 4.0)):
        reading = read_interactions([path], columns=columns, format="amazon", known_items=KNOWN)
        when = utc(2020, 5, 5, 14, 8, 48, 923_000)
        assert reading.interactions.frame.rows() == [("AGKH", "007", when, "review", weight)]


def test_a_missing_column_shows_the_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column for the user.*--interaction-columns user="):
        read(tmp_path, "item,x\n8,1\n")


def test_a_column_of_lists_is_refused_with_a_reason(tmp_path: Path) -> None:
    line = '{"user": "u", "item": "8", "time": ["x"]}\n'
    with pytest.raises(DataError, match="'time' holds List"):
        read(tmp_path, line, name="a.jsonl", format_="jsonl")


def test_no_file_and_no_such_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No file of interactions"):
        read_interactions([], columns={}, format="csv", known_items=KNOWN)
    with pytest.raises(DataError, match=", ".join(INTERACTION_FORMATS)):
        read_interactions([tmp_path], columns={}, format="xml", known_items=KNOWN)
    with pytest.raises(DataError, match="There is no file"):
        read_interactions([tmp_path / "a.csv"], columns={}, format="csv", known_items=KNOWN)


@pytest.mark.hm
@pytest.mark.parametrize(
    ("name", "rows", "users"),
    [("transactions_train.csv", 23_759, 1_002), ("transactions_week.csv", 52_400, 23_870)],
)
def test_the_sample_is_read_whole(hm_folder: Path, name: str, rows: int, users: int) -> None:
    articles = pl.read_csv(hm_folder / "articles.csv", infer_schema=False)["article_id"]
    reading = read_interactions(
        [hm_folder / name], columns={}, format="hm", known_items=set(articles)
    )
    assert (len(reading.interactions), len(reading.interactions.users)) == (rows, users)
    assert reading.problems == ()
    assert reading.unknown_items == UnknownItems()
