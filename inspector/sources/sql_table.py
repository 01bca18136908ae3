"""One table that a descriptor fits: finding it in a store, and its rows as a batch of records. No opening of files.

Values are never read through declared types: SQLite columns hold what was put in, so every cell is taken as bytes or
number and decoded here, cell by cell, and one that cannot be is a row with a reason. Read `sql` for who pages.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import apsw

from inspector.errors import SourceError
from inspector.event import GROWING, LogKey, RecordBatch
from inspector.sources import LogInfo
from inspector.sources.sql_descriptor import ENVELOPE, Descriptor
from inspector.sources.sql_expressions import Call, Cell, ColumnRef, Evaluated, Expression, Problems, cells_of, payload_parts
from inspector.sources.sql_rows import MAX_BYTES, MAX_ROWS, MAX_S, Extra, Page, RowReader, verbatim
from inspector.sources.sql_shape import Shape, quoted

_ROWID_NAMES = ("rowid", "_rowid_", "oid")


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
            self._rows_read = RowReader(
                value=scope.payload(descriptor.fields["value"]),
                metadata=scope.payload(descriptor.fields["metadata"]) if "metadata" in descriptor.fields else (),
                envelope=scope.bind(ENVELOPE),
                times=scope.bind(("time", "recorded")),
                extra=scope.extra(),
            )
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
            digests.append(hashlib.sha256(repr(self._rows_read.identity(page)).encode()).hexdigest()[:4])
            power *= 2
        return GROWING + "".join(digests)

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
        values, is_cut = self._rows_read.value, False
        for row in connection.execute(self._select, (*self._bindings, start, stop, limit)):
            rows.append(row)
            size += sum(len(payload) for number in values if isinstance(payload := row[number], bytes | str))
            if size >= MAX_BYTES or (not len(rows) % 256 and time.monotonic() > deadline):
                is_cut = True
                break
        last = cast("int", rows[-1][0]) if rows else start - 1
        return Page(list(zip(*rows, strict=True)), len(rows), last, is_end=not is_cut and len(rows) < limit, newest=stop)

    def records(self, page: Page, log: int) -> RecordBatch:
        """The rows of a page as records of the plan's log number `log`."""
        return self._rows_read.records(page, log)

    def times(self, page: Page) -> list[int | None] | None:
        """The timestamp that a column gives of each row, microseconds; None when no column gives one."""
        return self._rows_read.times_of(page)

    def values(self, page: Page) -> list[bytes | None]:
        """The payloads of a page."""
        return self._rows_read.values_of(page)


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

    def json(self, sql: str, path: str, label: str) -> Evaluated:
        """See `sql_expressions.Scope`."""
        text = f"CAST({sql} AS TEXT)"
        document = f"CASE WHEN json_valid({sql}, 9) THEN {sql} WHEN json_valid({text}) THEN {text} END"
        # ->> would turn a long number into a double; -> gives its own digits
        value = f"CASE json_type({document}, ?) WHEN 'null' THEN NULL WHEN 'text' THEN ({document}) ->> ? ELSE ({document}) -> ? END"
        return cells_of(self.add(f"CAST(({value}) AS {'BLOB' if self.shape.is_utf8 else 'TEXT'})", path, path, path), label)

    def large_object(self, sql: str) -> int:
        """See `sql_expressions.Scope`. SQLite has none: the column itself."""
        return self.cell(sql)

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

    def payload(self, expression: Expression) -> Sequence[int]:
        """Columns taken as bytes: text as its UTF-8, a BLOB as it is, a number as its digits."""
        found = [self._payload(sql) for ref, _ in payload_parts(expression) if (sql := self.column(ref.name, is_optional=ref.is_optional))]
        if not found:
            raise ValueError("it has none of the columns that its payload may be in")
        return found

    def _payload(self, sql: str) -> int:
        if self.shape.is_utf8:
            return self.add(f"CAST({sql} AS BLOB)")
        return self.add(f"CASE typeof({sql}) WHEN 'blob' THEN {sql} ELSE CAST({sql} AS TEXT) END")

    def extra(self) -> list[Extra]:
        """The unmapped columns, and those that give a time for rows where it cannot be read."""
        mapped, timed = self.descriptor.mapped_columns
        return [
            self._extra(name, is_always=name.lower() not in mapped)
            for name in self.shape.columns
            if name.lower() not in mapped or name.lower() in timed
        ]

    def _extra(self, name: str, *, is_always: bool) -> Extra:
        sql = f"t.{quoted(name)}"
        text = f"CAST({sql} AS BLOB)" if self.shape.is_utf8 else sql
        kind, raw = self.add(f"typeof({sql})"), self.add(f"CASE typeof({sql}) WHEN 'text' THEN {text} ELSE {sql} END")

        def read(cells: Sequence[Sequence[Cell]], problems: Problems) -> Sequence[object]:
            rows = enumerate(zip(cells[kind], cells[raw], strict=True))
            return [verbatim(cell, row, name, problems, is_text=said == "text") for row, (said, cell) in rows]

        return Extra(name, read, is_always)


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
