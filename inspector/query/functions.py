"""The few functions that filters need and SQLite lacks. Pure; registered on a connection when a filter uses them.

`matches` is RE2: linear in the text, so that no pattern can hang a search.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import apsw
import re2

from inspector.errors import QueryError

_MOST_MEMORY_BYTES = 8 << 20


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


def register(connection: apsw.Connection) -> None:
    """Makes the functions known to a connection."""
    connection.create_scalar_function("filter_text", lambda *values: text_of(values[0]), 1, deterministic=True)
    connection.create_scalar_function("filter_matches", lambda *values: matches(values[0], values[1]), 2, deterministic=True)
