"""Numbers over a whole capture that stay quick however large it is: flags counted in stretches, rates from the rollup.

Read-only, by one connection; the window asks for these while a capture grows. Read `schema` for the rollup's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inspector.capture.reader import CaptureReader, Watermark
from inspector.event import Flag

STRETCH = 1 << 16
"""Events counted at once: about 20 ms of reading."""
_COUNTED = (Flag.undecodable, Flag.aborted, Flag.late, Flag.tombstone)
_STEPS = (1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800)
_GROUPED = {"log": "log_id", "type": "type_id"}
_NAMES = {"log": "SELECT id, name FROM log", "type": "SELECT id, name FROM type"}


@dataclass(slots=True)
class FlagTally:
    """How many events carry each of the flags worth a number, brought up to date a stretch at a time."""

    _full: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _last: dict[int, tuple[tuple[int, int], tuple[int, ...]]] = field(default_factory=dict)
    complete: bool = False
    """False while stretches are still to be counted: the numbers are then "at least"."""

    def advance(self, reader: CaptureReader, mark: Watermark, *, stretches: int = 4) -> None:
        """Counts up to `stretches` stretches that are not counted yet, the newest first."""
        numbers = range(mark.last_seq // STRETCH, mark.first_seq // STRETCH - 1, -1) if mark.last_seq else range(0)
        self._forget(mark)
        left = stretches
        for number in numbers:
            if left and self._count(reader, number, mark):
                left -= 1
        self.complete = left > 0

    def count(self, flag: Flag) -> int:
        """Events with `flag` among those counted so far."""
        place = _COUNTED.index(flag)
        return sum(counts[place] for counts in self._full.values()) + sum(counts[place] for _, counts in self._last.values())

    def _forget(self, mark: Watermark) -> None:
        for known in (self._full, self._last):
            for number in [number for number in known if not mark.first_seq // STRETCH <= number <= mark.last_seq // STRETCH]:
                del known[number]

    def _count(self, reader: CaptureReader, number: int, mark: Watermark) -> bool:
        """Counts one stretch; False when it was known."""
        low, high = max(number * STRETCH, mark.first_seq), min((number + 1) * STRETCH - 1, mark.last_seq)
        whole = high - low + 1 == STRETCH
        if (number in self._full and whole) or self._last.get(number, ((0, 0),))[0] == (low, high):
            return False
        counts = flag_counts(reader, low, high)
        self._full.pop(number, None)
        self._last.pop(number, None)
        if whole:
            self._full[number] = counts
        else:
            self._last[number] = ((low, high), counts)
        return True


def flag_counts(reader: CaptureReader, first_seq: int, last_seq: int) -> tuple[int, ...]:
    """How many events of these numbers are undecodable, aborted, late, tombstones."""
    sums = ", ".join(f"coalesce(sum(flags & {int(flag)} != 0), 0)" for flag in _COUNTED)
    ((*counts,),) = reader.select(f"SELECT {sums} FROM event WHERE seq BETWEEN ? AND ?", (first_seq, last_seq))
    return tuple(int(count) for count in counts)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Events in each stretch of `width_s` seconds from `first_s` (Unix time) on, per log or type; all lists equally long."""

    width_s: int
    first_s: int
    events: Mapping[str, Sequence[int]]


def throughput(reader: CaptureReader, by: str = "log", *, most_points: int = 400) -> Throughput | None:
    """The rollup by `log` or `type` in the shortest steps that give at most `most_points` of them; None for no times.

    The name of what has no type is empty.
    """
    spans = reader.select("SELECT width_s, min(second), max(second) FROM bucket GROUP BY width_s ORDER BY width_s")
    if not spans:
        return None
    _, first_s, last_s = spans[0]
    width_s = next((step for step in _STEPS if (last_s - first_s) // step < most_points - 1), _STEPS[-1])
    stored_s = max((span[0] for span in spans if width_s % span[0] == 0), default=spans[0][0])
    names = dict(reader.select(_NAMES[by]))
    start_s = max(first_s // width_s, last_s // width_s - most_points + 1) * width_s
    length = last_s // width_s - start_s // width_s + 1
    events: dict[str, list[int]] = {}
    for second, id_, count in reader.select(
        f"SELECT second, {_GROUPED[by]}, sum(events) FROM bucket WHERE width_s = ? AND second >= ? GROUP BY 1, 2", (stored_s, start_s)
    ):
        line = events.setdefault(names.get(id_, ""), [0] * length)
        line[(second - start_s) // width_s] += count
    return Throughput(width_s, start_s, events)
