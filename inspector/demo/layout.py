"""Where an event is written: its row in the store, its partition and offset in Kafka. Computed, so it is known beforehand.

No I/O. Partitions are chosen as Java's default partitioner chooses them (murmur2 of the key). Read `store` and `kafka`
for the writing, `faults` for why the places matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from inspector.demo.model import ShopEvent

PARTITIONS = 4
"""Of every topic: what the mock cluster gives a topic it creates."""
STORE_LOG = "stored_events"


@dataclass(frozen=True, slots=True)
class Placed:
    """An event and its places. `row` is None when it never was in the store; a removed event keeps its number."""

    event: ShopEvent
    partition: int
    offset: int
    row: int | None

    def addresses(self) -> Iterator[tuple[str, str, int, int]]:
        """Source, log, partition and position of each place."""
        if self.row is not None:
            yield "store", STORE_LOG, 0, self.row
        yield "kafka", self.event.category.topic, self.partition, self.offset


def place(events: Iterable[ShopEvent]) -> Iterator[Placed]:
    """Each event with the places it takes when all are written in this order to an empty store and empty topics."""
    rows = 0
    offsets: dict[tuple[str, int], int] = {}
    for event in events:
        partition = partition_of(event.stream.encode())
        offset = offsets.get((event.category.topic, partition), 0)
        offsets[event.category.topic, partition] = offset + 1
        rows += event.takes_row
        yield Placed(event, partition, offset, rows if event.takes_row else None)


def partition_of(key: bytes, partitions: int = PARTITIONS) -> int:
    """The partition that Java's default partitioner gives `key`."""
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    factor, mask = 0x5BD1E995, 0xFFFFFFFF
    value = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for index in range(0, whole, 4):
        word = int.from_bytes(data[index : index + 4], "little") * factor & mask
        word = (word ^ (word >> 24)) * factor & mask
        value = (value * factor & mask) ^ word
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * factor & mask
    value = (value ^ (value >> 13)) * factor & mask
    return value ^ (value >> 15)
