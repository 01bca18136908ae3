"""Reading stretches of partitions again, only for which positions are delivered. Keeps no values.

Read `kafka_isolation` for why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from inspector.sources.kafka_client import OUT_OF_RANGE, Clients, Partition
from inspector.sources.kafka_runs import Runs

_SILENT_S = 10.0
_ASK_S = 2.0
_AT_ONCE = 10_000
_POLL_S = 0.1

IsOver = Callable[[], bool]
"""Whether nobody waits for the answer any more."""


@dataclass(slots=True)
class Again:
    """The positions delivered from `first` up to `end`; `first` is above what was asked where retention came between."""

    first: int
    end: int
    runs: Runs = field(default_factory=Runs)
    is_complete: bool = False


def read_again(clients: Clients, spans: Mapping[Partition, tuple[int, int]], is_over: IsOver, *, committed: bool) -> dict[Partition, Again]:
    """What a reading of each `[start, end)` delivers now; not complete where it `is_over` or nothing came for a while."""
    found = {partition: Again(start, end) for partition, (start, end) in spans.items()}
    if found:
        consumer = clients.consumer("read_committed" if committed else "read_uncommitted")
        try:
            consumer.assign([TopicPartition(*partition, again.first) for partition, again in found.items()])
            _read(clients, consumer, found, is_over)
        finally:
            consumer.close()
    return found


def _read(clients: Clients, consumer: Any, found: Mapping[Partition, Again], is_over: IsOver) -> None:
    left = set(found)
    heard_s = time.monotonic()
    while left and time.monotonic() - heard_s < _SILENT_S and not is_over():
        messages = consumer.consume(_AT_ONCE, _POLL_S)
        if any(message.error() is None or message.error().code() == KafkaError._PARTITION_EOF for message in messages):
            heard_s = time.monotonic()
        _take(found, messages)
        for partition in _out_of_range(messages):
            _start_again(clients, consumer, partition, found[partition])
        done = {partition for partition in left if found[partition].is_complete}
        left -= done
        if done:
            consumer.incremental_unassign([TopicPartition(*partition) for partition in done])


def _take(found: Mapping[Partition, Again], messages: Sequence[Any]) -> None:
    """Adds what was delivered of each partition, up to its end."""
    delivered: dict[Partition, list[int]] = {}
    for message in messages:
        partition, error = (message.topic(), message.partition()), message.error()
        if error is None:
            delivered.setdefault(partition, []).append(message.offset())
        elif error.code() == KafkaError._PARTITION_EOF and message.offset() >= found[partition].end:
            found[partition].is_complete = True
    for partition, offsets in delivered.items():
        again = found[partition]
        again.runs.add(offsets if offsets[-1] < again.end else [offset for offset in offsets if offset < again.end])
        again.is_complete |= offsets[-1] >= again.end - 1


def _out_of_range(messages: Iterable[Any]) -> set[Partition]:
    return {(message.topic(), message.partition()) for message in messages if message.error() and message.error().code() in OUT_OF_RANGE}


def _start_again(clients: Clients, consumer: Any, partition: Partition, again: Again) -> None:
    """Retention has taken the place we were at: goes on where records are, knowing nothing of what lies below."""
    try:
        first = clients.firsts([partition], timeout_s=_ASK_S).get(partition)
    except KafkaException:
        return  # without an answer the silence ends this reading
    if first is None:
        return
    again.first, again.runs, again.is_complete = max(first, again.first), Runs(), first >= again.end
    consumer.incremental_unassign([TopicPartition(*partition)])
    if not again.is_complete:
        consumer.incremental_assign([TopicPartition(*partition, first)])
