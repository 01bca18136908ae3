"""JSON text: the value itself is the document. Knows nothing of what the document means.

What is a document is defined in `documents`, which has a fast path for whole columns and an exact one for what that
finds odd. Read `identify` next for what is done with documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector import documents
from inspector.decoders import MOST_SPANS, Context, Decoded, FieldSpan, Spans
from inspector.event import FROM_VALUE, Flag
from inspector.json_spans import JsonWalk

_SCALAR = re.compile(rb'(?:-?\d[\d.eE+-]*|true|false|null|"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")\Z')
_CONTAINER = re.compile(rb'[{][ \t\n\r]*["}]|\[[ \t\n\r]*(?:[\[\]{"\d-]|true|false|null)')
_BLANK = b" \t\n\r"
_BRACE = ord("{")


class JsonText:
    """Decodes UTF-8 JSON as the design defines it."""

    name = "json"
    sure = True
    begins = frozenset(b' \t\n\r{["-0123456789tfn')

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.9 for what begins like an object, begins and ends like an array, or is a number, string or literal as a whole."""
        inner = value.strip(_BLANK)
        if _CONTAINER.match(inner):
            return 0.9 if inner[0] == _BRACE or inner[-1:] == b"]" else 0.0
        return 0.9 if _SCALAR.match(inner) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value as its own JSON text; see `documents` for what is one."""
        documents_read, odd = documents.read_fast(values)
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

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every value in the text; of one that is no JSON up to where it stops being so."""
        walked = JsonWalk(value, MOST_SPANS)
        return Spans([FieldSpan(*found) for found in walked.found], walked.stopped_at, walked.reason)

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
