"""A segment cut into batches by our own unpacking: lengths checked, checksums always verified. Decodes no record.

The layout of v2 batches is that of `DefaultRecordBatch`, of v0 and v1 messages that of `LegacyRecord` in Apache Kafka's clients.
Base offset, length and leader epoch are not under the checksum. Read `resync` for what happens at damage, `records` next.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import NamedTuple

import google_crc32c

from inspector.segments.files import CHUNK_BYTES, SegmentFile

V2_HEADER = struct.Struct(">qiibIhiqqqhii")
LEGACY_HEADER = struct.Struct(">qiIbb")
V2_HEADER_BYTES, LEGACY_HEADER_BYTES = V2_HEADER.size, LEGACY_HEADER.size
PREFIX_BYTES = 12
"""Offset and length: what the length does not count."""
LEAST_LENGTH = {0: 14, 1: 22, 2: 49}
CRC_FROM = {0: 16, 1: 16, 2: 21}
MOST_POSITION = (1 << 63) - 2
"""The last offset that a log can have: the one after it is the last that 63 bits hold."""
_FIRST_LOOK_BYTES = 64
MOST_BATCH_BYTES = 128 * 1024 * 1024
"""A larger batch is not read: no broker takes one (`message.max.bytes` is 1 MB, and rarely above 20)."""
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
CODEC, APPEND_TIME, TRANSACTIONAL, CONTROL, DELETE_HORIZON = 0x07, 0x08, 0x10, 0x20, 0x40


class Frame(NamedTuple):
    """One batch (v2) or message (v0, v1): bytes `[at, at + size)` of its file, `data` and `start` hold them.

    `base` is -1 where only decompressing tells (a wrapper of v0 and v1 carries the offset of its last message). `problem` says
    why it cannot be trusted: with any, `is_sound` is false.
    """

    at: int
    size: int
    magic: int
    base: int
    last: int
    leader_epoch: int
    attributes: int
    base_time_ms: int
    max_time_ms: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records: int
    """How many it says it has."""
    data: bytes
    start: int
    problem: str = ""
    is_proven: bool = True
    """Whether its checksum holds over these bytes; one with a `problem` may be proven: base offset and length are not under it."""

    @property
    def is_sound(self) -> bool:
        """Whether its checksum holds and nothing else is wrong with it."""
        return not self.problem

    @property
    def is_control(self) -> bool:
        """Whether it holds a marker and no record of an application."""
        return self.magic == 2 and bool(self.attributes & CONTROL)

    @property
    def is_transactional(self) -> bool:
        """Whether it belongs to a transaction, be it data or marker."""
        return self.magic == 2 and bool(self.attributes & TRANSACTIONAL)

    @property
    def codec(self) -> str:
        """The name of its compression; `codec 5` for an unknown one."""
        number = self.attributes & CODEC
        return CODECS[number] if number < len(CODECS) else f"codec {number}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bytes `[start, end)` of a segment that hold no batch that can be read, and why. `is_end`: nothing but zeros follows."""

    start: int
    end: int
    reason: str
    is_end: bool = False

    @property
    def text(self) -> str:
        """One sentence."""
        return f"bytes {self.start:,} to {self.end:,}: {self.reason}"


class Fault(NamedTuple):
    """Why there is no sound batch at a place; `total` is the size that it claims, 0 for an impossible one."""

    reason: str
    total: int = 0
    is_proven: bool = False
    """Whether the checksum of that many bytes holds."""


Part = Frame | Skipped


def frame_at(file: SegmentFile, at: int) -> Frame | Fault:
    """The batch that begins at byte `at`, or what is wrong there."""
    left = file.size - at
    if left < LEGACY_HEADER_BYTES:
        return Fault(f"the file ends after {left} bytes of a batch")
    data, start = file.window(at, min(V2_HEADER_BYTES, left))
    length, magic = int.from_bytes(data[start + 8 : start + 12], "big", signed=True), data[start + 16]
    total = length + PREFIX_BYTES
    fault = _fault(length, magic, left)
    if fault is not None:
        return fault
    data, start = file.window(at, total)
    if file.available(at) < total:
        return Fault(f"the file was cut while it was read, {file.available(at):,} bytes into a batch of {total:,}")
    return _checked(data, start, at, total, magic)


def _fault(length: int, magic: int, left: int) -> Fault | None:
    """What is wrong with a batch of that length and magic where `left` bytes are left; None for nothing."""
    total = length + PREFIX_BYTES
    if magic > 2:
        return Fault(f"unknown magic {magic}", total if LEAST_LENGTH[2] <= length and total <= left else 0)
    if length < LEAST_LENGTH[magic]:
        return Fault(f"the impossible length {length:,}")
    if total > left:
        return Fault(f"the file ends {left:,} bytes into a batch that says it has {total:,}")
    if total > MOST_BATCH_BYTES:
        return Fault(f"a batch of {total:,} bytes, more than any broker takes", total)
    return None


def _checked(data: bytes, start: int, at: int, total: int, magic: int) -> Frame | Fault:
    frame, crc = _parsed(data, start, at, total, magic)
    found = checksum(data[start + CRC_FROM[magic] : start + total], magic)
    if found != crc:
        return Fault(f"the checksum is {found:08x}, not the {crc:08x} that it says", total)
    if not _is_possible(frame):
        return Fault(f"the impossible offsets {frame.base} to {frame.last}", total, is_proven=True)
    return frame


def _is_possible(frame: Frame) -> bool:
    """Whether a log can have such offsets; the base of old wrappers is not known yet."""
    return (frame.base >= 0 or frame.magic < 2) and max(frame.base, 0) <= frame.last <= MOST_POSITION


def _parsed(data: bytes, start: int, at: int, total: int, magic: int, problem: str = "") -> tuple[Frame, int]:
    """(the frame as its header says, the checksum that it says)."""
    if magic == 2:
        base, _, epoch, _, crc, attributes, last, base_ms, max_ms, producer, producer_epoch, sequence, count = V2_HEADER.unpack_from(
            data, start
        )
        return Frame(
            *(at, total, 2, base, base + last, epoch, attributes, base_ms, max_ms, producer, producer_epoch, sequence, count),
            data,
            start,
            problem,
        ), crc
    offset, _, crc, _, attributes = LEGACY_HEADER.unpack_from(data, start)
    time_ms = int.from_bytes(data[start + 18 : start + 26], "big", signed=True) if magic == 1 else -1
    base = -1 if attributes & CODEC else offset
    return Frame(at, total, magic, base, offset, -1, attributes & 0xFF, time_ms, time_ms, -1, -1, -1, 1, data, start, problem), crc


def checksum(body: bytes, magic: int) -> int:
    """CRC-32C (v2) or CRC-32 (v0, v1) of what the checksum covers."""
    found: int = google_crc32c.value(body) if magic == 2 else zlib.crc32(body)
    return found


def unsound(file: SegmentFile, at: int, total: int, problem: str, *, is_proven: bool = False) -> Frame | None:
    """What lies at `at`, taken as a batch of `total` bytes although something is wrong with it; None where that cannot be.

    Its offsets may be impossible ones.
    """
    head = file.piece(at, LEGACY_HEADER_BYTES)
    if len(head) < LEGACY_HEADER_BYTES or head[16] > 2 or not LEAST_LENGTH[head[16]] + PREFIX_BYTES <= total <= MOST_BATCH_BYTES:
        return None
    data, start = file.window(at, total)
    if file.available(at) < total:
        return None
    frame, _ = _parsed(data, start, at, total, head[16], problem)
    return frame._replace(is_proven=is_proven)


def checksum_of(file: SegmentFile, at: int, total: int, magic: int) -> tuple[int, int]:
    """(the checksum that the batch at `at` says, the one its `total` bytes have); read in pieces, whatever the size."""
    head = file.piece(at, V2_HEADER_BYTES)
    said = int.from_bytes(head[17:21] if magic == 2 else head[12:16], "big")
    begin, end, found = at + CRC_FROM[magic], at + total, 0
    while begin < end:
        piece = file.piece(begin, min(CHUNK_BYTES // 2, end - begin))
        if not piece:
            break
        found = google_crc32c.extend(found, piece) if magic == 2 else zlib.crc32(piece, found)
        begin += len(piece)
    return said, found


def zeros_until(file: SegmentFile, at: int, end: int) -> int:
    """Where the first byte that is no zero lies from `at` on; `end` where there is none."""
    size = _FIRST_LOOK_BYTES  # mostly there is no zero at all
    while at < end:
        piece = file.piece(at, min(size, end - at))
        size = min(size * 16, CHUNK_BYTES // 2)
        if not piece:
            return end
        rest = piece.lstrip(b"\0")
        if rest:
            return at + len(piece) - len(rest)
        at += len(piece)
    return end
