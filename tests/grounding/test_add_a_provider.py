"""The example of the page on adding a provider, held to the contract of all providers."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM
from vlm4rec.grounding.providers.registry import PROVIDERS, lvlm_from_spec
from vlm4rec.grounding.runner import ground_photos

from . import test_lvlm_contract as contract
from .conftest import MakeRequests
from .model_server import ModelServer, description

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-provider.md"
PROMISES = {
    name: test
    for name, test in vars(contract).items()
    if name.startswith("test_") and list(inspect.signature(test).parameters) == ["case"]
}


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., LVLM]:
    """Do what the page says: a file, a line in the table, and a function in the contract test."""
    text = PAGE.read_text(encoding="utf-8")
    file, function = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    module = ModuleType("beside")
    exec(compile(file, str(PAGE), "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "beside", module)
    line = re.search(r'^"beside": \(f"\{_HERE\}\.(\w+)", "(\w+)", "(\S+)"\),$', text, re.MULTILINE)
    assert line is not None
    monkeypatch.setitem(PROVIDERS, "beside", line.groups())
    space = dict(vars(contract))
    exec(compile(function, str(PAGE), "exec"), space)
    made: Callable[..., LVLM] = space["beside"]
    return made


@pytest.mark.parametrize("promise", sorted(PROMISES))
def test_the_example_keeps_each_promise(
    promise: str,
    make: Callable[..., LVLM],
    server: ModelServer,
    make_requests: MakeRequests,
    tmp_path: Path,
) -> None:
    *requests, hopeless = make_requests(contract.HOPELESS + 1)
    made: list[LVLM] = []

    def example() -> LVLM:
        made.append(make("beside", server, requests, tmp_path))
        return made[-1]

    PROMISES[promise](contract.Case(example, requests, hopeless, server))
    assert made  # else it was not the example that kept it


def test_a_promise_that_is_broken_is_seen(
    make: Callable[..., LVLM], server: ModelServer, make_requests: MakeRequests, tmp_path: Path
) -> None:
    *requests, hopeless = make_requests(contract.HOPELESS + 1)
    crossed = requests[::-1]  # each photo gets the words about another one
    case = contract.Case(
        lambda: make("beside", server, crossed, tmp_path), requests, hopeless, server
    )
    with pytest.raises(AssertionError):
        PROMISES["test_many_at_once_each_get_their_own_answer"](case)


def test_the_example_grounds(
    make: Callable[..., LVLM],
    server: ModelServer,
    make_requests: MakeRequests,
    tmp_path: Path,
    ledger: Ledger,
) -> None:
    *requests, missing = make_requests(4)
    make("beside", server, requests, tmp_path)
    report = ground_photos([*requests, missing], lvlm_from_spec("beside:test-model"), ledger)
    assert (report.grounded, report.unavailable) == (3, 1)
    said = {item: grounding.answer.description for item, _, grounding in ledger.groundings()}
    assert said == {r.item: description(n) for n, r in enumerate(requests)}
