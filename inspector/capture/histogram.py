"""How many events there are in each stretch of event time, as bars: whole seconds from the rollup, shorter ones from the events.

Read-only. Read `rollup` for the counts that are kept, `gaps` for what was not read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from inspector.capture.condition import Condition
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import names_of, throughput
from inspector.capture.rows import from_for
from inspector.event import Flag

GROUPS = ("type", "log", "category")
"""What bars can be told by."""
SHORTEST_US = 10
_STEPS_US = tuple(digit * 10**power for power in range(1, 6) for digit in (1, 2, 5))
_SECOND_US = 1_000_000
_IDS = {"type": "event.type_id", "log": "event.log_id", "category": "stream.category_id"}
_PIECE_EVENTS = 16_384
_MOST_SEARCHED = 3_000_000
"""Late events are looked for among so many; among more only when a shorter time is looked at."""
_MOST_LATE = 300


@dataclass(frozen=True, slots=True)
class Histogram:
    """Events in each `width_us` microseconds from `first_us` on, per name; all lists equally long."""

    first_us: int
    width_us: int
    bars: int
    counts: Mapping[str, Sequence[int]]

    @property
    def until_us(self) -> int:
        """Where the last bar ends."""
        return self.first_us + self.bars * self.width_us


def histogram(reader: CaptureReader, by: str, span_us: tuple[int, int] | None, most_bars: int) -> Histogram | None:
    """The events by one of `GROUPS` in bars as short as `most_bars` allow; of `[from, until)`, None for all. None for no times."""
    if span_us is not None and (span_us[1] - span_us[0]) // _SECOND_US < most_bars // 2:
        return _from_events(reader, by, span_us, most_bars)
    span_s = None if span_us is None else (span_us[0] // _SECOND_US, -(-span_us[1] // _SECOND_US))
    found = throughput(reader, by, most_points=most_bars, span_s=span_s)
    if found is None:
        return None
    bars = len(next(iter(found.events.values()), ()))
    return Histogram(found.first_s * _SECOND_US, found.width_s * _SECOND_US, bars, found.events)


def _from_events(reader: CaptureReader, by: str, span_us: tuple[int, int], most_bars: int) -> Histogram:
    low, high = span_us
    width = next((step for step in _STEPS_US if (high - low) // step < most_bars - 1), _SECOND_US)
    first = low // width * width
    bars = max(-(-(high - first) // width), 1)
    names, counts = names_of(reader, by), dict[str, list[int]]()
    for place, id_, count in reader.select(
        f"SELECT (event.time_us - :first) / :width, {_IDS[by]}, count(*) FROM block CROSS JOIN event ON event.seq BETWEEN block.first_seq "
        "AND block.last_seq LEFT JOIN stream ON stream.id = event.stream_id WHERE block.max_us >= :low AND block.min_us < :high "
        "AND event.time_us >= :low AND event.time_us < :high GROUP BY 1, 2",
        {"first": first, "width": width, "low": first, "high": first + bars * width},
    ):
        counts.setdefault(names.get(id_, ""), [0] * bars)[place] += count
    return Histogram(first, width, bars, counts)


def matches(
    reader: CaptureReader, condition: Condition, bars: Histogram, first_seq: int, last_seq: int, *, budget_s: float = 0.06
) -> tuple[dict[int, int], int]:
    """Bar → how many events of it fulfil `condition`, among the numbers from `first_seq` on; and the number to go on from."""
    reader.prepare(condition)
    found: dict[int, int] = {}
    until, at = time.monotonic() + budget_s, first_seq
    while at <= last_seq:
        piece = min(at + _PIECE_EVENTS - 1, last_seq)
        rows = reader.select(
            f"SELECT (event.time_us - :h_first) / :h_width, count(*) FROM {from_for(condition.sql)} "
            f"WHERE event.seq BETWEEN :h_low AND :h_high AND event.time_us >= :h_first AND event.time_us < :h_until "
            f"AND ({condition.sql}) GROUP BY 1",
            {
                **condition.bindings,
                "h_first": bars.first_us,
                "h_width": bars.width_us,
                "h_until": bars.until_us,
                "h_low": at,
                "h_high": piece,
            },
        )
        for place, count in rows:
            found[place] = found.get(place, 0) + count
        at = piece + 1
        if time.monotonic() >= until:
            break
    return found, at


def late_times(reader: CaptureReader, span_us: tuple[int, int]) -> list[int] | None:
    """When late events are in `[from, until)`, at most 300 of them, in microseconds; None when too many would have to be looked at."""
    low, high = span_us
    ((events,),) = reader.select(
        "SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM block WHERE max_us >= ? AND min_us < ?", (low, high)
    )
    if events > _MOST_SEARCHED:
        return None
    rows = reader.select(
        "SELECT event.time_us FROM block CROSS JOIN event ON event.seq BETWEEN block.first_seq AND block.last_seq "
        "WHERE block.max_us >= :low AND block.min_us < :high AND event.flags & :late AND event.time_us >= :low AND event.time_us < :high "
        "LIMIT :most",
        {"low": low, "high": high, "late": int(Flag.late), "most": _MOST_LATE},
    )
    return [int(row[0]) for row in rows]


def times_of(reader: CaptureReader, seqs: Sequence[int]) -> dict[int, int]:
    """The times of these events, of those that have one."""
    listed = orjson.dumps(list(seqs)).decode()
    sql = "SELECT seq, time_us FROM event WHERE seq IN (SELECT value FROM json_each(?)) AND time_us IS NOT NULL"
    rows = reader.select(sql, (listed,)) if seqs else []
    return {int(seq): int(time_us) for seq, time_us in rows}
