"""Capturing a topic against `kcat -J` to a file and a bare consume loop, in turn, on one real broker; and peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import THE_GOAL, Row
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

RECORDS = {"small": 100_000, "full": 1_000_000}
TURNS = 3
_BARE = """
import sys
from confluent_kafka import Consumer, TopicPartition
settings = {"group.id": "bare", "enable.partition.eof": True, "queued.max.messages.kbytes": 32768}
consumer = Consumer({"bootstrap.servers": sys.argv[1], **settings})
consumer.assign([TopicPartition(sys.argv[2], number, 0) for number in range(4)])
left = 4
while left:
    for message in consumer.consume(10_000, 0.2):
        if message.error() is not None:
            left -= 1
consumer.close()
"""


def rows(size: str) -> Iterator[Row]:
    """Seconds of the median turn; and megabytes against the goal of 300."""
    count = RECORDS[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        broker = Broker(Path(folder) / "broker").start()
        try:
            _fill(Cluster(broker), count)
            ours, kcat, bare, memory_mb = _turns(broker, Path(folder))
        finally:
            broker.stop()
    yield Row(f"capture of {count:,} records / kcat -J > file", ours, kcat, goal=1.0, peer_name="kcat -J")
    yield Row(f"capture of {count:,} records / bare consume loop", ours, bare, peer_name="consume()")
    yield Row("peak memory of the capture / 300 MB", memory_mb, 300.0, unit="MB", goal=1.0, peer_name=THE_GOAL)


def _fill(cluster: Cluster, count: int) -> None:
    cluster.create("bench", 4)
    producer = cluster.producer(queue_buffering_max_messages=2_000_000, linger_ms=50, batch_size=1_000_000)
    for number in range(count):
        value = json.dumps(
            {
                "id": f"0f0e9d6e-1111-4222-8333-{number:012}",
                "type": "OrderPlaced",
                "orderId": f"order-{number % 50_000}",
                "time": "2026-11-23T08:00:00.123456Z",
                "data": {"total": number / 100, "currency": "EUR", "items": [{"sku": "A1", "qty": 2}], "tags": ["visa", "web"]},
            }
        ).encode()
        while True:
            try:
                producer.produce("bench", value, b"order-%d" % (number % 50_000))
                break
            except BufferError:
                producer.poll(0.5)
    assert producer.flush(120) == 0


def _turns(broker: Broker, folder: Path) -> tuple[float, float, float, float]:
    ours, kcat, bare, memory = [], [], [], []
    for turn in range(TURNS):
        # first, so that the cluster knows groups, as all but the freshest do
        bare.append(_timed([sys.executable, "-c", _BARE, broker.bootstrap, "bench"])[0])
        capture = folder / f"{turn}.evcap"
        seconds, megabytes = _timed(
            [sys.executable, "-m", "inspector.cli", "capture", f"kafka://{broker.bootstrap}/bench", "-o", str(capture)]
        )
        ours.append(seconds)
        memory.append(megabytes)
        capture.unlink()
        kcat.append(_timed(["kcat", "-C", "-b", broker.bootstrap, "-t", "bench", "-J", "-e", "-q"], folder / "kcat.jsonl")[0])
    return statistics.median(ours), statistics.median(kcat), statistics.median(bare), max(memory)


_MEASURE = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(time.perf_counter() - started, usage.ru_maxrss / 1024, process.returncode)
"""


def _timed(command: list[str], output: Path | None = None) -> tuple[float, float]:
    """(seconds, peak megabytes) of a whole process.

    It is started by a small process: a child's peak counts what its parent held when it was forked.
    """
    measuring = [sys.executable, "-c", _MEASURE, str(output or os.devnull), *command]
    done = subprocess.run(measuring, check=True, capture_output=True, text=True)
    seconds, megabytes, status = done.stdout.split()
    assert status == "0", command
    return float(seconds), float(megabytes)
