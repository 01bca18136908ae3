"""What a filter is made of while it is compiled: values with a kind, and the scope in which everything a user wrote is bound.

A value of a document has the kind `json`: what it is, is known only row by row, so each use asks for its JSON type first and is
NULL (not applicable) when that does not fit. Read `compiler` for the use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from inspector.errors import QueryError
from inspector.query.names import Name

JSON_KINDS = {"number": "('integer', 'real')", "text": "('text')", "bool": "('true', 'false')"}
"""Kind → the JSON types that SQLite calls it."""
INT64 = 2**63
_KIND_NAMES = {
    "text": "a text",
    "number": "a number",
    "time": "a time",
    "duration": "a duration",
    "bool": "a truth value",
    "bytes": "bytes",
    "json": "a place in a document",
    "headers": "the headers",
    "header": "a header",
    "flags": "the flags",
    "list": "a list",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document: SQL of the document, constant steps of a JSON path, and SQL of a path that they go on from."""

    document: str
    steps: str = ""
    start: str = ""

    def below(self, step: str) -> Place:
        """The place one step on."""
        return Place(self.document, self.steps + step, self.start)


@dataclass(frozen=True, slots=True)
class Value:
    """One compiled step: its kind, its SQL and its words. `place` is set for a place in a document, `constant` for a literal."""

    kind: str
    sql: str
    words: str
    place: Place | None = None
    constant: Any = None
    items: tuple[Value, ...] = ()
    header: str | None = None
    raw: str | None = None
    """SQL of the bytes behind a text: key or value."""
    nanoseconds: str = ""
    """SQL of what a time has below its microseconds, NULL where there is no time; empty where it has nothing."""


@dataclass
class Scope:
    """One filter being compiled: the names it may use, and what is bound."""

    names: Mapping[str, Name]
    bindings: dict[str, Any] = field(default_factory=dict)
    prefix: str = "f"
    """What the names of bound values begin with; scopes that stand in one statement need different ones."""
    _paths: dict[str, str] = field(default_factory=dict)
    _count: int = 0
    _elements: int = 0

    def bind(self, value: Any) -> str:
        """The placeholder of a bound value."""
        name = f"{self.prefix}{self._count}"
        self._count += 1
        self.bindings[name] = value
        return f":{name}"

    def element(self) -> str:
        """A name of our own for a table of a document's elements."""
        self._elements += 1
        return f"element_{self._elements}"

    def path(self, place: Place) -> str:
        """SQL of a place's JSON path."""
        if place.start:
            return f"({place.start} || {self._steps(place.steps)})" if place.steps else place.start
        return self._steps(f"${place.steps}")

    def _steps(self, steps: str) -> str:
        if steps == "$":
            return "'$'"
        if steps not in self._paths:
            self._paths[steps] = self.bind(steps)
        return self._paths[steps]

    def type_of(self, place: Place) -> str:
        """SQL of what JSON says that stands there; NULL for nothing."""
        return f"json_type({place.document}, {self.path(place)})"

    def taken(self, place: Place) -> str:
        """SQL of a scalar that stands there."""
        return f"json_extract({place.document}, {self.path(place)})"

    def written(self, place: Place) -> str:
        """SQL of the JSON text that stands there: a number with its own digits."""
        return f"({place.document} -> {self.path(place)})"

    def as_kind(self, value: Value, kind: str, column: int = 0) -> str:
        """SQL of the value as one kind; NULL in rows where a document's place holds another. Raises QueryError when it never can."""
        if value.kind == kind or (kind == "number" and value.kind in {"time", "duration"}):
            return value.sql
        if value.place is None:
            raise QueryError(f"{value.words} is {named(value.kind)}, not {named(kind)}", column=column, expected=named(kind))
        if kind == "time":
            raise QueryError(f"{value.words} is text or a number here", column=column, expected=f"timestamp({value.words})")
        if kind not in JSON_KINDS:
            raise QueryError(
                f"{value.words} cannot be compared with {named(kind)}", column=column, expected="a number, a text or a truth value"
            )
        return f"(CASE WHEN {self.type_of(value.place)} IN {JSON_KINDS[kind]} THEN {self.taken(value.place)} END)"


def number(scope: Scope, constant: int | Decimal) -> Value:
    """A number as it was written; beyond 64 bits it is bound as the nearest double."""
    whole = isinstance(constant, int) and -INT64 <= constant < INT64
    return Value("number", scope.bind(constant if whole else nearest(constant)), str(constant), constant=constant)


def nearest(constant: int | Decimal) -> float:
    """The nearest double; infinite for what is beyond all of them."""
    try:
        return float(constant)
    except OverflowError:
        return math.inf if constant > 0 else -math.inf


def quoted(name: str) -> str:
    """A member's name as a step of a JSON path."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(kind: str) -> str:
    """A kind in words."""
    return _KIND_NAMES.get(kind, kind)
