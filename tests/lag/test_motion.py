"""Rates, times to zero, bends and resets follow from points alone, and are exact where points are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.lag.motion import SECOND_US, Point, Reset, is_current, knee, motion, newest, resets, since_reset, stands_since, total

RATES = st.integers(0, 5_000)


def line(committed: int, end: int, committed_per_s: int, produced_per_s: int, seconds: int, start_us: int = 0) -> list[Point]:
    """A look each second at steady rates."""
    return [
        Point(start_us + at * SECOND_US, committed + at * committed_per_s, end + at * produced_per_s)
        for at in range(seconds + 1)
        if committed + at * committed_per_s <= end + at * produced_per_s
    ]


@given(RATES, RATES, st.integers(0, 100_000), st.integers(2, 100))
def test_steady_rates_are_exact(committed: int, produced: int, behind: int, seconds: int) -> None:
    points = line(1_000, 1_000 + behind, committed, produced, seconds)
    found = motion(points)
    if len(points) < 2:
        assert found.committed_per_s is None
        return
    assert found.committed_per_s == pytest.approx(committed)
    assert found.produced_per_s == pytest.approx(produced)
    left = points[-1].behind
    if left == 0:
        assert found.to_zero_s == 0
    elif committed <= produced:
        assert found.to_zero_s is None
    else:
        assert found.to_zero_s == pytest.approx(left / (committed - produced))


@given(RATES.filter(lambda rate: rate > 0), st.integers(1_000, 1_000_000))
def test_time_to_zero_converges_on_the_truth(rate: int, behind: int) -> None:
    """Each look of a steady drain foretells the same moment."""
    points = line(0, behind, rate, 0, 60)
    ends_us = [
        points[at].time_us / SECOND_US + (motion(points[: at + 1]).to_zero_s or 0) for at in range(1, len(points)) if points[at].behind
    ]
    assert all(end_s == pytest.approx(behind / rate) for end_s in ends_us)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=30))
def test_every_step_back_is_a_reset_and_no_rate_goes_across_one(commits: list[int]) -> None:
    points = [Point(at * SECOND_US, committed, 1_000) for at, committed in enumerate(commits)]
    found = resets(points)
    assert [reset.after for reset in found] == [later for before, later in pairwise(commits) if later < before]
    assert all(reset == Reset(reset.time_us, commits[reset.time_us // SECOND_US - 1], reset.after) for reset in found)
    assert resets(since_reset(points)) == []
    assert (motion(points).committed_per_s or 0) >= 0


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 50), st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=6))
def test_sum_ends_at_the_sums_and_moves_as_the_parts_do(parts: list[tuple[int, int, int, int]]) -> None:
    lines = [line(10, 10 + behind, committed, produced, 20)[late:] for behind, committed, produced, late in parts]
    lines = [points for points in lines if points]
    summed = total(lines)
    assert bool(summed) == bool(lines)
    if summed:
        assert summed[-1].committed == sum(points[-1].committed for points in lines)
        assert summed[-1].end == sum(points[-1].end for points in lines)
        assert resets(summed) == []


@given(st.integers(0, 500), st.integers(0, 500), st.integers(2, 40), st.integers(2, 40))
def test_bend_is_found_where_it_is(before: int, after: int, seconds_before: int, seconds_after: int) -> None:
    series = [(at * SECOND_US, at * before) for at in range(seconds_before + 1)]
    series += [((seconds_before + at) * SECOND_US, seconds_before * before + at * after) for at in range(1, seconds_after + 1)]
    found = knee(series)
    assert found is not None
    if before != after:
        assert found.time_us == seconds_before * SECOND_US
        assert found.before == pytest.approx(before)
        assert found.after == pytest.approx(after)


def test_one_look_says_nothing_of_motion() -> None:
    assert motion([]).committed_per_s is None
    found = motion([Point(0, 5, 9)])
    assert (found.committed_per_s, found.to_zero_s, found.trend) == (None, None, "")
    assert motion([Point(0, 9, 9)]).to_zero_s == 0
    assert knee([(0, 0), (1, 1)]) is None


def test_newest_stretch_has_two_points_where_there_are_two() -> None:
    points = line(0, 1_000, 1, 1, 10)
    assert newest(points, 3 * SECOND_US) == points[-4:]
    assert newest(points, 0) == points[-2:]
    assert newest(points[:1], 0) == points[:1]


def test_standing_and_being_current() -> None:
    points = [Point(0, 1, 5), Point(SECOND_US, 3, 5), Point(2 * SECOND_US, 3, 6), Point(3 * SECOND_US, 3, 9)]
    assert stands_since(points) == (SECOND_US, True)
    assert stands_since(points[1:]) == (SECOND_US, False)
    assert not is_current(points, 10 * SECOND_US)
    read = [*points, Point(4 * SECOND_US, 7, 12)]
    assert is_current(read, SECOND_US) is False
    assert is_current(read, 2 * SECOND_US) is True
