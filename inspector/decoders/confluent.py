"""Values framed with the number of a schema in a registry: recognised and said, never shown as text or guessed at.

Two forms: a zero byte and the schema's number before the body, or a header that names the schema beside a bare body.
Without a registry the body cannot be read. Read `identify` for what is still known of such a record (headers, key).
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Sequence

import orjson

from inspector.decoders import Context, Decoded
from inspector.event import Flag

MAGIC_ID, MAGIC_GUID = 0, 1
_HEADER = "__{part}_schema_id"
_LIKELY_IDS = 1 << 24


class ConfluentFrame:
    """Recognises Confluent's framing, version 0 (number) and 1 (identifier in a header)."""

    name = "confluent"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.85 with the schema header; 0.8 for a frame with a number as registries give them, 0.3 for a larger one."""
        if headers is not None and _HEADER.format(part=context.part) in headers and _from_headers(headers, context.part):
            return 0.85
        schema = _number(value)
        if schema is None:
            return 0.0
        return 0.8 if schema < _LIKELY_IDS else 0.3

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The schema each value asks for, in `schema_ref` and `error`; a value without a frame is refused."""
        decoded = Decoded.empty(len(values))
        for row, (value, header) in enumerate(zip(values, headers, strict=True)):
            if value is None:
                continue
            schema = _from_headers(header, context.part) or _number(value)
            if schema is None:
                decoded.refuse(row, "no schema number before the value")
                continue
            decoded.decoder[row] = self.name
            decoded.schema_ref[row] = schema if isinstance(schema, int) else None
            decoded.error[row] = f"schema {schema}, no registry set"
            decoded.flags[row] = int(Flag.undecodable)
        return decoded


def _number(frame: bytes) -> int | None:
    """The schema number after the zero byte; registries count from 1, and something must follow it."""
    if len(frame) <= 5 or frame[0] != MAGIC_ID:
        return None
    return int.from_bytes(frame[1:5], "big") or None


def _from_headers(headers: str | None, part: str) -> int | str | None:
    """What the schema header says: a GUID as text, a number, or None."""
    name = _HEADER.format(part=part)
    if headers is None or name not in headers:
        return None
    for content in _contents(headers, name):
        frame = _bytes(content)
        if len(frame) >= 17 and frame[0] == MAGIC_GUID:
            return str(uuid.UUID(bytes=frame[1:17]))
        if len(frame) == 5 and frame[0] == MAGIC_ID:
            return int.from_bytes(frame[1:], "big") or None
    return None


def _contents(headers: str, name: str) -> list[object]:
    """The values of header `name`; none when the headers are not as they should be (a capture made by others)."""
    try:
        return [content for found, content in orjson.loads(headers) if found == name]
    except (ValueError, TypeError):
        return []


def _bytes(content: object) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, dict):
        try:
            return base64.b64decode(str(content.get("base64", "")))
        except (binascii.Error, ValueError):
            return b""
    return b""
