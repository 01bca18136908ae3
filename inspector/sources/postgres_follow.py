"""One PostgreSQL table being read: which span it is in, how far it is, and what came late. Opens nothing itself.

By position, with holes looked at again; or by transaction, which skips nothing. Read `postgres_late` for late arrivals,
`postgres_table` for pages, `postgres` for the loop.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from inspector.event import Flag, RecordBatch
from inspector.sources import Batch, LogInfo, Plan, Span
from inspector.sources.postgres_claims import passed
from inspector.sources.postgres_late import KEY, LATER_COMMIT, LATER_TRANSACTION, MOST, READ_AGAIN, SKIPPED_BY, Holes, runs, words
from inspector.sources.postgres_link import Link, Rows
from inspector.sources.postgres_table import PostgresTable, Stand
from inspector.sources.sql_rows import Page

_CLAIMS_S = 1.0
"""How far consumers are is read so often while a table is followed."""
_LOOK_AGAIN_S = 1.0
"""While much is read, holes are looked at so often; when all is read, each time."""


class PostgresTail:
    """Reads `spans` of one table, the last one without end when following.

    `asked` is where the request begins: a first span that starts above it goes on where a capture already is, so the
    positions just below are read again once, for what came late meanwhile.
    """

    def __init__(
        self, table: PostgresTable, info: LogInfo, log: int, spans: Sequence[Span], *, asked: int, follow: bool, again: int
    ) -> None:
        self.table, self.log = table, log
        self._key = info.key
        self._spans = sorted(spans, key=lambda span: span.start)
        self._follow = follow
        self._asked = asked
        self._next = self._spans[0].start if self._spans else 0
        self._again = max(asked, self._next - again) if asked < self._next else self._next
        self._known = self._next if self._next > asked else 0
        self._holes: Holes | None = None
        self._looked_s = 0.0
        self._order: tuple[int, int] | None = None
        """(transaction, position) of the last row read, in a table that is read by transaction."""
        self._low = self._next
        self._resumed_at = self._next if self._again < self._next else 0
        """Where a capture goes on; from `_again` up to here is read again. 0 when nothing is."""
        self._has_told_full = False
        self._claimed_s = -_CLAIMS_S
        self._checkpoints: dict[str, int] = {}
        """Consumer → the position that it had dealt with in the last state in which all that could be seen was read."""
        self.is_caught_up = False

    @property
    def is_done(self) -> bool:
        """Every span is read."""
        return not self._spans

    def step(self, link: Link, plan: Plan) -> list[Batch]:
        """The next batches, at least one. Raises SourceError as `Link.read` does."""
        if self._holes is None:
            self._holes = Holes(link.settings.reread_positions, link.settings.reread_s)
        return link.read(lambda cursor: self._step(cursor, plan), of=self.table.name)

    def _step(self, cursor: Rows, plan: Plan) -> list[Batch]:
        stand = self.table.stand(cursor)
        if stand.oid != self.table.shape.oid or f"oid:{stand.oid}" != self._key.incarnation:
            return self._reopened(plan, stand)
        if stand.end < self._known and self._follow:
            return [self._shrunk(stand)]
        by = self._by_transaction if self.table.has_transactions else self._by_position
        batches = by(cursor, stand, self._spans[0])
        if self.is_caught_up or self.is_done:
            batches += self._claimed(cursor, stand)
        return batches

    def _claimed(self, cursor: Rows, stand: Stand) -> list[Batch]:
        """How far consumers are in the state in which all was read: what comes to be seen later below that, they have skipped."""
        if not self.table.checkpoints or not (self.is_done or time.monotonic() - self._claimed_s >= _CLAIMS_S):
            return []
        self._claimed_s = time.monotonic()
        batch = claimed(self.table, cursor, stand.end)
        self._checkpoints = dict(passed(batch.claims))
        return [batch]

    # ---- by position

    def _by_position(self, cursor: Rows, stand: Stand, span: Span) -> list[Batch]:
        before = self._read_again(cursor, stand)
        stop = stand.end if span.end is None else min(span.end, stand.end)
        start = self._next
        page = self.table.page(cursor, start, stop) if start < stop else Page([], 0, start - 1, is_end=True, newest=stand.end)
        self.is_caught_up = page.is_end
        self._next = max(start, self._reached(span, stand, page, page.last))
        self._passed(start, min(self._next, stand.end), page, stand)
        late = self._filled(cursor, stand)
        self._known = max(self._known, min(self._next, stand.end))
        forward = Batch(records=self.table.records(page, self.log), read_to={self.log: self._next}, end={self.log: stand.end})
        self._go_on(span)
        return [*before, forward, *late]

    def _passed(self, start: int, stop: int, page: Page, stand: Stand) -> None:
        assert self._holes is not None
        if start < stop:
            self._holes.passed(start, stop, _positions(page), time.monotonic(), stand.next)

    def _filled(self, cursor: Rows, stand: Stand) -> list[Batch]:
        """What came into holes since they were passed."""
        assert self._holes is not None
        now_s = time.monotonic()
        if not self.is_caught_up and now_s - self._looked_s < _LOOK_AGAIN_S:
            return []
        self._looked_s = now_s
        ranges = self._holes.ranges
        page = self.table.within(cursor, ranges) if ranges else None
        found = []
        if page is not None and page.rows:
            self._holes.filled(_positions(page))
            found = [self._late(page, LATER_COMMIT, words(self.table.name, _positions(page), self._next - 1, by_transaction=False))]
            _mark_skipped(found[0].records, self._checkpoints)
        self._holes.settle(self._next, now_s, stand.oldest)
        if self._holes.is_full and not self._has_told_full:
            self._has_told_full = True
            note = f"{self.table.name} has more than {MOST:,} holes at once: only the last {MOST:,} are looked at again for late arrivals"
            found.append(Batch(notes=[note]))
        return found

    def _read_again(self, cursor: Rows, stand: Stand) -> list[Batch]:
        """What lies just below where a capture goes on: what it has is not stored twice, what came meanwhile is."""
        assert self._holes is not None
        found = []
        while self._again < self._resumed_at:
            page = self.table.page(cursor, self._again, self._resumed_at)
            stop = self._resumed_at if page.is_end else page.last + 1
            self._passed(self._again, stop, page, stand)
            self._again = stop
            if page.rows:
                found.append(self._late(page, READ_AGAIN, ""))
        return found

    # ---- by transaction

    def _by_transaction(self, cursor: Rows, stand: Stand, span: Span) -> list[Batch]:
        if self._order is None:
            self._order = self._begin_order(cursor, span)
        page = self.table.after_transaction(cursor, *self._order, self._low, span.end)
        self.is_caught_up = page.is_end
        batches = self._in_order(page)
        if page.rows:
            self._order = self.table.transactions(page)[-1], page.last
        highest = max(_positions(page), default=self._next - 1)
        self._next = max(self._next, self._reached(span, stand, page, highest))
        batches.append(Batch(read_to={self.log: self._next}, end={self.log: stand.end}))
        if page.is_end and not self._follow and self.table.has_undecided(cursor):
            batches[-1].notes.append(
                f"{self.table.name} has rows whose transactions are later than one that still runs: they are left for the next "
                "capture, because what that one writes may belong before them"
            )
        self._known = max(self._known, min(self._next, stand.end))
        self._go_on(span)
        return batches

    def _begin_order(self, cursor: Rows, span: Span) -> tuple[int, int]:
        """Where to begin: at the first transaction, or at one that is not later than what a capture read last.

        What that capture had not read is of transactions that ran then, so none is earlier than what it had read.
        """
        self._low = self._asked if self._resumed_at else span.start
        lowest = self.table.lowest_transaction(cursor, self._again, self._resumed_at) if self._resumed_at else None
        return (0, -1) if lowest is None else (max(0, lowest - 1), -1)

    def _in_order(self, page: Page) -> list[Batch]:
        """A page in transaction order as batches of rising positions."""
        records = self.table.records(page, self.log)
        made = []
        for first, last, is_late in runs(_positions(page), self._next):
            part = records.rows(range(first, last))
            batch = Batch(records=part)
            if is_late:
                reason = READ_AGAIN if part.position[0] < self._resumed_at else LATER_TRANSACTION
                _mark(part, self._next - 1, reason)
                if reason is LATER_TRANSACTION:
                    batch.notes.append(words(self.table.name, part.position, self._next - 1, by_transaction=True))
            self._next = max(self._next, part.position[-1] + 1)
            batch.read_to = {self.log: self._next}
            made.append(batch)
        return made

    # ---- both

    def _late(self, page: Page, reason: str, note: str) -> Batch:
        records = self.table.records(page, self.log)
        _mark(records, self._next - 1, reason)
        return Batch(records=records, notes=[note] if note else [])

    def _reached(self, span: Span, stand: Stand, page: Page, highest: int) -> int:
        """The position up to which all is read that was there: the end of the span once nothing is left below it."""
        if not page.is_end:
            return highest + 1
        if span.end is not None and (not self._follow or stand.end >= span.end):
            return span.end
        return stand.end

    def _go_on(self, span: Span) -> None:
        if span.end is not None and self._next >= span.end and self.is_caught_up:
            self._spans.pop(0)
            if self._spans:
                self._next, self._resumed_at = self._spans[0].start, 0
                self.is_caught_up, self._order = False, None

    def _reopened(self, plan: Plan, stand: Stand) -> list[Batch]:
        """Another table has this name now: it is another log, read from its start."""
        old = self.log
        self.table.shape = replace(self.table.shape, oid=stand.oid)
        info = LogInfo(self.table.key, stand.first, stand.end)
        self._key, self.log = info.key, len(plan.logs)
        span = Span(self.log, info.first, None if self._follow else stand.end)
        self._spans, self._next, self._asked, self._resumed_at = [span], info.first, info.first, 0
        self._known, self._order, self.is_caught_up = 0, None, False
        assert self._holes is not None
        self._holes.forget()
        note = f"{self.table.name} is not the table that was being read: it was made anew. It is read from its start as another log"
        return [Batch(opened=[(info, span)], closed=[old], notes=[note])]

    def _shrunk(self, stand: Stand) -> Batch:
        """Rows that were read are gone from the end; what takes their positions is read, and shows up as a conflict."""
        note = (
            f"{self.table.name} ends at position {stand.end - 1:,} now, but was read up to {self._known - 1:,}: rows were deleted, "
            "or the database was put back from an older copy. What comes at those positions again is read and kept as a conflict"
        )
        assert self._holes is not None
        self._holes.forget()
        self._next = self._known = stand.end
        self._resumed_at = 0
        return Batch(end={self.log: stand.end}, notes=[note])


def _positions(page: Page) -> list[int]:
    return [int(position) for position in page.cells[0] if isinstance(position, int)] if page.rows else []


def claimed(table: PostgresTable, cursor: Rows, end: int) -> Batch:
    """What the store says of how far consumers of a table are, in the state in which that table ends at `end`."""
    claims = table.checkpoints.read(cursor, end)
    return Batch(claims=claims, notes=table.checkpoints.told())


def _mark_skipped(records: RecordBatch, checkpoints: Mapping[str, int]) -> None:
    """Says of every record which consumers had passed it before it could be seen."""
    for row, position in enumerate(records.position):
        names = sorted(name for name, value in checkpoints.items() if value >= position)
        if names:
            found = records.extra[row][KEY]
            assert isinstance(found, dict)
            found[SKIPPED_BY] = names


def _mark(records: RecordBatch, after: int, reason: str) -> None:
    """Says of every record that it came after position `after` was read, and why."""
    for row in range(len(records)):
        records.extra.setdefault(row, {})[KEY] = {"after": after, "reason": reason}
        records.flags[row] = records.flags.get(row, 0) | int(Flag.late)
