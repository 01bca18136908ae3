"""The codecs of Kafka's batches, unpacked within a bound: what holds more is damage and takes no memory.

Snappy is Java's block stream ("xerial") or one raw block (librdkafka); LZ4 is the frame format, in v0 messages with the wrong
header checksum that old clients wrote (KAFKA-3160). Read `allowance` for the bound of all batches, `records` for who asks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import cramjam
import xxhash

from inspector.segments.framing import CODECS

MOST_PLAIN_BYTES = 64 * 1024 * 1024
"""A batch that unpacks to more is not read."""
_MOST_MEMBERS = 1000
_FIRST_BUFFER = 256 * 1024
_STEP_BYTES = 1024 * 1024
_GZIP_BITS = zlib.MAX_WBITS + 16
_XERIAL, _XERIAL_HEADER = b"\x82SNAPPY\x00", 16
_SNAPPY_RATIO = 64
"""No three bytes of snappy stand for more than 64."""
_LZ4_MAGIC = b"\x04\x22\x4d\x18"
_LZ4_CONTENT_SIZE, _LZ4_DICTIONARY = 0x08, 0x01
_TOO_SMALL = "failed to write whole buffer"


class TooMuchError(ValueError):
    """More than the bound."""


def unpacked(packed: bytes, codec: int, *, magic: int = 2, most: int = MOST_PLAIN_BYTES) -> bytes:
    """What `packed` holds. Raises ValueError: an unknown codec, damage; TooMuchError: more than `most` bytes."""
    if not 0 < codec < len(CODECS):
        raise ValueError(f"unknown codec {codec}")
    try:
        if codec == 3 and magic == 0:
            return _UNPACKERS[codec](with_right_header(packed), most)
        return _UNPACKERS[codec](packed, most)
    except (zlib.error, OSError, EOFError, cramjam.DecompressionError) as error:
        raise ValueError(f"{CODECS[codec]} does not unpack ({error})") from None


def _too_much(most: int) -> TooMuchError:
    return TooMuchError(f"it unpacks to more than {most // 1024 // 1024} MB")


def _gunzipped(packed: bytes, most: int) -> bytes:
    """One or more gzip members, step by step."""
    found: list[bytes] = []
    rest, left, members = packed, most, 0
    while rest:
        if members == _MOST_MEMBERS:
            raise ValueError(f"it has more than {_MOST_MEMBERS:,} gzip members")
        stream, members = zlib.decompressobj(_GZIP_BITS), members + 1
        while not stream.eof:
            piece = stream.decompress(rest, min(_STEP_BYTES, left + 1))
            left -= len(piece)
            if left < 0:
                raise _too_much(most)
            found.append(piece)
            rest = stream.unconsumed_tail
            if not piece and not rest and not stream.eof:
                raise ValueError("gzip ends too early")
        rest = stream.unused_data
    return found[0] if len(found) == 1 else b"".join(found)


def _unsnapped(packed: bytes, most: int) -> bytes:
    """A raw block, or Java's stream of blocks with their lengths before them."""
    if not packed.startswith(_XERIAL):
        return _raw_snappy(packed, most, most)
    found: list[bytes] = []
    at, left = _XERIAL_HEADER, most
    while at < len(packed):
        length = int.from_bytes(packed[at : at + 4], "big")
        block = packed[at + 4 : at + 4 + length]
        if len(block) < length or not length:
            raise ValueError("snappy ends too early")
        found.append(_raw_snappy(block, left, most))
        left -= len(found[-1])
        at += 4 + length
    return b"".join(found)


def _raw_snappy(block: bytes, left: int, most: int) -> bytes:
    """One block, of a batch that may unpack to `most` bytes, `left` of them from here on."""
    size = cramjam.snappy.decompress_raw_len(block)
    if size > left:
        raise _too_much(most)
    if size > _SNAPPY_RATIO * len(block):
        raise ValueError(f"{len(block):,} bytes of snappy cannot hold the {size:,} that they say")
    return bytes(cramjam.snappy.decompress_raw(block))


def _into(unpack: Callable[[bytes, bytearray], int]) -> Callable[[bytes, int], bytes]:
    """By a function that fills a buffer: one that was too small is made larger, up to the bound."""

    def grow(packed: bytes, most: int) -> bytes:
        size = min(max(_FIRST_BUFFER, 8 * len(packed)), most)
        while True:
            buffer = bytearray(size)
            try:
                return bytes(memoryview(buffer)[: unpack(packed, buffer)])
            except cramjam.DecompressionError as error:
                if _TOO_SMALL not in str(error):
                    raise
            if size >= most:
                raise _too_much(most)
            size = min(size * 8, most)

    return grow


def with_right_header(packed: bytes) -> bytes:
    """An LZ4 frame of a v0 message with the checksum of its descriptor made right: old clients hashed the magic too."""
    if len(packed) < 7 or not packed.startswith(_LZ4_MAGIC):
        raise ValueError("no LZ4 frame")
    flags = packed[4]
    end = 6 + (8 if flags & _LZ4_CONTENT_SIZE else 0) + (4 if flags & _LZ4_DICTIONARY else 0)
    right = (xxhash.xxh32_intdigest(packed[4:end]) >> 8) & 0xFF
    return packed[:end] + bytes([right]) + packed[end + 1 :]


_UNPACKERS: dict[int, Callable[[bytes, int], bytes]] = {
    1: _gunzipped,
    2: _unsnapped,
    3: _into(cramjam.lz4.decompress_into),
    4: _into(cramjam.zstd.decompress_into),
}
