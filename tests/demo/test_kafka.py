"""The mock cluster: what a plain consumer reads from it is what happened in the shop, at the places that were computed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from inspector.demo.codec import kafka_headers, kafka_key, kafka_value
from inspector.demo.kafka import ShopCluster
from inspector.demo.layout import PARTITIONS, Placed
from inspector.demo.model import TOPICS
from inspector.errors import SourceError
from tests.demo.story import placed, told


@pytest.fixture(scope="module")
def story() -> list[Placed]:
    return placed(told(events=4_000))


@pytest.fixture(scope="module")
def cluster(story: list[Placed]) -> Iterator[ShopCluster]:
    shop = ShopCluster()
    shop.append(story)
    shop.flush()
    yield shop
    shop.close()


def _read_all(address: str) -> list[Message]:
    """Every record of every topic."""
    consumer = Consumer({
        "bootstrap.servers": address, "group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True,
        "enable.metrics.push": False,
    })  # fmt: skip
    left = {(topic, partition) for topic in TOPICS for partition in range(PARTITIONS)}
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
    records = []
    try:
        while left:
            message = consumer.poll(10)
            assert message is not None, f"no end of {left} within 10 s"
            if (error := message.error()) is None:
                records.append(message)
            else:
                assert error.code() == KafkaError._PARTITION_EOF
                left.discard((str(message.topic()), message.partition() or 0))
    finally:
        consumer.close()
    return records


def test_consumer_reads_every_record_at_its_place(story: list[Placed], cluster: ShopCluster) -> None:
    read = {(record.topic(), record.partition(), record.offset()): record for record in _read_all(cluster.address)}
    assert len(read) == len(story)
    for event in story:
        record = read[event.event.category.topic, event.partition, event.offset]
        assert (record.key(), record.value()) == (kafka_key(event.event), kafka_value(event.event))
        assert record.headers() == kafka_headers(event.event)
        assert record.timestamp()[1] == event.event.time_us // 1000


def test_record_at_another_offset_is_an_error(story: list[Placed]) -> None:
    shop = ShopCluster()
    later = next(event for event in story if event.offset == 5)
    try:
        shop.append([later])
        with pytest.raises(SourceError, match="is at offset 0, not 5"):
            shop.flush()
    finally:
        shop.close()
