"""The messages of v0 and v1 (before Kafka 0.11) as columns: single ones, and the sets within a compressed wrapper.

The inner offsets of a v1 wrapper are relative to its last; a wrapper at offset 0 (some librdkafka) has them absolute, as all of
v0. Layout and rules are those of `LegacyRecord` and `AbstractLegacyRecordBatch` in Apache Kafka's clients.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from inspector.event import RecordBatch
from inspector.segments.allowance import Allowance
from inspector.segments.columns import DAMAGED, MOST_ROWS, put_times
from inspector.segments.framing import APPEND_TIME, CODEC, LEAST_LENGTH, LEGACY_HEADER, LEGACY_HEADER_BYTES, PREFIX_BYTES, Frame


class Message(NamedTuple):
    """One message; `problem` says what is wrong with it."""

    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    problem: str = ""


def columns(frame: Frame, allowance: Allowance) -> Iterator[RecordBatch]:
    """The messages of `frame`, one or a whole set; at most 20,000 at a time. Raises ValueError where they cannot be read."""
    data = frame.data[frame.start : frame.start + frame.size]
    outer = _message(data, 0, frame.size)
    if not frame.attributes & CODEC:
        yield _batch(frame, [outer])
        return
    if outer.value is None:
        raise ValueError("a compressed message without a value")
    plain = allowance.unpacked(outer.value, frame.attributes & CODEC, magic=frame.magic)
    messages = list(_inside(plain))
    if not messages:
        raise ValueError("a compressed message with none inside")
    shift = 0
    if frame.magic == 1 and frame.last != 0:
        shift = frame.last - messages[-1].offset
    for start in range(0, len(messages), MOST_ROWS):
        part = messages[start : start + MOST_ROWS]
        yield _batch(frame, [message._replace(offset=message.offset + shift) for message in part])


def _inside(plain: bytes) -> Iterator[Message]:
    """The messages of a set. Raises ValueError where one is cut or is a wrapper again."""
    at = 0
    while at < len(plain):
        if len(plain) - at < LEGACY_HEADER_BYTES:
            raise ValueError(f"the set ends after {len(plain) - at} bytes of a message")
        _, length, crc, magic, attributes = LEGACY_HEADER.unpack_from(plain, at)
        total = length + PREFIX_BYTES
        if magic not in {0, 1} or length < LEAST_LENGTH[magic] or at + total > len(plain):
            raise ValueError(f"a message of version {magic} with {length:,} bytes at byte {at:,} of the set")
        if attributes & CODEC:
            raise ValueError("a compressed message within a compressed one")
        message = _message(plain, at, total)
        found = zlib.crc32(plain[at + 16 : at + total])
        yield message if found == crc else message._replace(problem=f"its checksum is {found:08x}, not the {crc:08x} that it says")
        at += total


def _message(data: bytes, start: int, total: int) -> Message:
    """The message of `total` bytes at `start`. Raises ValueError where its fields do not fit."""
    offset, _, _, magic, _ = LEGACY_HEADER.unpack_from(data, start)
    at, end, time_ms = start + LEGACY_HEADER_BYTES, start + total, -1
    if magic == 1:
        time_ms = int.from_bytes(data[at : at + 8], "big", signed=True)
        at += 8
    key, at = _bytes(data, at, end)
    value, at = _bytes(data, at, end)
    if at != end:
        raise ValueError(f"{end - at:,} bytes follow the value of the message at offset {offset}")
    return Message(offset, time_ms, key, value)


def _bytes(data: bytes, at: int, end: int) -> tuple[bytes | None, int]:
    length = int.from_bytes(data[at : at + 4], "big", signed=True)
    at += 4
    if length == -1:
        return None, at
    if length < 0 or at + length > end:
        raise ValueError(f"a field of {length:,} bytes where {end - at:,} are left")
    return data[at : at + length], at + length


def _batch(frame: Frame, messages: list[Message]) -> RecordBatch:
    """A wrapper with the broker's time gives it to all that is inside."""
    is_append = frame.magic == 1 and bool(frame.attributes & APPEND_TIME)
    batch = RecordBatch(position=[message.offset for message in messages])
    put_times(batch, [frame.max_time_ms if is_append else message.time_ms for message in messages], is_append=is_append)
    batch.key = [message.key for message in messages]
    batch.value = [message.value for message in messages]
    batch.headers = [None] * len(messages)
    for row, message in enumerate(messages):
        if message.problem:
            batch.flags[row], batch.error[row] = DAMAGED, f"not to be trusted: {message.problem}"
    return batch
