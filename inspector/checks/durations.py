"""Durations that checks judge by, and how they are said. Pure; read `processes` and `time_order` for users."""

from __future__ import annotations

from collections import Counter

_US_PER = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"))


def percentile(seconds: Counter[int], share: float) -> int:
    """The duration in microseconds below which that share of all lie, to the next second; 0 for none."""
    total = sum(seconds.values())
    seen = 0
    for value in sorted(seconds):
        seen += seconds[value]
        if seen >= total * share:
            return (value + 1) * 1_000_000
    return 0


def span(duration_us: int) -> str:
    """A duration in its largest fitting unit, such as `59.9 min`."""
    for size, unit in _US_PER:
        if duration_us >= size:
            return f"{duration_us / size:.1f} {unit}"
    return f"{duration_us / 1000:.0f} ms"
