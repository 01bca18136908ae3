"""Numbers over a whole capture that stay quick however large it is: flags counted in stretches, rates from the rollup.

Read-only, by one connection; the window asks for these while a capture grows. Read `schema` for the rollup's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inspector.capture.asking import Watermark
from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.event import Flag

STRETCH = 1 << 16
"""Events counted at once: about 20 ms of reading."""
_COUNTED = (Flag.undecodable, Flag.aborted, Flag.late, Flag.tombstone)
STEPS_S = (1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800)
"""Widths of steps that are chosen when none is asked for, in seconds."""
MOST_STEPS = 100_000
"""Of one answer; a question that asks for more is refused."""
_GROUPED = {"log": "log_id", "type": "type_id", "category": "category_id", "partition": "log_id"}
_NAMES = {
    "log": "SELECT id, name FROM log",
    "type": "SELECT id, name FROM type",
    "category": "SELECT id, name FROM category",
    "partition": "SELECT id, name || ' / ' || partition FROM log",
}
GROUPINGS = tuple(_GROUPED)
"""What a throughput can be told by."""


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
    """Events and bytes in each stretch of `width_s` seconds from `first_s` (Unix time) on, per name; all lists equally long."""

    width_s: int
    first_s: int
    events: Mapping[str, Sequence[int]]
    bytes: Mapping[str, Sequence[int]] = field(default_factory=dict)


def names_of(reader: CaptureReader, by: str) -> dict[int, str]:
    """The names of one of `GROUPINGS` by their ids, hidden where they should be."""
    names = {int(id_): str(name) for id_, name in reader.select(_NAMES[by])}
    if by in {"category", "type"} and reader.masks is not None:
        return {id_: reader.masks.shown(by, name) or "" for id_, name in names.items()}
    return names


def fitting_s(length_s: int, most_points: int) -> int:
    """The shortest step in seconds, one of `STEPS_S` or so many of the longest, of which at most `most_points` hold a stretch of time."""
    room = max(most_points - 1, 1)
    return next((step for step in STEPS_S if length_s // step < room), (length_s // room // STEPS_S[-1] + 1) * STEPS_S[-1])


def check_steps(count: int) -> None:
    """Raises UsageError for more than `MOST_STEPS` steps."""
    if count > MOST_STEPS:
        raise UsageError(f"{count:,} steps are more than {MOST_STEPS:,}: ask for longer steps or for less time")


def throughput(
    reader: CaptureReader,
    by: str = "log",
    *,
    most_points: int = 400,
    last_s: int | None = None,
    span_s: tuple[int | None, int | None] | None = None,
    step_s: int | None = None,
) -> Throughput | None:
    """The rollup of event time by one of `GROUPINGS`, in steps of `step_s`, or the shortest that give at most `most_points` of them.

    Of all times, of the newest `last_s` seconds, or of `[from, until)`, None where the events begin or end. The name of what has none
    is empty. None for no times. Raises UsageError for more than `MOST_STEPS` steps.
    """
    spans = reader.select("SELECT width_s, min(second), max(second) FROM bucket GROUP BY width_s ORDER BY width_s")
    if not spans:
        return None
    _, low_s, high_s = spans[0]
    if span_s is not None:
        low_s = low_s if span_s[0] is None else span_s[0]
        high_s = max(high_s if span_s[1] is None else span_s[1] - 1, low_s)
    elif last_s is not None:
        low_s = max(low_s, high_s - last_s + 1)
    width_s = step_s or fitting_s(high_s - low_s, most_points)
    stored_s = max((span[0] for span in spans if width_s % span[0] == 0), default=spans[0][0])
    names = names_of(reader, by)
    start_s = (low_s // width_s if step_s else max(low_s // width_s, high_s // width_s - most_points + 1)) * width_s
    length = high_s // width_s - start_s // width_s + 1
    check_steps(length)
    events: dict[str, list[int]] = {}
    sizes: dict[str, list[int]] = {}
    for second, id_, count, size in reader.select(
        f"SELECT second, {_GROUPED[by]}, sum(events), sum(bytes) FROM bucket WHERE width_s = ? AND second >= ? AND second < ? "
        "GROUP BY 1, 2",
        (stored_s, start_s, start_s + length * width_s),
    ):
        name, place = names.get(id_, ""), (second - start_s) // width_s
        events.setdefault(name, [0] * length)[place] += count
        sizes.setdefault(name, [0] * length)[place] += size
    return Throughput(width_s, start_s, events, sizes)
