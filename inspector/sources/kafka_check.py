"""Testing a connection to Kafka step by step, for people who set one up: each step with its outcome as it becomes known.

Leaves no trace, as reading does: no record is read, only whether reading is allowed. Read `kafka_probe` for the first
steps, `kafka_client` for the client that does the rest.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from inspector.errors import SourceError
from inspector.sources.kafka_client import Clients
from inspector.sources.kafka_diagnose import bootstrap_servers
from inspector.sources.kafka_probe import Step, probe

_READ_S = 5.0


def check(bootstrap: str, config: Mapping[str, str], *topics: str) -> Iterator[Step]:
    """DNS, TCP, TLS and SASL of each server, then logging in, then the right to read each topic.

    Ends with the first step without which nothing goes on; one of several servers may fail.
    Raises UsageError for properties that cannot be used.
    """
    clients = Clients(bootstrap, config)
    reached = False
    for server in bootstrap_servers(clients.properties):
        works = True
        for step in probe(server, clients.properties):
            works = works and step.works
            yield step
        reached = reached or works
    if not reached:
        return
    where = clients.properties["bootstrap.servers"]
    try:
        metadata = clients.metadata()
        yield Step(where, "SASL", works=True, text=_welcome(clients.properties, metadata))
        for topic in topics:
            yield _reading(clients, where, topic)
    except SourceError as error:
        yield Step(where, error.step, works=False, text=str(error))


def _welcome(properties: Mapping[str, str], metadata: Any) -> str:
    brokers, topics = len(metadata.brokers), sum(not name.startswith("__") for name in metadata.topics)
    user = properties.get("sasl.username", "") if properties.get("security.protocol", "").upper().startswith("SASL") else ""
    return f"connected{f' as {user}' if user else ''}: cluster {metadata.cluster_id}, {brokers:,} brokers, {topics:,} topics to be seen"


def _reading(clients: Clients, where: str, topic: str) -> Step:
    """Whether the newest end of every partition can be fetched, which is allowed to whoever may read. Raises SourceError."""
    try:
        now = clients.topics_now([topic])[topic]
        if now is None:
            raise clients.explained(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)), topic)
        ends = clients.ends((topic, number) for number in range(now.partitions))
    except KafkaException as error:
        raise clients.explained(error, topic) from error
    denied = _fetch_ends(clients, [TopicPartition(name, number, end) for (name, number), end in ends.items()])
    if denied is not None:
        raise clients.explained(KafkaException(denied), topic)
    return Step(where, "authorisation", works=True, text=f"topic {topic} can be read: {len(ends):,} partitions")


def _fetch_ends(clients: Clients, ends: Sequence[TopicPartition]) -> KafkaError | None:
    """What keeps us from fetching at these positions; None when every partition says that its end is reached."""
    consumer = clients.consumer()
    left = {end.partition for end in ends}
    error: KafkaError | None = None
    try:
        consumer.assign(ends)
        deadline = time.monotonic() + _READ_S
        while left and error is None and time.monotonic() < deadline:
            for message in consumer.consume(100, 0.2):
                said = message.error()
                # a record, too, shows that reading is allowed
                if said is None or said.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
                else:
                    error = said
    finally:
        consumer.close()
    return error if error or not left else KafkaError(KafkaError._TIMED_OUT)
