"""Runs of positions behave as a set of them does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inspector.sources.kafka_runs import Runs

positions = st.sets(st.integers(0, 60)).map(sorted)
ranges = st.tuples(st.integers(0, 61), st.integers(0, 61))


def runs_of(batches: list[list[int]]) -> Runs:
    runs = Runs()
    for batch in batches:
        runs.add(batch)
    return runs


@st.composite
def batched(draw: st.DrawFn) -> tuple[set[int], Runs]:
    """A set, and runs that were given it in several ascending batches."""
    wanted = draw(positions)
    cuts = sorted(draw(st.lists(st.integers(0, len(wanted)), max_size=5)))
    edges = [0, *cuts, len(wanted)]
    return set(wanted), runs_of([wanted[start:end] for start, end in pairwise(edges)])


@given(batched(), ranges)
def test_within_gives_the_positions_of_the_range_in_order(pair: tuple[set[int], Runs], asked: tuple[int, int]) -> None:
    wanted, runs = pair
    assert list(runs.within(*asked)) == sorted(position for position in wanted if asked[0] <= position < asked[1])


@given(batched(), ranges)
def test_covers_says_whether_every_position_is_there(pair: tuple[set[int], Runs], asked: tuple[int, int]) -> None:
    wanted, runs = pair
    assert runs.covers(*asked) == wanted.issuperset(range(*asked))


@given(batched(), st.integers(0, 61))
def test_forgotten_positions_are_gone_and_others_stay(pair: tuple[set[int], Runs], below: int) -> None:
    wanted, runs = pair
    runs.forget_below(below)
    assert list(runs.within(0, 100)) == sorted(position for position in wanted if position >= below)


@given(batched(), batched(), ranges)
def test_missing_from_is_the_difference(one: tuple[set[int], Runs], other: tuple[set[int], Runs], asked: tuple[int, int]) -> None:
    expected = sorted(position for position in one[0] - other[0] if asked[0] <= position < asked[1])
    assert one[1].missing_from(other[1], *asked) == expected


def test_a_million_positions_without_a_gap_are_one_run() -> None:
    runs = runs_of([list(range(start, start + 10_000)) for start in range(0, 1_000_000, 10_000)])
    assert runs.covers(0, 1_000_000)
    assert not runs.covers(0, 1_000_001)
