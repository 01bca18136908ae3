"""Capturing an event table of PostgreSQL beside `COPY … TO STDOUT` through psycopg, which gives the same bytes and keeps nothing.

The table was never analysed, as after a restore or a bulk load. Read `bench_import_files` for files.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inspector.capture.reader import CaptureReader
from tests.benchmarks import THE_GOAL, Row
from tests.benchmarks.bench_capture import _timed
from tests.postgres.server import PASSWORD, Database, Server

ROWS = {"small": 100_000, "full": 1_000_000}
TURNS = 3
MOST_MEGABYTES = 400
_TABLE = (
    "CREATE TABLE stored_events (originator_id text NOT NULL, originator_version bigint NOT NULL, topic text, state bytea, "
    "notification_id bigserial, PRIMARY KEY (originator_id, originator_version)); "
    "CREATE UNIQUE INDEX by_position ON stored_events (notification_id)"
)
_COPY = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as connection, connection.cursor().copy("COPY stored_events TO STDOUT") as rows:
    assert sum(len(block) for block in rows)
"""


def rows(size: str) -> Iterator[Row]:
    """Rows a second of the median turn, and the memory of the capture at its peak."""
    count = ROWS[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Server(folder / "cluster")
        try:
            database = server.start().database("shop")
            fill(database, count)
            ours, copy, megabytes = _turns(database, folder, count)
        finally:
            server.stop()
    yield Row(f"capture of {count:,} rows of PostgreSQL / COPY", count / ours, count / copy, "/s", None, True, "COPY TO STDOUT")
    yield Row("peak memory of that capture, MB", megabytes, MOST_MEGABYTES, "MB", 1.0, peer_name=THE_GOAL)


def fill(database: Database, count: int) -> None:
    """Orders of some 5,000 streams, in the layout of the `eventsourcing` package."""
    database.run(_TABLE)
    insert = "COPY stored_events (originator_id, originator_version, topic, state) FROM STDIN"
    with database.connect() as connection, connection.cursor().copy(insert) as copy:
        for number in range(count):
            state = {"timestamp": f"2026-11-23T08:{number // 60 % 60:02}:{number % 60:02}Z", "total": number / 100, "note": "x" * 100}
            copy.write_row((f"order-{number % 5000}", number // 5000, "shop:Order.Placed", json.dumps(state).encode()))


def _turns(database: Database, folder: Path, count: int) -> tuple[float, float, float]:
    """Seconds of ours and of the peer's, and megabytes."""
    properties = folder / "config"
    properties.write_text(f"password={PASSWORD}\n")
    address = f"host=127.0.0.1 port={database.server.port} user=owner password={PASSWORD} dbname={database.name}"
    ours, copy, memory = [], [], []
    for turn in range(TURNS):
        out = folder / f"{turn}.evcap"
        command = [sys.executable, "-m", "inspector.cli", "capture", database.url, "--config", str(properties), "-o", str(out)]
        seconds, megabytes = _timed(command)
        with CaptureReader(out) as reader:
            assert reader.watermark().events == count
        out.unlink()
        ours.append(seconds)
        memory.append(megabytes)
        copy.append(_timed([sys.executable, "-c", _COPY, address])[0])
    return statistics.median(ours), statistics.median(copy), max(memory)
