from __future__ import annotations

import polars as pl

from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.problems import Problem, count_by_code


def no_id(row: int) -> Problem:
    return Problem("no-id", f"a.csv, row {row}", "has no id")


def test_under_the_limit_every_problem_is_kept_and_nothing_is_added() -> None:
    tally = ProblemTally("a.csv", most=2)
    tally.add(no_id(2))
    tally.add(no_id(3))
    assert tally.problems() == (no_id(2), no_id(3))


def test_the_limit_holds_for_each_code_alone() -> None:
    tally = ProblemTally("a.csv", most=1)
    tally.add(no_id(2))
    tally.add(Problem("bad-id", "a.csv, row 3", "is bad"))
    assert len(tally.problems()) == 2


def test_rows_and_single_problems_share_the_limit() -> None:
    tally = ProblemTally("a.csv", most=3)
    tally.add(no_id(1))
    tally.add_rows("no-id", pl.DataFrame({"row": range(2, 12)}), lambda row: no_id(row["row"]))
    *kept, rest = tally.problems()
    assert kept == [no_id(1), no_id(2), no_id(3)]
    assert str(rest) == "a.csv: has 8 more problems of the kind 'no-id'."


def test_what_another_tally_only_counted_is_not_lost() -> None:
    one, other = ProblemTally("all", most=2), ProblemTally("a.csv", most=2)
    for row in range(5):
        other.add(no_id(row))
    one.add(no_id(9))
    one.extend(other)
    *kept, rest = one.problems()
    assert count_by_code(kept) == {"no-id": 2}
    assert "4 more" in rest.what
