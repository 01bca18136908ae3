"""The account of a log against a position-by-position model."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from inspector.capture import coverage
from inspector.capture.coverage import Segment, put
from inspector.event import merged_ranges, without_ranges

_KINDS = st.sampled_from(
    [
        ("read", "", None, "uncommitted"),
        ("read", "", None, "committed"),
        ("read", "", None, "both"),
        ("scanned", "", "a", "uncommitted"),
        ("absent", coverage.RETENTION, None, ""),
        ("absent", coverage.REMOVED_BY_KEEP, None, ""),
    ]
)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    start = draw(st.integers(0, 30))
    state, reason, filter_text, isolation = draw(_KINDS)
    return Segment(start, start + draw(st.integers(1, 12)), state, reason, filter_text, isolation, None)


@given(st.lists(segments(), max_size=12))
def test_what_is_better_known_wins_position_by_position(laid: list[Segment]) -> None:
    account: list[Segment] = []
    model: dict[int, Segment] = {}
    for segment in laid:
        account = put(account, segment)
        for position in range(segment.start, segment.end):
            if position not in model or model[position].rank() <= segment.rank():
                model[position] = segment
    found = {position: segment.kind() for segment in account for position in range(segment.start, segment.end)}
    assert found == {position: segment.kind() for position, segment in model.items()}
    assert all(low.end <= high.start for low, high in itertools.pairwise(account))
    assert all(low.end < high.start or low.kind() != high.kind() for low, high in itertools.pairwise(account))


def test_neighbours_join_with_their_counts() -> None:
    account = put([Segment(0, 10, "read", records=9)], Segment(10, 20, "read", records=10))
    assert account == [Segment(0, 20, "read", records=19)]


def test_position_scanned_through_two_filters_is_scanned_through_either() -> None:
    account = put([Segment(0, 10, "scanned", filter="a")], Segment(5, 15, "scanned", filter="b"))
    assert [(segment.start, segment.end, segment.filter) for segment in account] == [(0, 5, "a"), (5, 10, "(a) || (b)"), (10, 15, "b")]


def test_absence_never_hides_what_was_read() -> None:
    account = put([Segment(0, 10, "read", records=10)], Segment(0, 20, "absent", coverage.RETENTION))
    assert [(segment.start, segment.end, segment.state) for segment in account] == [(0, 10, "read"), (10, 20, "absent")]


def test_only_the_same_isolation_counts_as_read() -> None:
    account = [Segment(0, 10, "read", isolation="committed"), Segment(20, 30, "read", isolation="both")]
    assert coverage.already_read(account, "both") == [(20, 30)]


_RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=10)


@given(_RANGES)
def test_merged_ranges_hold_the_same_positions(ranges: list[tuple[int, int]]) -> None:
    merged = merged_ranges(ranges)
    assert {p for low, high in merged for p in range(low, high)} == {p for low, high in ranges for p in range(low, high)}
    assert all(low[1] < high[0] for low, high in itertools.pairwise(merged))


@given(st.integers(0, 40), st.integers(0, 40), _RANGES)
def test_what_is_left_is_what_is_asked_without_what_is_taken(start: int, end: int, taken: list[tuple[int, int]]) -> None:
    left = without_ranges(start, end, taken)
    expected = set(range(start, end)) - {p for low, high in taken for p in range(low, high)}
    assert {p for low, high in left for p in range(low, high or 0)} == expected
