"""A stream at one glance: its events in replay order, or as many stretches of them as a strip has room for. Pure.

Read `order` for places.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.capture.stream_columns import NONE
from inspector.event import Flag
from inspector.replay.order import Order

MOST_ROWS = 2_000
_ABORTED, _LATE = int(Flag.aborted), int(Flag.late)


@dataclass(slots=True)
class Strip:
    """Rows as columns, each an event or a stretch of events that stand together (see `process` for what each column is)."""

    events: int
    first: int
    last: int
    is_bucketed: bool
    index: list[int] = field(default_factory=list)
    count: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    type: list[int] = field(default_factory=list)
    time: list[int | None] = field(default_factory=list)
    until: list[int | None] = field(default_factory=list)
    aborted: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    type_numbers: list[int] = field(default_factory=list)
    """The capture's numbers of the types that `type` points to."""


def strip(order: Order, *, first: int = 0, last: int | None = None, failed: int | None = None, without: Sequence[int] = ()) -> Strip:
    """The events from index `first` to `last` (exclusive) of all in the stream, aborted ones among them.

    `failed` is the number of an event that cannot be folded, `without` are places of events left out.
    """
    columns = order.columns
    total = len(columns.seqs)
    last = total if last is None else min(last, total)
    first = min(first, last)
    rows = min(last - first, MOST_ROWS)
    found = Strip(total, first, last, rows < last - first)
    failed_at = order.at(failed) if failed is not None else -1
    left_out = sorted(order.counted[place] for place in without)
    aborted, late = ([at for at, flags in columns.flagged if flags & flag] for flag in (_ABORTED, _LATE))
    types: dict[int, int] = {}
    for row in range(rows):
        start, end = first + row * (last - first) // rows, first + (row + 1) * (last - first) // rows
        found.index.append(start)
        found.count.append(end - start)
        found.seq.append(columns.seqs[start])
        found.place.append(end - order.skipped_before(end))
        found.type.append(_most_frequent(columns.types[start:end], types))
        times = columns.times_us[start:end]
        if min(times) == NONE:
            times = array("q", [time_us for time_us in times if time_us != NONE])
        found.time.append(min(times, default=None))
        found.until.append(max(times, default=None))
        found.failed.append(int(start <= failed_at < end))
        for places, into in ((aborted, found.aborted), (late, found.late), (left_out, found.left_out)):
            into.append(bisect_left(places, end) - bisect_left(places, start))
    found.type_numbers = list(types)
    return found


def _most_frequent(numbers: array[int], types: dict[int, int]) -> int:
    number = numbers[0]
    if numbers.count(number) < len(numbers):
        (number, _), *_ = Counter(numbers).most_common(1)
    return -1 if number == NONE else types.setdefault(number, len(types))
