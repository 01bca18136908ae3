"""Compressed values: unpacked, at most 32 MB and three layers, and then decoded as the automatic choice decodes what is inside.

What the values of a batch unpack to is bounded too (see `Room`): of a batch full of bombs the last are refused.

The decoder of such an event names both: `gzip json`. Read `encoded_text` for text in other encodings, which works alike.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cramjam

from inspector.composing import MAX_UNPACKED_BYTES
from inspector.decoders import Context, Decoded, Inside, Room, decode_inside
from inspector.schemas.content import content_encoding

MOST_LAYERS = 3
MOST_MEMBERS = 1000
_FIRST_BUFFER = 64 * 1024
_SNAPPY_RATIO = 64
"""No three bytes of snappy stand for more than 64."""
_PIECE_BYTES = 64 * 1024
_STEP_BYTES = 1024 * 1024
_GLANCED_BYTES = 256
_CERTAIN = 0.95
_GZIP_BITS = zlib.MAX_WBITS + 16
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER = 16
_TOO_SMALL = "failed to write whole buffer"
_MAGICS = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (_XERIAL, "snappy-xerial"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy-framed"),
)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
_ZLIB_FIRST = 0x78
_ZLIB_SECONDS = frozenset({0x01, 0x5E, 0x9C, 0xDA})
_UNMARKED = {"deflate": "deflate", "snappy": "snappy", "x-snappy": "snappy"}
"""Content encoding → the form of a value that bears no mark of it."""


class Compressed:
    """Unpacks gzip, zlib, bzip2, zstd, LZ4 frames and snappy (framed or in Java's frame); raw ones where a header says so."""

    name = "compressed"
    sure = False
    begins = frozenset(b"\x1f\x28\x04\x82\xff\x42\x78")

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.95 for a value that begins as such a form does, or is in the form that its content encoding says."""
        return _CERTAIN if _form(value, headers) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """What is inside each, decoded."""
        decoded = Decoded.empty(len(values))
        layers = context.options.get("layers", 0)
        is_last = isinstance(layers, int) and layers >= MOST_LAYERS
        room = context.room or Room.of(values)
        within = replace(context, room=room)
        inside: list[Inside] = []
        size = 0
        for row, value in enumerate(values):
            if value is None:
                continue
            form = _form(value, headers[row])
            if not form or is_last:
                decoded.refuse(row, f"more than {MOST_LAYERS} layers of compression" if form else "no known compression at byte 0")
                continue
            try:
                plain = unpacked(value, form, context.most_unpacked, room)
            except ValueError as error:
                decoded.refuse(row, f"{form}, but {error}")
                continue
            inside.append(Inside(row, form, plain, headers[row]))
            size += len(plain)
            if size > context.most_unpacked:
                decode_inside(decoded, inside, within)
                inside, size = [], 0
        decode_inside(decoded, inside, within)
        return decoded


def _form(value: bytes, headers: str | None) -> str:
    """How a value is compressed; empty for not at all."""
    for magic, form in _MAGICS:
        if value.startswith(magic):
            return form
    if value[:3] == b"BZh" and value[3:4].isdigit() and value[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    if len(value) > 6 and value[0] == _ZLIB_FIRST and value[1] in _ZLIB_SECONDS and _inflates(value, zlib.MAX_WBITS):
        return "zlib"
    form = _UNMARKED.get(content_encoding(headers), "") if headers is not None else ""
    if form == "deflate" and _inflates(value, -zlib.MAX_WBITS):
        return form
    return form if form == "snappy" and _is_raw_snappy(value) else ""


def _inflates(value: bytes, bits: int) -> bool:
    try:
        return bool(zlib.decompressobj(bits).decompress(value[:_GLANCED_BYTES], _GLANCED_BYTES)) or len(value) < _GLANCED_BYTES
    except zlib.error:
        return False


def _is_raw_snappy(value: bytes) -> bool:
    try:
        return bool(unpacked(value, "snappy"))
    except ValueError:
        return False


@dataclass(slots=True)
class _Meter:
    """What one value has unpacked to so far, and how much it may."""

    most: int
    room: Room
    used: int = 0

    @property
    def left(self) -> int:
        """So many bytes may still come."""
        return max(min(self.most - self.used, self.room.left), 0)

    def take(self, size: int) -> None:
        """So many bytes came. Raises ValueError when they are too many."""
        self.used += size
        if self.used > self.most:
            self.room.left -= size
            raise ValueError(f"it unpacks to more than {self.most // 1024 // 1024} MB")
        self.room.take(size)


def unpacked(value: bytes, form: str, most: int = MAX_UNPACKED_BYTES, room: Room | None = None) -> bytes:
    """What `value`, compressed in this form, holds.

    Raises ValueError when it is damaged, holds more than `most` bytes, or more than there is room for.
    """
    room = room or Room.of([value])
    if room.left <= 0:
        raise ValueError(room.full)
    try:
        return _UNPACKERS[form](value, _Meter(most, room))
    except (zlib.error, OSError, EOFError, cramjam.DecompressionError) as error:
        raise ValueError(f"it does not unpack ({error})") from None


_Unpack = Callable[[bytes, _Meter], bytes]


def _inflated(bits: int) -> _Unpack:
    """Unpacks a stream of zlib's, or several gzip members one after the other.

    In steps, so that what damage cuts short is metered too; and from pieces, since each member copies what follows it.
    """

    def unpack(value: bytes, meter: _Meter) -> bytes:
        parts: list[bytes] = []
        view, at, piece = memoryview(value), 0, b""
        stream, members = zlib.decompressobj(bits), 1
        while True:
            if not piece:
                piece = bytes(view[at : at + _PIECE_BYTES])
                at += len(piece)
            parts.append(stream.decompress(piece, _STEP_BYTES))
            meter.take(len(parts[-1]))
            piece = stream.unconsumed_tail
            if stream.eof:
                piece = stream.unused_data
                left = len(piece) + len(value) - at
                if not left:
                    return b"".join(parts)
                if bits != _GZIP_BITS:
                    raise ValueError(f"{left} bytes follow it")
                if members == MOST_MEMBERS:
                    raise ValueError(f"it has more than {MOST_MEMBERS:,} members")
                stream, members = zlib.decompressobj(bits), members + 1
            elif not piece and at == len(value) and not parts[-1]:
                raise ValueError("it ends too early")

    return unpack


def _bunzipped(value: bytes, meter: _Meter) -> bytes:
    stream = bz2.BZ2Decompressor()
    parts: list[bytes] = []
    rest = value
    while not stream.eof:
        parts.append(stream.decompress(rest, _STEP_BYTES))
        meter.take(len(parts[-1]))
        rest = b""
        if stream.needs_input and not stream.eof:
            raise ValueError("it ends too early")
    if stream.unused_data:
        raise ValueError(f"{len(stream.unused_data)} bytes follow it")
    return b"".join(parts)


def _into(unpack: Callable[[bytes, bytearray], int]) -> _Unpack:
    """By a function that fills a buffer: a buffer that was too small is made larger, up to the limit."""

    def grow(value: bytes, meter: _Meter) -> bytes:
        most = meter.left
        size = first = min(max(_FIRST_BUFFER, 8 * len(value)), most)
        while True:
            buffer = bytearray(size)
            try:
                plain = bytes(memoryview(buffer)[: unpack(value, buffer)])
            except cramjam.DecompressionError as error:
                if _TOO_SMALL not in str(error):
                    meter.take(size if size > first else 0)
                    raise
            else:
                meter.take(len(plain))
                return plain
            if size == most:
                meter.take(most + 1)
            size = min(size * 16, most)

    return grow


def _raw_snappy(value: bytes, meter: _Meter) -> bytes:
    size = cramjam.snappy.decompress_raw_len(value)
    if size > _SNAPPY_RATIO * len(value):
        raise ValueError(f"{len(value):,} bytes cannot hold the {size:,} that it says")
    meter.take(size)
    return bytes(cramjam.snappy.decompress_raw(value))


def _xerial(value: bytes, meter: _Meter) -> bytes:
    """Java's frame: 16 bytes, then blocks with their length before them."""
    parts: list[bytes] = []
    at = _XERIAL_HEADER
    while at < len(value):
        length = int.from_bytes(value[at : at + 4], "big")
        block = value[at + 4 : at + 4 + length]
        if len(block) < length or not length:
            raise ValueError("it ends too early")
        parts.append(_raw_snappy(block, meter))
        at += 4 + length
    return b"".join(parts)


_UNPACKERS: Mapping[str, _Unpack] = {
    "gzip": _inflated(_GZIP_BITS),
    "zlib": _inflated(zlib.MAX_WBITS),
    "deflate": _inflated(-zlib.MAX_WBITS),
    "bzip2": _bunzipped,
    "zstd": _into(cramjam.zstd.decompress_into),
    "lz4": _into(cramjam.lz4.decompress_into),
    "snappy-framed": _into(cramjam.snappy.decompress_into),
    "snappy-xerial": _xerial,
    "snappy": _raw_snappy,
}
