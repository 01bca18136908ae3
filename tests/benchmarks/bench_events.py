"""`events --limit 200` at the start, the middle and the end of captures of one and five million; and how soon commands start."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import THE_GOAL, Row
from tests.capture.batches import events, records
from tests.capture.test_writer import Writing

SIZES = {"small": (200_000,), "full": (1_000_000, 5_000_000)}
BATCH = 20_000
TURNS = 5
COMMAND = [sys.executable, "-m", "inspector.cli"]


def rows(size: str) -> Iterator[Row]:
    """Seconds of whole commands; the peer of the middle and the end is the start, that of a command's start its goal."""
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        for count in SIZES[size]:
            path = Path(folder) / f"{count}.evcap"
            _make(path, count)
            yield from _pages(path, count)
        yield Row("eventscope --help / 0.4 s", _median("--help"), 0.4, goal=1.0, peer_name=THE_GOAL)
        yield Row("events FILE --limit 1 / 0.8 s", _median("events", str(path), "--limit", "1"), 0.8, goal=1.0, peer_name=THE_GOAL)


def _make(path: Path, count: int) -> None:
    writing = Writing(path)
    for start in range(0, count, BATCH):
        batch = records(range(start, start + BATCH))
        batch.key = [b"order-%d" % (position % 50_000) for position in batch.position]
        writing.append(events(batch), {0: (start, start + BATCH)})
    writing.stager.close()
    writing.writer.close()


def _pages(path: Path, count: int) -> Iterator[Row]:
    def at(share: float, *more: str) -> float:
        return _median("events", str(path), "--limit", "200", "--from", str(int(count * share)), "--order", "log", *more)

    def timed(share: float, order: str) -> float:
        seconds = int(count * share) // 1000
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + seconds))
        return _median("events", str(path), "--limit", "200", "--from", moment, "--order", order)

    start = at(0)
    yield Row(f"page by position at the middle / start of {count:,}", at(0.5), start, goal=1.2)
    yield Row(f"page by position at the end / start of {count:,}", at(0.999), start, goal=1.2)
    start = timed(0, "arrival")
    yield Row(f"page by time in arrival order, end / start of {count:,}", timed(0.99, "arrival"), start, goal=1.2)
    start = timed(0, "time")
    yield Row(f"page in time order, end / start of {count:,}", timed(0.99, "time"), start, goal=1.2)


def _median(*arguments: str) -> float:
    taken_s = []
    for _ in range(TURNS):
        started = time.perf_counter()
        subprocess.run([*COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken_s.append(time.perf_counter() - started)
    return statistics.median(taken_s)
