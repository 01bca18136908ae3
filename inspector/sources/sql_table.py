"""One table that a descriptor fits: finding it in a store, and its rows as a batch of records. No opening of files.

Values are never read through declared types: SQLite columns hold what was put in, so every cell is taken as bytes or
number and decoded here, cell by cell, and one that cannot be is a row with a reason. Read `sql` for who pages.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import cast

import apsw

from inspector.errors import SourceError
from inspector.event import GROWING, LogKey, RecordBatch
from inspector.sources import LogInfo
from inspector.sources.sql_descriptor import ENVELOPE, Descriptor
from inspector.sources.sql_expressions import Cell, ColumnRef, Problems
from inspector.sources.sql_links import LinkTable
from inspector.sources.sql_rows import MAX_BYTES, MAX_ROWS, MAX_S, Page, RowReader, verbatim
from inspector.sources.sql_scope import Scope, main_table, position_sql, where_sql
from inspector.sources.sql_shape import Shape


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
            self._rows_read = RowReader(
                value=scope.payload(descriptor.fields["value"]),
                metadata=scope.payload(descriptor.fields["metadata"]) if "metadata" in descriptor.fields else (),
                envelope=scope.bind(ENVELOPE),
                times=scope.bind(("time", "recorded")),
                extra=scope.extra(),
                key=scope.bind(("key",)).get("key"),
                more=self._put_more,
            )
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
            digests.append(hashlib.sha256(repr(self._rows_read.identity(page)).encode()).hexdigest()[:4])
            power *= 2
        return GROWING + "".join(digests)

    def _digest_of_all(self, connection: apsw.Connection, end: int) -> str:
        """A digest of every row's identity: rows without a position may come in anywhere, so they are another log then."""
        digest = hashlib.sha256()
        for start in range(0, end, MAX_ROWS):
            page = self._rows(connection, start, min(end, start + MAX_ROWS))
            digest.update(repr((page.rows, self._rows_read.whole_identity(page))).encode())
        return "all:" + digest.hexdigest()[:16]

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
        values, is_cut = self._rows_read.value, False
        for row in connection.execute(self._select, (*self._bindings, start, stop, *self._fixed, limit)):
            rows.append(row)
            size += sum(len(payload) for number in values if isinstance(payload := row[number], bytes | str))
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
        return self._rows_read.records(page, log)

    def _put_more(self, batch: RecordBatch, page: Page, problems: Problems) -> None:
        """The streams of each row besides its own, what a joined table lacks, and metadata that is no JSON."""
        if self._links is not None and page.links is not None:
            batch.envelope["streams"] = self._links.streams(page.links, batch.position, problems)
        for label, number in self._joined:
            for row, is_missing in enumerate(page.cells[number]):
                if is_missing:
                    problems.add(row, f"{label} has no row for it")
        if "metadata" in batch.envelope:
            self._keep_yaml(batch)

    def _keep_yaml(self, batch: RecordBatch) -> None:
        """Metadata that is no JSON is kept as JSON, so the text itself is kept beside it."""
        name = next(iter(self.descriptor.fields["metadata"].columns()))
        for row, text in enumerate(batch.envelope["metadata"]):
            if isinstance(text, bytes) and text.startswith(b"---"):
                batch.extra.setdefault(row, {})[name] = verbatim(text, row, name, Problems(), is_text=True)

    def times(self, page: Page) -> list[int | None] | None:
        """The timestamp that a column gives of each row, microseconds; None when no column gives one."""
        return self._rows_read.times_of(page)

    def values(self, page: Page) -> list[bytes | None]:
        """The payloads of a page."""
        return self._rows_read.values_of(page)
