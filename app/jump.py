"""Where a jump goes, as people write it: a time, an offset, a version, a number. Pure; no Qt, no I/O.

Read `models.places` for how it is found in a capture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from inspector.event import MAX_TIME_US, MIN_TIME_US, datetime_us

FORMS = "a time (14:03, 14:03:07.250, 2026-11-23T14:03:00Z, -15m), an offset (orders/3:1234 or 1234), a version (v12) or a number (#77)"
_SPAN = re.compile(r"-\s*(\d{1,12})\s*(ms|s|m|h|d)\Z")
_SPAN_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_SPAN_WORDS = {"ms": "ms", "s": "s", "m": "min", "h": "h", "d": "d"}
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\Z")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](.+))?\Z")
_ZONE = re.compile(r"(.*?)\s*([Zz]|UTC|[+-]\d\d:?\d\d)\Z")
_OFFSET = re.compile(r"(?:(.+)/(\d{1,9}):)?\s*(\d[\d,_]{0,25})\Z")
_MINUTE_US, _DAY_US = 60_000_000, 86_400_000_000


@dataclass(frozen=True, slots=True)
class AtTime:
    """A stretch of time: what was written as 14:03 is the whole minute."""

    from_us: int
    until_us: int
    text: str


@dataclass(frozen=True, slots=True)
class AtOffset:
    """A position; of the current partition when no log is named."""

    position: int
    log: str | None = None
    partition: int = 0


@dataclass(frozen=True, slots=True)
class AtVersion:
    """A version of the current stream."""

    version: int


@dataclass(frozen=True, slots=True)
class AtNumber:
    """A number in the capture."""

    seq: int


Target = AtTime | AtOffset | AtVersion | AtNumber


@dataclass(frozen=True, slots=True)
class Here:
    """What incomplete targets are completed with: the zone shown, the day of the current event, the newest time."""

    zone: tzinfo
    zone_text: str
    day_us: int | None = None
    newest_us: int | None = None


def target(text: str, here: Here) -> Target:
    """What `text` means. Raises ValueError with a sentence saying what is missing, or the forms there are."""
    text = text.strip()
    if match := re.fullmatch(r"#\s*(\d[\d,_]{0,25})", text):
        return AtNumber(_integer(match[1]))
    if match := re.fullmatch(r"[vV]\s*(\d{1,18})", text):
        return AtVersion(int(match[1]))
    if match := _SPAN.match(text):
        return _before_newest(int(match[1]), match[2], here)
    if match := _OFFSET.match(text):
        return AtOffset(_integer(match[3]), match[1], int(match[2] or 0))
    found = _time(text, here)
    if found is None:
        raise ValueError(f"write {FORMS}")
    return found


def _integer(digits: str) -> int:
    return min(int(digits.replace(",", "").replace("_", "") or 0), 2**63 - 1)


def _before_newest(count: int, unit: str, here: Here) -> AtTime:
    if here.newest_us is None:
        raise ValueError("there is no event with a time yet")
    start = max(here.newest_us - count * _SPAN_US[unit], MIN_TIME_US)
    return AtTime(start, start + _SPAN_US[unit], f"{count} {_SPAN_WORDS[unit]} before the newest event")


def _time(text: str, here: Here) -> AtTime | None:
    zone, said, rest = here.zone, here.zone_text, text
    if (match := _ZONE.match(text)) and (":" in match[1] or _DAY.match(match[1])):
        rest, zone = match[1], _zone(match[2].upper())
        said = "UTC" if zone is UTC else match[2]
    day, written_clock = None, rest
    if match := _DAY.match(rest):
        day, written_clock = (match[1], match[2], match[3]), match[4] or ""
    clock = (time(), _DAY_US) if day is not None and not written_clock else _clock(written_clock)
    if clock is None:
        return None
    try:
        date = datetime(int(day[0]), int(day[1]), int(day[2]), tzinfo=zone) if day is not None else _today(here, zone)
        moment = datetime.combine(date.date(), clock[0], zone)
        start = datetime_us(moment)
    except (ValueError, OverflowError):
        raise ValueError(f"{text} is no day and time there is") from None
    until = datetime_us(moment + timedelta(days=1)) if clock[1] == _DAY_US and start < MAX_TIME_US - _DAY_US else start + clock[1]
    return AtTime(start, until, " ".join(part for part in (f"{moment:%Y-%m-%d}", written_clock.strip(), said) if part))


def _zone(written: str) -> tzinfo:
    """The zone written as `Z`, `UTC` or `+01:00`."""
    if written in {"Z", "UTC"}:
        return UTC
    try:
        return datetime.strptime(written, "%z").tzinfo or UTC
    except ValueError:
        raise ValueError(f"there is no zone {written}") from None


def _today(here: Here, zone: tzinfo) -> datetime:
    """The day that a time of day is of: that of the current event, else of the newest."""
    day_us = here.day_us if here.day_us is not None else here.newest_us
    if day_us is None:
        raise ValueError
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=day_us)).astimezone(zone)


def _clock(text: str) -> tuple[time, int] | None:
    """A time of day, and how long what was written lasts."""
    match = _CLOCK.match(text.strip())
    if not match:
        return None
    fraction = match[4] or ""
    try:
        clock = time(int(match[1]), int(match[2]), int(match[3] or 0), int(f"{fraction:0<6}"[:6]))
    except ValueError:
        return None
    return clock, _MINUTE_US if match[3] is None else 10 ** max(6 - len(fraction), 0)
