"""The closed set of expressions in which a store's descriptor says where a field is. No eval, no SQL from a user.

    originator_id              a column; `tenant?` may be missing, `a | b` is the first of them that is there
    rowid()                    SQLite's hidden row number
    'text'                     always this text
    json(meta, '$.user.id')    inside a column of JSON text
    first(topic)               that column in the stream's first event
    before(x, '-')  after(x, ':')  before_last(x, '.')  after_last(x, '.')  concat(a, '/', b)  hex_uuid(x)
    lo_get(payload)            the large object a number stands for (PostgreSQL); another column as it is
    iso(x)  utc(x)  s(x)  ms(x)  us(x)  ns(x)     times: with a zone, without one and meant as UTC, or numbers since 1970

Read `sql_table` for how they meet a table, `sql_descriptor` for where they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspector.sources.sql_convert import TIMES, Value, cutter, hex_uuid, timer

Cell = str | bytes | int | float | None
Column = list[Value]

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|\"([^\"]+)\"|'([^']*)'|([()|,?]))")
_PATH = re.compile(r"\$(?:\.(?:[A-Za-z0-9_$-]+|\"[^\"]+\")|\[\d+\])*\Z")
_CUTTERS = ("before", "after")
_OF_COLUMNS = ("json", "first", "lo_get")
_CUT_HINT = "a text such as '-'"


class Scope(Protocol):
    """What an expression may ask of the table it is used on."""

    def column(self, name: str, *, is_optional: bool) -> str | None:
        """The quoted name of a column; None when an optional one is not there. Raises ValueError for a missing one."""

    def rowid(self) -> str:
        """A name for the hidden row number. Raises ValueError when the table has none."""

    def cell(self, sql: str) -> int:
        """Adds a result column for the value of `sql`; gives its number. Text comes as bytes, a BLOB as hexadecimal text."""

    def first(self, name: str) -> int:
        """The same for that column in the stream's first event."""

    def json(self, sql: str, path: str, label: str) -> Evaluated:
        """What is at `path` inside the JSON text of `sql`: texts, other values as JSON, numbers with their own digits."""

    def large_object(self, sql: str) -> int:
        """Adds a result column for the large object that `sql` stands for, or `sql` itself where it is no such number."""


Evaluated = Callable[[Sequence[Sequence[Cell]], "Problems"], Column]
"""From the result columns to the values of all rows."""


@dataclass(slots=True)
class Problems:
    """What could not be read, by row."""

    by_row: dict[int, list[str]] = field(default_factory=dict)

    def add(self, row: int, reason: str) -> None:
        """Notes `reason` for `row`."""
        self.by_row.setdefault(row, []).append(reason)


class Expression(Protocol):
    """One parsed expression."""

    def bind(self, scope: Scope) -> Evaluated | None:
        """How to compute it on that table; None when it rests on optional columns that are not there."""

    def columns(self) -> set[str]:
        """The columns it looks at."""


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column by name."""

    name: str
    is_optional: bool = False

    def bind(self, scope: Scope) -> Evaluated | None:
        """Its values as text or number."""
        sql = scope.column(self.name, is_optional=self.is_optional)
        return None if sql is None else cells_of(scope.cell(sql), self.name)

    def columns(self) -> set[str]:
        """Itself."""
        return {self.name}


@dataclass(frozen=True, slots=True)
class Literal:
    """Always the same text."""

    text: str

    def bind(self, scope: Scope) -> Evaluated | None:
        """The text for every row."""
        return lambda cells, _: [self.text] * len(cells[0])

    def columns(self) -> set[str]:
        """None."""
        return set()


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The first of several that has a value."""

    parts: tuple[Expression, ...]

    def bind(self, scope: Scope) -> Evaluated | None:
        """Parts that rest on missing columns are left out."""
        bound = [evaluated for evaluated in (part.bind(scope) for part in self.parts) if evaluated is not None]
        return _first_of(bound) if bound else None

    def columns(self) -> set[str]:
        """Those of all parts."""
        return set().union(*(part.columns() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the closed set applied to its arguments."""

    name: str
    arguments: tuple[Expression, ...]

    def bind(self, scope: Scope) -> Evaluated | None:
        """The function over whole columns."""
        if self.name == "rowid":
            return cells_of(scope.cell(scope.rowid()), "rowid")
        if self.name in _OF_COLUMNS:
            return self._bind_column(scope)
        bound = [argument.bind(scope) for argument in self.arguments]
        ready = [evaluated for evaluated in bound if evaluated is not None]
        if len(ready) < len(bound):
            return None
        if self.name == "concat":
            return lambda cells, problems: _concatenated([evaluated(cells, problems) for evaluated in ready])
        convert, of = _converter(self.name, self.arguments), ready[0]
        return lambda cells, problems: _mapped(convert, of(cells, problems))

    def _bind_column(self, scope: Scope) -> Evaluated | None:
        reference = self.arguments[0]
        assert isinstance(reference, ColumnRef)
        sql = scope.column(reference.name, is_optional=reference.is_optional)
        if sql is None:
            return None
        label = f"{self.name}({reference.name})"
        if self.name == "json":
            path = self.arguments[1]
            assert isinstance(path, Literal)
            return scope.json(sql, path.text, label)
        return cells_of(scope.first(reference.name) if self.name == "first" else scope.large_object(sql), label)

    def columns(self) -> set[str]:
        """Those of the arguments."""
        return set().union(*(argument.columns() for argument in self.arguments))

    @property
    def is_time(self) -> bool:
        """Whether it gives microseconds since 1970."""
        return self.name in TIMES or self.name in {"iso", "utc"}


def payload_parts(expression: Expression) -> list[tuple[ColumnRef, bool]]:
    """The columns that a payload may be in, and whether each may hold the number of a large object.

    Raises ValueError when it is anything else than columns, `lo_get` of columns, and alternatives of these.
    """
    parts = expression.parts if isinstance(expression, Alternatives) else (expression,)
    found = []
    for part in parts:
        is_object = isinstance(part, Call) and part.name == "lo_get"
        column = part.arguments[0] if isinstance(part, Call) and is_object else part
        if not isinstance(column, ColumnRef):
            raise ValueError("one column is wanted, lo_get() of one, or several with | between them")  # noqa: TRY004
        found.append((column, is_object))
    return found


FUNCTIONS = {
    "rowid": 0, "json": 2, "first": 1, "lo_get": 1, "before": 2, "after": 2, "before_last": 2, "after_last": 2, "concat": -1, "hex_uuid": 1,
    "iso": 1, "utc": 1, "s": 1, "ms": 1, "us": 1, "ns": 1,
}  # fmt: skip
"""Function → number of arguments (-1: one or more)."""


def parse(text: str) -> Expression:
    """The expression written as `text`. Raises ValueError saying what is wrong."""
    reader = _Reader(text)
    expression = reader.alternatives()
    if reader.token is not None:
        raise ValueError(f"{text!r}: {reader.token[1]!r} was not expected there")
    return expression


class _Reader:
    """A recursive-descent reader: a token is (kind, text)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = iter(list(self._split()))
        self.token: tuple[str, str] | None = next(self._tokens, None)

    def _split(self) -> Sequence[tuple[str, str]]:
        found, place = [], 0
        while place < len(self._text.rstrip()):
            match = _TOKEN.match(self._text, place)
            if match is None:
                raise ValueError(f"{self._text!r}: {self._text[place:].strip()!r} is no expression")
            name, quoted, literal, mark = match.groups()
            kind = "name" if name else "column" if quoted else "literal" if literal is not None else "mark"
            found.append((kind, name or quoted or mark or literal or ""))
            place = match.end()
        return found

    def _next(self) -> tuple[str, str]:
        if self.token is None:
            raise ValueError(f"{self._text!r} ends too early")
        token, self.token = self.token, next(self._tokens, None)
        return token

    def _takes(self, mark: str) -> bool:
        if self.token != ("mark", mark):
            return False
        self._next()
        return True

    def alternatives(self) -> Expression:
        parts = [self._term()]
        while self._takes("|"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _term(self) -> Expression:
        kind, text = self._next()
        if kind == "literal":
            return Literal(text)
        if kind == "mark":
            raise ValueError(f"{self._text!r}: {text!r} was not expected there")
        if kind == "name" and self._takes("("):
            return self._call(text)
        return ColumnRef(text, is_optional=self._takes("?"))

    def _call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        while not self._takes(")"):
            if arguments and not self._takes(","):
                raise ValueError(f"{self._text!r}: a comma or a closing parenthesis is missing")
            arguments.append(self.alternatives())
        return _checked_call(name, tuple(arguments))


def _checked_call(name: str, arguments: tuple[Expression, ...]) -> Call:
    wanted = FUNCTIONS.get(name)
    if wanted is None:
        raise ValueError(f"there is no {name}(): one of {', '.join(FUNCTIONS)}")
    if len(arguments) != wanted and not (wanted < 0 and arguments):
        raise ValueError(f"{name}() takes {wanted if wanted >= 0 else 'one or more'} arguments, not {len(arguments)}")
    if name in _OF_COLUMNS and not isinstance(arguments[0], ColumnRef):
        raise ValueError(f"{name}() looks into a column")
    last = arguments[-1] if arguments else None
    if name == "json" and not (isinstance(last, Literal) and _PATH.match(last.text)):
        raise ValueError("json() takes a path such as '$.user.id'")
    if name.startswith(_CUTTERS) != (isinstance(last, Literal) and bool(last.text)) and name not in {"json", "concat"}:
        raise ValueError(f"{name}() takes {_CUT_HINT if name.startswith(_CUTTERS) else 'no text'}")
    return Call(name, arguments)


def cells_of(number: int, label: str) -> Evaluated:
    """The values of result column `number`; what is no UTF-8 is a problem of its row."""

    def values(cells: Sequence[Sequence[Cell]], problems: Problems) -> Column:
        column = cells[number]
        try:
            return [cell.decode() if type(cell) is bytes else cell for cell in column]  # type: ignore[misc]
        except UnicodeDecodeError:
            return [_decoded(cell, row, label, problems) for row, cell in enumerate(column)]

    return values


def _decoded(cell: Cell, row: int, label: str, problems: Problems) -> Value:
    if not isinstance(cell, bytes):
        return cell
    try:
        return cell.decode()
    except UnicodeDecodeError as error:
        problems.add(row, f"{label}: not UTF-8 at byte {error.start}")
        return cell.decode(errors="backslashreplace")


def _first_of(bound: Sequence[Evaluated]) -> Evaluated:
    def values(cells: Sequence[Sequence[Cell]], problems: Problems) -> Column:
        found = bound[0](cells, problems)
        for evaluated in bound[1:]:
            if None in found:
                found = [new if old is None else old for old, new in zip(found, evaluated(cells, problems), strict=True)]
        return found

    return values


def _converter(name: str, arguments: Sequence[Expression]) -> Callable[[Value], Value]:
    if name == "hex_uuid":
        return hex_uuid
    mark = arguments[-1]
    return cutter(name, mark.text) if isinstance(mark, Literal) else timer(name)


def _mapped(convert: Callable[[Value], Value], column: Column) -> Column:
    known = {value: convert(value) for value in set(column)}
    return [known[value] for value in column]


def _concatenated(columns: Sequence[Column]) -> Column:
    return [None if None in row else "".join(str(value) for value in row) for row in zip(*columns, strict=True)]
