"""Protobuf without a schema: a guess from the wire format, called so. Knows no schema.

Read `schemas.wire_guess` for what members are called and what bytes are taken for.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from inspector.decoders import MOST_SPANS, Context, Decoded, FieldSpan, Spans
from inspector.schemas import wire_guess
from inspector.schemas.wire import WireError

_LIKELY = 0.25


class ProtobufGuess:
    """Reads what may be a Protobuf message whose schema nobody names."""

    name = "protobuf-guess"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.25 when all bytes are fields with plausible numbers, a text or message among them, and no schema is named."""
        if not wire_guess.likely(value) or context.framed(value, headers) is not None:
            return 0.0
        return _LIKELY

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The fields of every value by number; one that is no message is refused with the byte."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is None:
                continue
            if not value:
                decoded.refuse(row, "it is empty")
                continue
            try:
                document = wire_guess.guess(value).document
                decoded.data[row] = orjson.dumps(document).decode()
            except WireError as error:
                decoded.refuse(row, f"no Protobuf message: {error}")
                continue
            except TypeError:
                decoded.refuse(row, "it nests too deep")
                continue
            decoded.document[row] = document
            decoded.decoder[row] = self.name
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every field: its tag, its length and what it holds."""
        try:
            found = wire_guess.guess(value, keep_places=True)
        except WireError as error:
            return Spans(stopped_at=error.at, reason=error.reason)
        return Spans([FieldSpan(*place) for place in found.places[:MOST_SPANS]])
