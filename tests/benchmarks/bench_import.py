"""Importing files: a whole `eventscope` process beside the tool that people use for such files today, over the same bytes.

Segments are written by a real broker and dumped by Kafka's own DumpLogSegments, which stores and indexes nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from inspector.capture.reader import CaptureReader
from inspector.segments import resync
from inspector.segments.files import SegmentFile
from inspector.segments.framing import Frame
from inspector.segments.records import columns
from tests.benchmarks import THE_GOAL, Row
from tests.kafka.dump_log import command
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

RECORDS = {"small": 100_000, "full": 1_000_000}
MOST_MB = 400.0
_TOPIC = "orders"


def rows(size: str) -> Iterator[Row]:
    """Seconds of each process, the reader alone, and the memory of the import at its peak."""
    count = RECORDS[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as name:
        folder = Path(name)
        files = segments(folder / "broker", count)
        theirs = _seconds(command(files))
        out = folder / "segments.evcap"
        import_command = [sys.executable, "-m", "inspector.cli", "capture", f"kafka-log://{files[0].parent}", "-o", str(out)]
        ours, peak_mb = timed(import_command)
        with CaptureReader(out) as reader:
            assert reader.watermark().events == count
        yield Row(f"import of {count:,} records of segments / DumpLogSegments", ours, theirs, goal=0.2, peer_name="DumpLogSegments")
        alone = _read_alone(files, count)
        yield Row(
            f"reading {count:,} records of segments as columns / DumpLogSegments", alone, theirs, goal=0.2, peer_name="DumpLogSegments"
        )
        yield Row("memory of that import at its peak", peak_mb, MOST_MB, unit="MB", goal=1.0, peer_name=THE_GOAL)


def segments(folder: Path, count: int) -> list[Path]:
    """The segment files of a topic of `count` records, written by a broker that has ended."""
    broker = Broker(folder).start()
    try:
        cluster = Cluster(broker)
        cluster.create(_TOPIC, 1, segment_bytes=100_000_000)
        fill(cluster, count)
    finally:
        broker.kill()
    return sorted((folder / "data" / f"{_TOPIC}-0").glob("*.log"))


def fill(cluster: Cluster, count: int) -> None:
    """Orders as JSON in lz4 batches of an idempotent producer."""
    producer = cluster.producer(queue_buffering_max_messages=1_000_000, linger_ms=50, compression_type="lz4", enable_idempotence=True)
    for number in range(count):
        value = json.dumps(
            {
                "orderId": f"order-{number % 50_000}",
                "status": ("placed", "paid", "failed", "shipped")[number % 4],
                "total": number / 100,
                "customer": {"id": f"customer-{number * 7919 % 10_000}", "country": ("DE", "FR", "IT", "US")[number % 4]},
                "note": "x" * 60,
            }
        ).encode()
        while True:
            try:
                producer.produce(_TOPIC, value, b"order-%d" % (number % 50_000), 0)
                break
            except BufferError:
                producer.poll(0.5)
    assert producer.flush(120) == 0


def _seconds(words: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
"""A process of its own that has no other children whose memory would count."""
_PER_MB = 1024 * (1024 if sys.platform == "darwin" else 1)


def timed(words: Sequence[str]) -> tuple[float, float]:
    """(seconds, MB at its peak) of a whole process."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _MEASURED, *words], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - started, int(done.stdout) / _PER_MB


def _read_alone(files: Sequence[Path], count: int) -> float:
    started, read = time.perf_counter(), 0
    for path in files:
        with SegmentFile(path) as file:
            for part in resync.parts(file):
                assert isinstance(part, Frame)
                read += sum(len(batch) for batch in columns(part))
    assert read == count
    return time.perf_counter() - started
