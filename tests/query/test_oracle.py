"""Random filters over random documents give what an evaluation of its own says: see `oracle`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apsw
import cel
import pytest
from hypothesis import HealthCheck, assume, given, settings

from inspector.query import compile_filter, functions
from inspector.query.names import Name
from tests.query.oracle import BEYOND_DOUBLES, Ask, Digits, documents, truths

NAMES = {name: Name("json" if name == "data" else "bytes", name) for name in ("data", "key", "value", "headers")}


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    opened = apsw.Connection(":memory:")
    functions.register(opened)
    yield opened
    opened.close()


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents(), ask=truths())
def test_filter_gives_what_its_own_evaluation_gives(connection: apsw.Connection, document: tuple[str, Any], ask: Ask) -> None:
    text, meaning = document
    found = compile_filter(ask.text, NAMES)
    ((outcome,),) = connection.execute(f"SELECT {found.sql} FROM (SELECT jsonb(:document) AS data)", {**found.bindings, "document": text})
    wanted = ask.gives(meaning)
    assert (None if outcome is None else bool(outcome)) is wanted, f"{ask.text}  of  {text}"


def plain(value: Any) -> Any:
    """A document's value as the library takes it."""
    if isinstance(value, Digits):
        number = value.computable()
        assume(str(number) == value.text)  # it knows numbers of 64 bits only
        return number
    if isinstance(value, list):
        return [plain(each) for each in value]
    return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(document=documents(), ask=truths())
def test_where_the_language_itself_has_an_answer_it_is_ours(document: tuple[str, Any], ask: Ask) -> None:
    _, meaning = document
    ours = ask.gives(meaning)
    assume(ours is not None and "size(" not in ask.text)  # the library counts bytes where the language says characters
    assume(not any(text in ask.text for text in BEYOND_DOUBLES))
    try:
        answer = cel.evaluate(ask.text, {"data": plain(meaning)})
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        return  # a mistake to it: kinds that it does not mix, a place that is missing
    assert answer is ours, f"{ask.text}  of  {meaning}"
