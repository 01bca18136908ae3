"""Masks in a reader's answers: the columns of a SELECT list pass through functions that hide, whatever the statement asks.

Filters, orders and joins look at what is stored. Read `inspector.masks` for the rules, `reader` for who uses this.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import apsw

from inspector.masks import LARGEST, SIGN, SIGN_BYTES, Masks

_COLUMN = re.compile(
    r"length\([^()]*\)"
    r"|json\(event\.(?P<document>data|metadata|extra)\)"
    r"|record\.(?P<record>key|headers|value)\b"
    r"|\b(?P<text>(?:stream|category|type)\.name|event\.(?:event_id|schema_version|correlation_id|causation_id|actor|error))\b"
)
_NAMES = {"stream.name": "stream", "category.name": "category", "type.name": "type", "event.event_id": "id"}
_VALUE = f"hidden_value(record.value, event.data IS NOT NULL, CASE WHEN length(event.data) <= {LARGEST} THEN json(event.data) END)"


def hidden(sql: str) -> str:
    """`sql`, a SELECT over the tables of `rows.FROM`, with what its list gives hidden. Needs `register`."""
    listed, found, rest = sql.partition(" FROM ")
    return f"{hidden_columns(listed)}{found}{rest}"


def hidden_columns(listed: str) -> str:
    """Columns of those tables as an expression that gives what may be seen. Needs `register`."""
    return _COLUMN.sub(_hiding, listed)


def _hiding(column: re.Match[str]) -> str:
    found = column.group(0)
    if part := column.group("document"):
        return f"hidden_document('{part}', {found})"
    if column.group("record"):
        return _VALUE if found == "record.value" else f"hidden_{column.group('record')}({found})"
    if column.group("text"):
        return f"hidden_text('{_NAMES.get(found, found.partition('.')[2])}', {found})"
    return found


def register(connection: apsw.Connection, masks: Masks) -> None:
    """Gives a connection the functions that `hidden` calls."""

    def value(stored: bytes | None, has_document: int, data: str | None) -> bytes | None:
        if stored and has_document and data is None:
            return SIGN_BYTES
        return masks.value(stored, data, masks.document("data", data))

    functions: dict[str, tuple[Callable[..., Any], int]] = {
        "hidden_document": (masks.document, 2),
        "hidden_text": (masks.shown, 2),
        "hidden_headers": (masks.headers, 1),
        "hidden_key": (masks.key, 1),
        "hidden_value": (value, 3),
    }
    for name, (function, arguments) in functions.items():
        connection.create_scalar_function(name, _guarded(function), arguments, deterministic=True)


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hides what cannot be looked into: a stranger's file may hold anything anywhere."""

    def hidden_or_sign(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return SIGN

    return hidden_or_sign
