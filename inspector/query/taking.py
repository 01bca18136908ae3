"""What stands at a place of an event, for grouping and adding up: `data.sku`, `type`, `key`, `headers["trace"]`. Makes SQL.

A place gives JSON (numbers with their own digits, texts, containers) or NULL where nothing is or the bytes are no text. Read
`names` for the fields, `projections` for who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from inspector.errors import QueryError
from inspector.query.compiler import Compiler
from inspector.query.grammar import parse
from inspector.query.names import CAPTURED, Name
from inspector.query.values import Scope, Value

_EXPECTED = 'a place such as data.sku, type, key or headers["trace"]'
_SIMPLE = {"text", "number", "json", "header"}
MASKED: Mapping[str, Name] = {
    name: replace(found, sql=f"json({found.sql})") if name in {"data", "metadata"} else found for name, found in CAPTURED.items()
}
"""The same fields, written as what hides them looks for them (see `capture.hiding`)."""


def check_place(text: str) -> None:
    """Raises QueryError with the column for a text that is no place."""
    taken(Scope(CAPTURED), text)


def taken(scope: Scope, text: str) -> str:
    """SQL of what stands at the place that `text` writes, ready for `json_group_array`. Raises QueryError for what is no place."""
    node = parse(text)
    below = node
    while below.kind in {"attribute", "index"}:
        below = below.parts[0]
    if below.kind != "name":
        raise QueryError(f"{text.strip()} is no place in an event", column=node.column, expected=_EXPECTED)
    value = Compiler(scope).value(node)
    if value.kind not in _SIMPLE:
        raise QueryError(f"{value.words} cannot be grouped by or added up", column=node.column, expected=_EXPECTED)
    return _sql(scope, value)


def _sql(scope: Scope, value: Value) -> str:
    if value.place is not None:
        return scope.written(value.place) if value.place.steps else f"json({value.place.document})"
    if value.header is not None:
        return f"(SELECT value ->> 1 FROM json_each({value.sql}) WHERE value ->> 0 = {scope.bind(value.header)} LIMIT 1)"
    return value.sql
