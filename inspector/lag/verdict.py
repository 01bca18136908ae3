"""What the lag of a consumer means, in words: which partition stands, since when all are slow, who changed. Pure.

Read `motion` for the numbers, `watch` for who has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from inspector.event import format_time
from inspector.lag.motion import (
    RATE_US,
    SECOND_US,
    Knee,
    Point,
    committed_since,
    is_current,
    knee,
    motion,
    since_reset,
    stands_since,
    total,
)
from inspector.sources.groups import Place

STANDS_US = 15 * SECOND_US
"""Without a commit for so long a partition stands; what is read within it counts as caught up. Consumers commit every 5 s by themselves."""
_SOON_US = SECOND_US
"""Two looks that are nearer say nothing of how it moves."""
_HOT_LAG = 0.7
_HOT_RATE = 2.0
_HOT_KEY = 0.5
_MORE = 1.6
_LESS = 0.6
_AS_MUCH = 0.75


class Kind(StrEnum):
    """What is the matter."""

    unreadable = "unreadable"
    uncommitted = "uncommitted"
    unknown = "unknown"
    caught_up = "caught up"
    no_member = "no member"
    idle = "idle"
    """No member, and nothing is unread: as a job is between two runs."""
    stopped = "stopped"
    partition_stands = "one partition stands"
    partitions_stand = "some partitions stand"
    hot_key = "one hot key"
    hot_partition = "one hot partition"
    producers_faster = "producers faster"
    slow = "all slow"
    draining = "draining"
    falling_behind = "falling behind"
    steady = "steady"


BAD = frozenset({Kind.unreadable, Kind.no_member, Kind.stopped, Kind.partition_stands, Kind.partitions_stand})
"""Somebody has to do something about these."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer as it was seen: its points in each partition in which it has committed, in the order of time.

    `members` is None where nobody tells who reads.
    """

    name: str
    lines: Mapping[Place, Sequence[Point]] = field(default_factory=dict)
    members: int | None = None
    error: str = ""

    @property
    def behind(self) -> int:
        """Positions that are not read yet."""
        return sum(line[-1].behind for line in self.lines.values() if line)


@dataclass(frozen=True, slots=True)
class HotKey:
    """The most frequent key among the unread records of a partition, and its share of them."""

    key: str
    share: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is one clause for people; `places` the partitions it is about, `since_us` since when it is so."""

    kind: Kind
    text: str
    places: Sequence[Place] = ()
    since_us: int | None = None

    @property
    def is_bad(self) -> bool:
        """Whether somebody has to do something."""
        return self.kind in BAD


def hot_key(keys: Iterable[str]) -> HotKey | None:
    """The most frequent of some records' keys, where it has more than half of them."""
    counted = Counter(keys)
    if not counted:
        return None
    key, count = counted.most_common(1)[0]
    share = count / counted.total()
    return HotKey(key, share) if share >= _HOT_KEY and counted.total() > 1 else None


def verdict(consumer: Consumer, hot: Mapping[Place, HotKey] | None = None, *, stands_us: int = STANDS_US) -> Verdict:
    """What is to be said of a consumer; `hot` are the keys that were looked for among unread records."""
    lines = {place: line for place, line in consumer.lines.items() if line}
    if consumer.error or not lines:
        return Verdict(Kind.unreadable, consumer.error) if consumer.error else Verdict(Kind.uncommitted, "nothing is committed yet")
    if consumer.members == 0:
        return _without_member(lines, consumer.behind)
    if all(is_current(line, stands_us) for line in lines.values()):
        return Verdict(Kind.caught_up, "caught up")
    standing = {place: line for place, line in lines.items() if _stands(line, stands_us)}
    if standing:
        return _standing(consumer, lines, standing)
    if all(line[-1].time_us - line[0].time_us < _SOON_US for line in lines.values()):
        return Verdict(Kind.unknown, f"{_positions(consumer.behind)} unread; how that moves only a second look tells")
    return _hot(lines, consumer.behind, hot or {}) or _changed(lines) or _moving(lines)


def _without_member(lines: Mapping[Place, Sequence[Point]], behind: int) -> Verdict:
    since_us, moved = max((committed_since(line) for line in lines.values()), key=lambda since: (since[1], since[0]))
    when = f" since {clock(since_us)}" if moved else ""
    left = f"{_positions(behind)} unread" if behind else "nothing is unread"
    kind = Kind.no_member if behind else Kind.idle
    return Verdict(kind, f"no member{when}: {left}", since_us=since_us if moved else None)


def _stands(line: Sequence[Point], stands_us: int) -> bool:
    """Whether something is unread and nothing was committed for long."""
    return line[-1].behind > 0 and not is_current(line, stands_us) and line[-1].time_us - stands_since(line)[0] >= stands_us


def _standing(consumer: Consumer, lines: Mapping[Place, Sequence[Point]], standing: Mapping[Place, Sequence[Point]]) -> Verdict:
    begun = {place: stands_since(line) for place, line in standing.items()}
    places = sorted(standing, key=lambda place: (begun[place][0], place))
    since_us, moved = begun[places[0]]
    when = f"since {clock(since_us)}{'' if moved else ' or before'}"
    if len(standing) == len(lines):
        members = "" if consumer.members is None else f", with {consumer.members} member{'' if consumer.members == 1 else 's'}"
        return Verdict(Kind.stopped, f"stopped {when}{members}: {_positions(consumer.behind)} unread", places, since_us)
    name, partition = places[0]
    at = f"{name}/{partition} at {standing[places[0]][-1].committed:,} {when}"
    if len(standing) == 1:
        return Verdict(Kind.partition_stands, f"one partition stands: {at}", places, since_us)
    return Verdict(Kind.partitions_stand, f"{len(standing)} of {len(lines)} partitions stand, the first {at}", places, since_us)


def _hot(lines: Mapping[Place, Sequence[Point]], behind: int, hot: Mapping[Place, HotKey]) -> Verdict | None:
    """One partition that has most of what is unread because most is written there."""
    place = max(lines, key=lambda one: lines[one][-1].behind)
    others = [motion(line).produced_per_s or 0.0 for one, line in lines.items() if one != place]
    produced = motion(lines[place]).produced_per_s or 0.0
    share = lines[place][-1].behind / max(1, behind)
    if not others or share < _HOT_LAG or produced < _HOT_RATE * max(sum(others) / len(others), 1e-9):
        return None
    where = f"{place[0]}/{place[1]}"
    if (found := hot.get(place)) is not None:
        return Verdict(Kind.hot_key, f"one hot key: {found.key} has {found.share:.0%} of what is unread in {where}", [place])
    return Verdict(Kind.hot_partition, f"one hot partition: {where} has {share:.0%} of what is unread", [place])


def _changed(lines: Mapping[Place, Sequence[Point]]) -> Verdict | None:
    """Since when it falls behind, and which side changed."""
    points = since_reset(total(lines.values()))
    produced = knee([(point.time_us, point.end) for point in points])
    committed = knee([(point.time_us, point.committed) for point in points])
    if produced is None or committed is None:
        return None
    # what counts is how it goes since the change, not since the beginning
    if committed.after < committed.before * _LESS and committed.after < _AS_MUCH * _since(points, committed).produced:
        text = f"all slow since {clock(committed.time_us)}: {_per_s(committed.before)} before, {_per_s(committed.after)} now"
        return Verdict(Kind.slow, text, since_us=committed.time_us)
    if produced.before > 0 and produced.after > produced.before * _MORE and _since(points, produced).committed < produced.after:
        text = f"producers {_times(produced.after / produced.before)} since {clock(produced.time_us)}: "
        text += f"{_per_s(produced.before)} before, {_per_s(produced.after)} now"
        return Verdict(Kind.producers_faster, text, since_us=produced.time_us)
    return None


class _Rates(NamedTuple):
    committed: float
    produced: float


def _since(points: Sequence[Point], since: Knee) -> _Rates:
    """How fast it goes since then."""
    found = motion([point for point in points if point.time_us >= since.time_us], 1 << 62)
    return _Rates(found.committed_per_s or 0.0, found.produced_per_s or 0.0)


def _moving(lines: Mapping[Place, Sequence[Point]]) -> Verdict:
    points = total(lines.values())
    moves = motion(points, RATE_US)
    behind = points[-1].behind
    if moves.trend == "falling" and moves.to_zero_s is not None:
        return Verdict(Kind.draining, f"draining: {_positions(behind)} unread, none in {duration(moves.to_zero_s)}")
    if moves.trend == "rising":
        more = (moves.produced_per_s or 0.0) - (moves.committed_per_s or 0.0)
        return Verdict(Kind.falling_behind, f"falling behind by {_per_s(more)}: {_positions(behind)} unread")
    return Verdict(Kind.steady, f"steady: {_positions(behind)} unread")


# ---- words


def clock(time_us: int) -> str:
    """A moment as it stands in a sentence: the time of day in UTC, such as `13:52:07 UTC`."""
    return f"{(format_time(time_us) or '')[11:19]} UTC"


def duration(seconds: float) -> str:
    """A length of time in its two largest units, such as `2 min 10 s`."""
    whole = round(seconds)
    for name, size, below, under in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // under
            return f"{whole // size:,} {name}" + (f" {rest} {below}" if rest else "")
    return f"{seconds:.1f} s" if seconds < 10 and seconds != whole else f"{whole} s"


def _positions(count: int) -> str:
    return f"{count:,} position{'' if count == 1 else 's'}"


def _per_s(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:,.1f}/s"


def _times(factor: float) -> str:
    if factor < 2.5:
        return "doubled"
    return "tripled" if factor < 3.5 else f"write {factor:,.0f} times as much"
