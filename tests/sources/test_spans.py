"""Spans cut into windows from the newest back cover exactly what they covered, and ranges narrow a plan."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import LogKey
from inspector.sources import LogInfo, Plan, Span
from inspector.sources.spans import length, narrowed, rounds

PIECES = st.lists(st.integers(0, 2_000_000), max_size=8, unique=True).map(lambda edges: list(pairwise(sorted(edges)))[::2])


@given(st.lists(PIECES, max_size=4))
def test_windows_cover_every_position_once_newest_first(logs: list[list[tuple[int, int]]]) -> None:
    spans = [Span(log, *piece) for log, pieces in enumerate(logs) for piece in pieces]
    made = rounds(spans)
    covered = sorted((span.log, span.start, span.end) for window in made for span in window)
    assert sum(length(span) for window in made for span in window) == sum(map(length, spans))
    for one, other in pairwise(covered):
        assert one[0] != other[0] or one[2] <= other[1]  # type: ignore[operator]
    for span in spans:
        assert sum(
            (end or 0) - start for log, start, end in covered if log == span.log and span.start <= start and (end or 0) <= (span.end or 0)
        ) == length(span)
    for earlier, later in pairwise(made):
        for log in range(len(logs)):
            lowest = min((span.start for span in earlier if span.log == log), default=None)
            highest = max((span.end or 0 for span in later if span.log == log), default=None)
            assert highest is None or (lowest is not None and highest <= lowest)


def test_first_window_is_small_and_the_next_ones_grow() -> None:
    sizes = [length(window[0]) for window in rounds([Span(0, 0, 3_000_000)])]
    assert sizes[:4] == [5_000, 20_000, 80_000, 320_000]
    assert max(sizes) == 500_000


def test_a_plan_is_narrowed_to_the_ranges_named() -> None:
    logs = [LogInfo(LogKey("orders", number, ""), 10, 100) for number in range(3)]
    plan = Plan(logs, [Span(0, 10, 100), Span(1, 10, 100), Span(2, 10, None)], [(10, 100), (10, 100), (10, None)])
    found = narrowed(plan, {("orders", 0): (50, 500), ("orders", 2): (0, 20)})
    assert found.spans == [Span(0, 50, 100), Span(2, 10, 20)]
    assert found.asked == [(50, 100), (10, 0), (10, 20)]


@pytest.mark.parametrize("spans", [[], [Span(0, 5, None)]])
def test_what_has_no_end_is_not_divided(spans: list[Span]) -> None:
    assert rounds(spans) == ([spans] if spans else [])
