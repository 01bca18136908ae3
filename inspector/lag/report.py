"""The lag of consumers as it is told: one row for each partition, and one account for each consumer. Read-only.

Out of looks at a source that is there (`live`), or out of the samples of a capture (`recorded`): the same numbers, and the same verdict.
Read `watch` and `verdict` for where they come from, `cli.lag` for who prints them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from inspector.capture.claims import partial_consumers
from inspector.capture.reader import CaptureReader
from inspector.capture.samples import Line, Of, lines
from inspector.lag.counting import Counted, events_between, next_event
from inspector.lag.holes import Skipped, skipped
from inspector.lag.motion import Motion, Point, Reset, motion, resets, total
from inspector.lag.verdict import Consumer, Kind, Verdict, hot_key, verdict
from inspector.lag.watch import Watch
from inspector.sources.groups import Group, GroupsLook, Member, Place, Standing
from inspector.sources.samples import COMMITTED, LAG_TIME, LOG_END, MEMBERS

Keys = Callable[[Place, int, int], Sequence[str]]
"""The keys of some records of a partition between two positions."""
_MOST_KEYS = 200
_UNKNOWN = Motion()


@dataclass(frozen=True, slots=True)
class Row:
    """How far a consumer is in one partition; None where that is not known.

    `holes` is None where nobody looked for skipped events: only a capture that followed the store can know.
    """

    standing: Standing
    behind_us: int | None = None
    events: Counted | None = None
    holes: Sequence[Skipped] | None = None
    next_seq: int | None = None
    """The next event's number in the capture."""
    member: Member | None = None
    motion: Motion = _UNKNOWN
    resets: Sequence[Reset] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """How far a consumer is at `as_of_us`. `group` says who reads, where the source tells that."""

    name: str
    as_of_us: int
    rows: Sequence[Row]
    verdict: Verdict
    motion: Motion = _UNKNOWN
    group: Group | None = None
    members: int | None = None

    @property
    def positions(self) -> int | None:
        """Positions behind in all partitions; None where none is known."""
        known = [row.standing.positions for row in self.rows if row.standing.positions is not None]
        return sum(known) if known else None

    @property
    def uncommitted(self) -> int:
        """Positions of partitions that it has, and in which it has committed nothing."""
        return sum(row.standing.uncommitted for row in self.rows)

    @property
    def behind_us(self) -> int | None:
        """The age of the oldest next record; None unless it is known of each partition with something unread."""
        ages = [row.behind_us for row in self.rows if row.standing.positions is not None]
        return None if not ages or None in ages else max(age for age in ages if age is not None)

    @property
    def events(self) -> Counted | None:
        """Events behind in all partitions; None where one is not known at all."""
        counted = [row.events for row in self.rows if row.standing.positions is not None]
        known = [one for one in counted if one is not None]
        if not known or len(known) < len(counted):
            return None
        return Counted(sum(one.events for one in known), all(one.is_exact for one in known))

    @property
    def beyond(self) -> Sequence[Standing]:
        """Where a group of Kafka has committed more than there is; elsewhere a checkpoint may count other logs too."""
        return [] if self.group is None else [row.standing for row in self.rows if row.standing.beyond]

    @property
    def holes(self) -> int | None:
        """Events that it has skipped; None where nobody looked."""
        known = [len(row.holes) for row in self.rows if row.holes is not None]
        return sum(known) if known else None


def live(watch: Watch, look: GroupsLook, keys: Keys | None = None, reader: CaptureReader | None = None) -> list[Account]:
    """The groups of the last look; with a capture, events are counted there."""
    accounts = []
    for group, consumer in zip(look.groups, watch.consumers(), strict=True):
        rows = [_live_row(group, one, consumer, look.time_us, reader) for one in group.standings]
        said = _judged(consumer, keys)
        sums = motion(total(consumer.lines.values()))
        accounts.append(_without_promise(Account(group.name, look.time_us, rows, said, sums, group, len(group.members))))
    return accounts


def _without_promise(account: Account) -> Account:
    """What stands does not drain, whatever it did a minute ago."""
    if not account.verdict.is_bad:
        return account
    standing = set(account.verdict.places)
    rows = [
        replace(row, motion=replace(row.motion, to_zero_s=None))
        if row.standing.positions and (not standing or row.standing.place in standing)
        else row
        for row in account.rows
    ]
    return replace(account, rows=rows, motion=replace(account.motion, to_zero_s=None) if account.positions else account.motion)


def _live_row(group: Group, one: Standing, consumer: Consumer, now_us: int, reader: CaptureReader | None) -> Row:
    points = consumer.lines.get(one.place, ())
    counted = None
    if reader is not None and one.committed is not None and one.end is not None:
        counted = events_between(reader, one.place, max(one.committed, one.first or 0), one.end)
    if one.positions == 0:
        counted = Counted(0, is_exact=True)
    return Row(one, one.behind_us(now_us), counted, None, None, group.member_of(one.place), motion(points), resets(points))


def _judged(consumer: Consumer, keys: Keys | None) -> Verdict:
    said = verdict(consumer)
    if said.kind is not Kind.hot_partition or keys is None:
        return said
    (place,) = said.places
    point = consumer.lines[place][-1]
    found = hot_key(keys(place, point.committed, point.end))
    return said if found is None else verdict(consumer, {place: found})


# ---- out of a capture


@dataclass(slots=True)
class _Recorded:
    """The samples of one consumer."""

    lines: dict[Place, Line] = field(default_factory=dict)
    points: dict[Place, list[Point]] = field(default_factory=dict)
    age_s: dict[Place, float | None] = field(default_factory=dict)
    """At the last point."""
    members: tuple[int, float] | None = None
    may_skip: bool = False
    """Positions may come to be seen later than higher ones, and it is known when they were."""
    category: str = ""
    """The one that it reads; empty for all of the log."""


def recorded(reader: CaptureReader, names: Iterable[str] = ()) -> list[Account]:
    """The consumers whose progress the capture has noted (those named, or all), each as it was when it was last seen."""
    wanted = set(names)
    logs = {source_id for (source_id,) in reader.select("SELECT id FROM source WHERE kind = 'kafka'")}
    exported = {source_id for (source_id,) in reader.select(_EXPORTED)}
    ends = {of: dict(line) for of, line in lines(reader, LOG_END).items()}
    ages = {of: dict(line) for of, line in lines(reader, LAG_TIME).items()}
    found: dict[tuple[int, str], _Recorded] = {}
    for (source_id, parts), line in lines(reader, COMMITTED).items():
        if (known := _consumer_place(parts)) is None or (wanted and known[0] not in wanted):
            continue
        name, place = known
        one = found.setdefault((source_id, name), _Recorded(may_skip=source_id not in logs | exported))
        one.lines[place] = line
        there = ends.get(Of(source_id, place), {})
        aged = ages.get(Of(source_id, parts), {})
        points = [Point(at, int(value), int(max(value, there[at])), aged.get(at) == 0) for at, value in line if at in there]
        if points:
            one.points[place] = points
            one.age_s[place] = aged.get(points[-1].time_us)
    for source_id, claim in partial_consumers(reader):
        if (source_id, claim.name) in found:
            found[source_id, claim.name].category = claim.category
    for (source_id, parts), line in lines(reader, MEMBERS).items():
        if len(parts) == 1 and (source_id, str(parts[0])) in found:
            found[source_id, str(parts[0])].members = line[-1]
    return [_account(reader, name, one) for (_, name), one in sorted(found.items())]


_EXPORTED = "SELECT DISTINCT source_id FROM run WHERE json_valid(settings) AND json_extract(settings, '$.command') = 'export'"
"""What was captured before what, an export does not say."""


def _consumer_place(parts: Sequence[str | int]) -> tuple[str, Place] | None:
    match parts:
        case [str(name), str(log), int(partition)]:
            return name, (log, partition)
    return None


def _account(reader: CaptureReader, name: str, one: _Recorded) -> Account:
    as_of_us = max(line[-1][0] for line in one.lines.values())
    members = int(one.members[1]) if one.members is not None and one.members[0] == as_of_us else None
    rows = [_recorded_row(reader, name, place, one) for place in sorted(one.lines)]
    consumer = Consumer(name, one.points, members)
    said = _judged(consumer, lambda place, start, end: _keys(reader, place, start, end))
    return _without_promise(Account(name, as_of_us, rows, said, motion(total(one.points.values())), None, members))


def _recorded_row(reader: CaptureReader, name: str, place: Place, one: _Recorded) -> Row:
    commits = [(at, int(value)) for at, value in one.lines[place]]
    points = one.points.get(place, [])
    if not points:
        return Row(Standing(place, commits[-1][1]))
    last = points[-1]
    upcoming = next_event(reader, place, last.committed, last.end, one.category) if last.behind else None
    behind_us = 0 if not last.behind else None
    if upcoming is not None and upcoming.time_us is not None:
        behind_us = max(0, last.time_us - upcoming.time_us)
    elif (aged_s := one.age_s.get(place)) is not None:
        behind_us = round(aged_s * 1e6)
    standing = Standing(
        place,
        last.committed,
        end=last.end,
        next_position=upcoming.position if upcoming else None,
        next_time_us=upcoming.time_us if upcoming else None,
        is_read_out=last.is_read_out,
    )
    counted = (
        Counted(0, is_exact=True) if last.committed >= last.end else events_between(reader, place, last.committed, last.end, one.category)
    )
    holes = skipped(reader, name, place, commits) if one.may_skip and not one.category else None
    return Row(standing, behind_us, counted, holes, upcoming.seq if upcoming else None, None, motion(points), resets(points))


_KEYS = (
    "SELECT seq FROM event JOIN log ON log.id = event.log_id WHERE log.name = ? AND log.partition = ? AND position >= ? AND position < ? "
    "ORDER BY position LIMIT ?"
)


def _keys(reader: CaptureReader, place: Place, start: int, end: int) -> list[str]:
    """Keys as they are shown, hidden where they should be."""
    seqs = [int(seq) for (seq,) in reader.select(_KEYS, (*place, start, end, _MOST_KEYS))]
    return [row.key.decode("utf-8", "replace") for row in reader.rows_by_seq(seqs) if row.key]
