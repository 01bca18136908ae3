"""The window: how soon rows are there, memory, a frame, stalls of the event loop while 5,000 events a second come, the slider."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.app.captures import capture
from tests.benchmarks import THE_GOAL, Row
from tests.replay.captures import Log, Written, write

SIZES = {"small": (200_000, 400_000, 6.0), "full": (5_000_000, 10_000_000, 60.0)}
"""Events to start with, events for memory, seconds of live events."""
TAIL_S = {"small": 20.0, "full": 1_800.0}
STREAM_EVENTS = 10_000


def rows(size: str) -> Iterator[Row]:
    """Beside fixed goals."""
    first, large, seconds = SIZES[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        found = _probe("start", capture(Path(folder) / "first.evcap", first))
        yield Row("window: the turn that opens a capture / 200 ms", found["turn_s"], 0.2, goal=1.0, peer_name=THE_GOAL)
        yield Row(f"window: open to first rows, {first:,} / 0.15 s", found["first_s"], 0.15, goal=1.0, peer_name=THE_GOAL)
        yield Row(f"window: End to rows, {first:,} / 0.15 s", found["end_s"], 0.15, goal=1.0, peer_name=THE_GOAL)
        yield Row("window: one table frame / 12 ms", found["frame_s"], 0.012, goal=1.0, peer_name=THE_GOAL)
        (Path(folder) / "first.evcap").unlink()
        found = _probe("start", capture(Path(folder) / "large.evcap", large))
        yield Row(f"window: memory on {large:,} / 400 MB", found["memory_mb"], 400, "MB", goal=1.0, peer_name=THE_GOAL)
        (Path(folder) / "large.evcap").unlink()
        yield from _live(Path(folder) / "live.evcap", seconds)
        yield _tail(Path(folder) / "tail.evcap", TAIL_S[size])
        found = _probe("plots", Path(folder))
        for lines, goal_s in ((8, 0.05), (40, 0.1)):
            name = f"window: plot frame, {lines} lines of a day at 1 s / {1_000 * goal_s:.0f} ms"
            yield Row(name, found[f"{lines}_s"], goal_s, goal=1.0, peer_name=THE_GOAL)
        found = _probe("slider", _stream(Path(folder) / "stream.evcap"))
        yield Row(f"window: slider to state, {STREAM_EVENTS:,} events / 50 ms", found["median_s"], 0.05, goal=1.0, peer_name=THE_GOAL)
        yield Row("window: the slowest of these / 50 ms", found["max_s"], 0.05, goal=1.0, peer_name=THE_GOAL)


def _live(path: Path, seconds: float) -> Iterator[Row]:
    found = _fed("live", path, seconds)
    rate = f"{found['events_per_s']:,.0f} events/s"
    yield Row(f"window: stalls at {rate}, p99 / 50 ms", found["p99_s"], 0.05, goal=1.0, peer_name=THE_GOAL)
    yield Row("window: the longest stall / 200 ms", found["max_s"], 0.2, goal=1.0, peer_name=THE_GOAL)
    yield Row("window: plot frames / 5 a second", found["frames_per_s"], 5.0, "/s", 1.0, more_is_better=True, peer_name=THE_GOAL)


def _tail(path: Path, seconds: float) -> Row:
    found = _fed("tail", path, seconds)
    assert (found["moved"], found["lost"]) == (0, 0), found
    path.unlink()
    name = f"window: memory after {seconds:,.0f} s of tail under a filter / when warm"
    return Row(name, found["end_mb"], found["memory_mb"], "MB", goal=1.1, peer_name="when warm")


def _fed(what: str, path: Path, seconds: float) -> dict[str, float]:
    """Measures on a capture that another process goes on writing."""
    command = [sys.executable, "-m", "tests.benchmarks.window_probe", "feed", str(path), str(2 * seconds + 8)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as feeding:
        assert feeding.stdout is not None
        feeding.stdout.readline()
        found = _probe(what, path, seconds)
        feeding.terminate()
    return found


def _stream(path: Path) -> Path:
    events = [
        Written(n, json.dumps({"n": n, "status": f"s{n % 7}", f"k{n % 40}": {"v": [n], "t": "x" * 20}}), version=n + 1)
        for n in range(STREAM_EVENTS)
    ]
    return write(path, [Log(events)])


def _probe(what: str, path: Path, seconds: float = 0.0) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.window_probe", what, str(path), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
