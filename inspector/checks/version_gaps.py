"""Streams whose versions do not follow one another: one is missing, there twice, or the beginning is not there. Read-only.

Read `offset_gaps` for positions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Look, Severity

_VERSIONS = (
    "SELECT x.stream_id, x.version, x.seq, event.position, event.event_id, event.log_id FROM event_stream x CROSS JOIN event "
    "ON event.seq = x.seq WHERE x.version IS NOT NULL AND event.flags & :hidden = 0 ORDER BY x.stream_id, x.seq"
)
_FIRSTS = (
    "SELECT s.category_id, s.source_id, low, count(*) FROM (SELECT stream_id, min(version) AS low FROM event_stream "
    "WHERE version IS NOT NULL GROUP BY stream_id) v JOIN stream s ON s.id = v.stream_id GROUP BY 1, 2, 3"
)
_STREAMS = "SELECT stream.id, stream.name, c.name, stream.category_id, stream.source_id FROM stream JOIN category c ON c.id = category_id"
_MOST_STREAMS = 50
"""So many streams of a category are told one by one."""
_USUAL_BASES = (0, 1)


@dataclass(slots=True)
class _Faults:
    """What is wrong with the streams of one category."""

    late_starts: list[int] = field(default_factory=list)
    late_count: int = 0


class VersionGaps:
    """Versions that are missing or repeated within a stream."""

    name = "version-gaps"
    title = "Versions of a stream that are missing or repeated"
    assumes = "every event of a stream raises its version by one, and all logs of the stream are in the capture"
    legal = "events may be archived, deleted or masked on purpose, and a capture may hold only a part of the stream's logs"

    def run(self, look: Look) -> Iterator[Finding]:
        """Gaps and repetitions stream by stream, streams that begin late as one finding per category."""
        bases = self._bases(look)
        streams = {row[0]: row[1:] for row in look.reader.select(_STREAMS)}
        faults: dict[str, _Faults] = {}
        for stream_id, rows in groupby(look.rows(_VERSIONS, {"hidden": HIDDEN}), key=lambda row: row[0]):
            if stream_id not in streams:
                continue
            name, category, category_id, source_id = streams[stream_id]
            label = f"{category}/{name}"
            ordered = sorted(rows, key=lambda row: (row[1], row[2]))
            base = bases.get((category_id, source_id))
            if base is not None and ordered[0][1] > base:
                said = faults.setdefault(category, _Faults())
                said.late_count += 1
                said.late_starts = [*said.late_starts, ordered[0][2]][:MOST_EVENTS]
            yield from self._gaps(label, ordered)
        for category, said in faults.items():
            text = f"{said.late_count:,} streams of {category} begin above their first version: what was before is not in the capture"
            yield Finding(self.name, Severity.info, text, said.late_count, events=said.late_starts)

    @staticmethod
    def _bases(look: Look) -> dict[tuple[int, int], int]:
        """The version that streams of a category begin with: what most of them do, if that is 0 or 1."""
        firsts: dict[tuple[int, int], Counter[int]] = {}
        for category_id, source_id, low, count in look.rows(_FIRSTS):
            firsts.setdefault((category_id, source_id), Counter())[low] = count
        usual = {place: counts.most_common(1)[0][0] for place, counts in firsts.items()}
        return {place: base for place, base in usual.items() if base in _USUAL_BASES}

    def _gaps(self, label: str, rows: list[tuple[Any, ...]]) -> Iterator[Finding]:
        for before, after in pairwise(rows):
            step = after[1] - before[1]
            if step == 1:
                continue
            if step > 1:
                missing = f"version {before[1] + 1:,}" if step == 2 else f"versions {before[1] + 1:,} to {after[1] - 1:,}"
                text = f"{label}: {missing} {'is' if step == 2 else 'are'} missing between {before[1]:,} and {after[1]:,}"
                yield Finding(self.name, Severity.warning, text, step - 1, first=after[3], last=after[3], events=[before[2], after[2]])
            elif before[4] is None or before[4] != after[4]:
                text = f"{label}: version {after[1]:,} is there twice, as different events"
                yield Finding(
                    self.name,
                    Severity.error,
                    text,
                    first=after[3],
                    last=after[3],
                    events=[before[2], after[2]],
                    legal_because="two copies of one store in one capture, or a stream whose versions begin anew after a snapshot",
                )
