"""Times that go backwards within a partition by more than clocks differ. Read-only.

Read `offset_gaps` for the order of positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Log, Look, Severity
from inspector.event import Flag, TimeKind

TOLERANCE_US = 5_000_000
"""Producers write into one partition with clocks of their own, and batches arrive out of turn by less than this."""
_TOGETHER = 50
"""Events that go back in time with so few positions between them are one finding: others write into the log meanwhile."""
_ROWS = (
    "SELECT seq, position, time_us, time_kind FROM event WHERE log_id = :log AND time_us IS NOT NULL AND flags & :hidden = 0 "
    "ORDER BY position, sub"
)
_HAS_LATE = "SELECT 1 FROM event WHERE log_id = ? AND flags & ? LIMIT 1"
_US_PER = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"))


@dataclass(slots=True)
class _Run:
    """Events one after the other whose times lie below one already seen."""

    first: int
    last: int
    back_us: int
    kind: int
    count: int = 0
    events: list[int] = field(default_factory=list)


class TimeOrder:
    """Events whose time lies far below one that stands before them."""

    name = "time-order"
    title = "Times that go backwards"
    assumes = f"the clocks of those who write into one partition differ by less than {TOLERANCE_US // 1_000_000} s"
    legal = "an event's own time is when it happened: what is imported, retried or sent from a device comes later"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per run of events."""
        for log in look.logs():
            if look.reader.select(_HAS_LATE, (log.id, int(Flag.late))):
                yield from (self._finding(log, run) for run in self._runs(look, log))

    @staticmethod
    def _runs(look: Look, log: Log) -> Iterator[_Run]:
        newest: int | None = None
        run: _Run | None = None
        for seq, position, time_us, kind in look.rows(_ROWS, {"log": log.id, "hidden": HIDDEN}):
            back_us = 0 if newest is None else newest - time_us
            newest = time_us if newest is None else max(newest, time_us)
            if back_us <= TOLERANCE_US:
                if run is not None and position - run.last > _TOGETHER:
                    yield run
                    run = None
                continue
            if run is None:
                run = _Run(position, position, back_us, kind)
            run.last, run.back_us, run.count = position, max(run.back_us, back_us), run.count + 1
            if len(run.events) < MOST_EVENTS:
                run.events.append(seq)
        if run is not None:
            yield run

    def _finding(self, log: Log, run: _Run) -> Finding:
        whose = "the broker's or store's own clock" if run.kind == TimeKind.append else "their times"
        events = f"{run.count:,} event{'s' if run.count != 1 else ''}"
        verb = "goes" if run.count == 1 else "go"
        where = f"at position {run.first:,}" if run.count == 1 else f"between positions {run.first:,} and {run.last:,}"
        text = f"{log.label}: {events} {where} {verb} back in time by up to {span(run.back_us)} ({whose})"
        place = (log.report.log, log.report.partition, run.first, run.last, run.events)
        return Finding(self.name, Severity.warning, text, run.count, *place)


def span(duration_us: int) -> str:
    """A duration in its largest fitting unit, such as `59.9 min`."""
    for size, unit in _US_PER:
        if duration_us >= size:
            return f"{duration_us / size:.1f} {unit}"
    return f"{duration_us / 1000:.0f} ms"
