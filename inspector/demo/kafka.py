"""A Kafka cluster inside this process, and the shop's topics in it: librdkafka's mock cluster. No Java, no network.

Other processes reach it at `address` over the loopback. It keeps about 5 MB a partition and drops the oldest, has no
groups to list and does not look up offsets by time. Imported only by `serve`, so that little else loads the client.
Read `codec` for a record's bytes, `layout` for its partition and offset.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from inspector.demo.codec import kafka_headers, kafka_key, kafka_value
from inspector.demo.layout import PARTITIONS, Placed
from inspector.demo.model import TOPICS
from inspector.errors import SourceError

log = logging.getLogger(__name__)
_ANSWER_S = 10.0


class ShopCluster:
    """The running cluster, with every topic made. It ends with `close` or with the process."""

    def __init__(self) -> None:
        self._producer = _start()
        self.address = _address(self._producer)
        """host:port of its only broker."""
        self._failure: str | None = None

    def append(self, batch: Iterable[Placed]) -> None:
        """Hands `batch` over for sending; `flush` waits for it. Raises SourceError for an earlier record that failed."""
        for placed in batch:
            self._send(placed)
        self._producer.poll(0)
        self._check()

    def flush(self) -> None:
        """Waits until every record has its place. Raises SourceError when one got none, or another than computed."""
        left = self._producer.flush(_ANSWER_S)
        if left:
            raise SourceError(f"the demo's cluster took no answer to {left} records within {_ANSWER_S:.0f} s")
        self._check()

    def close(self) -> None:
        """Sends what is left, and ends the cluster."""
        self._producer.flush(_ANSWER_S)

    def _send(self, placed: Placed) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            self._delivered(placed, error, message)

        while True:
            try:
                self._producer.produce(
                    placed.event.category.topic,
                    kafka_value(placed.event),
                    kafka_key(placed.event),
                    partition=placed.partition,
                    timestamp=placed.event.time_us // 1000,
                    headers=list(kafka_headers(placed.event)),
                    on_delivery=delivered,
                )
            except BufferError:  # its queue is full: let it send some
                self._producer.poll(0.1)
            else:
                return

    def _delivered(self, placed: Placed, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failure = f"a record of {placed.event.category.topic} was not taken: {error}"
        elif message.offset() != placed.offset:
            self._failure = f"a record of {placed.event.category.topic} is at offset {message.offset()}, not {placed.offset}"

    def _check(self) -> None:
        if self._failure:
            raise SourceError(self._failure)


def _start() -> Producer:
    return Producer(
        {
            "test.mock.num.brokers": 1,
            "enable.idempotence": True,
            "linger.ms": 2,
            "queue.buffering.max.messages": 100_000,
            "log_level": 3,
        },
        logger=log,
    )


def _address(producer: Producer) -> str:
    """Makes each topic by asking for it; the broker's address comes with the answer. Raises SourceError without one."""
    for topic in TOPICS:
        made = len(producer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions)
        if made != PARTITIONS:
            raise SourceError(f"the demo's cluster gave {topic} {made} partitions, not {PARTITIONS}")
    (broker,) = producer.list_topics(timeout=_ANSWER_S).brokers.values()
    return f"{broker.host}:{broker.port}"
