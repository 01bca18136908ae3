"""Import of JSON lines, CSV and Parquet beside tools that load the same files into a database: rows a second, and peak memory.

What the peers make is one table of columns; ours is a capture: bytes, documents, identity, streams, rollups. Read `bench_decode`
for captures of topics.
"""

from __future__ import annotations

import csv
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from inspector.formats import Input
from inspector.formats.json_lines import JsonLines
from tests.benchmarks import THE_GOAL, Row
from tests.benchmarks.bench_capture import _timed

ROWS = {"small": 100_000, "full": 1_000_000}
TURNS = 3
MOST_MEGABYTES = 400
READER_GOAL = 1_000_000
_DUCKDB = "import duckdb, sys; duckdb.connect(sys.argv[2]).execute(f\"CREATE TABLE events AS SELECT * FROM '{sys.argv[1]}'\")"


def rows(size: str) -> Iterator[Row]:
    """Rows a second of the median turn."""
    count = ROWS[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as name:
        folder = Path(name)
        fill(folder, count)
        yield Row("read JSON lines, no capture", count / _read(folder / "a.jsonl"), READER_GOAL, "/s", 1.0, True, THE_GOAL)
        most = 0.0
        for ending, goal, flag in ((".jsonl", 5.0, "--nl"), (".csv", None, "--csv"), (".parquet", None, "")):
            file = folder / f"a{ending}"
            took, megabytes = _imported(file, folder)
            most = max(most, megabytes)
            if flag:
                peer = _loaded([sys.executable, "-m", "sqlite_utils", "insert", str(folder / "p.db"), "events", str(file), flag], folder)
                yield Row(f"import {count:,} rows of {ending}", count / took, count / peer, "/s", goal, True, "sqlite-utils insert")
            peer = _loaded([sys.executable, "-c", _DUCKDB, str(file), str(folder / "p.db")], folder)
            yield Row(f"import {count:,} rows of {ending} / duckdb", count / took, count / peer, "/s", None, True, "duckdb")
        yield Row("peak memory of an import, MB", most, MOST_MEGABYTES, "MB", 1.0, peer_name=THE_GOAL)


def _read(file: Path) -> float:
    """Seconds that the reader alone takes."""
    begun = time.perf_counter()
    with file.open("rb") as stream:
        assert sum(len(chunk.records) for chunk in JsonLines().read(Input(file.name, stream, file, threading.Event()), {}))
    return time.perf_counter() - begun


def _imported(file: Path, folder: Path) -> tuple[float, float]:
    took, megabytes = [], []
    for _ in range(TURNS):
        out = folder / "out.evcap"
        out.unlink(missing_ok=True)
        done = _timed([sys.executable, "-m", "inspector.cli", "import", str(file), "-o", str(out), "--progress", "none"])
        took.append(done[0])
        megabytes.append(done[1])
    return statistics.median(took), max(megabytes)


def _loaded(command: list[str], folder: Path) -> float:
    took = []
    for _ in range(TURNS):
        for made in folder.glob("p.db*"):
            made.unlink()
        took.append(_timed(command)[0])
    return statistics.median(took)


def fill(folder: Path, count: int) -> None:
    """The same events three times."""
    chance = random.Random(7)
    kinds = ("OrderPlaced", "OrderPaid", "OrderShipped")
    events = [
        {
            "id": f"e-{number}",
            "type": kinds[number % 3],
            "orderId": f"order-{number % 5000}",
            "time": f"2026-11-23T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{number % 1_000_000:06}Z",
            "total": round(chance.random() * 100, 2),
            "currency": "EUR",
            "qty": number % 9,
        }
        for number in range(count)
    ]
    with (folder / "a.jsonl").open("w") as lines:
        lines.writelines(json.dumps(event) + "\n" for event in events)
    with (folder / "a.csv").open("w", newline="") as table:
        writer = csv.DictWriter(table, list(events[0]))
        writer.writeheader()
        writer.writerows(events)
    parquet.write_table(pa.Table.from_pylist(events), folder / "a.parquet")
