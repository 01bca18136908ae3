"""The few functions that filters need and SQLite lacks. Pure; registered on a connection when a filter uses them.

`matches` is RE2: linear in the text, so that no pattern can hang a search.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import apsw
import re2

from inspector.errors import QueryError
from inspector.event import MAX_TIME_US, MIN_TIME_US, format_time, parse_time

_MOST_MEMORY_BYTES = 8 << 20
_INT64 = 2**63
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_BELOW_MICROSECONDS = re.compile(r"\.\d{6}(\d{1,3})")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?")


def text_of(value: Any) -> str | None:
    """The text of bytes that are UTF-8; None (not applicable) for others."""
    if not isinstance(value, bytes):
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MOST_MEMORY_BYTES
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise QueryError(f"the pattern {pattern!r} cannot be read: {error.args[0]}", expected="a regular expression (RE2)") from error


def check_pattern(pattern: str) -> None:
    """Raises QueryError for a pattern that is none."""
    _compiled(pattern)


def matches(text: Any, pattern: Any) -> int | None:
    """Whether `pattern` is found in `text`; None when one of them is."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        return None
    return int(_compiled(pattern).search(text) is not None)


def compare(one: Any, other: Any) -> int | None:
    """−1, 0 or 1 as the number written as `one` is less than, equal to or more than `other`; None when one of them is no number."""
    try:
        left, right = Decimal(one), Decimal(other)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return (left > right) - (left < right)


def whole(text: Any) -> int | None:
    """The whole number of 64 bits that `text` writes; None when it writes none."""
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) and -_INT64 <= int(text) < _INT64 else None


def double(text: Any) -> float | None:
    """The number that `text` writes in decimal, as a double; None when it writes none."""
    return float(text) if isinstance(text, str) and _DECIMAL.fullmatch(text) else None


def characters(text: Any) -> int | None:
    """How many characters (code points) a text has, which SQLite counts only up to the first NUL."""
    return len(text) if isinstance(text, str) else None


def time_text(time_us: Any) -> str | None:
    """A time in RFC 3339; None for what is none."""
    return format_time(time_us) if isinstance(time_us, int) else None


@lru_cache(maxsize=1024)
def moment(text: str) -> tuple[int, int] | None:
    """Microseconds since 1970 of an RFC 3339 time with its zone, and the nanoseconds that follow; None for any other text.

    A tenth digit of a second is cut, and a time outside years 1 to 9999 in UTC is none.
    """
    try:
        time_us = parse_time(text)
    except ValueError:
        return None
    below = _BELOW_MICROSECONDS.search(text)
    return (time_us, int(below[1].ljust(3, "0")) if below else 0) if MIN_TIME_US <= time_us <= MAX_TIME_US else None


def timestamp(text: Any) -> int | None:
    """The microseconds of a time that is text; None for what is none."""
    found = moment(text) if isinstance(text, str) else None
    return None if found is None else found[0]


def nanoseconds(text: Any) -> int | None:
    """What a time that is text says below its microseconds, 0 to 999; None for what is none."""
    found = moment(text) if isinstance(text, str) else None
    return None if found is None else found[1]


_FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "filter_text": (text_of, 1),
    "filter_matches": (matches, 2),
    "filter_compare": (compare, 2),
    "filter_int": (whole, 1),
    "filter_double": (double, 1),
    "filter_size": (characters, 1),
    "filter_time": (time_text, 1),
    "filter_timestamp": (timestamp, 1),
    "filter_nanoseconds": (nanoseconds, 1),
}


def register(connection: apsw.Connection) -> None:
    """Makes the functions known to a connection."""
    for name, (function, arguments) in _FUNCTIONS.items():
        connection.create_scalar_function(name, function, arguments, deterministic=True)
