"""A stretch of time as people write it: the last 15 min, from here to there, one day. Pure; no Qt, no I/O.

Read `jump` for the forms of one time.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import tzinfo

from app.jump import AtTime, Here, target
from app.models.event_rows import shown_time
from inspector.event import MAX_TIME_US, MIN_TIME_US

FORMS = "last 15 min, -2h, 14:00 – 14:30, 2026-11-23, 2026-11-23T14:00:00Z – 2026-11-23T14:30:00Z, or nothing for all"
_LAST = re.compile(r"(?:last\s+|-\s*)(\d{1,12})\s*(ms|s|m|h|d|sec\w*|min\w*|hours?|days?)\Z", re.IGNORECASE)
_UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_BETWEEN = re.compile(r"\s*(?:–|—|\.\.|\bto\b|\s-\s)\s*")


def time_range(text: str, here: Here) -> tuple[int, int] | None:
    """`[from, until)` in microseconds; None for all. Raises ValueError with a sentence that says what is wrong."""
    text = text.strip()
    if text.lower() in {"", "all"}:
        return None
    if match := _LAST.match(text):
        if here.newest_us is None:
            raise ValueError("there is no event with a time yet")
        unit = match[2].lower()
        span_us = int(match[1]) * _UNITS_US[unit if unit in _UNITS_US else unit[0]]
        return max(here.newest_us + 1 - span_us, MIN_TIME_US), here.newest_us + 1
    first, *rest = _BETWEEN.split(text, maxsplit=1)
    if not rest:
        only = _time(first, here)
        return only.from_us, only.until_us
    low = _time(first, here).from_us if first.strip() else MIN_TIME_US
    there = replace(here, day_us=low) if first.strip() else here  # a time of day alone is of the day it began on
    high = _time(rest[0], there).from_us if rest[0].strip() else MAX_TIME_US
    if high <= low:
        raise ValueError("it ends before it begins")
    return low, high


def _time(text: str, here: Here) -> AtTime:
    try:
        found = target(text, here)
    except ValueError as error:
        raise ValueError(f"write {FORMS}" if str(error).startswith("write ") or not str(error) else str(error)) from None
    if isinstance(found, AtTime):
        return found
    raise ValueError(f"write {FORMS}")


def range_text(span: tuple[int, int], zone: tzinfo) -> str:
    """A range as `time_range` takes it in that zone, as short as it can be said exactly."""
    low, high = (_short(shown_time(bound, zone)) for bound in span)
    same_day = low[:10] == high[:10] and "UTC" not in low + high
    return f"{low} – {high[11:] if same_day and len(high) > 10 else high}"


def _short(text: str) -> str:
    return text[:19] if text.endswith(".000000") else text
