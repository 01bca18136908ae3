"""Filters mean for a state what they mean for an event's document; orders put numbers, texts and nothing where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings

from inspector.capture.streams import StreamEvent, StreamInfo
from inspector.errors import QueryError, UsageError
from inspector.query import functions
from inspector.query.compiler import compile_filter
from inspector.query.names import Name
from inspector.query.places import state_place
from inspector.reducers import ABSENT
from inspector.replay.asked import Order, StateFilter
from inspector.replay.folding import Failure
from inspector.replay.many import StreamState
from inspector.replay.table import as_text
from inspector.values import parse_exactly
from tests.query.oracle import Ask, documents, truths

NAMES = {name: Name("json" if name == "data" else "bytes", name) for name in ("data", "key", "value", "headers")}
EVENT = StreamEvent(7, 1, 6, 0, 1_000_000, 4, "Paid", 0, "e-7", "ann", None, None)


def row(state: object, *, failed: str = "") -> StreamState:
    stream = StreamInfo(1, "kafka://localhost:9092", 1, "orders", "order-1", 4, 0, 9)
    failure = Failure(EVENT, failed) if failed else None
    return StreamState(stream, state, 4, EVENT, 4, "whole", is_complete=True, reducer="merge", skipped_aborted=2, failure=failure)


def outcome(filter_: str, state: object, **facts: Any) -> bool | None:
    return StateFilter(filter_).of(*as_text(row(state, **facts)))


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    opened = apsw.Connection(":memory:")
    functions.register(opened)
    yield opened
    opened.close()


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents(), ask=truths())
def test_a_state_is_asked_as_a_document_is(connection: apsw.Connection, document: tuple[str, Any], ask: Ask) -> None:
    text, _ = document
    found = compile_filter(ask.text, NAMES)
    ((of_event,),) = connection.execute(f"SELECT {found.sql} FROM (SELECT jsonb(:document) AS data)", {**found.bindings, "document": text})
    of_state = outcome(re.sub(r"\bdata\b", "state", ask.text), parse_exactly(text))
    assert of_state is (None if of_event is None else bool(of_event)), f"{ask.text}  of  {text}"


@pytest.mark.parametrize(
    ("filter_", "wanted"),
    [
        ("state.balance < 0", True),
        ("state.balance == -12345678901234567890.5", True),
        ('state.items[0].sku == "x" && state.total > 3.50', False),
        ('state.items[0].sku == "x" && state.total >= 3.50', True),
        ("state.missing > 1", None),
        ("state.note == null", True),
        ("state.missing == null", None),
        ("has(state.note)", True),
        ('stream == "order-1" && version == 4 && applied == 4', True),
        ('history == "whole" && reducer == "merge" && skipped_aborted == 2', True),
        ('type == "Paid" && actor == "ann" && time >= timestamp("1970-01-01T00:00:01Z")', True),
        ("has(error)", False),
        ("state.items.exists(i, i.sku == 'x')", True),
        ("ORDER-1", True),
        ("nowhere", False),
    ],
)
def test_what_can_be_asked(filter_: str, wanted: bool | None) -> None:
    state = {"balance": Decimal("-12345678901234567890.5"), "items": [{"sku": "x"}], "total": 3.5, "note": None}
    assert outcome(filter_, state) is wanted


def test_no_state_is_told_from_null() -> None:
    assert outcome("has(state)", ABSENT) is False
    assert outcome("has(state)", None) is True
    assert outcome("state == null", ABSENT) is None
    assert outcome("state.balance < 0", ABSENT) is None
    assert outcome('error.contains("cannot be read")', {}, failed="its document cannot be read") is True


def test_a_state_deeper_than_sqlite_reads_is_not_applicable() -> None:
    deep: object = 1
    for _ in range(1_500):
        deep = {"a": deep}
    assert outcome("state.a == 1", deep) is None


def test_a_field_that_is_not_there_is_a_mistake_with_its_column() -> None:
    with pytest.raises(QueryError, match="there is no field 'data'; known are actor, applied") as found:
        StateFilter("version > 1 && data.total > 1")
    assert found.value.column == 15


@pytest.mark.parametrize("text", ["total", "state", "data.total", "state.items[-1]", "state.items[i]", "state ==", "version"])
def test_what_is_no_place_in_a_state(text: str) -> None:
    with pytest.raises(UsageError, match="is no place in a state: write it like state"):
        state_place(text)


def test_places_are_walked_as_filters_walk_them() -> None:
    state = {"a": [{"odd name": 1}], "0": "zero", "n": None}
    assert state_place('state.a[0]["odd name"]').of(state) == 1
    assert state_place('state["0"]').of(state) == "zero"
    assert state_place("state[0]").of(state, "nothing") == "nothing"
    assert state_place("state.a.b").of(state, "nothing") == "nothing"
    assert state_place("state.n").of(state, "nothing") is None
    assert state_place("state.a[9]").of(state, "nothing") == "nothing"


def test_order_of_kinds_and_exact_numbers() -> None:
    values = ["b", True, 0.1, Decimal("0.10000000000000000001"), 10**30, -1, "a", False, [1], None]
    order = Order("state.v")
    keys = {order.key(row({"v": value})): value for value in values if value is not None}
    assert [keys[key] for key in sorted(key for key in keys if key is not None)] == [
        *(-1, 0.1, Decimal("0.10000000000000000001"), 10**30, "a", "b", False, True, [1]),
    ]
    assert order.key(row({"v": None})) is order.key(row({})) is order.key(row(ABSENT)) is None
    assert Order("applied").key(row({})) == (0, 4)
    assert Order("stream").key(row({})) == (1, "order-1")
    with pytest.raises(UsageError, match="rows cannot be ordered by total: give a place"):
        Order("total")
