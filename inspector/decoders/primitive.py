"""Kafka's primitive serialisers: long, int, short, double, float, UUID and boolean-sized values without any framing.

Nothing in the bytes says which it is, so the automatic choice takes only what is hardly anything else; a profile names
the type for certain. So it does for the windowed keys of Kafka Streams, which are never guessed: an inner key and behind it the
start of its window (`windowed long`), or the end and the start of its session (`session text`). They read as a text such as
`order-4711@2026-11-26T00:00:00.000Z`, a session as `order-4711@2026-11-26T00:00:00.000Z/2026-11-26T00:05:00.000Z`, from start to
end. Read `identify` for keys.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Mapping, Sequence

import orjson

from inspector.composing import real, short_real, time_text
from inspector.decoders import PRIMITIVE_TYPES, Context, Decoded

_SMALL_LONG = 1 << 48
_SMALL_INT = 1 << 24
_SMALL_SHORT = 1 << 10
_SHORT_DIGITS = 6
"""A number somebody chose has few digits; four bytes of anything make many."""
_TIME_BYTES = 8
_GUESSED = 0.4


def _unpacked(form: str) -> Callable[[bytes], object]:
    unpack = struct.Struct(form).unpack
    return lambda value: unpack(value)[0]


def _uuid(value: bytes) -> str:
    return str(uuid.UUID(bytes=value) if len(value) == 16 else uuid.UUID(value.decode("ascii")))


TYPES: Mapping[str, Callable[[bytes], object]] = {
    "text": lambda value: value.decode(),
    "long": _unpacked(">q"),
    "int": _unpacked(">i"),
    "short": _unpacked(">h"),
    "double": lambda value: real(struct.unpack(">d", value)[0])[0],
    "float": lambda value: short_real(struct.unpack(">f", value)[0], "f")[0],
    "uuid": _uuid,
}
"""Type name → what the bytes of one value mean; each raises for bytes of another size."""


class KafkaPrimitive:
    """Decodes big-endian numbers and UUIDs. `Context.options["type"]` names the type; without it, it is guessed."""

    name = "primitive"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.4 for bytes that are hardly anything but a small number, a plain double or float, or a UUID; else 0.

        What names a schema that is there is no number, even where its body cannot be read.
        """
        if guess(value) is None:
            return 0.0
        framed = context.framed(value, headers)
        return 0.0 if framed is not None and framed.schema.text is not None else _GUESSED

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
        return _guess_int(value)
    if len(value) == 2:
        return "short" if int.from_bytes(value, "big") < _SMALL_SHORT else None
    if len(value) == 16 and value[8] >> 6 == 0b10 and 1 <= value[6] >> 4 <= 8:
        return "uuid"
    return None


def _guess_int(value: bytes) -> str | None:
    if abs(int.from_bytes(value, "big", signed=True)) < _SMALL_INT:
        return "int"
    (number,) = struct.unpack(">f", value)
    if not 1e-6 < abs(number) < 1e12:
        return None
    digits = short_real(number, "f")[1].strip("-").partition("e")[0].replace(".", "")
    return "float" if len(digits.strip("0")) <= _SHORT_DIGITS else None


def _guess_long(value: bytes) -> str | None:
    if abs(int.from_bytes(value, "big", signed=True)) < _SMALL_LONG:
        return "long"
    size = abs(struct.unpack(">d", value)[0])
    return "double" if 1e-6 < size < 1e12 else None


def _windowed(value: bytes, kind: str, *, is_session: bool) -> str:
    """A windowed key as text. Raises ValueError or struct.error for one that is too short or of another inner type."""
    size = 2 * _TIME_BYTES if is_session else _TIME_BYTES
    if len(value) < size:
        raise ValueError("too short")
    inner, times = value[:-size], struct.unpack(f">{size // _TIME_BYTES}q", value[-size:])
    window = "/".join(_moment(milliseconds) for milliseconds in reversed(times))
    return f"{TYPES[kind](inner)}@{window}"


def _moment(milliseconds: int) -> str:
    text = time_text(milliseconds // 1000, milliseconds % 1000 * 1_000_000, 3)
    return str(milliseconds) if text is None else text


def _reader(kind: str | None) -> Callable[[bytes], object] | None:
    """What reads a value of the type of this name."""
    window, _, inner = (kind or "").partition(" ")
    if inner in TYPES and window in {"windowed", "session"}:
        return lambda value: _windowed(value, inner, is_session=window == "session")
    return TYPES.get(kind or "")


def _decode_one(decoded: Decoded, row: int, value: bytes, kind: str | None) -> None:
    read = _reader(kind)
    if read is None:
        reason = (
            f"no type {kind!r}: one of {', '.join(PRIMITIVE_TYPES)}" if kind else f"{len(value)} bytes that are no plain number or UUID"
        )
        decoded.refuse(row, reason)
        return
    try:
        found = read(value)
    except (struct.error, ValueError):
        decoded.refuse(row, f"{len(value)} bytes are no {kind}")
        return
    decoded.decoder[row], decoded.document[row] = KafkaPrimitive.name, found
    decoded.data[row] = orjson.dumps(found).decode()
