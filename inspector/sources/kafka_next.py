"""Single records by position: the next one that a group has not read, once for each commit that moved. Commits nothing.

Read as by a reader of committed records, so aborted ones and those of open transactions are passed over, and compaction leaves
the next that is there. Read `kafka_groups` for who asks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, TopicPartition

from inspector.sources.groups import Place
from inspector.sources.kafka_client import Clients

MOST_RECORDS = 200
"""Of one look; the rest waits for the next."""
_WAIT_S = 3.0
_POLL_S = 0.1
_MOST_KNOWN = 10_000


class Next(NamedTuple):
    """The next record: its position and time (microseconds, None where it has none). No position: nothing was there up to `end`."""

    position: int | None
    time_us: int | None
    end: int


class NextRecords:
    """The next records at positions, remembered until the positions are no longer asked for."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._consumer: Any = None
        self._known: dict[tuple[Place, int], Next] = {}

    def find(self, wanted: Mapping[tuple[Place, int], int], notes: list[str]) -> dict[tuple[Place, int], Next]:
        """(partition, position) → the next record, where it could be had; `wanted` maps to where the partition ends."""
        self._known = {at: known for at, known in self._known.items() if at in wanted} if len(self._known) > _MOST_KNOWN else self._known
        left = [at for at, end in wanted.items() if not self._is_known(at, end)]
        if len(left) > MOST_RECORDS:
            notes.append(f"{len(left):,} partitions have moved; the times of {MOST_RECORDS} are looked up now, the others next time")
        asked: dict[Place, int] = {}
        for place, position in left:
            # two groups may stand at two places of one partition: one after the other
            if place not in asked and len(asked) < MOST_RECORDS:
                asked[place] = position
        while asked:
            self._read(asked, wanted)
            tried = set(asked.items())
            asked = dict([at for at in left if at not in tried and not self._is_known(at, wanted[at])][: MOST_RECORDS - len(tried)])
            left = [at for at in left if at not in tried]
        return {at: self._known[at] for at, end in wanted.items() if self._is_known(at, end)}

    def _is_known(self, at: tuple[Place, int], end: int) -> bool:
        known = self._known.get(at)
        return known is not None and (known.position is not None or known.end == end)

    def _read(self, asked: Mapping[Place, int], ends: Mapping[tuple[Place, int], int]) -> None:
        left = dict(asked)
        consumer = self._opened()
        consumer.assign([TopicPartition(*place, position) for place, position in left.items()])
        until_s = time.monotonic() + _WAIT_S
        try:
            while left and time.monotonic() < until_s:
                for message in consumer.consume(100, _POLL_S):
                    self._take(consumer, left, ends, message)
        finally:
            consumer.assign([])

    def _take(self, consumer: Any, left: dict[Place, int], ends: Mapping[tuple[Place, int], int], message: Any) -> None:
        place = (message.topic(), message.partition())
        error, position = message.error(), left.get(place)
        if position is None or (error is None and message.offset() < position):
            return
        if error is None:
            time_ms = message.timestamp()[1]
            self._known[place, position] = Next(message.offset(), time_ms * 1000 if time_ms >= 0 else None, ends[place, position])
        elif error.code() == KafkaError._PARTITION_EOF:
            self._known[place, position] = Next(None, None, ends[place, position])
        left.pop(place)
        consumer.incremental_unassign([TopicPartition(*place)])

    def keys(self, place: Place, position: int, most: int) -> list[bytes | None]:
        """The keys of at most so many records from a position on, as far as they come at once."""
        found: list[bytes | None] = []
        consumer = self._opened()
        consumer.assign([TopicPartition(*place, position)])
        until_s = time.monotonic() + _WAIT_S
        try:
            while len(found) < most and time.monotonic() < until_s:
                for message in consumer.consume(most - len(found), _POLL_S):
                    if message.error() is not None:
                        return found
                    if (message.topic(), message.partition()) == place:
                        found.append(message.key())
        finally:
            consumer.assign([])
        return found

    def _opened(self) -> Any:
        if self._consumer is None:
            self._consumer = self._clients.consumer("read_committed", for_few=True)
        return self._consumer

    def close(self) -> None:
        """Lets the consumer go."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
