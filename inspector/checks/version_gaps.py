"""Streams whose versions do not follow one another: one is missing, there twice, or the beginning is not there. Read-only.

Read `offset_gaps` for positions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, pairwise
from typing import Any

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Look, Severity

_VERSIONS = (
    "SELECT x.stream_id, x.version, x.seq, event.position, event.event_id, event.log_id, s.category_id, s.source_id "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq JOIN stream s ON s.id = x.stream_id "
    "WHERE x.version IS NOT NULL AND event.flags & :hidden = 0 ORDER BY x.stream_id, x.version, x.seq"
)
_FIRSTS = (
    "SELECT s.category_id, s.source_id, low, count(*) FROM (SELECT stream_id, min(version) AS low FROM event_stream "
    "WHERE version IS NOT NULL GROUP BY stream_id) v JOIN stream s ON s.id = v.stream_id GROUP BY 1, 2, 3"
)
_NAME = "SELECT c.name || '/' || stream.name FROM stream JOIN category c ON c.id = category_id WHERE stream.id = ?"
_CATEGORY = "SELECT name FROM category WHERE id = ?"
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
        logs = {log.id: log for log in look.logs()}
        faults: dict[int, _Faults] = {}
        for stream_id, rows in groupby(look.rows(_VERSIONS, {"hidden": HIDDEN}), key=lambda row: row[0]):
            first = next(rows)
            base = bases.get((first[6], first[7]))
            if base is not None and first[1] > base:
                said = faults.setdefault(first[6], _Faults())
                said.late_count += 1
                said.late_starts = [*said.late_starts, first[2]][:MOST_EVENTS]
            for before, after in pairwise(chain([first], rows)):
                if after[1] != before[1] + 1 and (found := self._fault(str(look.one(_NAME, (stream_id,))), before, after)) is not None:
                    log = logs.get(after[5])
                    yield found if log is None else replace(found, log=log.report.log, partition=log.report.partition)
        for category_id, said in faults.items():
            category = str(look.one(_CATEGORY, (category_id,)))
            begin = "stream of {} begins above its" if said.late_count == 1 else "streams of {} begin above their"
            text = f"{said.late_count:,} {begin.format(category)} first version: what was before is not in the capture"
            yield Finding(self.name, Severity.info, text, said.late_count, events=said.late_starts)

    @staticmethod
    def _bases(look: Look) -> dict[tuple[int, int], int]:
        """The version that streams of a category begin with: what the store's descriptor says, else what most do, if that is 0 or 1."""
        said = _said_bases(look)
        firsts: dict[tuple[int, int], Counter[int]] = {}
        for category_id, source_id, low, count in look.rows(_FIRSTS):
            firsts.setdefault((category_id, source_id), Counter())[low] = count
        usual = {place: counts.most_common(1)[0][0] for place, counts in firsts.items()}
        return {place: said.get(place[1], base) for place, base in usual.items() if place[1] in said or base in _USUAL_BASES}

    def _fault(self, label: str, before: tuple[Any, ...], after: tuple[Any, ...]) -> Finding | None:
        """What is wrong between two events of a stream whose versions do not follow; None for one that came again."""
        step = after[1] - before[1]
        place = {"first": after[3], "last": after[3], "events": [before[2], after[2]]}
        if step > 1:
            missing = f"version {before[1] + 1:,} is" if step == 2 else f"versions {before[1] + 1:,} to {after[1] - 1:,} are"
            text = f"{label}: {missing} missing between {before[1]:,} and {after[1]:,}"
            return Finding(self.name, Severity.warning, text, step - 1, **place)
        if before[4] is not None and before[4] == after[4]:
            return None
        text = f"{label}: version {after[1]:,} is there twice, as different events"
        legal = "two copies of one store in one capture, or a stream whose versions begin anew after a snapshot"
        return Finding(self.name, Severity.error, text, **place, legal_because=legal)


def _said_bases(look: Look) -> dict[int, int]:
    """By source, the version that streams begin with as the descriptors of its tables say it, where they agree."""
    found: dict[int, set[object]] = {}
    for log in look.logs():
        tables = log.attributes.get("tables")
        facts = tables.get(log.report.log) if isinstance(tables, dict) else None
        found.setdefault(log.report.source_id, set()).add(facts.get("base") if isinstance(facts, dict) else None)
    agreed = {source_id: next(iter(bases)) for source_id, bases in found.items() if len(bases) == 1}
    return {source_id: base for source_id, base in agreed.items() if isinstance(base, int)}
