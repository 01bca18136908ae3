"""What a request's bounds mean for one table of a store, whatever database it is in: positions from counts, edges and times.

Reads through two functions that its caller gives. Read `sql_times` for times, `sql` and `postgres` for who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from inspector.errors import SourceError, UsageError
from inspector.sources import Bound, LogInfo, Plan, Request, Span
from inspector.sources.sql_rows import Page
from inspector.sources.sql_times import Timed, first_at, nothing_after

T = TypeVar("T", bound=Timed)


@dataclass(slots=True)
class Bounds:
    """The bounds of one table as it is now; `notes` collects what the user should know."""

    table: Timed
    info: LogInfo
    nth_last: Callable[[int], int | None]
    """The position of the n-th row from the end; None when there are not so many."""
    page: Callable[[int, int], Page]
    """Rows between two positions, as many as a batch may have."""
    notes: list[str] = field(default_factory=list)

    def put(self, plan: Plan, place: int, request: Request) -> None:
        """Adds what `request` means to the plan, whose log number `place` this table is."""
        start = self._position(request.start, self.info.first)
        end = self._end(request)
        plan.asked.append((start, end if end is None else max(start, end)))
        if end is None or start < end:
            plan.spans.append(Span(place, start, end))
        plan.rules[self.table.name] = self.table.descriptor.rules
        if self.table.descriptor.decoder is not None:
            plan.decoder[self.table.name] = self.table.descriptor.decoder
        plan.notes.extend(self.notes)

    def _end(self, request: Request) -> int | None:
        """Where to stop: the pinned end at most, unless following, when a position may lie ahead."""
        bound = request.end
        if bound == Bound():
            return None if request.follow else self.info.end
        if request.follow and bound.time_us is not None:
            raise UsageError(
                "a store that is followed has no position yet for a time to come: give --until a position, or leave --follow out"
            )
        position = self._position(bound, self.info.end)
        return position if request.follow else min(position, self.info.end)

    def _position(self, bound: Bound, natural: int) -> int:
        """The position that `bound` means; `natural` when it says nothing."""
        info = self.info
        if bound.position is not None:
            return max(bound.position, info.first)
        if bound.last is not None:
            found = self.nth_last(bound.last) if bound.last else info.end
            return info.first if found is None else found
        if bound.time_us is not None:
            at = first_at(self.page, self.table, bound.time_us, info.first, info.end)
            if at.position is None:
                self.notes.append(nothing_after(self.table, bound.time_us, at))
            return info.end if at.position is None else at.position
        return {"earliest": info.first, "latest": info.end}.get(bound.edge or "", natural)


def refuse_kafka_words(request: Request) -> None:
    """Raises UsageError for a key or a partition, which a store's table has not."""
    if request.key is not None:
        raise UsageError("an event store has no keys: capture it all and choose with a filter, or list a stream's events")
    if set(request.partitions) - {0}:
        raise UsageError(f"an event store has only partition 0, not {max(request.partitions)}")


def chosen(tables: Sequence[T], names: Sequence[str], store: str) -> list[T]:
    """The named tables, or all. Raises SourceError for a name that is none of them."""
    known = {table.name for table in tables}
    for name in names:
        if name not in known:
            raise SourceError(f"{store} has no event table {name}; it has {', '.join(sorted(known))}", step="topic")
    return [table for table in tables if not names or table.name in names]
