"""One table that a descriptor fits: finding it in a store, and its rows as a batch of records. No opening of files.

Values are never read through declared types: SQLite columns hold what was put in, so every cell is taken as bytes or
number and decoded here, cell by cell, and one that cannot be is a row with a reason. Read `sql` for who pages.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import apsw

from inspector.errors import SourceError
from inspector.event import GROWING, Flag, LogKey, RecordBatch, TimeKind
from inspector.sources import LogInfo
from inspector.sources.sql_descriptor import ENVELOPE, Descriptor
from inspector.sources.sql_expressions import Call, Cell, ColumnRef, Evaluated, Expression, Problems
from inspector.sources.sql_shape import Shape, quoted

MAX_ROWS = 20_000
MAX_BYTES = 16_000_000
MAX_S = 0.2
_ROWID_NAMES = ("rowid", "_rowid_", "oid")


@dataclass(slots=True)
class Page:
    """Rows of one reading: result columns, and where the table stood in the same instant."""

    cells: list[Sequence[Cell]]
    rows: int
    last: int
    """Position of the last row; the one before `start` when there is none."""
    is_end: bool
    """Nothing more was there below the end asked for."""
    newest: int
    """The position after the last row of the table; the start of its numbering when it is empty."""
    first: int = 0
    """Where the numbering starts."""
    incarnation: str | None = None
    """Told when it was asked for."""


class Table:
    """A table read through its descriptor. `key.incarnation` is what it was when last looked at.

    Raises SourceError when it fits but cannot be read in order.
    """

    def __init__(self, descriptor: Descriptor, shape: Shape) -> None:
        self.descriptor = descriptor
        self.shape = shape
        self.name = shape.name
        scope = _Scope(descriptor, shape)
        try:
            self._position = _position_sql(descriptor, shape)
            number = scope.add(self._position)
            assert number == 0
            self._value = scope.payload(descriptor.fields["value"])
            self._metadata = scope.payload(descriptor.fields["metadata"]) if "metadata" in descriptor.fields else None
            self._envelope = scope.bind(ENVELOPE)
            self._times = scope.bind(("time", "recorded"))
            self._extra = scope.extra()
        except (ValueError, TypeError) as error:
            raise SourceError(f"table {shape.name} cannot be read as {descriptor.title}: {error}", step="file") from None
        self._cells, self._bindings = scope.cells, scope.bindings
        self._select = (
            f"SELECT {', '.join(scope.cells)} FROM {quoted(self.name)} AS t "
            f"WHERE {self._position} >= ? AND {self._position} < ? ORDER BY {self._position} LIMIT ?"
        )

    # ---- where it stands

    def info(self, connection: apsw.Connection) -> LogInfo:
        """First and end position, and the incarnation, now."""
        lowest, highest = self._ends(connection)
        first = self._first(lowest)
        return LogInfo(LogKey(self.name, 0, self.incarnation(connection)), first, first if highest is None else highest + 1)

    def _first(self, lowest: int | None) -> int:
        """Where the numbering starts: what is missing between there and the first row is a hole like any other."""
        start = self.descriptor.first_position
        known = [position for position in (start, lowest) if position is not None]
        return min(known, default=0)

    def _ends(self, connection: apsw.Connection) -> tuple[int | None, int | None]:
        table, column = quoted(self.name), self._position
        # two statements: SQLite takes one end of the index for min() or max(), but scans it for both at once
        found = [connection.execute(f"SELECT {end}({column}) FROM {table} AS t").get for end in ("min", "max")]
        if any(end is not None and type(end) is not int for end in found):
            raise SourceError(f"the positions of {self.name} are no integers ({found[1]!r}): no descriptor can order them", step="file")
        return found[0], found[1]

    def incarnation(self, connection: apsw.Connection) -> str:
        """A digest of rows that stays the same while rows are appended: each store's beginning is a prefix of its later one.

        Sampled is the first row at or after position 1, 2, 4, 8 …, four hexadecimal digits each, of position, stream,
        version, type and id. A store made anew, renumbered by dump and restore, or put back and written on differs
        from the next sampled row on. The values do not count: they may be encrypted again, or erased by law.
        """
        _, highest = self._ends(connection)
        digests, power = [], 1
        while highest is not None and power <= highest:
            page = self._rows(connection, power, highest + 1, limit=1)
            digests.append(hashlib.sha256(repr(self._identity(page)).encode()).hexdigest()[:4])
            power *= 2
        return GROWING + "".join(digests)

    def _identity(self, page: Page) -> list[object]:
        named = [
            self._envelope[field](page.cells, Problems())[0] for field in ("stream", "version", "type", "id") if field in self._envelope
        ]
        return [page.last, *named]

    def nth_last(self, connection: apsw.Connection, count: int) -> int | None:
        """The position of the `count`-th row from the end; None when there are not so many."""
        column = self._position
        sql = f"SELECT {column} FROM {quoted(self.name)} AS t ORDER BY {column} DESC LIMIT 1 OFFSET ?"
        found = connection.execute(sql, (max(0, count - 1),)).get
        return found if isinstance(found, int) else None

    # ---- rows

    def page(self, connection: apsw.Connection, start: int, end: int | None, *, with_incarnation: bool = False) -> Page:
        """Rows from `start` on, as many as one batch may have, and where the table stands."""
        lowest, highest = self._ends(connection)
        first = self._first(lowest)
        newest = first if highest is None else highest + 1
        stop = newest if end is None else min(end, newest)
        page = self._rows(connection, start, stop) if start < stop else Page([], 0, start - 1, is_end=True, newest=newest)
        page.newest, page.first = newest, first
        if with_incarnation:
            page.incarnation = self.incarnation(connection)
        return page

    def _rows(self, connection: apsw.Connection, start: int, stop: int, limit: int = MAX_ROWS) -> Page:
        rows: list[tuple[Cell, ...]] = []
        size, deadline = 0, time.monotonic() + MAX_S
        value, is_cut = self._value, False
        for row in connection.execute(self._select, (*self._bindings, start, stop, limit)):
            rows.append(row)
            payload = row[value]
            size += len(payload) if isinstance(payload, bytes | str) else 0
            if size >= MAX_BYTES or (not len(rows) % 256 and time.monotonic() > deadline):
                is_cut = True
                break
        last = cast("int", rows[-1][0]) if rows else start - 1
        return Page(list(zip(*rows, strict=True)), len(rows), last, is_end=not is_cut and len(rows) < limit, newest=stop)

    def records(self, page: Page, log: int) -> RecordBatch:
        """The rows of a page as records of the plan's log number `log`."""
        if not page.rows:
            return RecordBatch()
        problems, cells, count = Problems(), page.cells, page.rows
        batch = RecordBatch(
            log=[log] * count,
            position=cast("list[int]", list(cells[0])),
            time_us=[None] * count,
            time_kind=[int(TimeKind.none)] * count,
            key=[None] * count,
            value=_payload(cells[self._value]),
            headers=[None] * count,
            envelope={name: list(evaluated(cells, problems)) for name, evaluated in self._envelope.items()},
        )
        if self._metadata is not None:
            batch.envelope["metadata"] = list(_payload(cells[self._metadata]))
        self._put_times(batch, page, problems)
        self._put_extra(batch, page, problems)
        for row, reasons in problems.by_row.items():
            batch.error[row] = "; ".join(reasons)
            batch.flags[row] = int(Flag.damaged)
        return batch

    def times(self, page: Page) -> list[int | None] | None:
        """The timestamp that a column gives of each row, microseconds; None when no column gives one."""
        for evaluated in self._times.values():
            return cast("list[int | None]", evaluated(page.cells, Problems())) if page.rows else []
        return None

    def values(self, page: Page) -> list[bytes | None]:
        """The payloads of a page."""
        return _payload(page.cells[self._value]) if page.rows else []

    def _put_times(self, batch: RecordBatch, page: Page, problems: Problems) -> None:
        for name, evaluated in self._times.items():
            kind = TimeKind.create if name == "time" else TimeKind.append
            batch.time_us = cast("list[int | None]", evaluated(page.cells, problems))
            batch.time_kind = [int(kind) if time_us is not None else 0 for time_us in batch.time_us]

    def _put_extra(self, batch: RecordBatch, page: Page, problems: Problems) -> None:
        """Unmapped columns as they are, the column of a time that cannot be read, and numbers that stand for a payload."""
        for name, numbers, is_wanted in self._extra:
            kinds, raw = page.cells[numbers[0]], page.cells[numbers[1]]
            for row, (kind, cell) in enumerate(zip(kinds, raw, strict=True)):
                if is_wanted or (batch.time_us[row] is None and cell is not None):
                    batch.extra.setdefault(row, {})[name] = _verbatim(kind, cell, row, name, problems)


@dataclass(slots=True)
class _Scope:
    """Collects the result columns that expressions ask for, each once."""

    descriptor: Descriptor
    shape: Shape
    cells: list[str] = field(default_factory=list)
    bindings: list[str] = field(default_factory=list)

    def add(self, sql: str, *bindings: str) -> int:
        """Adds a result column; gives its number."""
        if not bindings and sql in self.cells:
            return self.cells.index(sql)
        self.cells.append(sql)
        self.bindings.extend(bindings)
        return len(self.cells) - 1

    def bind(self, names: Sequence[str]) -> dict[str, Evaluated]:
        """Those of the named fields that the descriptor gives and the table has columns for."""
        bound = {name: self.descriptor.fields[name].bind(self) for name in names if name in self.descriptor.fields}
        return {name: evaluated for name, evaluated in bound.items() if evaluated is not None}

    def column(self, name: str, *, is_optional: bool) -> str | None:
        """See `sql_expressions.Scope`."""
        found = self.shape.find(name)
        if found is None and not is_optional:
            raise ValueError(f"it has no column {name}")
        return None if found is None else f"t.{quoted(found)}"

    def rowid(self) -> str:
        """See `sql_expressions.Scope`."""
        return _rowid_sql(self.shape)

    def cell(self, sql: str) -> int:
        """See `sql_expressions.Scope`."""
        return self.add(self._cell_sql(sql))

    def _cell_sql(self, sql: str) -> str:
        # text as bytes, because text that is not UTF-8 would end the whole result; a UTF-16 store's is turned by SQLite
        text = f"CAST({sql} AS BLOB)" if self.shape.is_utf8 else sql
        return f"CASE typeof({sql}) WHEN 'text' THEN {text} WHEN 'blob' THEN lower(hex({sql})) ELSE {sql} END"

    def text(self, sql: str, *bindings: str) -> int:
        """See `sql_expressions.Scope`."""
        return self.add(f"CAST(({sql}) AS {'BLOB' if self.shape.is_utf8 else 'TEXT'})", *bindings)

    def first(self, name: str) -> int:
        """See `sql_expressions.Scope`. Without an index on the stream it would read the table once per row: then the row itself."""
        own = self.column(name, is_optional=False)
        stream, version = (self.descriptor.fields.get(key) for key in ("stream", "version"))
        if not isinstance(stream, ColumnRef) or not isinstance(version, ColumnRef):
            raise TypeError(f"first({name}) needs columns for stream and version")
        by, order = self.shape.find(stream.name), self.shape.find(version.name)
        if by is None or order is None or by not in self.shape.indexed:
            return self.cell(str(own))
        cell = self._cell_sql(f"f.{quoted(str(self.shape.find(name)))}")
        of_stream = f"f.{quoted(by)} = t.{quoted(by)} ORDER BY f.{quoted(order)} LIMIT 1"
        return self.add(f"(SELECT {cell} FROM {quoted(self.shape.name)} AS f WHERE {of_stream})")

    def payload(self, expression: Expression) -> int:
        """A column taken as bytes: text as its UTF-8, a BLOB as it is, a number as its digits."""
        assert isinstance(expression, ColumnRef)
        sql = self.column(expression.name, is_optional=False)
        if self.shape.is_utf8:
            return self.add(f"CAST({sql} AS BLOB)")
        return self.add(f"CASE typeof({sql}) WHEN 'blob' THEN {sql} ELSE CAST({sql} AS TEXT) END")

    def extra(self) -> list[tuple[str, tuple[int, int], bool]]:
        """(name, numbers of its kind and value, always wanted) of the unmapped columns, and of those that give a time."""
        fields = self.descriptor.fields
        mapped = {name.lower() for expression in fields.values() for name in expression.columns()}
        timed = {name.lower() for key in ("time", "recorded") if key in fields for name in fields[key].columns()}
        found = []
        for name in self.shape.columns:
            if name.lower() not in mapped or name.lower() in timed:
                sql = f"t.{quoted(name)}"
                text = f"CAST({sql} AS BLOB)" if self.shape.is_utf8 else sql
                numbers = self.add(f"typeof({sql})"), self.add(f"CASE typeof({sql}) WHEN 'text' THEN {text} ELSE {sql} END")
                found.append((name, numbers, name.lower() not in mapped))
        return found


def _position_sql(descriptor: Descriptor, shape: Shape) -> str:
    """SQL of the position. Raises ValueError when it would not tell rows apart."""
    expression = descriptor.fields["position"]
    if isinstance(expression, Call):
        return _rowid_sql(shape)
    assert isinstance(expression, ColumnRef)
    column = shape.find(expression.name)
    if column is None:
        raise ValueError(f"it has no column {expression.name}")
    if column not in shape.unique:
        raise ValueError(f"its position {column} is not unique (no primary key or unique index of its own), so rows could be missed")
    return f"t.{quoted(column)}"


def _rowid_sql(shape: Shape) -> str:
    if not shape.has_rowid:
        raise ValueError("it is WITHOUT ROWID, so its rows have no position in the whole store")
    free = next((name for name in _ROWID_NAMES if shape.find(name) is None), None)
    if free is None:
        raise ValueError("its row number is hidden behind columns named rowid, _rowid_ and oid")
    return f"t.{free}"


def _payload(cells: Sequence[Cell]) -> list[bytes | None]:
    if set(map(type, cells)) <= {bytes, type(None)}:
        return cast("list[bytes | None]", list(cells))
    return [cell.encode() if isinstance(cell, str) else cast("bytes | None", cell) for cell in cells]


def _verbatim(kind: Cell, cell: Cell, row: int, name: str, problems: Problems) -> object:
    """A cell as JSON can say it: bytes that are no text in base64."""
    if not isinstance(cell, bytes):
        return cell
    if kind == "text":
        try:
            return cell.decode()
        except UnicodeDecodeError as error:
            problems.add(row, f"{name}: not UTF-8 at byte {error.start}")
    return {"base64": base64.b64encode(cell).decode()}
