"""From whatever a rule found to the column of a field: texts, integers, JSON text. One column at a time.

A value that cannot be the field is None, so that the next rule is asked. Read `rules` for who calls, `inspector.times` for times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import cast

import orjson

MAX_TEXT = 1024
"""A longer text is content, not identity."""
MAX_INTEGER = (1 << 63) - 1

_TEXT_TYPES: frozenset[type] = frozenset({str, type(None)})
_NO_FRACTION: frozenset[type] = frozenset({str, int, bool, type(None)})
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
