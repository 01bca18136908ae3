"""Rules as rows of a form: written and read again they are the same, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.aggregate_rows import VERBS, Row, mistake, rows_of, text_of
from inspector.aggregate_rules import parse_rules
from inspector.values import to_json

_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp"), exclude_characters='".{},*'), min_size=1, max_size=8
)
_STEPS = st.lists(_NAMES, min_size=1, max_size=3).map(".".join)
_PLACES = st.one_of(
    _STEPS.map(lambda path: f"data.{path}"), _STEPS.map(lambda path: f"state.{path}"), st.just("event.time"), st.just("data")
)
_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False, width=32)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
).map(to_json)
_TERMS = st.one_of(_PLACES, _VALUES)
_WHENS = st.one_of(st.just(""), st.tuples(_STEPS, _VALUES).map(lambda pair: f"data.{pair[0]} above {pair[1]} and state.x present true"))


@st.composite
def rows(draw: st.DrawFn) -> Row:
    verb = draw(st.sampled_from(list(VERBS)))
    target = "" if verb == "delete" else draw(st.one_of(_STEPS, _STEPS.map(lambda path: f"{path}.{{data.sku}}")))
    value = "" if verb in {"remove", "delete"} else draw(_TERMS)
    return Row(", ".join(sorted(draw(st.sets(_NAMES, min_size=1, max_size=2)))), verb, target, value, draw(_WHENS))


@given(st.lists(rows(), min_size=1, max_size=6))
def test_rows_survive_being_written(given_rows: list[Row]) -> None:
    assert rows_of(parse_rules(text_of(given_rows, "account", {"balance": 0}))) == given_rows


def test_rules_of_the_guide_are_rows() -> None:
    text = (Path(__file__).parent.parent / "resources/guide/replay.md").read_text().split("```toml\n")[1].split("```")[0]
    rules = parse_rules(text)
    assert rows_of(rules) == [
        Row("AccountOpened", "set", "owner", "data.owner"),
        Row("AccountOpened", "set", "balance", "0"),
        Row("AccountOpened", "set", "opened", "event.time"),
        Row("MoneyDeposited", "add", "balance", "data.amount", "data.amount above 0"),
        Row("MoneyDeposited", "append", "deposits", "data.amount", "data.amount above 0"),
        Row("GoodsReserved", "add", "reserved.{data.sku}", "data.quantity"),
        Row("AccountClosed", "delete"),
    ]
    again = parse_rules(text_of(rows_of(rules), rules.category, rules.initial))
    assert (again.rules, again.category, again.initial) == (rules.rules, rules.category, rules.initial)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Row("", "set", "a", "1"), "which type"),
        (Row("A", "set", "a", ""), "which value"),
        (Row("A", "set", "a..b", "1"), "is no path"),
        (Row("A", "set", "a", "event.nothing"), "an event has"),
        (Row("A", "set", "a", "null"), "remove"),
        (Row("A", "set", "a", "1", "amount above 0"), "no condition"),
        (Row("A", "set", "a", "1", "data.x above"), "compared with"),
        (Row("A", "set", "a", "1", "data.x is 1 and data.x is 2"), "twice"),
        (Row("A", "remove", "", ""), "is no path"),
    ],
)
def test_mistakes_are_said(row: Row, words: str) -> None:
    assert words in mistake(row)


def test_what_is_right_has_no_mistake() -> None:
    assert mistake(Row("A", "set", "a", "plain words")) == ""
    assert mistake(Row("*", "delete", when='data.note is "this and that" and state.x present')) == ""


def test_the_row_that_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="row 2: set b: which value"):
        text_of([Row("A", "set", "a", "1"), Row("B", "set", "b", "")])
    with pytest.raises(ValueError, match="row 1: None cannot stand in a state"):
        text_of([Row("A", "set", "a", '{"x":null}')])


def test_a_type_with_a_comma_is_quoted() -> None:
    rules = parse_rules('[[on]]\ntype = ["a,b", "c"]\ndelete = true\n')
    assert rows_of(rules) == [Row('"a,b", c', "delete")]
    assert parse_rules(text_of(rows_of(rules))).rules == rules.rules
