"""JSON text: the value itself is the document. Knows nothing of what the document means.

The fast path is orjson with a test that no key repeats; whatever it refuses or finds odd is decided exactly by
`documents`, which is the definition. Read `identify` next for what is done with documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from typing import cast

import orjson

from inspector import documents
from inspector.decoders import Context, Decoded
from inspector.event import FROM_VALUE, Flag

_SCALAR = re.compile(rb'(?:-?\d[\d.eE+-]*|true|false|null|"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")\Z')
_CONTAINER = re.compile(rb'[{][ \t\n\r]*["}]|\[[ \t\n\r]*(?:[\[\]{"\d-]|true|false|null)')
_BLANK = b" \t\n\r"
_BRACE = ord("{")
_QUOTE = b'"'
_ESCAPED_QUOTE = b"\\u0022"


class JsonText:
    """Decodes UTF-8 JSON as the design defines it."""

    name = "json"
    sure = True

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.9 for what begins like an object, begins and ends like an array, or is a number, string or literal as a whole."""
        inner = value.strip(_BLANK)
        if _CONTAINER.match(inner):
            return 0.9 if inner[0] == _BRACE or inner[-1:] == b"]" else 0.0
        return 0.9 if _SCALAR.match(inner) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value as its own JSON text; see `documents` for what is one."""
        documents_read, odd = _read_fast(values)
        count = len(values)
        if None in values:
            empty = [value is None for value in values]
            decoded = Decoded.empty(count)
            decoded.decoder = [None if null else self.name for null in empty]
            decoded.data = [None if null else FROM_VALUE for null in empty]
            decoded.document = documents_read
        else:
            decoded = Decoded([self.name] * count, documents_read, [FROM_VALUE] * count, [None] * count, [0] * count, [None] * count)
        for row in odd:
            self._read_exactly(decoded, row, values[row] or b"")
        return decoded

    def _read_exactly(self, decoded: Decoded, row: int, value: bytes) -> None:
        found = documents.read(value)
        decoded.document[row], decoded.flags[row], decoded.error[row] = found.value, found.flags, found.error
        if found.is_json:
            return
        decoded.data[row] = None
        if found.flags & Flag.too_deep:
            decoded.decoder[row] = "text"
        else:
            decoded.decoder[row] = None
            decoded.refuse(row, found.error or "not JSON")


def _read_fast(values: Sequence[bytes | None]) -> tuple[list[object], list[int]]:
    """The documents orjson reads, and the rows that need the exact path.

    A document whose text holds as many quotes as its re-written form has lost no key, so no key repeats; an escaped
    quote (`\\u0022`) would upset that count. Writing also fails beyond 254 levels, which leaves depth to the exact path.
    """
    present = cast("Sequence[bytes]", values if None not in values else [b"null" if value is None else value for value in values])
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
        try:
            found[row] = document = orjson.loads(value)
            if orjson.dumps(document).count(_QUOTE) != value.count(_QUOTE) or _ESCAPED_QUOTE in value:
                odd.append(row)
        except (orjson.JSONDecodeError, TypeError, RecursionError):
            odd.append(row)
    return found, odd
