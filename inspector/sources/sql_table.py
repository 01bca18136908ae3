"""One table that a descriptor fits: finding it in a store, and its rows as a batch of records. No opening of files.

Values are never read through declared types: SQLite columns hold what was put in, so every cell is taken as bytes or
number and decoded here, cell by cell, and one that cannot be is a row with a reason. Read `sql` for who pages.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import apsw

from inspector.errors import SourceError
from inspector.event import GROWING, Flag, LogKey, RecordBatch, TimeKind
from inspector.sources import LogInfo
from inspector.sources.sql_descriptor import ENVELOPE, Descriptor
from inspector.sources.sql_expressions import Cell, Column, ColumnRef, Problems
from inspector.sources.sql_links import LinkRows, LinkTable
from inspector.sources.sql_scope import Scope, main_table, position_sql, where_sql
from inspector.sources.sql_shape import Shape

MAX_ROWS = 20_000
MAX_BYTES = 16_000_000
MAX_S = 0.2


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
    links: LinkRows | None = None
    """The streams that its events are in, from a table of their own."""


class Table:
    """A table read through its descriptor. `key.incarnation` is what it was when last looked at.

    Raises SourceError when it fits but cannot be read in order.
    """

    def __init__(self, descriptor: Descriptor, shape: Shape, others: Mapping[str, Shape] | None = None) -> None:
        self.descriptor = descriptor
        self.shape = shape
        self.name = shape.name
        scope = Scope(descriptor, shape, others or {})
        try:
            self._position = position_sql(descriptor, shape)
            number = scope.add(self._position)
            assert number == 0
            self._value = scope.payload(descriptor.fields["value"])
            self._metadata = scope.payload(descriptor.fields["metadata"]) if "metadata" in descriptor.fields else None
            self._envelope = scope.bind(ENVELOPE)
            self._key = scope.bind(("key",)).get("key")
            self._times = scope.bind(("time", "recorded"))
            self._extra = scope.extra()
            self._joined = scope.joined()
            self._from = scope.own() + scope.joined_tables()
            self._where, self._fixed = where_sql(shape, descriptor.where)
            self._links = LinkTable(descriptor, shape, others or {}, self._position) if descriptor.links else None
        except (ValueError, TypeError) as error:
            raise SourceError(f"table {shape.name} cannot be read as {descriptor.title}: {error}", step="file") from None
        self._cells, self._bindings = scope.cells, scope.bindings
        self._select = (
            f"SELECT {', '.join(scope.cells)} FROM {self._from} "
            f"WHERE {self._position} >= ? AND {self._position} < ?{self._where} ORDER BY {self._position} LIMIT ?"
        )

    @property
    def is_numbered_by_sqlite(self) -> bool:
        """Its position is the row number, under whatever name."""
        name = self.descriptor.fields["position"]
        alias = self.shape.find(name.name) if isinstance(name, ColumnRef) else None
        return not isinstance(name, ColumnRef) or (
            alias is not None and self.shape.primary_key == (alias,) and self.shape.types.get(alias, "").upper() == "INTEGER"
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
        own, column = main_table(self.descriptor, self.shape), self._position
        # two statements: SQLite takes one end of the index for min() or max(), but scans it for both at once
        sql = f"({column}) FROM {own} WHERE 1{self._where}"
        found = [connection.execute(f"SELECT {end}{sql}", self._fixed).get for end in ("min", "max")]
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
        if self.descriptor.is_ordered_by_key:
            return self._digest_of_all(connection, 0 if highest is None else highest + 1)
        digests, power = [], 1
        while highest is not None and power <= highest:
            page = self._rows(connection, power, highest + 1, limit=1)
            digests.append(hashlib.sha256(repr(self._identity(page)).encode()).hexdigest()[:4])
            power *= 2
        return GROWING + "".join(digests)

    def _digest_of_all(self, connection: apsw.Connection, end: int) -> str:
        """A digest of every row's identity: rows without a position may come in anywhere, so they are another log then."""
        digest = hashlib.sha256()
        for start in range(0, end, MAX_ROWS):
            page = self._rows(connection, start, min(end, start + MAX_ROWS))
            digest.update(repr((page.rows, self._whole_identity(page))).encode())
        return "all:" + digest.hexdigest()[:16]

    def _whole_identity(self, page: Page) -> list[object]:
        columns = [self._envelope[field](page.cells, Problems()) for field in ("version", "type") if page.rows and field in self._envelope]
        keys = [self._key(page.cells, Problems())] if page.rows and self._key else []
        return [*columns, *keys]

    def _identity(self, page: Page) -> list[object]:
        named = [
            self._envelope[field](page.cells, Problems())[0] for field in ("stream", "version", "type", "id") if field in self._envelope
        ]
        return [page.last, *named]

    def nth_last(self, connection: apsw.Connection, count: int) -> int | None:
        """The position of the `count`-th row from the end; None when there are not so many."""
        column = self._position
        sql = f"SELECT {column} FROM {main_table(self.descriptor, self.shape)} WHERE 1{self._where} ORDER BY {column} DESC LIMIT 1 OFFSET ?"
        found = connection.execute(sql, (*self._fixed, max(0, count - 1))).get
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
        for row in connection.execute(self._select, (*self._bindings, start, stop, *self._fixed, limit)):
            rows.append(row)
            payload = row[value]
            size += len(payload) if isinstance(payload, bytes | str) else 0
            if size >= MAX_BYTES or (not len(rows) % 256 and time.monotonic() > deadline):
                is_cut = True
                break
        last = cast("int", rows[-1][0]) if rows else start - 1
        page = Page(list(zip(*rows, strict=True)), len(rows), last, is_end=not is_cut and len(rows) < limit, newest=stop)
        if self._links is not None and rows:
            page.links = self._links.read(connection, cast("int", rows[0][0]), last)
        return page

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
            key=[None] * count if self._key is None else _texts(self._key(cells, problems)),
            value=_payload(cells[self._value]),
            headers=[None] * count,
            envelope={name: list(evaluated(cells, problems)) for name, evaluated in self._envelope.items()},
        )
        if self._metadata is not None:
            batch.envelope["metadata"] = list(_payload(cells[self._metadata]))
            self._keep_yaml(batch)
        self._put_links(batch, page, problems)
        self._put_times(batch, page, problems)
        self._put_extra(batch, page, problems)
        for row, reasons in problems.by_row.items():
            batch.error[row] = "; ".join(reasons)
            batch.flags[row] = int(Flag.damaged)
        return batch

    def _keep_yaml(self, batch: RecordBatch) -> None:
        """Metadata that is no JSON is kept as JSON, so the text itself is kept beside it."""
        name = next(iter(self.descriptor.fields["metadata"].columns()))
        for row, text in enumerate(batch.envelope["metadata"]):
            if isinstance(text, bytes) and text.startswith(b"---"):
                batch.extra.setdefault(row, {})[name] = verbatim("text", text, row, name, Problems())

    def _put_links(self, batch: RecordBatch, page: Page, problems: Problems) -> None:
        """The streams of each row besides its own, and what a joined table lacks."""
        if self._links is not None and page.links is not None:
            batch.envelope["streams"] = self._links.streams(page.links, batch.position, problems)
        for label, number in self._joined:
            for row, is_missing in enumerate(page.cells[number]):
                if is_missing:
                    problems.add(row, f"{label} has no row for it")

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
                    batch.extra.setdefault(row, {})[name] = verbatim(kind, cell, row, name, problems)


def _payload(cells: Sequence[Cell]) -> list[bytes | None]:
    if set(map(type, cells)) <= {bytes, type(None)}:
        return cast("list[bytes | None]", list(cells))
    return [cell.encode() if isinstance(cell, str) else cast("bytes | None", cell) for cell in cells]


def _texts(column: Column) -> list[bytes | None]:
    return [None if value is None else str(value).encode(errors="surrogatepass") for value in column]


def verbatim(kind: Cell, cell: Cell, row: int, name: str, problems: Problems) -> object:
    """A cell as JSON can say it: bytes that are no text in base64."""
    if not isinstance(cell, bytes):
        return cell
    if kind == "text":
        try:
            return cell.decode()
        except UnicodeDecodeError as error:
            problems.add(row, f"{name}: not UTF-8 at byte {error.start}")
    return {"base64": base64.b64encode(cell).decode()}
