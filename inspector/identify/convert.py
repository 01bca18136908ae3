"""From whatever a rule found to the column of a field: texts, integers, times, JSON text. One column at a time.

A value that cannot be the field is None, so that the next rule is asked. Read `rules` for who calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import chain
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from inspector.event import checked_time

MAX_TEXT = 1024
"""A longer text is content, not identity."""
MAX_INTEGER = (1 << 63) - 1
UNITS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
"""Unit of a number that is a time → microseconds in one."""
_GUESSES = tuple((low, high, unit) for unit, scale in UNITS.items() for low, high in [(1e15 / scale, 1e16 / scale)])
"""A number is a time in the unit that puts it between 2001 and 2286."""

_TEXT_TYPES: frozenset[type] = frozenset({str, type(None)})
_NO_FRACTION: frozenset[type] = frozenset({str, int, bool, type(None)})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""Days since 1970 of the first day of year 1 and the last of year 9999."""
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z")
_FRACTION = re.compile(r"[:,\[]-?\d+(?:\.\d|[eE])")
_INTEGER = re.compile(r"-?\d{1,19}\Z")
Exact = Callable[[int], str | None]
"""Gives the JSON text of a row's value with its digits as written."""


def texts(values: Sequence[object], exact: Exact, *, all_short: bool = False) -> Sequence[str | None]:
    """Strings as they are, integers and truth values as JSON writes them, other numbers with the digits they have.

    `all_short` says that nothing can be longer than MAX_TEXT, which spares the test.
    """
    if _TEXT_TYPES.issuperset(set(map(type, values))) and "" not in values:
        strings = cast("Sequence[str | None]", values)
        if all_short or max(map(len, filter(None, strings)), default=0) <= MAX_TEXT:
            return strings
    return [_text(value, row, exact) for row, value in enumerate(values)]


def _text(value: object, row: int, exact: Exact) -> str | None:
    if isinstance(value, str):
        return value if 0 < len(value) <= MAX_TEXT else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _text(exact(row) or repr(value), row, exact)
    return None


def integers(values: Sequence[object]) -> list[int | None]:
    """64-bit integers; a text of digits counts, and so does a whole number written with a fraction."""
    return [value if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER else _integer(value) for value in values]


def _integer(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = int(value) if _INTEGER.match(value) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 1 << 53 else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else None


def json_texts(values: Sequence[object], exact: Exact) -> list[str | None]:
    """Each value as JSON text; a number's digits are taken from the source where a double would change them."""
    try:  # decoded at once: orjson's buffers are large, and keeping them made this three times slower
        written = [None if value is None else orjson.dumps(value, default=str).decode() for value in values]
    except TypeError:  # one nests deeper than orjson writes
        return [None if value is None else exact(row) for row, value in enumerate(values)]
    if _has_no_fraction(values):
        return written
    return [exact(row) if text is not None and _FRACTION.search("," + text) else text for row, text in enumerate(written)]


def _has_no_fraction(values: Sequence[object]) -> bool:
    """True when every value is None or an object of strings, integers and truth values: told without a look at each."""
    kinds = set(map(type, values))
    if not kinds <= {dict, type(None)}:
        return False
    members = map(dict.values, cast("Iterable[dict[str, object]]", filter(None, values)))
    return set(map(type, chain.from_iterable(members))) <= _NO_FRACTION


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
