from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.conftest import Spy, case, of_cases
from vlm4rec.errors import DataError
from vlm4rec.evaluation.evaluate import evaluate
from vlm4rec.evaluation.results import Evaluation, Facts, MethodResult, Setting

CASES = (case("zoe", ["a"], "b"), case("anna", ["a"], "c"), case("zoe", ["b"], "d"))


def setting() -> Setting:
    values = {"recall@1": np.array([1.0, 0.5, 0.0]), "ndcg@1": np.array([0.2, 0.4, 0.6])}
    result = MethodResult("one", np.zeros((3, 1), dtype=np.int32), values)
    return Setting("variants in", CASES, {}, {"one": result})


def test_users_come_in_order_of_their_first_case() -> None:
    assert setting().users == ("zoe", "anna")
    assert setting().user_of_case.tolist() == [0, 1, 0]


def test_a_users_cases_are_averaged_first() -> None:
    assert setting().per_user("one", "recall@1").tolist() == [0.5, 0.5]
    np.testing.assert_allclose(setting().per_user("one", "ndcg@1"), [0.4, 0.4])
    assert setting().mean("one", "recall@1") == 0.5
    two = [case("busy", ["a"], "b")] * 9 + [case("rare", ["b"], "c")]
    judged = evaluate([Spy()], of_cases(two))["variants in"]
    assert judged.mean("spy", "recall@1") == 0.5  # not 0.9: "b" is first for one of two users


def test_what_was_not_evaluated_is_told_with_what_was() -> None:
    with pytest.raises(DataError, match="No method 'two'") as told:
        setting().per_user("two", "recall@1")
    assert "one" in str(told.value.remedy)
    with pytest.raises(DataError, match="no metric 'recall@7'") as told:
        setting().mean("one", "recall@7")
    assert "recall@1, ndcg@1" in str(told.value.remedy)


def test_settings_are_found_by_name() -> None:
    facts = Facts("p", "told", 0, (1,), {}, {})
    evaluation = Evaluation(facts, ("a",), (setting(),))
    assert evaluation["variants in"].methods["one"].name == "one"
    with pytest.raises(DataError, match="no setting 'variants out'") as told:
        evaluation["variants out"]
    assert "variants in" in str(told.value.remedy)
