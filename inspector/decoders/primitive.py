"""Kafka's primitive serialisers: long, int, short, double, float, UUID and boolean-sized values without any framing.

Nothing in the bytes says which it is, so the automatic choice takes only what is hardly anything else; a profile names
the type for certain. Read `identify` for keys.
"""

from __future__ import annotations

import math
import struct
import uuid
from collections.abc import Callable, Mapping, Sequence

import orjson

from inspector.decoders import Context, Decoded

_SMALL_LONG = 1 << 48
_SMALL_INT = 1 << 24
_GUESSED = 0.4


def _unpacked(form: str) -> Callable[[bytes], object]:
    unpack = struct.Struct(form).unpack
    return lambda value: unpack(value)[0]


def _uuid(value: bytes) -> str:
    return str(uuid.UUID(bytes=value) if len(value) == 16 else uuid.UUID(value.decode("ascii")))


TYPES: Mapping[str, Callable[[bytes], object]] = {
    "long": _unpacked(">q"),
    "int": _unpacked(">i"),
    "short": _unpacked(">h"),
    "double": _unpacked(">d"),
    "float": _unpacked(">f"),
    "uuid": _uuid,
}
"""Type name → what the bytes of one value mean; each raises for bytes of another size."""


class KafkaPrimitive:
    """Decodes big-endian numbers and UUIDs. `Context.options["type"]` names the type; without it, it is guessed."""

    name = "primitive"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.4 for bytes that are hardly anything but a small number, a plain double or a UUID; else 0."""
        return _GUESSED if guess(value) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value as a number or UUID text; one of another size is refused."""
        decoded = Decoded.empty(len(values))
        named = context.options.get("type")
        for row, value in enumerate(values):
            if value is not None:
                _decode_one(decoded, row, value, str(named) if named else guess(value))
        return decoded


def guess(value: bytes) -> str | None:
    """The type `value` most likely has, or None when that is anybody's guess. Printable ASCII is text, not a number."""
    if value.isascii() and value.decode("ascii").isprintable():
        return None
    if len(value) == 8:
        return _guess_long(value)
    if len(value) == 4:
        return "int" if abs(int.from_bytes(value, "big", signed=True)) < _SMALL_INT else None
    if len(value) == 16 and value[8] >> 6 == 0b10 and 1 <= value[6] >> 4 <= 8:
        return "uuid"
    return None


def _guess_long(value: bytes) -> str | None:
    if abs(int.from_bytes(value, "big", signed=True)) < _SMALL_LONG:
        return "long"
    size = abs(struct.unpack(">d", value)[0])
    return "double" if 1e-6 < size < 1e12 else None


def _decode_one(decoded: Decoded, row: int, value: bytes, kind: str | None) -> None:
    read = TYPES.get(kind or "")
    if read is None:
        decoded.refuse(
            row, f"no type {kind!r}: one of {', '.join(TYPES)}" if kind else f"{len(value)} bytes that are no plain number or UUID"
        )
        return
    try:
        found = read(value)
    except (struct.error, ValueError):
        decoded.refuse(row, f"{len(value)} bytes are no {kind}")
        return
    decoded.decoder[row], decoded.document[row] = KafkaPrimitive.name, found
    finite = not isinstance(found, float) or math.isfinite(found)
    decoded.data[row] = orjson.dumps(found if finite else str(found)).decode()
