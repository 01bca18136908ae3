"""Where an axis of time has its ticks, and what they say, in a zone. Pure; no Qt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

CLOCK_STEPS_S = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000)
"""Steps that clocks have."""
_PARTS_US = tuple(digit * 10**power for power in range(1, 6) for digit in (1, 2, 5))
_TICK_PX = 90
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tick_text(time_us: int, step_us: int, zone: tzinfo) -> str:
    """The date when ticks are a day or more apart, seconds when less than a minute, as many decimals as a step needs."""
    try:
        moment = (_EPOCH + timedelta(microseconds=time_us)).astimezone(zone)
    except (OverflowError, ValueError):
        return ""
    if step_us < 1_000_000:
        return moment.strftime("%H:%M:%S.%f")[: -(3 if step_us >= 1_000 else 1)]
    return moment.strftime("%Y-%m-%d" if step_us >= 86_400_000_000 else "%H:%M" if step_us >= 60_000_000 else "%H:%M:%S")


def ticks(low_us: int, high_us: int, width_px: int, zone: tzinfo) -> list[tuple[int, str]]:
    """(time, text), at least 90 pixels apart, at whole hours and days of the zone."""
    least_us = (high_us - low_us) * _TICK_PX / max(width_px, 1)
    steps = (*_PARTS_US, *(step * 1_000_000 for step in CLOCK_STEPS_S))
    step_us = next((step for step in steps if step >= least_us), steps[-1])
    try:
        offset = (_EPOCH + timedelta(microseconds=low_us)).astimezone(zone).utcoffset()
    except (OverflowError, ValueError):
        offset = None
    shift_us = int(offset.total_seconds() * 1_000_000) if offset is not None else 0
    first = -(-(low_us + shift_us) // step_us) * step_us - shift_us
    return [(time_us, tick_text(time_us, step_us, zone)) for time_us in range(first, high_us, step_us)]
