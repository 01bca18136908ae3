"""The records of one batch as columns: quickly by a compiled decoder where that is safe, else by our own, which loses nothing.

Safe means v2, a checksum that holds, one batch at a time, unpacked by us within a bound, and memory behind it. The compiled one
fails for a whole batch at a header name that is no UTF-8; ours then goes on where it stopped. The layout of a record is that of
`DefaultRecord` in Apache Kafka's clients. Read `legacy` for v0 and v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from typing import Any

from inspector.event import RecordBatch
from inspector.segments import legacy
from inspector.segments.allowance import Allowance
from inspector.segments.columns import DAMAGED, MOST_ROWS, Header, mark, put_headers, put_times, text_headers
from inspector.segments.files import PAD_BYTES
from inspector.segments.framing import APPEND_TIME, CODEC, V2_HEADER_BYTES, Frame
from inspector.segments.varints import BrokenError, signed, varint

_PAD = bytes(PAD_BYTES)
_ATTRIBUTES_AT = 22
_LEAST_RECORD_BYTES = 7
_STEP_BYTES = 256 * 1024
"""So many bytes of records are decoded at a time: headers of no bytes take 60 times their room in memory."""
MOST_HEADERS = _STEP_BYTES // 2
"""Of one record; a record of more is given without them."""
_STEP_WEIGHT, _HEADER_WEIGHT = 4 * 1024 * 1024, 64
_MOST_DOUBTFUL_BYTES = 4 * 1024 * 1024
"""A batch that no checksum proves is taken apart up to this size."""
Fields = tuple[int, int, bytes | None, bytes | None, Sequence[Header], str]
"""(offset delta, timestamp delta, key, value, headers, what could not be read of it)."""


def columns(frame: Frame, allowance: Allowance | None = None) -> Iterator[RecordBatch]:
    """The records of `frame`, at most 20,000 rows at a time; `log` is empty. What is packed is charged to `allowance`.

    Rows of an unsound frame are flagged `damaged` with its problem. Where its checksum does not hold, nothing is unpacked, and
    no row is given unless all of it can be read. Raises ValueError where the records cannot be read (on), saying why; what was
    given before is true.
    """
    found = _read(frame, allowance or Allowance())
    if frame.is_sound:
        yield from found
        return
    if not frame.is_proven:
        _refuse_doubtful(frame)
        found = iter(list(found))
    for batch in found:
        mark(batch, DAMAGED, f"not to be trusted: {frame.problem}")
        yield batch


def _refuse_doubtful(frame: Frame) -> None:
    """Raises ValueError for what is not looked into unless a checksum proves it."""
    if frame.attributes & CODEC:
        raise ValueError("what is packed is not unpacked unless its checksum holds")
    if frame.records > MOST_ROWS or frame.size > _MOST_DOUBTFUL_BYTES:
        raise ValueError(f"{frame.records:,} records in {frame.size:,} bytes are too many to be taken apart unless its checksum holds")


def _read(frame: Frame, allowance: Allowance) -> Iterator[RecordBatch]:
    if frame.magic < 2:
        yield from legacy.columns(frame, allowance)
    elif frame.is_sound:
        yield from _compiled(frame, _plain(frame, allowance))
    else:
        yield from _ours(frame, _plain(frame, allowance), 0)


def _plain(frame: Frame, allowance: Allowance) -> bytes | None:
    """The records unpacked; None where they are not packed. Raises ValueError."""
    codec = frame.attributes & CODEC
    if not codec:
        return None
    packed = frame.data[frame.start + V2_HEADER_BYTES : frame.start + frame.size]
    return allowance.unpacked(packed, codec, records=frame.records) if packed else b""


def _compiled(frame: Frame, plain: bytes | None) -> Iterator[RecordBatch]:
    """By the compiled decoder; what it cannot read, or not within bounds, is left to ours, from that record on."""
    if plain is None:
        view = memoryview(frame.data)[frame.start : frame.start + frame.size]
    else:
        head = bytearray(frame.data[frame.start : frame.start + V2_HEADER_BYTES])
        head[_ATTRIBUTES_AT] &= 0xFF ^ CODEC
        view = memoryview(b"".join([head, plain, _PAD]))[:-PAD_BYTES]
    records, read = chain(_decoder()(view)), 0  # a chain may be taken up again; the decoder's own iterator may not
    for most in _steps(view, frame.records):
        try:
            rows = list(islice(records, most))
        except Exception:  # noqa: BLE001 - whatever it cannot read, ours reads or says why
            break
        if rows:
            yield _batch(frame, rows)
            read += len(rows)
        if len(rows) < most:
            return
    yield from _ours(frame, plain, read)


def _steps(batch: memoryview, count: int) -> Iterable[int]:
    """How many records to decode at a time, the last time more than there are; ends early before one that ours must read."""
    return repeat(MOST_ROWS) if len(batch) <= _STEP_BYTES else _walked(batch, count)


def _walked(batch: memoryview, count: int) -> Iterator[int]:
    at = begin = V2_HEADER_BYTES
    end, rows = len(batch), 0
    for _ in range(count):
        try:
            length, body = varint(batch, at)
            is_long = length > _STEP_BYTES
            if length < 0 or body + length > end or (is_long and _header_count(batch, body) > MOST_HEADERS):
                break
        except (IndexError, BrokenError):
            break
        rows, at = rows + 1, body + length
        if at - begin >= _STEP_BYTES or rows == MOST_ROWS:
            yield rows
            rows, begin = 0, at
    else:
        yield rows + 1
        return
    if rows:
        yield rows


def _header_count(data: memoryview, at: int) -> int:
    """What the record whose attributes are at `at` says. Raises IndexError and BrokenError."""
    _, at = varint(data, at + 1)
    _, at = varint(data, at)
    for _ in range(2):
        length, at = varint(data, at)
        at += max(length, 0)
    return varint(data, at)[0]


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
    rows: list[Fields] = []
    weight = 0
    broken: ValueError | None = None
    try:
        for row in islice(fields(data, frame.records), skip, None):
            rows.append(row)
            weight += len(row[2] or b"") + len(row[3] or b"") + _HEADER_WEIGHT * len(row[4])
            if len(rows) == MOST_ROWS or weight >= _STEP_WEIGHT:
                yield _own_batch(frame, rows)
                rows, weight = [], 0
    except BrokenError as error:
        broken = error
    if rows:
        yield _own_batch(frame, rows)
    if broken is not None:
        raise broken


def _own_batch(frame: Frame, rows: Sequence[Fields]) -> RecordBatch:
    batch = RecordBatch(position=[frame.base + delta for delta, *_ in rows])
    is_append = bool(frame.attributes & APPEND_TIME)
    stamps = [frame.max_time_ms if is_append else signed(frame.base_time_ms + delta) for _, delta, *_ in rows]
    put_times(batch, stamps, is_append=is_append)
    batch.key = [row[2] for row in rows]
    batch.value = [row[3] for row in rows]
    batch.headers = [put_headers(batch, number, row[4]) for number, row in enumerate(rows)]
    for number, row in enumerate(rows):
        if row[5]:
            batch.flags[number], batch.error[number] = DAMAGED, row[5]
    return batch


def fields(data: bytes, count: int) -> Iterator[Fields]:
    """The fields of `count` records that lie back to back in `data`. Raises BrokenError where they cannot be read."""
    if count < 0 or count * _LEAST_RECORD_BYTES > len(data):
        raise BrokenError(f"{len(data):,} bytes cannot hold the {count:,} records that it says")
    at = 0
    for number in range(count):
        try:
            length, begin = varint(data, at)
            record, after = _record(data, begin, begin + length)
        except (IndexError, BrokenError) as error:
            reason = str(error) if isinstance(error, BrokenError) else "it ends too early"
            raise BrokenError(f"record {number + 1} of {count} at byte {at:,} of the batch: {reason}") from None
        if after - begin != length or after > len(data):
            raise BrokenError(f"record {number + 1} of {count} at byte {at:,} of the batch says {length:,} bytes and has {after - begin:,}")
        at = after
        yield record
    if at != len(data):
        raise BrokenError(f"{len(data) - at:,} bytes follow the last of its {count:,} records")


def _record(data: bytes, at: int, end: int) -> tuple[Fields, int]:
    time_delta, at = varint(data, at + 1)
    offset_delta, at = varint(data, at)
    key, at = _bytes(data, at)
    value, at = _bytes(data, at)
    count, at = varint(data, at)
    if not 0 <= count <= len(data) - at:
        raise BrokenError(f"{count:,} headers")
    if count > MOST_HEADERS:
        return (offset_delta, time_delta, key, value, (), f"it has {count:,} headers, which are left out: more than {MOST_HEADERS:,}"), end
    headers: list[Header] = []
    for _ in range(count):
        name, at = _bytes(data, at)
        if name is None:
            raise BrokenError("a header without a name")
        held, at = _bytes(data, at)
        headers.append((name, held))
    return (offset_delta, time_delta, key, value, headers, ""), at


def _bytes(data: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = varint(data, at)
    if length == -1:
        return None, at
    if length < 0 or at + length > len(data):
        raise BrokenError(f"a field of {length:,} bytes where {len(data) - at:,} are left")
    return data[at : at + length], at + length
