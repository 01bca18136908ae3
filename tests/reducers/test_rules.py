"""Aggregate rules: an account and an order folded by them, exact sums, conditions, and mistakes that are named."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.aggregate_rules import parse_rules
from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldBatch, FoldError, Reducer, batch_of
from inspector.reducers.rules import ByRules
from tests.contracts import ReducerContract
from tests.replay.stories import event

ACCOUNT = """
category = "account"

[[on]]
type = "AccountOpened"
set = { owner = "data.owner", status = "open", balance = 0, opened = "event.time" }

[[on]]
type = "MoneyDeposited"
add = { balance = "data.amount" }
append = { entries = "data.amount" }

[[on]]
type = "MoneyWithdrawn"
when = { "data.fee" = { present = true } }
subtract = { balance = "data.fee" }

[[on]]
type = ["MoneyWithdrawn", "MoneyLost"]
subtract = { balance = "data.amount" }

[[on]]
type = "Reserved"
add = { "reserved.{data.sku}.pieces" = "data.pieces" }

[[on]]
type = "Blocked"
when = { "state.balance" = { below = 0 } }
set = { status = { value = "data.blocked" } }

[[on]]
type = "Unblocked"
remove = ["status"]

[[on]]
type = "Closed"
delete = true
"""


def rules(tmp_path: Path, text: str = ACCOUNT) -> ByRules:
    path = tmp_path / "account.toml"
    path.write_text(text, encoding="utf-8")
    return ByRules(path)


def told(*steps: tuple[str, Any]) -> list[Any]:
    return [event(seq, data if isinstance(data, str) else json.dumps(data), type=name) for seq, (name, data) in enumerate(steps, 1)]


def states(reducer: Reducer, story: list[Any]) -> list[object]:
    """The state after each event, stepping; folding all at once gives the last one."""
    found = [reducer.initial()]
    kept = []
    for one in story:
        found.append(reducer.step(found[-1], one, batch_of([one]).documents[0]))
        kept.append(ABSENT if found[-1] is ABSENT else copy.deepcopy(found[-1]))
    assert found[1:] == kept
    assert reducer.fold(reducer.initial(), batch_of(story)) == found[-1]
    return found[1:]


def test_an_account(tmp_path: Path) -> None:
    story = told(
        ("AccountOpened", {"owner": "ann"}),
        ("MoneyDeposited", {"amount": 1.1}),
        ("MoneyDeposited", {"amount": 2.2}),
        ("MoneyWithdrawn", {"amount": 3, "fee": "0.05"}),
        ("Nothing", {"x": 1}),
        ("Reserved", {"sku": "a.b", "pieces": 2}),
        ("Reserved", {"sku": "a.b", "pieces": 3}),
        ("Unblocked", {}),
        ("Closed", {}),
    )
    found = states(rules(tmp_path), story)
    opened = {"owner": "ann", "status": "open", "balance": 0, "opened": "1970-01-01T00:00:01.000000Z"}
    assert found[0] == opened
    assert found[2] == {**opened, "balance": 3.3, "entries": [1.1, 2.2]}
    assert found[3] == found[4] == {**opened, "balance": 0.25, "entries": [1.1, 2.2]}
    assert found[6]["reserved"] == {"a.b": {"pieces": 5}}  # type: ignore[index]
    assert "status" not in found[7]  # type: ignore[operator]
    assert found[8] is ABSENT


def test_conditions_see_the_state_before_the_event(tmp_path: Path) -> None:
    story = told(("AccountOpened", {}), ("Blocked", {}), ("MoneyLost", {"amount": 1}), ("Blocked", {}))
    assert [state["status"] for state in states(rules(tmp_path), story)] == ["open", "open", "open", "data.blocked"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("condition", "data", "holds"),
    [
        ('{ "data.a" = 1 }', {"a": 1.0}, True),
        ('{ "data.a" = 1 }', {"a": True}, False),
        ('{ "data.a" = { is_not = 1 } }', {"a": 2}, True),
        ('{ "data.a" = { is_not = 1 } }', {}, False),
        ('{ "data.a" = { above = 9007199254740993 } }', {"a": 9007199254740993}, False),
        ('{ "data.a" = { at_least = 0.3 } }', '{"a": 0.30000000000000000001}', True),
        ('{ "data.a" = { at_most = 0.3 } }', '{"a": 0.30000000000000000001}', False),
        ('{ "data.a" = { below = "b" } }', {"a": "a"}, True),
        ('{ "data.a" = { below = 3 } }', {"a": "a"}, False),
        ('{ "data.a" = { present = false } }', {}, True),
        ('{ "data.a" = { present = true } }', {"a": None}, True),
        ('{ "data.a" = "data.b" }', {"a": [1], "b": [1]}, True),
        ('{ "data.a.1.x" = 5, "event.version" = 1 }', {"a": [0, {"x": 5}]}, True),
    ],
)
def test_conditions(tmp_path: Path, condition: str, data: Any, holds: bool) -> None:
    reducer = rules(tmp_path, f'[[on]]\ntype = "*"\nwhen = {condition}\nset = {{ hit = true }}\n')
    assert states(reducer, told(("A", data))) == [{"hit": True} if holds else ABSENT]


@given(
    st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12), min_size=1, max_size=30)
)
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    text = '[[on]]\ntype = "*"\nadd = { total = "data.n" }\n'
    reducer = ByRules(Path("rules.toml"), parse_rules(text))
    state = reducer.fold(reducer.initial(), batch_of(told(*(("A", f'{{"n": {amount:f}}}') for amount in amounts))))
    total = state["total"]  # type: ignore[index]
    assert Decimal(repr(total) if isinstance(total, float) else total) == sum(amounts)


@pytest.mark.parametrize("numbers", [("1", "1e500"), ("1e999999999", "1e-999999999"), ("1e1000000", "1.5"), ("1e999999999999999999", "-1")])
def test_a_sum_that_would_not_be_exact_ends_the_fold_there(tmp_path: Path, numbers: tuple[str, str]) -> None:
    reducer = rules(tmp_path, '[[on]]\ntype = "*"\nadd = { total = "data.n" }\n')
    events = batch_of(told(*(("A", f'{{"n": {number}}}') for number in numbers)))
    with pytest.raises(FoldError, match="more than 400 digits") as raised:
        reducer.fold(ABSENT, events)
    assert raised.value.place == 1


def test_large_numbers_of_few_digits_are_added(tmp_path: Path) -> None:
    reducer = rules(tmp_path, '[[on]]\ntype = "*"\nadd = { total = "data.n" }\n')
    events = batch_of(told(*(("A", f'{{"n": {number}}}') for number in ("1e1000000", "1e1000000", "-2e1000000"))))
    assert reducer.fold(ABSENT, events) == {"total": 0}


@pytest.mark.parametrize("index", ["9" * 5000, "\u00b2", "\u0663", "-1", "01", "2"])
def test_what_is_no_index_of_a_list_ends_the_fold_there(tmp_path: Path, index: str) -> None:
    text = 'initial = { list = [1, 2] }\n[[on]]\ntype = "*"\nset = { "list.{data.i}" = 5 }\n'
    reducer = rules(tmp_path, text)
    with pytest.raises(FoldError, match="the list has no place") as raised:
        reducer.fold(reducer.initial(), batch_of(told(("A", {"i": "1"}), ("A", {"i": index}))))
    assert raised.value.place == 1
    assert len(raised.value.reason) < 300


def test_what_stands_in_two_places_is_changed_in_one(tmp_path: Path) -> None:
    text = """
[[on]]
type = "Filled"
set = { a = "data.list" }
[[on]]
type = "Grown"
append = { a = "data.x" }
[[on]]
type = "Shared"
set = { b = "state.a", c = "state.a" }
"""
    steps = [("Filled", {"list": [0]}), ("Grown", {"x": 1}), ("Shared", {}), ("Grown", {"x": 2}), ("Shared", {}), ("Grown", {"x": 3})]
    assert states(rules(tmp_path, text), told(*steps))[-1] == {"a": [0, 1, 2, 3], "b": [0, 1, 2], "c": [0, 1, 2]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"amount": "x"}, "no number"),
        ({}, "there is no data.amount to add"),
        ({"amount": True}, "no number"),
    ],
)
def test_an_event_that_does_not_fit_ends_the_fold_there(tmp_path: Path, data: Any, words: str) -> None:
    story = told(("AccountOpened", {}), ("MoneyDeposited", data))
    with pytest.raises(FoldError, match=words) as raised:
        rules(tmp_path).fold(ABSENT, batch_of(story))
    assert raised.value.place == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "'x' is not known"),
        ('category = "a"', r"\[\[on\]\]"),
        ('[[on]]\ntype = "A"', "does nothing"),
        ("[[on]]\nset = { a = 1 }", "type:"),
        ('[[on]]\ntype = "A"\nsets = { a = 1 }', "'sets' is not known"),
        ('[[on]]\ntype = "A"\nset = { "a..b" = 1 }', "no path"),
        ('[[on]]\ntype = "A"\nset = { "a.{b}" = 1 }', "no place"),
        ('[[on]]\ntype = "A"\nset = { a = "event.colour" }', "an event has"),
        ('[[on]]\ntype = "A"\nset = { a = inf }', "no number of JSON"),
        ('[[on]]\ntype = "A"\nset = { a = 2026-01-01 }', "as a text"),
        ('[[on]]\ntype = "A"\nwhen = { a = 1 }\nset = { a = 1 }', "no place"),
        ('[[on]]\ntype = "A"\nset = 5', "write { path = value }"),
        ('[[on]]\ntype = "A"\ndelete = 1', "true or false"),
        ("[[on", "Expected"),
    ],
)
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_rules(text)


class TestRulesContract(ReducerContract):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        text = '[[on]]\ntype = "*"\nset = { last = "data" }\nappend = { seen = "event.version" }\nadd = { count = 1 }\n'
        self._path = tmp_path / "rules.toml"
        self._path.write_text(text, encoding="utf-8")

    def reducer(self) -> Reducer:
        return ByRules(self._path)

    def test_nothing_from_nothing(self) -> None:
        assert self.reducer().fold(ABSENT, FoldBatch([], [])) is ABSENT


@pytest.mark.parametrize("action", ['set = { "a.{event.seq}" = "state.a" }', 'append = { "a.l" = "state.a" }'])
def test_rules_that_double_the_state_end_at_a_bound(tmp_path: Path, action: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f'initial = {{ a = {{ t = "{"x" * 1_000}" }} }}\n[[on]]\ntype = "*"\n{action}\n')
    reducer = ByRules(path)
    events = [event(number, "{}") for number in range(1, 60)]
    with pytest.raises(FoldError, match="the state would take more than 67,108,864 bytes") as caught:
        reducer.fold(reducer.initial(), batch_of(events))
    assert 14 < caught.value.place < 20


def test_values_out_of_the_state_are_those_before_the_event_in_a_batch_too(tmp_path: Path) -> None:
    subject = rules(
        tmp_path, '[[on]]\ntype = "*"\nset = { a = "data.x", b = "state.a", "in.{state.a}" = "data.x" }\nappend = { l = "data.x" }'
    )
    story = told(("First", {"x": 1}))
    before = subject.step({"a": 0}, story[0], {"x": 1})
    assert before == {"a": 1, "b": 0, "in": {"0": 1}, "l": [1]}
    later = told(*(("Next", {"x": x}) for x in (2, 3, 4)))
    found = subject.fold(copy.deepcopy(before), batch_of(later))
    assert found == {"a": 4, "b": 3, "in": {"0": 1, "1": 2, "2": 3, "3": 4}, "l": [1, 2, 3, 4]}
