"""Reads what a store says of itself: checkpoints, heads of streams, and the last number that a table gave. Runs SELECT only.

Tables are read in pages in the order of their key, each page with the end of the event table in the same instant. Read
`sql_sections` for how such tables are described, `claims` for what they become.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

import apsw
import orjson

from inspector.sources.claims import Claim, ClaimKind
from inspector.sources.sql_convert import Value
from inspector.sources.sql_expressions import Cell, ColumnRef, Problems
from inspector.sources.sql_rows import verbatim
from inspector.sources.sql_scope import Scope, rowid_sql, where_sql
from inspector.sources.sql_sections import ClaimTable
from inspector.sources.sql_shape import Shape, named, quoted
from inspector.sources.sql_table import Table

_PAGE_ROWS = 2_000
_SMALL_ROWS = 2_000
_MOST_ROWS = 1_000_000
_MOST_CELL = 16_384
"""Bytes of one column that are kept of such a row: a projection's definition may be long."""


@dataclass(slots=True)
class ClaimPage:
    """Claims, and the key to go on after; None at the end."""

    claims: list[Claim]
    after: tuple[apsw.SQLiteValue, ...] | None = None
    notes: list[str] = field(default_factory=list)


class ClaimReader(Protocol):
    """Reads claims of one kind."""

    notes: list[str]
    is_small: bool
    """Read again and again while a store is followed."""

    def page(self, connection: apsw.Connection, after: tuple[apsw.SQLiteValue, ...] | None) -> ClaimPage:
        """The next claims after a key (None: the first). Called in one transaction with nothing else."""


class TableReader:
    """One table of claims, or the numbering of an event table.

    Raises ValueError for a table that cannot be read so.
    """

    def __init__(self, spec: ClaimTable, shape: Shape, table: Table, others: Mapping[str, Shape]) -> None:
        self.notes: list[str] = []
        self.is_small = True
        self._spec, self._shape, self._table = spec, shape, table
        scope = Scope(table.descriptor, shape, others, ())
        self._key = _key(spec, shape, scope)
        for column in self._key:
            scope.add(column)
        bound = {name: expression.bind(scope) for name, expression in spec.fields.items()}
        self._fields = {name: evaluated for name, evaluated in bound.items() if evaluated is not None}
        self._verbatim = [(name, scope.verbatim(f"t.{quoted(name)}")) for name in shape.columns]
        self._bindings = scope.bindings
        where, self._fixed = where_sql(shape, spec.where)
        self._select = f"SELECT {', '.join(scope.cells)} FROM {quoted(shape.name)} AS t WHERE 1{where}"
        self._read = 0

    def page(self, connection: apsw.Connection, after: tuple[apsw.SQLiteValue, ...] | None) -> ClaimPage:
        """See `ClaimReader.page`."""
        if after is None:
            self._read = 0
        try:
            rows = self._greatest(connection, after) if self._spec.greatest else self._rows(connection, after)
        except UnicodeDecodeError:
            self.is_small = False
            return ClaimPage([], notes=[f"{self._shape.name} has keys that are not UTF-8: the rest of it was not read"])
        self._read += len(rows)
        is_end = len(rows) < _PAGE_ROWS
        self.is_small = is_end and self._read <= _SMALL_ROWS
        page = ClaimPage(self._claims(rows, self._table.info(connection).end))
        if self._read >= _MOST_ROWS and not is_end:
            page.notes.append(f"{self._shape.name} has more than {_MOST_ROWS:,} rows: the rest was not read")
        elif not is_end:
            page.after = cast("tuple[apsw.SQLiteValue, ...]", rows[-1][: len(self._key)])
        return page

    def _rows(self, connection: apsw.Connection, after: tuple[apsw.SQLiteValue, ...] | None) -> list[tuple[Cell, ...]]:
        key = ", ".join(self._key)
        beyond = "" if after is None else f" AND ({key}) > ({', '.join('?' * len(after))})"
        sql = f"{self._select}{beyond} ORDER BY {key} LIMIT ?"
        return connection.execute(sql, (*self._bindings, *self._fixed, *(after or ()), _PAGE_ROWS)).fetchall()

    def _greatest(self, connection: apsw.Connection, after: tuple[apsw.SQLiteValue, ...] | None) -> list[tuple[Cell, ...]]:
        """The row with the greatest position of each name, by one look into the index for each."""
        (name,) = self._key
        position = cast("ColumnRef", self._spec.value).name
        order = f"ORDER BY {name}, t.{quoted(str(self._shape.find(position)))} DESC LIMIT 1"
        rows: list[tuple[Cell, ...]] = []
        while len(rows) < _PAGE_ROWS:
            beyond = "" if after is None else f" AND {name} > ?"
            found = connection.execute(f"{self._select}{beyond} {order}", (*self._bindings, *self._fixed, *(after or ()))).fetchall()
            if not found:
                break
            rows += found
            after = (found[0][0],)
        return rows

    def _claims(self, rows: Sequence[tuple[Cell, ...]], log_end: int) -> list[Claim]:
        if not rows:
            return []
        spec, problems = self._spec, Problems()
        cells = list(zip(*rows, strict=True))
        columns = {name: evaluated(cells, problems) for name, evaluated in self._fields.items()}
        empty: list[Value] = [None] * len(rows)
        names, values = columns["name" if spec.kind == "checkpoint" else "stream"], columns.get(_value_key(spec), empty)
        times, categories = columns.get("time", empty), columns.get("category", empty)
        claims = []
        for row, (name, value, time_us, category) in enumerate(zip(names, values, times, categories, strict=True)):
            if name is None or str(name) in spec.skip:
                continue
            claims.append(
                Claim(
                    kind=ClaimKind.checkpoint if spec.kind == "checkpoint" else ClaimKind.stream,
                    table=self._shape.name,
                    name=str(name),
                    value=whole(value),
                    log="" if spec.is_elsewhere else self._table.name,
                    log_end=None if spec.is_elsewhere else log_end,
                    category="" if category is None else str(category),
                    time_us=time_us if isinstance(time_us, int) else None,
                    row=self._row(cells, row),
                )
            )
        return claims

    def _row(self, cells: Sequence[Sequence[Cell]], row: int) -> str:
        kept: dict[str, object] = {}
        for name, (kind, value) in self._verbatim:
            cell = cells[value][row]
            size = len(cell) if isinstance(cell, bytes | str) else 0
            is_text = cells[kind][row] == "text"
            kept[name] = {"left_out_bytes": size} if size > _MOST_CELL else verbatim(cell, row, name, Problems(), is_text=is_text)
        return orjson.dumps(kept).decode()


class SequenceReader:
    """What `sqlite_sequence` says of an AUTOINCREMENT table: the highest row number that it ever gave."""

    def __init__(self, table: Table) -> None:
        self.notes: list[str] = []
        self.is_small = True
        self._table = table

    def page(self, connection: apsw.Connection, after: tuple[apsw.SQLiteValue, ...] | None) -> ClaimPage:
        """See `ClaimReader.page`."""
        found = connection.execute("SELECT typeof(seq), seq FROM sqlite_sequence WHERE name = ?", (self._table.name,)).fetchall()
        name, end = self._table.name, self._table.info(connection).end
        row = orjson.dumps({"name": name, "seq": found[0][1]}).decode() if found and found[0][0] == "integer" else ""
        value = cast("int", found[0][1]) if row else None
        return ClaimPage([Claim(ClaimKind.sequence, "sqlite_sequence", name, value, name, end, row=row)] if row else [])


def claim_readers(connection: apsw.Connection, tables: Sequence[Table], others: Mapping[str, Shape]) -> list[ClaimReader]:
    """The readers of all claim tables that are there for these event tables."""
    readers: list[ClaimReader] = []
    has_sequences = bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get)
    for table in tables:
        if has_sequences and table.is_numbered_by_sqlite:
            readers.append(SequenceReader(table))
        for spec in table.descriptor.claims:
            shape = named(others, spec.table)
            if shape is None or any(shape.find(column) is None for column in spec.columns):
                continue
            try:
                readers.append(TableReader(spec, shape, table, others))
            except ValueError as error:
                # events are read all the same
                readers.append(_Unread(f"{shape.name} is not read: {error}"))
    return readers


class _Unread:
    """A table that cannot be read as described, which is said."""

    def __init__(self, note: str) -> None:
        self.notes = [note]
        self.is_small = True

    def page(self, connection: apsw.Connection, after: tuple[apsw.SQLiteValue, ...] | None) -> ClaimPage:
        """Nothing."""
        return ClaimPage([])


def _key(spec: ClaimTable, shape: Shape, scope: Scope) -> list[str]:
    """SQL of what orders the rows."""
    if spec.greatest:
        assert isinstance(spec.name, ColumnRef)
        return [str(scope.column(spec.name.name, is_optional=False))]
    if shape.has_rowid:
        return [rowid_sql(shape)]
    return [f"t.{quoted(column)}" for column in shape.primary_key]


def _value_key(spec: ClaimTable) -> str:
    return "position" if spec.kind == "checkpoint" else "version"


def whole(value: Value) -> int | None:
    """A position as a number, whether written as one or as digits with noughts before."""
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii() and len(value) <= 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63 else None
