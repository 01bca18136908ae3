"""Protobuf by the schema that a value names. No I/O but a compiler's, once a schema whose descriptors are not there.

Read `schemas.protobuf_values` for how a value is read; it is loaded with the first such value, because google.protobuf
takes 50 ms to load.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import orjson

from inspector.decoders import MOST_SPANS, Context, Decoded, FieldSpan, Spans
from inspector.event import Schema
from inspector.schemas import Framed

_NAMED = 0.95
_CHUNK = 500
_NOT_MINE = "it names no Protobuf schema"


class Protobuf:
    """Decodes values whose frame names a Protobuf schema that is known."""

    name = "protobuf"
    sure = True

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.95 when the value names a Protobuf schema that is known; else 0."""
        return _NAMED if _is_mine(context.framed(value, headers)) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The message in every value as a document; `name` is the message's full name."""
        decoded = Decoded.empty(len(values))
        framed_values = context.framed_column(values, headers)
        if any(map(_is_mine, framed_values)):
            for start in range(0, len(values), _CHUNK):
                rows = slice(start, start + _CHUNK)
                self._read(decoded, start, values[rows], headers[rows], framed_values[rows])
        for row, value in enumerate(values):
            if decoded.data[row] is None and decoded.error[row] is None and value is not None:
                decoded.refuse(row, _NOT_MINE)
        return decoded

    def _read(
        self, decoded: Decoded, start: int, values: Sequence[bytes | None], headers: Sequence[str | None], framed: Sequence[Framed | None]
    ) -> None:
        """Fills the rows from `start` on: few at a time, so that what is parsed is still at hand when it is converted (15% less time)."""
        from inspector.schemas.protobuf_values import read  # noqa: PLC0415 - see above

        column = read(values, headers, framed)
        if len(column.names) == len(values) and (texts := _texts(column.documents)) is not None:
            rows = slice(start, start + len(values))
            decoded.document[rows], decoded.data[rows] = column.documents, texts
            decoded.decoder[rows], decoded.schema[rows] = [self.name] * len(values), map(_schema, framed)
            decoded.name.update(zip(range(start, start + len(values)), map(column.names.__getitem__, range(len(values))), strict=True))
            return
        for place, reason in column.errors.items():
            decoded.refuse(start + place, reason)
            decoded.schema[start + place] = _schema(framed[place])
        for place, name in column.names.items():
            row = start + place
            document, decoded.data[row] = _written(decoded, row, column.documents[place])
            decoded.schema[row] = _schema(framed[place])
            if decoded.data[row] is not None:
                decoded.document[row], decoded.decoder[row], decoded.name[row] = document, self.name, name

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every field: its tag, its length and what it holds; items of packed numbers one by one."""
        framed = context.framed(value, headers)
        if framed is None or not _is_mine(framed):
            return Spans(stopped_at=0, reason=_NOT_MINE)
        from inspector.schemas.protobuf_values import follow  # noqa: PLC0415 - see above

        found = follow(framed, headers, value, most=MOST_SPANS)
        return Spans([FieldSpan(*place) for place in found.places], found.stopped_at, found.reason)


def _is_mine(framed: Framed | None) -> bool:
    return framed is not None and framed.schema.kind == "PROTOBUF" and framed.schema.text is not None


def _schema(framed: Framed | None) -> Schema | None:
    return framed and framed.schema


def _texts(documents: list[object]) -> list[str] | None:
    """The documents as JSON; None when one of them needs more care."""
    try:
        return [orjson.dumps(document).decode() for document in documents]
    except TypeError:
        return None


def _written(decoded: Decoded, row: int, document: object) -> tuple[object, str | None]:
    """A document and its JSON: with base64 where google.protobuf gives bytes for a text (proto2 allows it), and however deep."""
    try:
        return document, orjson.dumps(document).decode()
    except TypeError:
        pass
    try:
        document = _without_bytes(document)
        return document, json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        decoded.refuse(row, "its messages nest too deep")
        return None, None


def _without_bytes(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_bytes(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_bytes(item) for item in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
