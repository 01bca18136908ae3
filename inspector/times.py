"""Times as people and programs write them, made microseconds since 1970 UTC: numbers with a unit, texts with a zone. Pure.

What cannot be told without assuming something is None: a text without a zone is never taken for UTC. Read
`identify.convert` and `formats.mapping` for who asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inspector.event import checked_time

UNITS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
"""Unit of a number that is a time → microseconds in one."""
_GUESSES = tuple((low, high, unit) for unit, scale in UNITS.items() for low, high in [(1e15 / scale, 1e16 / scale)])
"""A number is a time in the unit that puts it between 2001 and 2286."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""Days since 1970 of the first day of year 1 and the last of year 9999."""
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z")


def times(values: Sequence[object], unit: str | None, zone: tzinfo | None) -> list[int | None]:
    """Microseconds since 1970 UTC. A number needs `unit` (`guess`: by magnitude), a text without a zone needs `zone`."""
    parse = datetime.fromisoformat
    found: list[int | None] = []
    for value in values:
        if type(value) is str:
            try:
                passed = parse(value) - _EPOCH
                if _FIRST_DAY <= passed.days <= _LAST_DAY:
                    found.append(passed.days * 86_400_000_000 + passed.seconds * 1_000_000 + passed.microseconds)
                    continue
            except (ValueError, TypeError, OverflowError):
                pass
        found.append(None if value is None else time_us(value, unit, zone))
    return found


def time_us(value: object, unit: str | None, zone: tzinfo | None) -> int | None:
    """The time `value` means, or None when it cannot be told without assuming something."""
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            return _text_time(text, zone)
        value = float(text) if "." in text or len(text) > 19 else int(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or unit is None:
        return None
    if unit == "guess":
        unit = next((name for low, high, name in _GUESSES if low <= value < high), None)
    return None if unit is None else _number_time(value, unit)


def _number_time(value: float, unit: str) -> int | None:
    if isinstance(value, float):
        return checked_time(round(value * UNITS[unit])) if abs(value) < 1e20 else None
    return checked_time(value // 1000 if unit == "ns" else value * int(UNITS[unit]))


def _text_time(text: str, zone: tzinfo | None) -> int | None:
    try:
        moment = datetime.fromisoformat(text.upper())
        if moment.tzinfo is None:
            if zone is None:
                return None
            moment = moment.replace(tzinfo=zone)
        return checked_time((moment - _EPOCH) // timedelta(microseconds=1))
    except (ValueError, OverflowError):
        return None


class Doubt(Enum):
    """What a zone's clocks make of a time without a zone, besides showing it once; `words` follow what holds it."""

    twice = "say an hour that {zone} has twice, when clocks go back: the first of the two is taken"
    never = "say an hour that {zone} does not have, as clocks go forward: it is taken as if they had not"

    @property
    def words(self) -> str:
        """With `{zone}` for its name."""
        return self.value


def doubt_of(text: str, zone: ZoneInfo) -> Doubt | None:
    """Whether a text says no zone and a time that `zone` has twice or never; None for any other."""
    try:
        moment = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return None
    try:
        first, second = (moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    except OverflowError:
        return None
    if first == second or first is None or second is None:
        return None
    return Doubt.twice if first > second else Doubt.never


SPANS_US = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}
"""Unit of a span → microseconds in one."""


def span_us(text: str) -> int:
    """Microseconds of a span such as `30s`, `1m` or `1h`. Raises ValueError for anything else."""
    match = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a span such as 30s, 1m or 1h")
    return int(match[1]) * SPANS_US[match[2]]


def span_text(passed_us: int) -> str:
    """A span as `span_us` reads it. Raises ValueError for one that is no whole number of milliseconds."""
    for unit, width_us in SPANS_US.items():
        if passed_us > 0 and passed_us % width_us == 0:
            return f"{passed_us // width_us}{unit}"
    raise ValueError(f"{passed_us} µs is no span of whole milliseconds")


def parse_zone(text: str) -> tzinfo:
    """The zone named `UTC`, `+02:00` or as in `Europe/Paris`. Raises ValueError saying so for anything else."""
    if text in {"UTC", "Z"}:
        return UTC
    if match := _OFFSET.match(text):
        sign = -1 if match[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no zone {text!r}: write UTC, +02:00 or a name such as Europe/Paris") from None
