"""Numbers that checks judge by: percentiles of counted values. Pure; read `processes` for a user."""

from __future__ import annotations

from collections import Counter


def percentile(seconds: Counter[int], share: float) -> int:
    """The duration in microseconds below which that share of all lie, to the next second; 0 for none."""
    total = sum(seconds.values())
    seen = 0
    for value in sorted(seconds):
        seen += seconds[value]
        if seen >= total * share:
            return (value + 1) * 1_000_000
    return 0
