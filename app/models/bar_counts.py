"""Counts over time as bars are painted: the busiest names and one for the others, what was not read, in stretches. No Qt, no I/O.

Read `inspector.capture.histogram` for the counts, `panes.timeline` for the use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inspector.capture.gaps import Gap

MOST_NAMES = 7
OTHERS = "others"
MATCHES = "matches"
NAMELESS = "none"
_OURS = frozenset({OTHERS, NAMELESS})

Counts = dict[str, NDArray[np.int64]]


def shown_name(label: str) -> str:
    """What a line or bar of a label is called: one that is called like what has none, or like the rest, stands in quotes."""
    if not label:
        return NAMELESS
    return f'"{label}"' if label.strip('"') in _OURS else label


def label_of(name: str) -> str:
    """The label that `shown_name` made a name of; not of what has none."""
    return name[1:-1] if name.strip('"') in _OURS and name[:1] == '"' == name[-1:] and len(name) > 2 else name


def stacked(counts: Mapping[str, Sequence[int]]) -> Counts:
    """The busiest names first; the eighth and further ones are one, "others"."""
    ordered = sorted(counts.items(), key=lambda each: (-sum(each[1]), each[0]))
    found = {shown_name(name): np.asarray(values, np.int64) for name, values in ordered[:MOST_NAMES]}
    if rest := ordered[MOST_NAMES:]:
        found[OTHERS] = np.sum([np.asarray(values, np.int64) for _, values in rest], axis=0)
    return found


def matched(counts: Mapping[str, Sequence[int]], matches: Mapping[int, int], bars: int) -> Counts:
    """What a filter matches, and the others above it."""
    whole = np.sum([np.asarray(values, np.int64) for values in counts.values()], axis=0) if counts else np.zeros(bars, np.int64)
    found = np.zeros(bars, np.int64)
    for place, count in matches.items():
        if 0 <= place < bars:
            found[place] = count
    return {MATCHES: found, OTHERS: np.maximum(whole - found, 0)}


def unread(gaps: Sequence[Gap], first_us: int, until_us: int) -> list[tuple[int, int, str]]:
    """(from, until, words) of the stretches that lack something; those that overlap are one. A gap at an end reaches beyond it."""
    room = max((until_us - first_us) // 20, 1)
    spans = [
        (
            min(first_us, gap.until_us or 0) - room if gap.from_us is None else gap.from_us,
            max(until_us, gap.from_us or 0) + room if gap.until_us is None else gap.until_us,
            gap.positions,
            gap.reason,
        )
        for gap in gaps
        if gap.from_us is not None or gap.until_us is not None
    ]
    joined: list[tuple[int, int, int, tuple[str, ...]]] = []
    for low, high, positions, reason in sorted(spans):
        if joined and low <= joined[-1][1]:
            before = joined[-1]
            joined[-1] = (before[0], max(high, before[1]), before[2] + positions, tuple(dict.fromkeys((*before[3], reason))))
        else:
            joined.append((low, high, positions, (reason,)))
    return [(low, high, f"{positions:,} {', '.join(reasons)}") for low, high, positions, reasons in joined]


def moved_within(span: tuple[int, int], whole: tuple[int, int]) -> tuple[int, int] | None:
    """`span` moved back to where there are events; None when that is the whole."""
    low, high = whole
    length = span[1] - span[0]
    if length >= high - low:
        return None
    start = min(max(span[0], low), high - length)
    return start, start + length
