"""One PostgreSQL table that a descriptor fits: its pages by position or by transaction, and its rows as records. Opens nothing.

Pages are found by keys, never by counting. Where a column holds the writer's transaction (`xid8`), its order is complete:
what is below the oldest running transaction is decided. Read `postgres_rows` for how rows are fetched, `postgres_follow` for who pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspector.errors import SourceError
from inspector.event import LogKey, RecordBatch
from inspector.sources import LogInfo
from inspector.sources.postgres_claims import Checkpoints
from inspector.sources.postgres_link import Rows
from inspector.sources.postgres_rows import Selection, fetched
from inspector.sources.postgres_scope import INTEGERS, Scope
from inspector.sources.postgres_shape import Shape, quoted, quoted_text
from inspector.sources.sql_descriptor import ENVELOPE, Descriptor
from inspector.sources.sql_expressions import ColumnRef
from inspector.sources.sql_rows import MAX_ROWS, Page, RowReader

_DECIDED = {
    "xid8": "pg_snapshot_xmin(pg_current_snapshot())",
    "int8": "txid_snapshot_xmin(txid_current_snapshot())",
}
"""Type of a column with transactions → the oldest transaction that is not decided yet."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a table stands in one state of the database."""

    first: int
    end: int
    """The position after its last one; with transactions, after the last one that is decided."""
    oid: int
    """Its number; another one is another table of the same name."""
    oldest: int
    """The oldest transaction that runs."""
    next: int
    """The first transaction number that was not given out yet."""


class PostgresTable:
    """A table read through its descriptor. Raises SourceError when it fits but cannot be read in order."""

    def __init__(self, descriptor: Descriptor, shape: Shape, codec: str) -> None:
        self.descriptor, self.shape, self.name = descriptor, shape, shape.name
        self.checkpoints = Checkpoints((), shape.name)
        """How far its consumers are, where the store keeps that."""
        self.notes: list[str] = []
        self._codec = codec
        scope = Scope(descriptor, shape)
        try:
            self._position = self._position_sql()
            self._xid = self._xid_sql()
            scope.add(self._position, "position")
            if self._xid:
                scope.add(f"{self._xid}::text", "transaction", is_text=True)
            self.reader = self._reader(scope)
        except (ValueError, TypeError) as error:
            raise SourceError(f"table {shape.name} cannot be read as {descriptor.title}: {error}", step="shape") from None
        self._scope = scope
        self._decided = f"{self._xid} < {_DECIDED[self._xid_type()]}" if self._xid else "true"
        named = self._position.removeprefix("t.")
        self._is_indexed = any(quoted(index[0]) == named for index in shape.indexes if index)
        self._notice()

    def _reader(self, scope: Scope) -> RowReader:
        fields = self.descriptor.fields
        extra = scope.extra()
        if self._xid:
            extra.append(scope.evidence("transaction", f"{self._xid}::text"))
        return RowReader(
            value=scope.payload(fields["value"]),
            metadata=scope.payload(fields["metadata"]) if "metadata" in fields else (),
            envelope=scope.bind(ENVELOPE),
            times=scope.bind(("time", "recorded")),
            extra=[*extra, scope.evidence("xmin", "t.xmin::text")],
            key=scope.bind(("key",)).get("key"),
        )

    @property
    def has_transactions(self) -> bool:
        """Whether a column holds the transaction of each row's writer."""
        return bool(self._xid)

    @property
    def key(self) -> LogKey:
        """Its name; its number in the database tells it from another one of that name."""
        return LogKey(self.name, 0, f"oid:{self.shape.oid}")

    # ---- where it stands

    def stand(self, cursor: Rows) -> Stand:
        """First and end position now, found by an index where there is one."""
        column, table, decided = self._position, self.shape.sql, self._decided
        ends = [f"(SELECT {column} FROM {table} AS t WHERE {decided} ORDER BY {column} {way} LIMIT 1)" for way in ("ASC", "DESC")]
        statement = (
            f"SELECT {ends[0]}, {ends[1]}, to_regclass({quoted_text(table)})::oid::bigint, "
            "txid_snapshot_xmin(txid_current_snapshot()), txid_snapshot_xmax(txid_current_snapshot())"
        )
        lowest, highest, oid, oldest, following = cursor.execute(self._bytes(statement), ()).fetchall()[0]
        start = self.descriptor.first_position
        first = min((place for place in (start, lowest) if place is not None), default=0)
        return Stand(first, first if highest is None else highest + 1, oid or 0, oldest, following)

    def info(self, cursor: Rows) -> LogInfo:
        """What is available now."""
        stand = self.stand(cursor)
        return LogInfo(self.key, stand.first, stand.end)

    def nth_last(self, cursor: Rows, count: int) -> int | None:
        """The position of the `count`-th row from the end; None when there are not so many."""
        column, table, decided = self._position, self.shape.sql, self._decided
        statement = f"SELECT {column} FROM {table} AS t WHERE {decided} ORDER BY {column} DESC LIMIT 1 OFFSET {int(max(0, count - 1))}"
        found = cursor.execute(self._bytes(statement), ()).fetchone()
        return None if found is None else int(found[0])

    def has_undecided(self, cursor: Rows) -> bool:
        """Whether rows are to be seen whose transactions are above one that still runs."""
        if not self._xid:
            return False
        table, decided = self.shape.sql, self._decided
        return bool(cursor.execute(self._bytes(f"SELECT EXISTS (SELECT 1 FROM {table} AS t WHERE NOT ({decided}))"), ()).fetchall()[0][0])

    # ---- rows

    def page(self, cursor: Rows, start: int, end: int | None, limit: int = MAX_ROWS) -> Page:
        """Rows from position `start` on, by position, as many as one batch may have."""
        where = f"{self._position} >= %s AND {self._decided}"
        bindings: tuple[Any, ...] = (start,)
        if end is not None:
            where, bindings = f"{where} AND {self._position} < %s", (start, end)
        return self._fetched(cursor, where, bindings, start, limit)

    def within(self, cursor: Rows, ranges: Sequence[tuple[int, int]]) -> Page:
        """The rows in these ranges of positions, by position."""
        starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
        column, table = self._position, self.shape.sql
        if self._is_indexed:
            # one short look into the index for each range: the limit keeps the server from joining the whole table
            inside = f"SELECT {column} AS p FROM {table} AS t WHERE {column} >= h.a AND {column} < h.b ORDER BY 1 LIMIT {int(MAX_ROWS)}"
            ranged = (
                f"SELECT l.p FROM unnest(%s::bigint[], %s::bigint[]) AS h(a, b) CROSS JOIN LATERAL ({inside}) AS l LIMIT {int(MAX_ROWS)}"
            )
            found = cursor.execute(self._bytes(ranged), (starts, ends)).fetchall()
        else:
            among = "EXISTS (SELECT 1 FROM unnest(%s::bigint[], %s::bigint[]) AS h(a, b) WHERE p >= h.a AND p < h.b)"
            looked = f"SELECT p FROM (SELECT {column} AS p FROM {table} AS t WHERE {column} >= %s AND {column} < %s) AS s WHERE {among}"
            found = cursor.execute(self._bytes(looked), (min(starts), max(ends), starts, ends)).fetchmany(MAX_ROWS)
        if not found:
            return Page([], 0, min(starts) - 1, is_end=True, newest=0)
        return self._fetched(cursor, f"{column} = ANY(%s)", ([place for (place,) in found],), min(starts), MAX_ROWS)

    def after_transaction(self, cursor: Rows, xid: int, position: int, start: int, end: int | None) -> Page:
        """Rows after (transaction, position) in that order, of transactions that are decided, within positions."""
        kind = self._xid_type()
        where = f"({self._xid}, {self._position}) > (%s::text::{kind}, %s) AND {self._decided} AND {self._position} >= %s"
        bindings: tuple[Any, ...] = (str(xid), position, start)
        if end is not None:
            where, bindings = f"{where} AND {self._position} < %s", (*bindings, end)
        return self._fetched(cursor, where, bindings, start, MAX_ROWS, order=f"{self._xid}, {self._position}")

    def lowest_transaction(self, cursor: Rows, start: int, end: int) -> int | None:
        """The lowest transaction among the rows of these positions."""
        column, table, xid = self._position, self.shape.sql, self._xid
        # the offset keeps the server from walking all transactions in their order until one has such a position
        inside = f"SELECT {xid} AS x FROM {table} AS t WHERE {column} >= %s AND {column} < %s OFFSET 0"
        statement = f"SELECT x::text FROM ({inside}) AS near ORDER BY x LIMIT 1"
        found = cursor.execute(self._bytes(statement), (start, end)).fetchone()
        return None if found is None else int(found[0])

    def transactions(self, page: Page) -> list[int]:
        """The transaction of each row of a page."""
        return [int(str(cell, "ascii") if isinstance(cell, bytes) else cell or 0) for cell in page.cells[1]] if page.rows else []

    def _fetched(self, cursor: Rows, where: str, bindings: tuple[Any, ...], start: int, limit: int, order: str = "") -> Page:
        selection = Selection(self._scope, self._position, where, bindings, order or self._position, self._codec)
        return fetched(cursor, selection, start, limit, self.reader.value)

    def records(self, page: Page, log: int) -> RecordBatch:
        """The rows of a page as records of the plan's log number `log`."""
        return self.reader.records(page, log)

    def times(self, page: Page) -> list[int | None] | None:
        """See `sql_times.Timed`."""
        return self.reader.times_of(page)

    def values(self, page: Page) -> list[bytes | None]:
        """See `sql_times.Timed`."""
        return self.reader.values_of(page)

    # ---- what it is made of

    def _bytes(self, statement: str) -> bytes:
        return statement.encode(self._codec)

    def _position_sql(self) -> str:
        expression = self.descriptor.fields["position"]
        if not isinstance(expression, ColumnRef):
            raise ValueError("PostgreSQL has no lasting row number: name a column that a sequence feeds")  # noqa: TRY004
        column = self.shape.find(expression.name)
        if column is None:
            raise ValueError(f"it has no column {expression.name}")
        if column.type not in INTEGERS:
            raise ValueError(f"its position {column.name} is no integer ({column.type})")
        if column.name not in self.shape.unique and not column.is_fed:
            raise ValueError(f"its position {column.name} is not unique and no sequence feeds it, so rows could be missed")
        return f"t.{quoted(column.name)}"

    def _xid_sql(self) -> str:
        expression = self.descriptor.fields.get("xid")
        column = self.shape.find(expression.name) if isinstance(expression, ColumnRef) else None
        if column is None:
            return ""
        if column.type not in _DECIDED:
            raise ValueError(f"its transaction {column.name} is neither xid8 nor bigint ({column.type})")
        return f"t.{quoted(column.name)}"

    def _xid_type(self) -> str:
        expression = self.descriptor.fields["xid"]
        assert isinstance(expression, ColumnRef)
        column = self.shape.find(expression.name)
        assert column is not None
        return column.type

    def _notice(self) -> None:
        """What the user should know of how it is read."""
        title = self.descriptor.title
        if not self.descriptor.is_verified:
            self.notes.append(f"{self.name} is read by an unverified mapping ({title}): compare some events with what was written")
        order = (self._xid or self._position).removeprefix("t.")
        if not any(quoted(index[0]) == order for index in self.shape.indexes if index):
            self.notes.append(f"{self.name} has no index on {order}: the server looks through the whole table for each page")
        if self.shape.hides_rows:
            self.notes.append(f"{self.name} has row-level security: rows that this role may not see are not read, and look like holes")
