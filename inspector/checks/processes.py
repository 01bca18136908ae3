"""Business processes (events of one correlation id) that lack a step which all their like have. Read-only.

A process is compared with others that have the same steps and one more: where those are common and it is alone, it stopped or
left something out. Read `bursts` for what happens too often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Look, Severity
from inspector.checks.durations import percentile

_ROWS = (
    "SELECT e.correlation_id, e.type_id, e.time_us, e.seq FROM event e WHERE e.correlation_id IS NOT NULL AND e.type_id IS NOT NULL "
    "AND e.time_us IS NOT NULL AND e.flags & :hidden = 0 ORDER BY 1, 3, 4"
)
_COMMON = 20
"""So many processes of one kind make it common."""
_RARE_SHARE = 0.02
_MOST_PROCESSES = 2_000_000
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class _Process:
    id: str
    first_us: int
    last_us: int
    last_seq: int
    events: tuple[int, ...] = ()


@dataclass(slots=True)
class _Kind:
    """Processes with the same steps."""

    count: int = 0
    durations: Counter[int] = field(default_factory=Counter)
    examples: list[_Process] = field(default_factory=list)


class Processes:
    """Correlation ids that lack a step."""

    name = "processes"
    title = "Processes that lack a step"
    assumes = "events of one correlation id are one process, and processes of one kind take the same steps"
    legal = "a process may still be going on, or take a path that is rare"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per process, the earliest first."""
        kinds, newest_us = self._kinds(look)
        names = dict(look.reader.select("SELECT id, name FROM type"))
        common = {steps: kind for steps, kind in kinds.items() if kind.count >= _COMMON}
        found: list[tuple[_Process, list[str], int]] = []
        for steps, kind in kinds.items():
            nearest = _nearest(steps, kind, common)
            if nearest is None:
                continue
            missing = [names.get(step, "?") for step in nearest - steps]
            usual_us = percentile(common[nearest].durations, 0.99)
            ended = [process for process in kind.examples if newest_us - process.last_us > usual_us]
            found.extend((process, sorted(missing), common[nearest].count) for process in ended)
        for process, missing, others in sorted(found, key=lambda one: one[0].last_us):
            more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
            named = f"{', '.join(missing[:_MOST_NAMED])}{more}"
            these = "these" if len(missing) > 1 else "this"
            text = f"process {process.id[:80]} lacks {named}: {others:,} others have all its steps and {these}"
            yield Finding(self.name, Severity.warning, text, events=process.events)

    @staticmethod
    def _kinds(look: Look) -> tuple[dict[frozenset[int], _Kind], int]:
        kinds: dict[frozenset[int], _Kind] = {}
        newest_us = 0
        rows = look.rows(_ROWS, {"hidden": HIDDEN})
        for number, (correlation_id, steps) in enumerate(groupby(rows, key=lambda row: row[0])):
            events = list(steps)
            if number >= _MOST_PROCESSES:
                break
            first_us, last_us = events[0][2], events[-1][2]
            newest_us = max(newest_us, last_us)
            kind = kinds.setdefault(frozenset(row[1] for row in events), _Kind())
            kind.count += 1
            kind.durations[(last_us - first_us) // 1_000_000] += 1
            if kind.count <= _COMMON:
                numbers = tuple(row[3] for row in events[-MOST_EVENTS:])
                kind.examples.append(_Process(str(correlation_id), first_us, last_us, events[-1][3], numbers))
        return kinds, newest_us


def _nearest(steps: frozenset[int], kind: _Kind, common: dict[frozenset[int], _Kind]) -> frozenset[int] | None:
    """The common kind with the fewest steps more, where this one is rare beside it."""
    fitting = [other for other, known in common.items() if steps < other and kind.count <= max(1, known.count * _RARE_SHARE)]
    return min(fitting, key=lambda other: (len(other), -common[other].count), default=None)
