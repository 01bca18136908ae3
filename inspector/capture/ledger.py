"""The stored account of every log: `coverage` rows kept as segments, written only where they change. Inside the writer's transactions.

Read `coverage` for the rules, `writer` for when something is accounted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

import apsw

from inspector.capture import coverage
from inspector.capture.coverage import Segment


class Ledger:
    """The account of a capture that is being written. After a transaction that was taken back, `forget`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._segments: dict[int, list[Segment]] = {}

    def forget(self) -> None:
        """What is remembered may not have been stored: reads it again when asked."""
        self._segments.clear()

    def segments(self, log_id: int) -> list[Segment]:
        """The account of one log, in order."""
        if log_id not in self._segments:
            rows = self._connection.execute(
                "SELECT from_position, to_position, state, reason, filter, isolation, records FROM coverage WHERE log_id = ? "
                "ORDER BY from_position",
                (log_id,),
            )
            self._segments[log_id] = [Segment(*row) for row in rows]
        return self._segments[log_id]

    def stored_between(self, log_id: int, start: int, end: int) -> int:
        """How many events of `[start, end)` are here."""
        counting = "SELECT count(*) FROM event WHERE log_id = ? AND position >= ? AND position < ?"
        found: int = self._connection.execute(counting, (log_id, start, end)).get
        return found

    def put(self, log_id: int, new: Segment, now_us: int) -> None:
        """Lays `new` over the account of a log and stores what changes."""
        segments = self.segments(log_id)
        # only what touches it can change: an account may have thousands of segments
        first = bisect_left(segments, new.start, key=lambda segment: segment.end)
        last = bisect_right(segments, new.end, key=lambda segment: segment.start)
        before = segments[first:last]
        after = [
            replace(segment, records=self.stored_between(log_id, segment.start, segment.end)) if segment.records is None else segment
            for segment in coverage.put(before, new)
        ]
        gone, come = set(before).difference(after), set(after).difference(before)
        self._connection.executemany(
            "DELETE FROM coverage WHERE log_id = ? AND from_position = ?", [(log_id, segment.start) for segment in gone]
        )
        self._connection.executemany(
            "INSERT INTO coverage (log_id, from_position, to_position, state, reason, filter, isolation, records, read_us) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(log_id, s.start, s.end, s.state, s.reason, s.filter, s.isolation, s.records, now_us) for s in come],
        )
        segments[first:last] = after

    def put_runs(self, log_id: int, whole: Segment, runs: Sequence[tuple[int, int]], now_us: int) -> None:
        """Lays the parts of `whole` that were read over the account; each is counted, as what lies between them was not."""
        for low, high in runs:
            start, end = max(low, whole.start), min(high, whole.end)
            if start < end:
                counted = self.stored_between(log_id, start, end)
                self.put(log_id, replace(whole, start=start, end=end, records=counted), now_us)

    def count_below(self, plan: Sequence[int], lowest: Mapping[int, int], read: Mapping[int, tuple[int, int]], now_us: int) -> None:
        """Counts anew where rows came below what their batch accounts for (late arrivals): by place in the plan, from `lowest` on."""
        for place, position in lowest.items():
            for segment in list(self.segments(plan[place])) if place not in read or position < read[place][0] else ():
                if segment.end > position and segment.state != "absent":
                    self.put(plan[place], replace(segment, records=None), now_us)

    def decide(self, log_id: int, start: int, end: int, isolation: str, now_us: int) -> None:
        """Of what was read of `[start, end)` without knowing what was aborted, that is known now."""
        for segment in list(self.segments(log_id)):
            low, high = max(start, segment.start), min(end, segment.end)
            if low < high and segment.state != "absent" and segment.isolation == coverage.UNDECIDED:
                is_whole = (low, high) == (segment.start, segment.end)
                records = segment.records if is_whole else self.stored_between(log_id, low, high)
                self.put(log_id, replace(segment, start=low, end=high, isolation=isolation, records=records), now_us)

    def remove_through(self, last_seq: int, now_us: int) -> None:
        """Says of every log what the keep limit is about to take: events up to number `last_seq`."""
        removed = list(
            self._connection.execute("SELECT log_id, min(position), max(position) FROM event WHERE seq <= ? GROUP BY 1", (last_seq,))
        )
        for log_id, lowest, highest in removed:
            inside = [segment.start for segment in self.segments(log_id) if segment.state != "absent" and segment.start <= lowest]
            kept = self._connection.execute(
                "SELECT min(position) FROM event WHERE log_id = ? AND seq > ? AND position > ?", (log_id, last_seq, lowest)
            ).get
            end = highest + 1 if kept is None else min(highest + 1, kept)
            self.put(log_id, Segment(max(inside, default=lowest), end, "absent", coverage.REMOVED_BY_KEEP), now_us)
