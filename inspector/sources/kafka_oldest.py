"""When the oldest records of a topic go: what its retention by time is, and how old the first record of each partition is.

Reads one record a partition. Kafka removes whole segments, and only closed ones, so a record may stay longer than said, and
goes sooner where a limit in bytes bites first. Read `kafka` for the source.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from confluent_kafka import KafkaException, TopicPartition

from inspector.sources import UNKNOWN, LogInfo, Oldest
from inspector.sources.kafka_client import Clients, ConfigResource, Partition

_ASK_S = 5.0
_READ_S = 5.0
_POLL_S = 0.1
_MOST_PARTITIONS = 100
"""Of a topic with more only these are looked at: their first records are of much the same age."""


def oldest(clients: Clients, logs: Sequence[LogInfo]) -> Iterator[Oldest]:
    """One for each of `logs`. Where something may not be asked or does not come in time, it is None."""
    kept_ms = _retention_ms(clients, sorted({info.key.name for info in logs}))
    times = _first_times_us(clients, [info for info in logs if UNKNOWN not in {info.first, info.end} and info.first < info.end])
    for info in logs:
        yield Oldest(info, times.get((info.key.name, info.key.partition)), kept_ms.get(info.key.name))


def _retention_ms(clients: Clients, topics: Sequence[str]) -> dict[str, int]:
    """Topic → how long records are kept; without those that are kept for ever, or of which we may not know."""
    found: dict[str, int] = {}
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
    for resource, future in (clients.admin().describe_configs(asked, request_timeout=_ASK_S) if asked else {}).items():
        try:
            settings = future.result(_ASK_S + 1)
            kept_ms = int(settings["retention.ms"].value)
        except (KafkaException, KeyError, TypeError, ValueError):
            continue
        if kept_ms >= 0 and "delete" in (settings["cleanup.policy"].value or ""):
            found[str(resource.name)] = kept_ms
    return found


def _first_times_us(clients: Clients, logs: Sequence[LogInfo]) -> dict[Partition, int]:
    """Partition → the time of its first record, as far as they come within seconds."""
    left = {(info.key.name, info.key.partition): info.first for info in logs[:_MOST_PARTITIONS]}
    found: dict[Partition, int] = {}
    if not left:
        return found
    consumer = clients.consumer()
    try:
        consumer.assign([TopicPartition(*place, first) for place, first in left.items()])
        until_s = time.monotonic() + _READ_S
        while left and time.monotonic() < until_s:
            for message in consumer.consume(500, _POLL_S):
                place = (message.topic(), message.partition())
                if message.error() is None and left.pop(place, None) is not None:
                    consumer.incremental_unassign([TopicPartition(*place)])
                    found[place] = message.timestamp()[1] * 1000
    finally:
        consumer.close()
    return {place: time_us for place, time_us in found.items() if time_us >= 0}
