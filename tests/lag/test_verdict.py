"""What is said of a consumer, and that it is said for the right reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from inspector.lag.motion import SECOND_US, Point
from inspector.lag.verdict import Consumer, HotKey, Kind, Verdict, duration, hot_key, verdict
from inspector.lag.watch import Watch
from inspector.sources.groups import Commit, Group, GroupsLook, GroupsPast, Member, Place, Standing

NOON_US = 1_795_780_800 * SECOND_US
AT = 13 * 3600 + 52 * 60 - 12 * 3600


def moves(*stretches: tuple[int, float, float], behind: int = 0, start_us: int = NOON_US) -> list[Point]:
    """A look every 5 s; each stretch is (seconds, committed a second, produced a second)."""
    committed, end, time_us = 1_000.0, 1_000.0 + behind, start_us
    points = [Point(time_us, int(committed), int(end))]
    for seconds, committed_per_s, produced_per_s in stretches:
        for _ in range(seconds // 5):
            time_us += 5 * SECOND_US
            end += 5 * produced_per_s
            committed = min(end, committed + 5 * committed_per_s)
            points.append(Point(time_us, int(committed), int(end)))
    return points


def said(*lines: Sequence[Point], members: int | None = 2, hot: Mapping[Place, HotKey] | None = None) -> Verdict:
    return verdict(Consumer("billing", {("orders", number): line for number, line in enumerate(lines)}, members), hot)


def test_caught_up() -> None:
    assert said(moves((60, 10, 10)), moves((60, 0, 0))).kind is Kind.caught_up
    # what was written within the last seconds is just being read
    assert said([*moves((60, 10, 10)), Point(NOON_US + 65 * SECOND_US, 1_600, 1_640)]).kind is Kind.caught_up


def test_markers_of_transactions_are_nothing_to_read() -> None:
    """A reader never comes past the last marker, and stands before it as long as nothing is written."""
    line = [Point(NOON_US + at * SECOND_US, 10, 11, is_read_out=True) for at in range(0, 60, 5)]
    assert said(line).kind is Kind.caught_up
    later = [*line, *(Point(NOON_US + at * SECOND_US, 10, 21) for at in range(60, 90, 5))]
    assert said(later).text.startswith("stopped since 12:00:55 UTC, with")


def test_one_partition_stands() -> None:
    found = said(moves((120, 10, 10)), moves((60, 10, 10), (60, 0, 10)), moves((120, 0, 0)))
    assert (found.kind, found.places) == (Kind.partition_stands, [("orders", 1)])
    assert found.text == "one partition stands: orders/1 at 1,600 since 12:01:00 UTC"
    assert found.is_bad
    many = said(moves((120, 10, 10)), moves((60, 10, 10), (60, 0, 10)), moves((30, 10, 10), (90, 0, 10)))
    assert many.text == "2 of 3 partitions stand, the first orders/2 at 1,300 since 12:00:30 UTC"


def test_stopped_and_without_member() -> None:
    halted = moves((60, 10, 10), (60, 0, 10))
    assert said(halted, halted).text == "stopped since 12:01:00 UTC, with 2 members: 1,200 positions unread"
    assert said(halted, members=0).text == "no member since 12:01:00 UTC: 600 positions unread"
    assert said(moves(behind=5), members=0).text == "no member: 5 positions unread"
    idle = said(moves(), members=0)
    assert (idle.text, idle.is_bad) == ("no member: nothing is unread", False)
    assert said(moves((60, 0, 0), behind=7), members=None).text == "stopped since 12:00:00 UTC or before: 7 positions unread"


def test_all_slow_since() -> None:
    line = moves((AT, 100, 100), (300, 30, 100))
    found = said(line, line)
    assert (found.kind, found.since_us) == (Kind.slow, NOON_US + AT * SECOND_US)
    assert found.text == "all slow since 13:52:00 UTC: 200/s before, 60/s now"


def test_consumer_that_slows_down_with_its_producers_is_not_slow() -> None:
    assert said(moves((300, 100, 100), (300, 30, 30), behind=900)).kind is Kind.steady


@pytest.mark.parametrize(("factor", "word"), [(2, "doubled"), (3, "tripled"), (7, "write 7 times as much")])
def test_producers_write_more(factor: int, word: str) -> None:
    line = moves((300, 100, 100), (120, 110, 100 * factor))
    found = said(line, line)
    assert found.kind is Kind.producers_faster
    assert found.text == f"producers {word} since 12:05:00 UTC: 200/s before, {200 * factor:,}/s now"


def test_one_hot_key() -> None:
    lines = (moves((120, 40, 100)), moves((120, 10, 10)), moves((120, 10, 10)))
    assert said(*lines).text == "one hot partition: orders/0 has 100% of what is unread"
    found = said(*lines, hot={("orders", 0): HotKey("order-17", 0.83)})
    assert (found.kind, found.text) == (Kind.hot_key, "one hot key: order-17 has 83% of what is unread in orders/0")
    assert hot_key(["a", "b", "a", "a"]) == HotKey("a", 0.75)
    assert hot_key(["a", "b", "c"]) is None
    assert hot_key([]) is hot_key(["a"]) is None


def test_draining_rising_steady() -> None:
    assert said(moves((100, 110, 100), behind=5_000)).text == "draining: 4,000 positions unread, none in 6 min 40 s"
    assert said(moves((100, 90, 100), behind=5_000)).text == "falling behind by 10/s: 6,000 positions unread"
    assert said(moves((100, 100, 100), behind=5_000)).text == "steady: 5,000 positions unread"


def test_what_is_not_known_is_said() -> None:
    assert verdict(Consumer("billing", error="we may not see group billing")).text == "we may not see group billing"
    assert verdict(Consumer("billing", {}, 1)).kind is Kind.uncommitted
    assert said(moves(behind=30)).text == "30 positions unread; how that moves only a second look tells"


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0, 3.24, 59, 61, 7_260, 90_000)] == [
        "0 s",
        "3.2 s",
        "59 s",
        "1 min 1 s",
        "2 h 1 min",
        "1 d 1 h",
    ]


def test_past_and_looks_make_one_line() -> None:
    place = ("orders", 0)
    watch = Watch()
    commits = [Commit("billing", place, 10, NOON_US), Commit("billing", place, 20, NOON_US + 10 * SECOND_US)]
    ends = [(NOON_US + at * SECOND_US, place, 30 + at) for at in range(-5, 25, 5)]
    watch.add_past(GroupsPast(commits, ends))
    standing = Standing(place, 20, 0, 60, 60)
    watch.add(GroupsLook(NOON_US + 30 * SECOND_US, [Group("billing", members=[Member("m", "c", "h")], standings=[standing])]))
    (consumer,) = watch.consumers()
    assert [(point.committed, point.end) for point in consumer.lines[place]] == [(10, 30), (10, 35), (20, 40), (20, 45), (20, 50), (20, 60)]
    assert verdict(consumer).text == "stopped since 12:00:10 UTC, with 1 member: 40 positions unread"
