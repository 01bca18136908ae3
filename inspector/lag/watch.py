"""Looks one after the other: what is known of each consumer by now, with what was before the first look. Pure.

Read `motion` and `verdict` for what follows from it, `sources.groups` for the looks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from inspector.lag.motion import Point
from inspector.lag.verdict import Consumer
from inspector.sources.groups import Commit, Group, GroupsLook, GroupsPast, Place, Standing

MOST_POINTS = 2_000
"""Of each partition; the oldest go first."""


class Watch:
    """What is known of consumer groups after each look."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, Place], deque[Point]] = {}
        self._groups: dict[str, Group] = {}

    def add_past(self, past: GroupsPast) -> None:
        """What was before the first look; to be told before it."""
        commits: dict[tuple[str, Place], list[Commit]] = {}
        for commit in past.commits:
            commits.setdefault((commit.group, commit.place), []).append(commit)
        for key, made in commits.items():
            times = [commit.time_us for commit in made]
            for time_us, place, end in past.ends:
                at = bisect_right(times, time_us)
                position = made[at - 1].position if at else None
                if place == key[1] and position is not None:
                    self._line(key).append(Point(time_us, position, max(end, position)))

    def add(self, look: GroupsLook) -> None:
        """One more look."""
        self._groups = {group.name: group for group in look.groups}
        for group in look.groups:
            for one in group.standings:
                if (point := point_of(one, look.time_us)) is not None:
                    self._line((group.name, one.place)).append(point)

    def _line(self, key: tuple[str, Place]) -> deque[Point]:
        return self._lines.setdefault(key, deque(maxlen=MOST_POINTS))

    def consumers(self) -> list[Consumer]:
        """Those of the last look."""
        return [self._consumer(group) for group in self._groups.values()]

    def _consumer(self, group: Group) -> Consumer:
        places = [one.place for one in group.standings]
        lines = {place: list(self._lines[group.name, place]) for place in places if (group.name, place) in self._lines}
        return Consumer(group.name, lines, len(group.members), group.error)


def point_of(one: Standing, time_us: int) -> Point | None:
    """A standing as a point; what retention took counts as read, because nobody can read it any more."""
    if one.committed is None or one.end is None:
        return None
    return Point(time_us, max(one.committed, one.first or 0), one.end, one.is_read_out)
