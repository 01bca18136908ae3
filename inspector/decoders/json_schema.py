"""JSON whose schema a value names before it or in a header: the body is the document. Knows nothing of what the schema demands.

What is a document is defined in `documents`, as for plain JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import orjson

from inspector import documents
from inspector.decoders import Context, Decoded
from inspector.event import FROM_VALUE, Flag, Schema
from inspector.schemas import Framed

_NAMED = 0.95
_NAME = re.compile(r"[A-Za-z_$][\w$.:/-]{0,199}\Z")


class JsonSchema:
    """Decodes values whose frame names a JSON Schema that is known."""

    name = "json-schema"
    sure = True

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.95 when the value names a JSON Schema that is known; else 0."""
        return _NAMED if _is_mine(context.framed(value, headers)) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The body of every value as its own JSON text; `name` is the schema's title where that is a name."""
        decoded = Decoded.empty(len(values))
        bodies: list[bytes] = []
        rows: list[int] = []
        for row, (value, framed) in enumerate(zip(values, context.framed_column(values, headers), strict=True)):
            if value is None:
                continue
            if framed is None or not _is_mine(framed):
                decoded.refuse(row, "it names no JSON Schema")
                continue
            decoded.schema[row] = framed.schema
            try:
                body = framed.body(value)
            except ValueError as error:
                decoded.refuse(row, str(error))
                continue
            rows.append(row)
            bodies.append(body)
            if title := _title(framed.schema):
                decoded.name[row] = title
        self._read(decoded, rows, bodies, values)
        return decoded

    def _read(self, decoded: Decoded, rows: list[int], bodies: list[bytes], values: Sequence[bytes | None]) -> None:
        found, odd = documents.read_fast(bodies)
        exact = set(odd)
        for place, (row, body) in enumerate(zip(rows, bodies, strict=True)):
            if place in exact:
                document = documents.read(body)
                decoded.document[row], decoded.flags[row], decoded.error[row] = document.value, document.flags, document.error
                if not document.is_json:
                    self._refuse(decoded, row, document)
                    continue
            else:
                decoded.document[row] = found[place]
            decoded.decoder[row] = self.name
            decoded.data[row] = FROM_VALUE if len(body) == len(values[row] or b"") else body.decode()

    def _refuse(self, decoded: Decoded, row: int, document: documents.Document) -> None:
        """What is no JSON is not of this kind; what nests too deep is, and kept as text."""
        decoded.name.pop(row, None)
        if document.flags & Flag.too_deep:
            decoded.decoder[row] = self.name
        else:
            decoded.refuse(row, document.error or "not JSON")


def _is_mine(framed: Framed | None) -> bool:
    return framed is not None and framed.schema.kind == "JSON" and framed.schema.text is not None


@lru_cache(maxsize=1000)
def _title(schema: Schema) -> str | None:
    """What the schema calls its documents; None when its title is a sentence or not there."""
    try:
        described = orjson.loads(schema.text or "")
    except orjson.JSONDecodeError:
        return None
    title = described.get("title") if isinstance(described, dict) else None
    return title if isinstance(title, str) and _NAME.match(title) else None
