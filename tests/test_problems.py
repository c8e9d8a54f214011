from __future__ import annotations

from vlm4rec.problems import Problem, count_by_code, problems_from_frame, problems_to_frame


def test_a_problem_reads_as_a_sentence() -> None:
    problem = Problem("empty", "a.jpg", "the file is empty", "Put the photo there again")
    assert str(problem) == "a.jpg: the file is empty. Put the photo there again."


def test_problems_survive_a_table() -> None:
    problems = [Problem("empty", "ä.jpg", "x", "y", "1"), Problem("wrong-date", "row 2", "z")]
    assert problems_from_frame(problems_to_frame(problems)) == problems
    assert problems_from_frame(problems_to_frame([])) == []


def test_counts_come_most_frequent_first() -> None:
    problems = [Problem(code, "x", "y") for code in ("a", "b", "b")]
    assert list(count_by_code(problems).items()) == [("b", 2), ("a", 1)]
