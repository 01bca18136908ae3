"""MessagePack: maps and arrays that fill a value to its last byte.

Most values go through the library, which is ten times as fast; one that it does not write back byte for byte (repeated keys,
short floats, extensions, keys that are no text) is walked here. Read `composing` for how a document is put together.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

import orjson
import ormsgpack

from inspector.composing import (
    FALSE,
    NULL,
    TRUE,
    Composer,
    Scalar,
    Spans,
    StoppedError,
    bytes_of,
    integer,
    may_hold_too_many,
    name_of,
    real,
    short_real,
    text_of,
    time_text,
)
from inspector.decoders import Context, Decoded
from inspector.decoding import compose, composed_spans
from inspector.schemas.content import content_type

_TYPES = frozenset({"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"})
_NOT_FINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")
_NAMED, _NAMES, _PLAIN, _ODD = 0.92, 0.45, 0.35, 0.3
_CONTAINERS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
_MOST_KEYS_DEEP = 3
"""Each level doubles the escapes of the one within."""
_TIMESTAMP = -1
_NUMBERS = {
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q", 0xCA: ">f", 0xCB: ">d",
}  # fmt: skip
_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
"""First byte → how many bytes say a length."""
_CONSTANTS = {0xC0: NULL, 0xC2: FALSE, 0xC3: TRUE}


class MessagePack:
    """Decodes MessagePack. Timestamps are RFC 3339 texts with nanoseconds, bytes base64, other extensions `{"ext": 5, "data": …}`."""

    name = "messagepack"
    sure = False
    begins = frozenset({*range(0x80, 0xA0), *range(0xDC, 0xE0)})
    """Maps and arrays; a number or a text by itself is not told from anything else."""

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """For a map or array that fills the value: 0.92 with a content type that says so.

        Else 0.45 for a map whose first key is a text, 0.3 for one with another key, 0.35 for an array and an empty map.
        """
        if not value or value[0] not in self.begins:
            return 0.0
        found = _quickly(value)
        composer = Composer(len(value))
        if found is None:
            try:
                _walk(value, composer)
            except StoppedError:
                return 0.0
        if headers is not None and content_type(headers) in _TYPES:
            return _NAMED
        document = found[0] if found else composer.document
        if not isinstance(document, dict) or not document:
            return _PLAIN
        first_key = value[{0xDE: 3, 0xDF: 5}.get(value[0], 1)]
        return _NAMES if 0xA0 <= first_key < 0xC0 or 0xD9 <= first_key < 0xDC else _ODD

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value that is one MessagePack value to its last byte."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is not None:
                _decode_one(decoded, row, value)
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every value, and where it stops."""
        return composed_spans(value, _walk)


def _decode_one(decoded: Decoded, row: int, value: bytes) -> None:
    found = _quickly(value)
    if found is not None:
        decoded.decoder[row], decoded.document[row], decoded.data[row] = MessagePack.name, *found
        return
    compose(decoded, row, value, decoder=MessagePack.name, kind="MessagePack", walk=_walk)


def _quickly(value: bytes) -> tuple[object, str] | None:
    """The document and its text by the library, if what it reads is all there is in the value: it writes the same bytes back."""
    if may_hold_too_many(value, _CONTAINERS):
        return None
    try:
        document = ormsgpack.unpackb(value)
        if ormsgpack.packb(document) != value or _NOT_FINITE.search(value):
            return None
        return document, orjson.dumps(document).decode()
    except (ValueError, TypeError, RecursionError):
        return None


def _walk(value: bytes, composer: Composer) -> None:
    end = _Walker(value).walk(composer, 0)
    if end < len(value):
        raise StoppedError(f"{len(value) - end} bytes follow the value", end)


class _Walker:
    """Goes through one value without recursion but for keys that are containers, which nest a few deep."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def walk(self, composer: Composer, at: int, keys_deep: int = 0) -> int:
        """Gives the value at `at` to `composer`; where the next begins. Raises StoppedError."""
        left: list[list[int]] = []  # of each open container: how many members are to come, and whether they have names
        while True:
            if left and left[-1][1]:
                at = self._key(composer, at, keys_deep)
            start, size = at, self._members(at)
            if size is None:
                scalar, at = self.scalar(at)
                composer.value(scalar, start, at)
            else:
                count, is_map, at = size
                composer.open(is_object=is_map, at=start)
                left.append([count + 1, int(is_map)])
            while left:
                left[-1][0] -= 1
                if left[-1][0] > 0:
                    break
                left.pop()
                composer.close(at)
            if not left:
                return at

    def _key(self, composer: Composer, at: int, keys_deep: int) -> int:
        if self._members(at) is None:
            scalar, at = self.scalar(at)
            composer.name(name_of(scalar))
            return at
        if keys_deep >= _MOST_KEYS_DEEP:
            raise StoppedError("keys within keys", at)
        key = Composer()
        at = self.walk(key, at, keys_deep + 1)
        composer.name(key.text)
        return at

    def _members(self, at: int) -> tuple[int, bool, int] | None:
        """(how many members, whether they have names, where they begin); None for what is no container."""
        first = self._byte(at)
        if 0x80 <= first < 0xA0:
            count, is_map, after = first & 0x0F, first < 0x90, at + 1
        elif 0xDC <= first < 0xE0:
            count, after = self._length(first, at)
            is_map = first >= 0xDE
        else:
            return None
        if count * (2 if is_map else 1) > len(self._value) - after:
            raise StoppedError(f"{count:,} members in {len(self._value) - after:,} bytes", at)
        return count, is_map, after

    def scalar(self, at: int) -> tuple[Scalar, int]:
        """The value at `at`, and where the next begins."""
        first = self._byte(at)
        if first < 0x80 or first >= 0xE0:
            return integer(first - 0x100 if first >= 0xE0 else first), at + 1
        if first < 0xC0:
            return self._text(at + 1, first & 0x1F)
        if first in _CONSTANTS:
            return _CONSTANTS[first], at + 1
        return self._number(first, at) if first in _NUMBERS else self._sized(first, at)

    def _sized(self, first: int, at: int) -> tuple[Scalar, int]:
        """A text, bytes or an extension with its length before it."""
        if 0xD4 <= first <= 0xD8:
            return self._extension(at + 1, 1 << (first - 0xD4))
        if first == 0xC1:
            raise StoppedError("the byte c1, which is never used", at)
        length, after = self._length(first, at)
        if first >= 0xD9:
            return self._text(after, length)
        if first >= 0xC7:
            return self._extension(after, length)
        return bytes_of(self._bytes(after, length)), after + length

    def _number(self, first: int, at: int) -> tuple[Scalar, int]:
        form = _NUMBERS[first]
        end = at + 1 + struct.calcsize(form)
        (number,) = struct.unpack(form, self._bytes(at + 1, end - at - 1))
        if form == ">f":
            return short_real(number, form), end
        return (real(number) if form == ">d" else integer(number)), end

    def _text(self, start: int, length: int) -> tuple[Scalar, int]:
        try:
            return text_of(self._bytes(start, length).decode()), start + length
        except UnicodeDecodeError as error:
            raise StoppedError("a text that is not UTF-8", start + error.start) from None

    def _extension(self, start: int, length: int) -> tuple[Scalar, int]:
        code = struct.unpack("b", self._bytes(start, 1))[0]
        content = self._bytes(start + 1, length)
        moment = _moment(content) if code == _TIMESTAMP else None
        end = start + 1 + length
        if moment is not None:
            return text_of(moment), end
        data, text = bytes_of(content)
        return ({"ext": code, "data": data}, f'{{"ext":{code},"data":{text}}}'), end

    def _length(self, first: int, at: int) -> tuple[int, int]:
        size = _SIZED[first]
        return int.from_bytes(self._bytes(at + 1, size), "big"), at + 1 + size

    def _bytes(self, start: int, length: int) -> bytes:
        if length > len(self._value) - start:
            raise StoppedError(
                f"{length:,} bytes are wanted and {max(len(self._value) - start, 0):,} are left", min(start, len(self._value))
            )
        return self._value[start : start + length]

    def _byte(self, at: int) -> int:
        if at >= len(self._value):
            raise StoppedError("it ends too early", at)
        return self._value[at]


def _moment(content: bytes) -> str | None:
    """The time that an extension of type -1 says; None when it says none, or one outside years 1–9999."""
    match len(content):
        case 4:
            seconds, nanoseconds = int.from_bytes(content, "big"), 0
        case 8:
            both = int.from_bytes(content, "big")
            seconds, nanoseconds = both & (1 << 34) - 1, both >> 34
        case 12:
            nanoseconds, seconds = struct.unpack(">Iq", content)
        case _:
            return None
    return time_text(seconds, nanoseconds, 9) if nanoseconds < 1_000_000_000 else None
