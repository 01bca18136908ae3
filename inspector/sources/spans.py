"""What of a plan is read, and in which order: narrowed to ranges, cut into windows from the newest back. Pure.

Read `sources` for the plan, `ingest` for who reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.sources import LogInfo, Plan, Span


def length(span: Span) -> int:
    """How many positions it has; none for one without an end."""
    return 0 if span.end is None else span.end - span.start


def place_of(info: LogInfo) -> tuple[str, int]:
    """(log, partition) as a request names them."""
    return info.key.name, info.key.partition


def narrowed(plan: Plan, ranges: Mapping[tuple[str, int], tuple[int, int]]) -> Plan:
    """`plan` with only these positions of these partitions; all of it when none is named."""
    if not ranges:
        return plan
    within = [ranges.get(place_of(info), (0, 0)) for info in plan.logs]
    plan.spans = [
        Span(span.log, max(span.start, low), high if span.end is None else min(span.end, high))
        for span in plan.spans
        for low, high in (within[span.log],)
        if max(span.start, low) < (high if span.end is None else min(span.end, high))
    ]
    plan.asked = [
        (max(start, low), high if end is None else min(end, high)) for (start, end), (low, high) in zip(plan.asked, within, strict=True)
    ]
    return plan


_FIRST_WINDOW, _LARGEST_WINDOW = 5_000, 500_000
"""Positions of one partition: the first matches come at once, and what a window costs does not count later."""


def rounds(spans: Sequence[Span]) -> list[list[Span]]:
    """The spans from their ends backwards: windows of growing size, each read forwards, over all partitions alike.

    A span without an end is not divided.
    """
    left = {log: sorted((span for span in spans if span.log == log), key=lambda span: span.start) for log in {span.log for span in spans}}
    made: list[list[Span]] = []
    size = _FIRST_WINDOW
    while any(left.values()):
        made.append([part for parts in left.values() for part in _last(parts, size)])
        size = min(size * 4, _LARGEST_WINDOW)
    return made


def _last(spans: list[Span], size: int) -> list[Span]:
    """Takes the last `size` positions off `spans`."""
    taken: list[Span] = []
    while spans and size > 0:
        span = spans.pop()
        start = span.start if span.end is None else max(span.start, span.end - size)
        taken.append(Span(span.log, start, span.end))
        if start > span.start:
            spans.append(Span(span.log, span.start, start))
        size -= length(taken[-1])
    return taken[::-1]
