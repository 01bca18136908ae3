"""BSON documents, as MongoDB writes them. Nothing in one is executed: code and patterns are texts.

Walked here rather than by the library, which loses repeated names and the bytes of a field and makes objects of what it reads.
Read `composing` for how a document is put together.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from decimal import Decimal

import orjson

from inspector.composing import (
    FALSE,
    NULL,
    TRUE,
    Composer,
    Scalar,
    Spans,
    StoppedError,
    bytes_of,
    decimal,
    integer,
    real,
    text_of,
    time_text,
)
from inspector.decoders import Context, Decoded
from inspector.decoding import compose, composed_spans
from inspector.schemas.content import content_type

_TYPES = frozenset({"application/bson", "application/x-bson"})
_NAMED, _FILLED = 0.92, 0.6
_SMALLEST = 5
_UUIDS = frozenset({3, 4})
_EMPTY = {0x06: NULL, 0x0A: NULL, 0xFF: text_of("MinKey"), 0x7F: text_of("MaxKey")}
_FIXED = {0x01: 8, 0x07: 12, 0x09: 8, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}
"""Type → how many bytes a value takes."""
_SIZED_TEXT = frozenset({0x02, 0x0D, 0x0E})
_INFINITE, _BIAS = 0b11110, 6_176
"""Of decimal128: the leading bits of an infinity (one more: not a number), and what is added to its exponent."""


class Bson:
    """Decodes BSON. Object ids are hex texts, dates RFC 3339 texts, decimals exact numbers, bytes base64."""

    name = "bson"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """For a document whose length is the value's and that can be read to its end: 0.6, or 0.92 with a content type that says so."""
        if not _is_framed(value):
            return 0.0
        try:
            _walk(value, Composer(len(value)))
        except StoppedError:
            return 0.0
        return _NAMED if headers is not None and content_type(headers) in _TYPES else _FILLED

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value that is one BSON document."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is not None:
                compose(decoded, row, value, decoder=self.name, kind="BSON", walk=_walk)
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every value, and where it stops."""
        return composed_spans(value, _walk)


def _is_framed(value: bytes) -> bool:
    return len(value) >= _SMALLEST and value[-1] == 0 and int.from_bytes(value[:4], "little") == len(value)


def _walk(value: bytes, composer: Composer) -> None:
    if not _is_framed(value):
        raise StoppedError("its length is not what it says, or it does not end with 0", 0)
    _Walker(value).walk(composer)


class _Walker:
    """Goes through one document without recursion."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._ends: list[int] = []

    def walk(self, composer: Composer) -> None:
        """Gives the document to `composer`. Raises StoppedError."""
        at = self._open(composer, 0, 0, is_object=True)
        while self._ends:
            kind = self._value[at]
            if kind == 0:
                at += 1
                if self._ends.pop() != at:
                    raise StoppedError("a document is not as long as it says", at - 1)
                composer.close(at)
                continue
            start = at
            name, at = self._name(at + 1)
            composer.name(name)
            if kind in {0x03, 0x04}:
                at = self._open(composer, start, at, is_object=kind == 0x03)
            else:
                scalar, end = self._scalar(kind, at)
                composer.value(scalar, at, end)
                at = end

    def _open(self, composer: Composer, start: int, at: int, *, is_object: bool) -> int:
        (length,) = struct.unpack("<i", self._bytes(at, 4))
        end = at + length
        if length < _SMALLEST or end > self._end():
            raise StoppedError(f"a document of {length:,} bytes where there is no room for it", start)
        composer.open(is_object=is_object, at=at)
        self._ends.append(end)
        return at + 4

    def _end(self) -> int:
        return self._ends[-1] if self._ends else len(self._value)

    def _bytes(self, at: int, length: int) -> bytes:
        if length < 0 or at + length > self._end():
            raise StoppedError(f"{length:,} bytes are wanted and {max(self._end() - at, 0):,} are left", at)
        return self._value[at : at + length]

    def _name(self, at: int) -> tuple[str, int]:
        """A text that ends with 0."""
        end = self._value.find(b"\0", at, self._end())
        if end < 0:
            raise StoppedError("a name without an end", at)
        return self._decoded(self._value[at:end], at), end + 1

    @staticmethod
    def _decoded(content: bytes, at: int) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise StoppedError("a text that is not UTF-8", at + error.start) from None

    def _text(self, at: int) -> tuple[str, int]:
        """A text with its length before it and 0 behind it."""
        (length,) = struct.unpack("<i", self._bytes(at, 4))
        content = self._bytes(at + 4, length)
        if not content.endswith(b"\0"):
            raise StoppedError("a text that does not end with 0", at)
        return self._decoded(content[:-1], at + 4), at + 4 + length

    def _scalar(self, kind: int, at: int) -> tuple[Scalar, int]:
        if kind in _EMPTY:
            return _EMPTY[kind], at
        if kind in _FIXED:
            return _fixed(kind, self._bytes(at, _FIXED[kind])), at + _FIXED[kind]
        if kind in _SIZED_TEXT:
            text, end = self._text(at)
            return text_of(text), end
        if kind == 0x08 and self._bytes(at, 1) in {b"\0", b"\1"}:
            return (TRUE if self._value[at] else FALSE), at + 1
        special = {0x05: self._binary, 0x0B: self._pattern, 0x0C: self._pointer, 0x0F: self._code}.get(kind)
        if special is None:
            raise StoppedError(f"a value of type {kind:#04x}, which there is not", at)
        return special(at)

    def _pattern(self, at: int) -> tuple[Scalar, int]:
        pattern, after = self._name(at)
        options, end = self._name(after)
        return text_of(f"/{pattern}/{options}"), end

    def _pointer(self, at: int) -> tuple[Scalar, int]:
        name, end = self._text(at)
        return _object({"$ref": name, "$id": self._bytes(end, 12).hex()}), end + 12

    def _binary(self, at: int) -> tuple[Scalar, int]:
        (length,) = struct.unpack("<i", self._bytes(at, 4))
        content = self._bytes(at + 5, length)
        end = at + 5 + length
        if self._value[at + 4] in _UUIDS and length == 16:
            digits = content.hex()
            return text_of("-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))), end
        return bytes_of(content), end

    def _code(self, at: int) -> tuple[Scalar, int]:
        """Code with the values it was to be run with: a text, and those as base64."""
        (length,) = struct.unpack("<i", self._bytes(at, 4))
        self._bytes(at, length)
        code, after = self._text(at + 4)
        end = at + length
        if after > end:
            raise StoppedError("code that is longer than it says", at)
        return _object({"$code": code, "$scope": base64.b64encode(self._value[after:end]).decode("ascii")}), end


def _object(found: dict[str, str]) -> Scalar:
    return found, orjson.dumps(found).decode()


def _fixed(kind: int, content: bytes) -> Scalar:
    match kind:
        case 0x01:
            return real(struct.unpack("<d", content)[0])
        case 0x07:
            return text_of(content.hex())
        case 0x09:
            return _moment(struct.unpack("<q", content)[0])
        case 0x11:
            increment, seconds = struct.unpack("<II", content)
            found = {"t": seconds, "i": increment}
            return found, orjson.dumps(found).decode()
        case 0x13:
            return _decimal128(content)
    return integer(int.from_bytes(content, "little", signed=True))


def _moment(milliseconds: int) -> Scalar:
    """A date; outside years 1–9999 its milliseconds."""
    text = time_text(milliseconds // 1000, milliseconds % 1000 * 1_000_000, 3)
    return integer(milliseconds) if text is None else text_of(text)


def _decimal128(content: bytes) -> Scalar:
    """IEEE 754's decimal128 with a binary significand, little-endian (BSON's type 13): sign, exponent and 34 digits.

    A significand that is too large counts as 0, as the standard has it.
    """
    bits = int.from_bytes(content, "little")
    sign, head = bits >> 127, bits >> 122 & 0x1F
    if head >= _INFINITE:
        return decimal(Decimal("NaN" if head > _INFINITE else ("-Infinity" if sign else "Infinity")))
    is_large = bits >> 125 & 3 == 3
    exponent = bits >> (111 if is_large else 113) & 0x3FFF
    significand = 0 if is_large else bits & ((1 << 113) - 1)
    digits = tuple(map(int, str(significand if significand < 10**34 else 0)))
    return decimal(Decimal((sign, digits, exponent - _BIAS)))
