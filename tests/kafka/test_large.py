"""The large sizes: a million records compared one by one, and as many partitions as a broker here can hold."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from inspector.capture.reader import CaptureReader
from tests.kafka import captures
from tests.kafka.helpers import Cluster, NewTopic, consume_all, wait_until
from tests.kafka.launcher import Broker

pytestmark = pytest.mark.large

RECORDS = 1_000_000


def test_million_records_are_those_of_a_plain_consumer(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 4)
    producer = cluster.producer(queue_buffering_max_messages=2_000_000, linger_ms=50)
    for number in range(RECORDS):
        value = json.dumps({"type": "OrderPlaced", "id": str(number), "total": number / 100}).encode()
        while True:
            try:
                producer.produce(name, value, b"order-%d" % (number % 50_000), headers=[("n", b"%d" % number), ("n", None)])
                break
            except BufferError:
                producer.poll(0.5)
    assert producer.flush(120) == 0
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    plain = consume_all(cluster.broker.bootstrap, name, range(4))
    with CaptureReader(out) as reader:
        rows = iter(
            reader.connection.execute(
                "SELECT log.partition, event.position, record.key, record.value, record.headers FROM event "
                "JOIN log ON log.id = event.log_id JOIN record ON record.seq = event.seq ORDER BY log.partition, event.position"
            )
        )
        for message in plain:
            headers: Any = message.headers() or []
            partition, position, key, value, stored = next(rows)
            assert (partition, position, key, value) == (message.partition(), message.offset(), message.key(), message.value())
            assert json.loads(stored) == [[title, None if content is None else content.decode()] for title, content in headers]
        assert next(rows, None) is None
    assert len(plain) == RECORDS
    assert sum(segments[0][4] for _, _, segments in captures.coverage(out)) == RECORDS


def listed(url: str) -> tuple[int, float]:
    """(partitions listed, seconds of the quickest of three commands)."""
    taken_s = []
    for _ in range(3):
        started = time.monotonic()
        lines = captures.run("logs", url).stdout.splitlines()
        taken_s.append(time.monotonic() - started)
    assert not any('"first": null' in line for line in lines)
    return len(lines), min(taken_s)


def test_seven_hundred_topics_of_twelve_partitions_are_listed_from_a_real_broker(tmp_path: Path) -> None:
    # more partitions than about 9,000 do not fit a broker that may open 20,000 files
    broker = Broker(tmp_path / "broker", heap_mb=1500, settings={"log.index.size.max.bytes": "4096"}).start()
    try:
        cluster = Cluster(broker)
        for start in range(0, 700, 100):
            wanted = [NewTopic(f"topic-{number:04}", 12, 1) for number in range(start, start + 100)]
            for future in cluster.admin.create_topics(wanted, request_timeout=120).values():
                future.result(120)
        wait_until(lambda: len(cluster.topics()) == 700, "the broker knows all topics", timeout_s=300)
        wait_until(lambda: '"first": null' not in captures.run("logs", cluster.url).stdout, "all have leaders", timeout_s=300)
        partitions, seconds = listed(cluster.url)
        print(f"real broker: {partitions:,} partitions listed in {seconds:.2f} s")
        assert partitions == 8_400
    finally:
        broker.stop()
