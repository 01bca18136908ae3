"""The records of one batch as columns: quickly by a compiled decoder where that is safe, else by our own, which loses nothing.

Safe means v2, a checksum that holds, one batch at a time, unpacked by us within a bound, and memory behind it. The compiled one
fails for a whole batch at a header name that is no UTF-8; ours then goes on where it stopped. The layout of a record is that of
`DefaultRecord` in Apache Kafka's clients. Read `legacy` for v0 and v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from inspector.event import RecordBatch
from inspector.segments import legacy
from inspector.segments.columns import DAMAGED, MOST_ROWS, Header, mark, put_headers, put_times, text_headers
from inspector.segments.files import PAD_BYTES
from inspector.segments.framing import APPEND_TIME, CODEC, V2_HEADER_BYTES, Frame
from inspector.segments.unpack import MOST_PLAIN_BYTES, unpacked

_PAD = bytes(PAD_BYTES)
_ATTRIBUTES_AT = 22
_LEAST_RECORD_BYTES = 7
Fields = tuple[int, int, bytes | None, bytes | None, Sequence[Header]]
"""(offset delta, timestamp delta, key, value, headers)."""


class BrokenError(ValueError):
    """The records of a batch cannot be read on."""


def columns(frame: Frame, *, most: int = MOST_PLAIN_BYTES) -> Iterator[RecordBatch]:
    """The records of `frame`, at most 20,000 rows at a time; `log` is empty.

    Rows of an unsound frame are flagged `damaged` with its problem, and none is given unless all of it can be read.
    Raises ValueError where the records cannot be read (on), saying why; what was given before is true.
    """
    if frame.is_sound:
        yield from _read(frame, most)
        return
    found = list(_read(frame, most))
    for batch in found:
        mark(batch, DAMAGED, f"not to be trusted: {frame.problem}")
        yield batch


def _read(frame: Frame, most: int) -> Iterator[RecordBatch]:
    if frame.magic < 2:
        yield from legacy.columns(frame, most)
    elif frame.is_sound:
        yield from _compiled(frame, _plain(frame, most))
    else:
        yield from _ours(frame, _plain(frame, most), 0)


def _plain(frame: Frame, most: int) -> bytes | None:
    """The records unpacked; None where they are not packed. Raises ValueError."""
    codec = frame.attributes & CODEC
    if not codec:
        return None
    packed = frame.data[frame.start + V2_HEADER_BYTES : frame.start + frame.size]
    return unpacked(packed, codec, most=most) if packed else b""


def _compiled(frame: Frame, plain: bytes | None) -> Iterator[RecordBatch]:
    """By the compiled decoder; what it cannot read is left to ours, from that record on."""
    if plain is None:
        view = memoryview(frame.data)[frame.start : frame.start + frame.size]
    else:
        head = bytearray(frame.data[frame.start : frame.start + V2_HEADER_BYTES])
        head[_ATTRIBUTES_AT] &= 0xFF ^ CODEC
        view = memoryview(b"".join([head, plain, _PAD]))[:-PAD_BYTES]
    records, read = iter(_decoder()(view)), 0
    while True:
        try:
            rows = list(islice(records, MOST_ROWS))
        except Exception:  # noqa: BLE001 - whatever it cannot read, ours reads or says why
            yield from _ours(frame, plain, read)
            return
        if rows:
            yield _batch(frame, rows)
            read += len(rows)
        if len(rows) < MOST_ROWS:
            return


def _batch(frame: Frame, rows: Sequence[Any]) -> RecordBatch:
    batch = RecordBatch(position=[row.offset for row in rows])
    put_times(batch, [row.timestamp for row in rows], is_append=bool(frame.attributes & APPEND_TIME))
    batch.key = [row.key for row in rows]
    batch.value = [row.value for row in rows]
    headers = [row.headers for row in rows]
    batch.headers = [text_headers(pairs) if pairs else None for pairs in headers] if any(headers) else [None] * len(rows)
    return batch


def _decoder() -> Callable[[memoryview], Any]:
    """The compiled class; imported when the first batch is read, as it takes 80 ms."""
    from aiokafka.record._crecords import DefaultRecordBatch

    globals()["_decoder"] = lambda: DefaultRecordBatch
    return DefaultRecordBatch  # type: ignore[no-any-return]


def _ours(frame: Frame, plain: bytes | None, skip: int) -> Iterator[RecordBatch]:
    """By our own decoder, without the first `skip` records."""
    data = frame.data[frame.start + V2_HEADER_BYTES : frame.start + frame.size] if plain is None else plain
    found = islice(fields(data, frame.records), skip, None)
    while True:
        rows: list[Fields] = []
        broken: ValueError | None = None
        try:
            rows.extend(islice(found, MOST_ROWS)) if frame.is_sound else rows.extend(found)
        except BrokenError as error:
            broken = error
        if rows:
            yield _own_batch(frame, rows)
        if broken is not None:
            raise broken
        if len(rows) < MOST_ROWS or not frame.is_sound:
            return


def _own_batch(frame: Frame, rows: Sequence[Fields]) -> RecordBatch:
    batch = RecordBatch(position=[frame.base + delta for delta, *_ in rows])
    is_append = bool(frame.attributes & APPEND_TIME)
    stamps = [frame.max_time_ms if is_append else frame.base_time_ms + delta for _, delta, *_ in rows]
    put_times(batch, stamps, is_append=is_append)
    batch.key = [row[2] for row in rows]
    batch.value = [row[3] for row in rows]
    batch.headers = [put_headers(batch, number, row[4]) for number, row in enumerate(rows)]
    return batch


def fields(data: bytes, count: int) -> Iterator[Fields]:
    """The fields of `count` records that lie back to back in `data`. Raises BrokenError where they cannot be read."""
    if count < 0 or count * _LEAST_RECORD_BYTES > len(data):
        raise BrokenError(f"{len(data):,} bytes cannot hold the {count:,} records that it says")
    at = 0
    for number in range(count):
        try:
            length, begin = varint(data, at)
            record, after = _record(data, begin)
        except (IndexError, BrokenError) as error:
            reason = str(error) if isinstance(error, BrokenError) else "it ends too early"
            raise BrokenError(f"record {number + 1} of {count} at byte {at:,} of the batch: {reason}") from None
        if after - begin != length or after > len(data):
            raise BrokenError(f"record {number + 1} of {count} at byte {at:,} of the batch says {length:,} bytes and has {after - begin:,}")
        at = after
        yield record
    if at != len(data):
        raise BrokenError(f"{len(data) - at:,} bytes follow the last of its {count:,} records")


def _record(data: bytes, at: int) -> tuple[Fields, int]:
    time_delta, at = varint(data, at + 1)
    offset_delta, at = varint(data, at)
    key, at = _bytes(data, at)
    value, at = _bytes(data, at)
    count, at = varint(data, at)
    if not 0 <= count <= len(data) - at:
        raise BrokenError(f"{count:,} headers")
    headers: list[Header] = []
    for _ in range(count):
        name, at = _bytes(data, at)
        if name is None:
            raise BrokenError("a header without a name")
        held, at = _bytes(data, at)
        headers.append((name, held))
    return (offset_delta, time_delta, key, value, headers), at


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = varint(data, at)
    if length == -1:
        return None, at
    if length < 0 or at + length > len(data):
        raise BrokenError(f"a field of {length:,} bytes where {len(data) - at:,} are left")
    return data[at : at + length], at + length


def varint(data: bytes, at: int) -> tuple[int, int]:
    """(the ZigZag number at `at`, where it ends). Raises IndexError past the end, BrokenError for more than 64 bits."""
    byte = data[at]
    at += 1
    number, shift = byte & 0x7F, 7
    while byte & 0x80:
        if shift > 63:
            raise BrokenError("a number of more than 64 bits")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
    return (number >> 1) ^ -(number & 1), at
