"""What the navigator says of a time range: the sentence above its rows, and its names with the counts of the range. No Qt, no I/O.

Read `navigator` for the rows, `inspector.capture.within` for the counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from inspector.capture.overview import Named, Partition
from inspector.capture.within import MOST_COUNTED, Within

_OF_RANGE = "The counts are of the time range, and the streams the busiest in it; Esc shows all times."
_NOT_OF_RANGE = f"The range has more than {MOST_COUNTED:,} events, which are not counted; those of a shorter one are."


def range_words(found: Within | None, *, has_range: bool) -> tuple[str, str, str]:
    """(text, count, explanation) of the row above all others; empty texts without a range."""
    if found is not None:
        return "in the time range", f"{found.events:,}", _OF_RANGE
    return ("counts are of all times", "", _NOT_OF_RANGE) if has_range else ("", "", "")


def ranged(named: Sequence[Named], counts: Mapping[int, int]) -> Sequence[Named]:
    """Those that the range has, the busiest in it first."""
    inside = [replace(each, events=counts[each.id]) for each in named if counts.get(each.id)]
    return sorted(inside, key=lambda each: (-each.events, each.name))


def events_of(found: Within, parts: Iterable[Partition]) -> int:
    """How many events of these partitions the range has."""
    return sum(found.logs.get(key, 0) for key in {part.key for part in parts})
