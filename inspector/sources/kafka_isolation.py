"""Which records were aborted, and which are undecided: what reading all and reading committed records differ in.

The client hides transactions, so both isolation levels are read and compared: a record that only the uncommitted reading
saw is aborted below the last stable offset, and open at or above it. Where the offsets have no gap no transaction ended,
and nothing is read twice. Read `kafka_read` for the reading this follows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import KafkaError, Message, TopicPartition

from inspector.event import Flag
from inspector.sources import FlagChange
from inspector.sources.kafka_client import Clients, Partition
from inspector.sources.kafka_runs import Runs

_IDLE_S = 20.0


class Undecided:
    """What the uncommitted reading delivered and is not decided yet, per log of the plan."""

    def __init__(self, clients: Clients, partitions: Mapping[int, Partition]) -> None:
        self._clients = clients
        self._partitions = dict(partitions)
        self._runs: dict[int, Runs] = {}
        self._from: dict[int, int] = {}
        self._to: dict[int, int] = {}
        self._open: dict[int, list[int]] = {}

    def start(self, place: int, partition: Partition, position: int) -> None:
        """A log's reading starts (again) at `position`."""
        self._partitions[place] = partition
        self._runs.setdefault(place, Runs())
        self._from.setdefault(place, position)

    def read(self, places: Sequence[int], positions: Sequence[int], read_to: Mapping[int, int]) -> None:
        """Notes records as they were delivered, and how far each log is."""
        for place in set(places):
            mine = [position for at, position in zip(places, positions, strict=True) if at == place]
            self._runs.setdefault(place, Runs()).add(mine)
            self._from.setdefault(place, mine[0])
        self._to.update(read_to)

    def forget(self, place: int) -> None:
        """The log is gone: nothing more can be decided."""
        for memory in (self._runs, self._from, self._to, self._open):
            memory.pop(place, None)

    def decide(self, stop: threading.Event | None = None) -> Iterator[FlagChange]:
        """The changes that can be told now. Raises KafkaException when the cluster does not answer."""
        waiting = [place for place in self._runs if self._to.get(place, 0) > self._from.get(place, 0)]
        stable = self._clients.ends([self._partitions[place] for place in waiting], committed=True)
        for place in waiting:
            if self._partitions[place] in stable:
                yield from self._decide(place, stable[self._partitions[place]], stop)

    def _decide(self, place: int, stable: int, stop: threading.Event | None) -> Iterator[FlagChange]:
        runs, start, top = self._runs[place], self._from[place], self._to[place]
        bound = max(start, min(stable, top))
        aborted: list[int] = []
        if not runs.covers(start, bound):
            committed = self._committed(self._partitions[place], start, bound, stop)
            if committed is None:
                return
            aborted = runs.missing_from(committed, start, bound)
        if aborted:
            yield FlagChange(place, aborted, set=int(Flag.aborted), clear=int(Flag.open))
        gone = set(aborted)
        closed = [position for position in self._open.get(place, []) if position < bound and position not in gone]
        if closed:
            yield FlagChange(place, closed, clear=int(Flag.open))
        marked = {position for position in self._open.get(place, []) if position >= bound}
        undecided = [position for position in runs.within(bound, top) if position not in marked]
        if undecided:
            yield FlagChange(place, undecided, set=int(Flag.open))
        self._open[place] = sorted(marked.union(undecided))
        self._from[place] = bound
        runs.forget_below(bound)

    def _committed(self, partition: Partition, start: int, end: int, stop: threading.Event | None) -> Runs | None:
        """What a committed reading delivers of `[start, end)`; None when it was stopped or got no answer."""
        consumer = self._clients.consumer("read_committed")
        found = Runs()
        try:
            consumer.assign([TopicPartition(*partition, start)])
            heard_s = time.monotonic()
            while time.monotonic() - heard_s < _IDLE_S and not (stop is not None and stop.is_set()):
                messages = consumer.consume(10_000, 0.1)
                if messages:
                    heard_s = time.monotonic()
                found.add([m.offset() or 0 for m in messages if m.error() is None and (m.offset() or 0) < end])
                if any(_is_past(message, end) for message in messages):
                    return found
        finally:
            consumer.close()
        return None


def _is_past(message: Message, end: int) -> bool:
    error = message.error()
    offset = message.offset() or 0
    if error is None:
        return bool(offset >= end - 1)
    if error.code() == KafkaError._PARTITION_EOF:
        return bool(offset >= end)
    return False
