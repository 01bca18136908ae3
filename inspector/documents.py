"""What counts as a JSON document, and reading one exactly. No I/O beyond an in-memory SQLite, which is the judge.

A document is strict UTF-8 without NUL, nests at most 1,000 deep, has at most five million values, and is valid by SQLite's
`json_valid(text, 1)`, because SQLite stores and queries it. orjson is much faster and agrees on nearly everything; where it does
not, or where keys repeat, the exact path here decides. Read `decoders.json_text` next for its first user.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import cast

import apsw
import orjson

from inspector.event import Flag

MAX_DEPTH = 1000
"""Deeper nesting is kept as text (flag `too_deep`); it is SQLite's own limit."""

MAX_VALUES = 5_000_000
"""A text with more values is not read: as objects they take some thirty times the memory of their bytes."""
_LARGE_BYTES = 2 * MAX_VALUES - 1
"""A shorter text cannot hold so many: each takes a byte, and all but the first one before it."""

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_LONE_SURROGATE = re.compile(r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\(u[dD][89a-fA-F][0-9a-fA-F]{2})")
_QUOTE = b'"'
_ESCAPED_QUOTE = b"\\u0022"
_LOCAL = threading.local()


@dataclass(slots=True)
class Document:
    """One value read exactly: `value` for rules, `flags`, and `error` why it is not a document (None when it is).

    `is_json` says whether the text may be stored as JSON. In `value` the first of repeated keys wins, a lone surrogate
    is its escape as text, and a number that is no 64-bit integer is a float (see `exact` for its digits).
    """

    value: object = None
    is_json: bool = False
    flags: int = 0
    error: str | None = None


def read(value: bytes) -> Document:
    """The document in `value`, decided exactly. Never raises."""
    if is_crowded(value):
        return Document(error=f"JSON of more than {MAX_VALUES:,} values, which is not read")
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        return Document(error=f"not UTF-8 at byte {error.start}")
    if "\0" in text:
        return Document(error="not JSON: it holds a NUL character")
    if _sqlite_value("SELECT json_valid(?, 1)", text):
        return _parsed(text)
    depth = nesting(text) if text.count("[") + text.count("{") > MAX_DEPTH else 0
    if depth > MAX_DEPTH:
        return Document(flags=int(Flag.too_deep), error=f"JSON that nests {depth:,} deep (at most {MAX_DEPTH:,} are read): kept as text")
    return Document(error=_reason(value))


def is_crowded(value: bytes) -> bool:
    """Whether a text has more than `MAX_VALUES` values, were it JSON. Quick for all but large texts with many commas."""
    if len(value) < _LARGE_BYTES or _separators(value) < MAX_VALUES:
        return False
    return _separators(_STRINGS.sub(b"", value)) >= MAX_VALUES


def _separators(value: bytes) -> int:
    return value.count(b",") + value.count(b"[") + value.count(b"{")


def read_fast(values: Sequence[bytes | None]) -> tuple[list[object], list[int]]:
    """The documents orjson reads, and the rows that need `read`: those it refuses and those that look odd.

    A document whose text holds as many quotes as its re-written form has lost no key, so no key repeats; an escaped
    quote (`\\u0022`) would upset that count. Writing also fails beyond 254 levels, which leaves depth to the exact path.
    """
    present = cast("Sequence[bytes]", values if None not in values else [b"null" if value is None else value for value in values])
    if max(map(len, present), default=0) >= _LARGE_BYTES:
        return _read_each(present)
    try:
        found: list[object] = list(map(orjson.loads, present))
        written = list(map(bytes.count, map(orjson.dumps, found), repeat(_QUOTE)))
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        return _read_each(present)
    read = list(map(bytes.count, present, repeat(_QUOTE)))
    odd = [] if read == written else [row for row, (before, after) in enumerate(zip(read, written, strict=True)) if before != after]
    if _ESCAPED_QUOTE in b" ".join(present):
        odd = sorted({*odd, *(row for row, value in enumerate(present) if _ESCAPED_QUOTE in value)})
    return found, odd


def _read_each(values: Sequence[bytes]) -> tuple[list[object], list[int]]:
    """The same, one by one: for batches in which orjson refuses some."""
    found: list[object] = [None] * len(values)
    odd: list[int] = []
    for row, value in enumerate(values):
        if is_crowded(value):
            odd.append(row)
            continue
        try:
            found[row] = document = orjson.loads(value)
            if orjson.dumps(document).count(_QUOTE) != value.count(_QUOTE) or _ESCAPED_QUOTE in value:
                odd.append(row)
        except (orjson.JSONDecodeError, TypeError, RecursionError):
            odd.append(row)
    return found, odd


def loaded(values: Sequence[bytes]) -> tuple[list[object], list[int]]:
    """The values orjson reads, repeated keys or not (None for one it does not), and the rows that need `read`."""
    if max(map(len, values), default=0) < _LARGE_BYTES:
        try:
            return list(map(orjson.loads, values)), []
        except (orjson.JSONDecodeError, RecursionError):
            pass
    found: list[object] = [None] * len(values)
    odd: list[int] = []
    for row, value in enumerate(values):
        try:
            if is_crowded(value):
                odd.append(row)
            else:
                found[row] = orjson.loads(value)
        except (orjson.JSONDecodeError, RecursionError):
            odd.append(row)
    return found, odd


def is_json(text: str) -> bool:
    """Whether `text` may be stored as a JSON document."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        try:
            orjson.loads(text)
        except ValueError:
            pass
        else:
            return True
    return "\0" not in text and bool(_sqlite_value("SELECT json_valid(?, 1)", text))


def exact(text: str, path: str) -> str | None:
    """The JSON text at SQLite `path` (such as `$."a"[0]`) in the document `text`, digits as written; None for nothing there."""
    found = _sqlite_value("SELECT ? -> ?", text, path)
    return found if isinstance(found, str) else None


def nesting(text: str) -> int:
    """How deep the brackets of `text` nest; 0 when they do not balance. Brackets in strings do not count."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        found = match[0]
        if found in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif found in "]}":
            depth -= 1
            if depth < 0:
                return 0
    return 0 if depth else deepest


def _parsed(text: str) -> Document:
    document = Document(is_json=True)

    def first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(reversed(pairs))
        if len(found) < len(pairs):
            document.flags |= Flag.duplicate_keys
            return {name: found[name] for name, _ in pairs}
        return dict(pairs)

    readable = _LONE_SURROGATE.sub(_escaped, text) if "\\u" in text else text
    try:
        document.value = json.loads(readable, object_pairs_hook=first_wins, parse_int=_integer, parse_float=_float)
    except RecursionError:
        document.error = "JSON that nests too deep for identity rules: only its document is kept"
    return document


def _escaped(match: re.Match[str]) -> str:
    return match[1] or "\\\\" + match[2]


def _integer(digits: str) -> int | float:
    # int() refuses thousands of digits; what does not fit 64 bits is taken from the text where its digits matter
    return int(digits) if len(digits) < 19 else _float(digits)


def _float(digits: str) -> float:
    # never infinite, which no JSON writer could say
    return max(-sys.float_info.max, min(sys.float_info.max, float(digits)))


def _reason(value: bytes) -> str:
    if value.startswith(b"\xef\xbb\xbf"):
        return "not JSON: it starts with a byte order mark"
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error.msg} at line {error.lineno} column {error.colno}"
    return "not JSON"


def _sqlite_value(sql: str, *bindings: str) -> object:
    connection: apsw.Connection | None = getattr(_LOCAL, "connection", None)
    if connection is None:
        connection = _LOCAL.connection = apsw.Connection(":memory:")
    try:
        return connection.execute(sql, bindings).get
    except (apsw.Error, UnicodeDecodeError):
        return None
