"""The closed set of expressions in which a store's descriptor says where a field is. No eval, no SQL from a user.

    originator_id              a column; `tenant?` may be missing, `a | b` is the first of them that is there
    e.type                     a column of the table that is joined as `e`
    rowid()                    SQLite's hidden row number
    row()                      the place of the row in the order of the primary key, for tables that have no position
    'text'                     always this text
    json(meta, '$.user.id')    inside a column of JSON text
    first(topic)               that column in the stream's first event
    before(x, '-')  after(x, ':')  before_last(x, '.')  after_last(x, '.')  concat(a, '/', b)  hex_uuid(x)
    iso(x)  utc(x)  s(x)  ms(x)  us(x)  ns(x)     times: with a zone, without one and meant as UTC, or numbers since 1970
    local(x, 'Europe/Paris')   a time without a zone, meant as that zone's

Read `sql_table` for how they meet a table, `sql_descriptor` for where they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspector.sources.sql_convert import TIMES, Value, cutter, hex_uuid, is_zone, local_timer, timer

Cell = str | bytes | int | float | None
Column = list[Value]

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)|\"((?:[^\"]|\"\")+)\"|'([^']*)'|([()|,?]))")
_PATH = re.compile(r"\$(?:\.(?:[A-Za-z0-9_$-]+|\"[^\"]+\")|\[\d+\])*\Z")
_LONGEST = 4_000
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CUTTERS = ("before", "after")
_CUT_HINT = "a text such as '-'"


def column_text(name: str) -> str:
    """The column `name` as it is written in an expression."""
    return name if _PLAIN_NAME.match(name) else '"' + name.replace('"', '""') + '"'


class Scope(Protocol):
    """What an expression may ask of the table it is used on."""

    def column(self, name: str, *, is_optional: bool) -> str | None:
        """The quoted name of a column; None when an optional one is not there. Raises ValueError for a missing one."""

    def row(self) -> str:
        """A name for the place in the order of the primary key. Raises ValueError when the table has none."""

    def rowid(self) -> str:
        """A name for the hidden row number. Raises ValueError when the table has none."""

    def cell(self, sql: str) -> int:
        """Adds a result column for the value of `sql`; gives its number. Text comes as bytes, a BLOB as hexadecimal text."""

    def first(self, name: str) -> int:
        """The same for that column in the stream's first event."""

    def text(self, sql: str, *bindings: str) -> int:
        """Adds a result column for `sql` as text, which comes as bytes; gives its number."""


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
        return None if sql is None else _cells(scope.cell(sql), self.name)

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
            return _cells(scope.cell(scope.rowid()), "rowid")
        if self.name == "row":
            return _cells(scope.cell(scope.row()), "row")
        if self.name in {"json", "first"}:
            return self._bind_in_sql(scope)
        bound = [argument.bind(scope) for argument in self.arguments]
        ready = [evaluated for evaluated in bound if evaluated is not None]
        if len(ready) < len(bound):
            return None
        if self.name == "concat":
            return lambda cells, problems: _concatenated([evaluated(cells, problems) for evaluated in ready])
        convert, of = _converter(self.name, self.arguments), ready[0]
        return lambda cells, problems: _mapped(convert, of(cells, problems))

    def _bind_in_sql(self, scope: Scope) -> Evaluated | None:
        reference = self.arguments[0]
        assert isinstance(reference, ColumnRef)
        sql = scope.column(reference.name, is_optional=reference.is_optional)
        if sql is None:
            return None
        if self.name == "first":
            return _cells(scope.first(reference.name), f"first({reference.name})")
        path = self.arguments[1]
        assert isinstance(path, Literal)
        text = f"CAST({sql} AS TEXT)"
        document = f"CASE WHEN json_valid({sql}, 9) THEN {sql} WHEN json_valid({text}) THEN {text} END"
        # ->> would turn a long number into a double; -> gives its own digits
        value = f"CASE json_type({document}, ?) WHEN 'null' THEN NULL WHEN 'text' THEN ({document}) ->> ? ELSE ({document}) -> ? END"
        return _cells(scope.text(value, path.text, path.text, path.text), f"json({reference.name})")

    def columns(self) -> set[str]:
        """Those of the arguments."""
        return set().union(*(argument.columns() for argument in self.arguments))

    @property
    def is_time(self) -> bool:
        """Whether it gives microseconds since 1970."""
        return self.name in TIMES or self.name in {"iso", "utc", "local"}


def is_time(expression: Expression) -> bool:
    """Whether it gives microseconds since 1970, whichever of its alternatives is taken."""
    if isinstance(expression, Alternatives):
        return all(map(is_time, expression.parts))
    return isinstance(expression, Call) and expression.is_time


FUNCTIONS = {
    "rowid": 0, "row": 0, "json": 2, "first": 1, "before": 2, "after": 2, "before_last": 2, "after_last": 2, "concat": -1, "hex_uuid": 1,
    "iso": 1, "utc": 1, "s": 1, "ms": 1, "us": 1, "ns": 1, "local": 2,
}  # fmt: skip
"""Function → number of arguments (-1: one or more)."""


def parse(text: str) -> Expression:
    """The expression written as `text`. Raises ValueError saying what is wrong."""
    if len(text) > _LONGEST:
        raise ValueError(f"an expression of more than {_LONGEST:,} characters")
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
            found.append((kind, name or (quoted or "").replace('""', '"') or mark or literal or ""))
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
    if name in {"json", "first"} and not isinstance(arguments[0], ColumnRef):
        raise ValueError(f"{name}() looks into a column")
    last = arguments[-1] if arguments else None
    if name == "json" and not (isinstance(last, Literal) and _PATH.match(last.text)):
        raise ValueError("json() takes a path such as '$.user.id'")
    if name == "local":
        if not (isinstance(last, Literal) and is_zone(last.text)):
            raise ValueError("local() takes a time zone such as 'Europe/Paris'")
        return Call(name, arguments)
    if name.startswith(_CUTTERS) != (isinstance(last, Literal) and bool(last.text)) and name not in {"json", "concat"}:
        raise ValueError(f"{name}() takes {_CUT_HINT if name.startswith(_CUTTERS) else 'no text'}")
    return Call(name, arguments)


def _cells(number: int, label: str) -> Evaluated:
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
    if name == "local" and isinstance(mark, Literal):
        return local_timer(mark.text)
    return cutter(name, mark.text) if isinstance(mark, Literal) else timer(name)


def _mapped(convert: Callable[[Value], Value], column: Column) -> Column:
    known = {value: convert(value) for value in set(column)}
    return [known[value] for value in column]


def _concatenated(columns: Sequence[Column]) -> Column:
    return [None if None in row else "".join(str(value) for value in row) for row in zip(*columns, strict=True)]
