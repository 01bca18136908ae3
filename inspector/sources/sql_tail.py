"""One table being read: which span it is in, how far it is, and whether it is still the same store. Opens nothing itself.

Read `sql` for the loop, `sql_table` for pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inspector.event import same_life
from inspector.sources import Batch, LogInfo, Plan, Span
from inspector.sources.sql_open import StoreFile
from inspector.sources.sql_rows import Page
from inspector.sources.sql_table import Table


@dataclass(slots=True)
class _Place:
    """A log of the plan as this tail knows it."""

    info: LogInfo
    log: int


class Tail:
    """Reads `spans` of one table, the last one without end when following.

    A first span that starts above `asked` goes on where a capture already is, so what lies below it is known to have been.
    """

    def __init__(self, table: Table, info: LogInfo, log: int, spans: Sequence[Span], *, asked: int, follow: bool) -> None:
        self._table = table
        self._place = _Place(info, log)
        self._spans = sorted(spans, key=lambda span: span.start)
        self._follow = follow
        self._next = self._spans[0].start if self._spans else 0
        self._known = self._next if self._next > asked else 0
        """The position after the last one that is known to have been there."""
        self._file_identity: tuple[int, ...] | None = None
        self.is_caught_up = False
        """Nothing more was there when last looked."""

    @property
    def is_done(self) -> bool:
        """Every span is read."""
        return not self._spans

    def step(self, file: StoreFile, plan: Plan) -> Batch:
        """The next batch, maybe empty. Raises SourceError as `StoreFile.read` does."""
        span = self._spans[0]
        page = self._page(file, span)
        if self._file_identity not in {None, file.identity} or page.newest < self._known:
            page = self._page(file, span, with_incarnation=True)
        self._file_identity = file.identity
        if page.incarnation is not None and not same_life(self._place.info.key.incarnation, page.incarnation):
            return self._reopened(plan, page)
        if page.newest < self._known and self._follow:
            return self._shrunk(page)
        return self._batch(span, page)

    def _page(self, file: StoreFile, span: Span, *, with_incarnation: bool = False) -> Page:
        start = self._next
        return file.read(lambda connection: self._table.page(connection, start, span.end, with_incarnation=with_incarnation))

    def _batch(self, span: Span, page: Page) -> Batch:
        log = self._place.log
        self.is_caught_up = page.is_end
        self._next = max(self._next, self._reached(span, page))
        self._known = max(self._known, min(self._next, page.newest))
        batch = Batch(records=self._table.records(page, log), read_to={log: self._next}, end={log: page.newest})
        if span.end is not None and self._next >= span.end:
            self._spans.pop(0)
            if self._spans:
                self._next, self.is_caught_up = self._spans[0].start, False
        return batch

    def _reached(self, span: Span, page: Page) -> int:
        """The position up to which all is read: the end of the span once nothing is left below it, or what there is so far."""
        if not page.is_end:
            return page.last + 1
        if span.end is not None and (not self._follow or page.newest >= span.end):
            return span.end
        return page.newest

    def _reopened(self, plan: Plan, page: Page) -> Batch:
        """The file holds another store now: it is another log, read from its start."""
        old = self._place.log
        info = LogInfo(replace(self._place.info.key, incarnation=page.incarnation or ""), page.first, page.newest)
        self._place = _Place(info, len(plan.logs))
        end = None if self._follow else page.newest
        span = Span(self._place.log, info.first, end)
        self._spans, self._next, self._known, self.is_caught_up = [span], info.first, 0, False
        note = (
            f"{self._table.name} is not the table that was being read: the store was replaced, or put back from a copy. "
            "It is read from its start as another log"
        )
        return Batch(opened=[(info, span)], closed=[old], notes=[note])

    def _shrunk(self, page: Page) -> Batch:
        """Rows that were read are gone from the end; what takes their positions is read, and shows up as a conflict."""
        note = (
            f"{self._table.name} ends at position {page.newest - 1:,} now, but was read up to {self._known - 1:,}: rows were deleted, "
            "or the store was put back from an older copy. What comes at those positions again is read and kept as a conflict"
        )
        self._next = self._known = page.newest
        return Batch(end={self._place.log: page.newest}, notes=[note])
