"""Looking for something in a topic that nobody captured: a text in the values, and a key; beside `kcat | grep` on one real broker.

Both read the same topic in turn, whole processes are timed, and both must find the same number of records.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from inspector.capture.reader import CaptureReader
from tests.benchmarks import Row
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

RECORDS = {"small": 200_000, "full": 2_000_000}
PARTITIONS = 4
_TURNS = 3
_TOPIC = "haystack"
_NEEDLE, _KEY = "customer-777", "order-4711"
_STREAMS = 50_000


def rows(size: str) -> Iterator[Row]:
    """Seconds of the median turn. A search for a key reads the one partition where the key lies; `kcat` reads them all."""
    count = RECORDS[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        broker = Broker(Path(folder) / "broker").start()
        try:
            _fill(Cluster(broker), count)
            _use_a_group(broker)
            search = _Search(broker, Path(folder))
            ours, peer = search.turns(["--filter", f'value.contains("{_NEEDLE}")'], "%s\\n", _NEEDLE)
            yield Row(f"a text in the values of {count:,} records / kcat | grep", ours, peer, goal=1.0, peer_name="kcat | grep")
            ours, peer = search.turns(["--key", _KEY, "--filter", f'key == "{_KEY}"'], "%k\\n", f"^{_KEY}$")
            goal = 1 / (0.7 * PARTITIONS)
            yield Row(
                f"a key among {count:,} records in {PARTITIONS} partitions / kcat | grep", ours, peer, goal=goal, peer_name="kcat | grep"
            )
        finally:
            broker.stop()


def _fill(cluster: Cluster, count: int) -> None:
    cluster.create(_TOPIC, PARTITIONS)
    producer = cluster.producer(queue_buffering_max_messages=2_000_000, linger_ms=50, batch_size=1_000_000, partitioner="murmur2_random")
    for number in range(count):
        value = json.dumps(
            {
                "orderId": f"order-{number % _STREAMS}",
                "status": ("placed", "paid", "failed", "shipped")[number % 4],
                "total": number / 100,
                "customer": {"id": f"customer-{number * 7919 % 10_000}", "country": ("DE", "FR", "IT", "US")[number % 4]},
                "lines": [{"sku": f"sku-{number % 1_000}", "qty": number % 9}],
                "note": "x" * 40,
            }
        ).encode()
        while True:
            try:
                producer.produce(_TOPIC, value, b"order-%d" % (number % _STREAMS))
                break
            except BufferError:
                producer.poll(0.5)
    assert producer.flush(120) == 0


def _use_a_group(broker: Broker) -> None:
    """All but the freshest clusters know groups; on one that knows none a slower way is taken, which leaves it so."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "bench"})
    consumer.assign([TopicPartition(_TOPIC, 0, 0)])
    assert consumer.consume(1, 30)
    consumer.close()


class _Search:
    """The same question to both, in turn."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self._broker, self._out = broker, folder / "found.evcap"

    def turns(self, options: list[str], shown: str, pattern: str) -> tuple[float, float]:
        """Seconds of ours and of the peer's."""
        ours, theirs = [], []
        for _ in range(_TURNS):
            expected, seconds = self._kcat(shown, pattern)
            theirs.append(seconds)
            found, seconds = self._capture(options)
            ours.append(seconds)
            assert found == expected > 0, options
        return statistics.median(ours), statistics.median(theirs)

    def _capture(self, options: list[str]) -> tuple[int, float]:
        url = f"kafka://{self._broker.bootstrap}/{_TOPIC}"
        started = time.perf_counter()
        command = [sys.executable, "-m", "inspector.cli", "capture", url, *options, "-o", str(self._out)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        seconds = time.perf_counter() - started
        with CaptureReader(self._out) as reader:
            found = reader.watermark().events
        self._out.unlink()
        return found, seconds

    def _kcat(self, shown: str, pattern: str) -> tuple[int, float]:
        started = time.perf_counter()
        reading = subprocess.Popen(
            ["kcat", "-C", "-b", self._broker.bootstrap, "-t", _TOPIC, "-e", "-q", "-f", shown], stdout=subprocess.PIPE
        )
        done = subprocess.run(["grep", "-c", pattern], check=True, stdin=reading.stdout, capture_output=True)
        assert reading.wait() == 0
        return int(done.stdout), time.perf_counter() - started
