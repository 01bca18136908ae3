"""Messages of the client as columns. The hot path of a capture: column by column, in the interpreter's fastest loops.

Knows nothing of spans. Read `kafka_read` for what surrounds it.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from inspector.event import MAX_TIME_US, MIN_TIME_US, Flag, RecordBatch, TimeKind
from inspector.sources import RowSieve

_APPEND, _CREATE, _NONE = int(TimeKind.append), int(TimeKind.create), int(TimeKind.none)
_NO_TIME = -1
"""What a record without a time carries."""
ROW_BYTES = 64
_FEW = 16
"""Of so many logs the ends are looked for one by one, which is quicker than going through all records."""
_BAD_HEADERS = "the headers cannot be read: a header name is not UTF-8"


Places = Mapping[tuple[str | None, int | None], int]
"""(topic, partition) → the plan's index of it."""


def placed(messages: Sequence[Message], places: Places, topic: str | None = None) -> tuple[list[int], list[int]]:
    """The plan's index of each message's partition, and its position. None of the messages is an error.

    `topic` is the only one that the consumer was ever assigned, if there is only one. Raises KeyError for a message of
    another partition.
    """
    positions: list[int] = [message.offset() for message in messages]  # type: ignore[misc]
    if topic is None:
        return [places[message.topic(), message.partition()] for message in messages], positions
    partitions = [message.partition() for message in messages]
    numbers = {partition: places[topic, partition] for partition in set(partitions)}
    return [numbers[partition] for partition in partitions], positions


def columns(
    messages: Sequence[Message], log: Sequence[int], position: Sequence[int], sieve: RowSieve | None = None, whole: Collection[int] = ()
) -> tuple[RecordBatch, int]:
    """`messages`, which are `placed` so, as columns, and how many bytes they all take.

    With a sieve only those it lets through, and all of the logs in `whole`.
    """
    if sieve is not None:
        return _sifted(messages, log, position, sieve, whole)
    batch = RecordBatch(log=list(log), position=list(position))
    batch.key = [message.key() for message in messages]
    batch.value = [message.value() for message in messages]
    total = ROW_BYTES * len(messages) + sum(map(len, filter(None, batch.key))) + sum(map(len, filter(None, batch.value)))
    _times(batch, messages)
    _headers(batch, messages)
    return batch, total


def _sifted(
    messages: Sequence[Message], log: Sequence[int], position: Sequence[int], sieve: RowSieve, whole: Collection[int]
) -> tuple[RecordBatch, int]:
    """As `columns`; of what the sieve holds back nothing is asked but what it looks at."""
    looked = RecordBatch(log=list(log), position=list(position), value=[message.value() for message in messages])
    if sieve.needs_keys:
        looked.key = [message.key() for message in messages]
    if sieve.needs_headers:
        _headers(looked, messages)
    total = ROW_BYTES * len(messages) + sum(map(len, filter(None, looked.key))) + sum(map(len, filter(None, looked.value)))
    kept = sieve.rows(looked.key, looked.value, looked.headers)
    if whole:
        kept = sorted({*kept, *(row for row, place in enumerate(log) if place in whole)})
    messages, batch = [messages[row] for row in kept], looked.rows(kept)
    if not sieve.needs_keys:
        batch.key = [message.key() for message in messages]
    if not sieve.needs_headers:
        _headers(batch, messages)
    _times(batch, messages)
    return batch, total


def ends(log: Sequence[int], position: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """The first and the last position of each log: the records of one are in order."""
    places = set(log)
    if len(places) > _FEW:
        return dict(zip(reversed(log), reversed(position), strict=True)), dict(zip(log, position, strict=True))
    backwards, last = log[::-1], len(log) - 1
    return {place: position[log.index(place)] for place in places}, {place: position[last - backwards.index(place)] for place in places}


def positions_of(log: Sequence[int], position: list[int], place: int) -> list[int]:
    """The positions of one log's records, in order."""
    if log.count(place) == len(log):
        return position
    return [at for at, of in zip(position, log, strict=True) if of == place]


def sizes(records: RecordBatch) -> list[int]:
    """About how many bytes each row takes."""
    pairs = zip(records.key, records.value, strict=True)
    return [ROW_BYTES + (len(key) if key else 0) + (len(value) if value else 0) for key, value in pairs]


def stretches(each: Sequence[int], most: int) -> list[range]:
    """Rows of these sizes in parts of at most `most` bytes, and at least one row."""
    parts: list[range] = []
    first = total = 0
    for row, size in enumerate(each):
        if row > first and total + size > most:
            parts.append(range(first, row))
            first, total = row, 0
        total += size
    return [*parts, range(first, len(each))]


def _times(batch: RecordBatch, messages: Sequence[Message]) -> None:
    stamps = [message.timestamp() for message in messages]
    times: list[int | None] = [stamp[1] * 1000 for stamp in stamps]
    kinds = [_CREATE] * len(stamps)
    for row, (kind, milliseconds) in enumerate(stamps):
        if kind == TIMESTAMP_LOG_APPEND_TIME:
            kinds[row] = _APPEND
        elif kind == TIMESTAMP_NOT_AVAILABLE or milliseconds == _NO_TIME:
            times[row], kinds[row] = None, _NONE
        if not MIN_TIME_US <= milliseconds * 1000 <= MAX_TIME_US:
            times[row] = None
            batch.extra.setdefault(row, {})["time_ms"] = milliseconds
    batch.time_us, batch.time_kind = times, kinds


def _headers(batch: RecordBatch, messages: Sequence[Message]) -> None:
    """JSON text per row. A name that is not UTF-8 makes the client raise: that row's headers are lost, and it says so."""
    raw: list[Any] = []
    take = raw.append
    for message in messages:
        # asked once only: after a failure the client keeps a list with a hole in it, and asking again crashes
        try:
            take(message.headers())
        except (UnicodeDecodeError, SystemError):
            batch.error[len(raw)] = _BAD_HEADERS
            batch.flags[len(raw)] = int(Flag.damaged)
            take(None)
    if not any(raw):
        batch.headers = [None] * len(messages)
        return
    batch.headers = [headers_json(pairs) if pairs else None for pairs in raw]


def headers_json(pairs: Sequence[tuple[str, bytes | None]]) -> str:
    """`[[name, value], …]` in order; a value that is not UTF-8 is `{"base64": "…"}`."""
    try:
        return orjson.dumps([(name, None if value is None else value.decode()) for name, value in pairs]).decode()
    except UnicodeDecodeError:
        return orjson.dumps([(name, _value_json(value)) for name, value in pairs]).decode()


def _value_json(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
