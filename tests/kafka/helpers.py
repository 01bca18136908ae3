"""Writing to and reading from a test broker with the plain client: what the captures are compared with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import confluent_kafka.admin
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.kafka.launcher import Broker

Header = tuple[str, bytes | None]

NewTopic: Any = vars(confluent_kafka.admin)["NewTopic"]
"""The client's own class, which its types do not export."""


class Cluster:
    """A broker with the few calls that tests need."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
        self.url = f"kafka://{broker.bootstrap}"

    def create(self, name: str, partitions: int = 1, **config: object) -> str:
        """A new topic; settings are given with underscores for dots."""
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        self.admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result(30)
        wait_until(lambda: self._has_leaders(name, partitions), f"{name} has leaders")
        return name

    def _has_leaders(self, name: str, partitions: int) -> bool:
        topic = self.admin.list_topics(timeout=5).topics.get(name)
        return topic is not None and len(topic.partitions) == partitions and all(p.leader >= 0 for p in topic.partitions.values())

    def delete(self, name: str) -> None:
        """Deletes a topic and waits until it is gone."""
        self.admin.delete_topics([name])[name].result(30)
        wait_until(lambda: name not in self.admin.list_topics(timeout=5).topics, f"{name} is gone")

    def delete_records(self, name: str, partition: int, before: int) -> None:
        """What retention does: takes the records below `before`."""
        wanted = TopicPartition(name, partition, before)
        self.admin.delete_records([wanted])[wanted].result(30)

    def producer(self, **config: Any) -> Producer:
        """A producer of this cluster."""
        settings = {key.replace("_", "."): value for key, value in config.items()}
        return Producer(
            {"bootstrap.servers": self.broker.bootstrap, "message.max.bytes": 20_000_000, "linger.ms": 5, "log_level": 0, **settings}
        )

    def produce(
        self,
        name: str,
        values: Iterable[bytes | None],
        *,
        key: bytes | None = None,
        partition: int = 0,
        headers: Sequence[Header] | None = None,
        time_ms: int = 0,
    ) -> None:
        """Writes values to one partition and waits until they are there."""
        producer = self.producer()
        for value in values:
            while True:
                try:
                    producer.produce(name, value, key, partition, timestamp=time_ms, headers=list(headers) if headers else None)
                except BufferError:
                    producer.poll(0.1)
                    continue
                break
        assert producer.flush(60) == 0

    def groups(self) -> list[str]:
        """The names of all groups."""
        listed = self.admin.list_consumer_groups().result(10)
        return [group.group_id for group in listed.valid]

    def topics(self) -> list[str]:
        """The names of all topics, internal ones among them."""
        return sorted(self.admin.list_topics(timeout=10).topics)


def consume_all(bootstrap: str, name: str, partitions: Iterable[int], *, isolation: str = "read_uncommitted") -> list[Message]:
    """Every record that a plain consumer gets, partition by partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "oracle",
            "log_level": 0,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": isolation,
            "fetch.message.max.bytes": 20_000_000,
        }
    )
    left = set(partitions)
    messages: list[Message] = []
    consumer.assign([TopicPartition(name, partition, 0) for partition in left])
    deadline = time.monotonic() + 120
    while left and time.monotonic() < deadline:
        for message in consumer.consume(10_000, 0.2):
            if message.error() is None:
                messages.append(message)
            else:
                left.discard(message.partition())
    consumer.close()
    assert not left, "the oracle did not reach the end"
    return sorted(messages, key=lambda message: (message.partition(), message.offset()))


def wait_until(condition: Callable[[], bool], what: str, *, timeout_s: float = 60) -> None:
    """Waits for `condition`; fails with `what` when it does not come."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain: {what}"
        pause.wait(0.05)
