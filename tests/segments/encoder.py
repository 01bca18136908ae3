"""Writes Kafka's files for tests: batches of v2, messages of v0 and v1, control records, indexes; every field can be made wrong."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import cramjam
import google_crc32c
import xxhash

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
NOW_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Rec:
    """One record; `delta` is its offset within the batch (None: its number)."""

    value: bytes | None = b"value"
    key: bytes | None = b"key"
    headers: Sequence[tuple[bytes, bytes | None]] = ()
    time_ms: int = NOW_MS
    delta: int | None = None


@dataclass
class Batch:
    """One v2 batch, by its header."""

    base: int
    records: Sequence[Rec] = field(default_factory=lambda: [Rec()])
    codec: str = "none"
    leader_epoch: int = 0
    producer_id: int = -1
    producer_epoch: int = -1
    sequence: int = -1
    transactional: bool = False
    control: bool = False
    append_time: bool = False
    horizon_ms: int | None = None
    last_delta: int | None = None
    count: int | None = None
    framing: str = "xerial"


def varint(number: int) -> bytes:
    value = ((number << 1) ^ (number >> 63)) & 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def sized(data: bytes | None) -> bytes:
    return varint(-1) if data is None else varint(len(data)) + data


def record(rec: Rec, number: int, base_ms: int) -> bytes:
    delta = number if rec.delta is None else rec.delta
    body = b"\0" + varint(rec.time_ms - base_ms) + varint(delta) + sized(rec.key) + sized(rec.value) + varint(len(rec.headers))
    body += b"".join(sized(name) + sized(value) for name, value in rec.headers)
    return varint(len(body)) + body


def packed(data: bytes, codec: str, framing: str = "xerial") -> bytes:
    """`data` compressed; snappy as Java frames it or as one raw block."""
    if codec == "gzip":
        return bytes(cramjam.gzip.compress(data))
    if codec == "snappy":
        if framing == "raw":
            return bytes(cramjam.snappy.compress_raw(data))
        blocks = [bytes(cramjam.snappy.compress_raw(data[at : at + 32_768])) for at in range(0, len(data), 32_768)]
        return b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1) + b"".join(struct.pack(">i", len(block)) + block for block in blocks)
    if codec == "lz4":
        return bytes(cramjam.lz4.compress(data))
    return bytes(cramjam.zstd.compress(data)) if codec == "zstd" else data


def batch(made: Batch) -> bytes:
    """The bytes of a v2 batch."""
    base_ms = made.horizon_ms if made.horizon_ms is not None else (made.records[0].time_ms if made.records else -1)
    body = b"".join(record(rec, number, base_ms) for number, rec in enumerate(made.records))
    attributes = CODECS.get(made.codec, 5) | made.append_time << 3 | made.transactional << 4 | made.control << 5
    attributes |= (made.horizon_ms is not None) << 6
    deltas = [number if rec.delta is None else rec.delta for number, rec in enumerate(made.records)]
    last = max(deltas, default=0) if made.last_delta is None else made.last_delta
    times = [rec.time_ms for rec in made.records]
    count = len(made.records) if made.count is None else made.count
    header = struct.pack(
        ">hiqqqhii", attributes, last, base_ms, max(times, default=-1), made.producer_id, made.producer_epoch, made.sequence, count
    )
    return sealed(made.base, made.leader_epoch, header + packed(body, made.codec, made.framing))


def sealed(base: int, leader_epoch: int, covered: bytes) -> bytes:
    """A batch around what its checksum covers."""
    return struct.pack(">qiibI", base, len(covered) + 9, leader_epoch, 2, google_crc32c.value(covered)) + covered


def marker(offset: int, producer_id: int, *, commit: bool, epoch: int = 1) -> bytes:
    """The end of a transaction."""
    rec = Rec(struct.pack(">hi", 0, 7), struct.pack(">hh", 0, int(commit)))
    return batch(Batch(offset, [rec], producer_id=producer_id, producer_epoch=epoch, transactional=True, control=True))


def message(
    offset: int, value: bytes | None, key: bytes | None = b"key", *, magic: int = 1, attributes: int = 0, time_ms: int = NOW_MS
) -> bytes:
    """One message of v0 or v1."""
    body = struct.pack(">bb", magic, attributes) + (struct.pack(">q", time_ms) if magic else b"")
    for part in (key, value):
        body += struct.pack(">i", -1) if part is None else struct.pack(">i", len(part)) + part
    return struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body)) + body


def wrapper(
    base: int, values: Sequence[bytes | None], codec: str, *, magic: int = 1, offset: int | None = None, append_ms: int | None = None
) -> bytes:
    """A compressed set of messages; v1 has relative offsets, v0 absolute ones and a wrong LZ4 header checksum."""
    first = base if magic == 0 or offset == 0 else 0
    inner = b"".join(message(first + number, value, b"k%d" % number, magic=magic) for number, value in enumerate(values))
    data = packed(inner, codec)
    if codec == "lz4" and magic == 0:
        data = wrong_header(data)
    attributes = CODECS[codec] | (8 if append_ms is not None else 0)
    last = base + len(values) - 1 if offset is None else offset
    return message(last, data, None, magic=magic, attributes=attributes, time_ms=NOW_MS if append_ms is None else append_ms)


def wrong_header(frame: bytes) -> bytes:
    """An LZ4 frame as old clients wrote it: the header's checksum is taken over the magic too."""
    end = 6 + (8 if frame[4] & 8 else 0)
    return frame[:end] + bytes([(xxhash.xxh32_intdigest(frame[:end]) >> 8) & 0xFF]) + frame[end + 1 :]


def index(entries: Sequence[tuple[int, int]], *, live: bool = False) -> bytes:
    """An offset index; that of a live broker is filled up with zeros."""
    data = b"".join(struct.pack(">ii", *entry) for entry in entries)
    return data.ljust(10_485_760, b"\0") if live else data


def snapshot(entries: Sequence[tuple[int, int]]) -> bytes:
    """A producer snapshot of (producer, first offset of its open transaction)."""
    body = struct.pack(">i", len(entries))
    for producer_id, first in entries:
        body += struct.pack(">qhiqiqiq", producer_id, 0, 0, first, 0, NOW_MS, 0, first)
    return struct.pack(">hI", 1, google_crc32c.value(body)) + body
