"""What the functions of descriptors do to one value: cut a text, write a UUID one way, read a time. Pure.

Read `sql_expressions` for how they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inspector.event import checked_time, datetime_us, parse_time

Value = str | int | float | None
TIMES = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0}
"""Function that reads a number as a time → microseconds in one (ns: divided)."""
_UUID = re.compile(r"\{?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})\}?\Z")


def cutter(name: str, mark: str) -> Callable[[Value], Value]:
    """The part of a text before or after `mark`; None where the mark is not."""

    def cut(value: Value) -> Value:
        if value is None or mark not in (text := str(value)):
            return None
        head, _, tail = text.rpartition(mark) if name.endswith("_last") else text.partition(mark)
        return (head if name.startswith("before") else tail) or None

    return cut


def hex_uuid(value: Value) -> Value:
    """A UUID however written as 32 small hexadecimal digits; any other value as it is."""
    match = _UUID.match(value) if isinstance(value, str) else None
    return "".join(match.groups()).lower() if match else value


def timer(name: str) -> Callable[[Value], Value]:
    """What reads a time as function `name` says; it gives microseconds since 1970, or None when that would be a guess."""
    return {"iso": _aware_us, "utc": _utc_us}.get(name) or (lambda value: _number_us(value, TIMES[name]))


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def local_timer(zone: str) -> Callable[[Value], Value]:
    """What reads a time without a zone as one of `zone`; of an hour that comes twice the first one is meant."""
    return lambda value: _naive_us(value, ZoneInfo(zone))


def _aware_us(value: Value) -> Value:
    try:
        return checked_time(parse_time(value)) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _utc_us(value: Value) -> Value:
    return _naive_us(value, UTC)


def _naive_us(value: Value, zone: tzinfo) -> Value:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if moment is None else checked_time(datetime_us(moment if moment.tzinfo else moment.replace(tzinfo=zone)))
    except (ValueError, OverflowError):
        return None


def _number_us(value: Value, scale: int) -> Value:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e19:  # also refuses what is no number
        return None
    if isinstance(value, int):
        return checked_time(value * scale if scale else value // 1000)
    return checked_time(round(value * scale if scale else value / 1000))
