"""Minutes in which one type of event comes many times as often as it ever does otherwise. Read-only; looks at counts only.

Read `processes` for what does not happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from inspector.checks import MOST_EVENTS, Finding, Look, Severity
from inspector.event import format_time

_MINUTES = "SELECT b.type_id, b.second, sum(b.events) FROM bucket b WHERE b.width_s = 60 AND b.type_id > 0 GROUP BY 1, 2 ORDER BY 1, 2"
_EVENTS = "SELECT seq, position FROM event WHERE type_id = ? AND time_us >= ? AND time_us < ? ORDER BY seq LIMIT ?"
_FEWEST = 12
_TIMES = 5
"""So many times what nearly all minutes with any have makes a burst."""
_MINUTES_NEEDED = 30
_MOST_NAMED = 4


class Bursts:
    """Minutes with far more events of a type than any other."""

    name = "bursts"
    title = "Sudden bursts of one type"
    assumes = "a type comes at about the same rate through the time that was captured"
    legal = "a campaign, a batch job or a replay sends many at once"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per burst, with the types that have part in it."""
        names = dict(look.reader.select("SELECT id, name FROM type"))
        ((low, high),) = look.reader.select("SELECT min(second), max(second) FROM bucket WHERE width_s = 60")
        minutes = 0 if low is None else (high - low) // 60 + 1
        if minutes < _MINUTES_NEEDED:
            return
        together: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for type_id, rows in groupby(look.rows(_MINUTES), key=lambda row: row[0]):
            for start, end, count in _bursts([(second, count) for _, second, count in rows]):
                # a log that begins or ends there is no burst
                if low < start and end <= high:
                    together.setdefault((start, end), []).append((count, type_id))
        for (start, end), types in sorted(together.items()):
            yield self._finding(
                look, start, end, [(count, type_id, names.get(type_id, "?")) for count, type_id in sorted(types, reverse=True)]
            )

    def _finding(self, look: Look, start: int, end: int, types: Sequence[tuple[int, int, str]]) -> Finding:
        found = look.reader.select(_EVENTS, (types[0][1], start * 1_000_000, end * 1_000_000, MOST_EVENTS))
        named = ", ".join(f"{count:,} {name}" for count, _, name in types[:_MOST_NAMED])
        more = f" and {len(types) - _MOST_NAMED} more types" if len(types) > _MOST_NAMED else ""
        text = f"{(end - start) // 60:,} min from {format_time(start * 1_000_000)} on stand out: {named}{more}"
        return Finding(self.name, Severity.info, text, types[0][0], events=[seq for seq, _ in found])


def _bursts(counts: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """(from, until, events) of minutes one after the other that stand out; seconds since 1970."""
    ordered = sorted(count for _, count in counts)
    usual = ordered[int(len(ordered) * 0.95)] if len(ordered) > 20 else ordered[len(ordered) // 2]
    limit = max(_FEWEST, usual * _TIMES)
    out = [(second, count) for second, count in counts if count >= limit]
    start = None
    for index, (second, count) in enumerate(out):
        if start is None:
            start, total = second, 0
        total += count
        if index + 1 == len(out) or out[index + 1][0] != second + 60:
            yield start, second + 60, total
            start = None
