"""The window with six plots on a real topic into which 20,000 records a second are written: what it shows, and that nothing is lost.

The broker, the writer, the capture and the window share the machine: its load is part of the rows' names.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import THE_GOAL, Row
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

SIZES = {"small": 10.0, "full": 60.0}
"""Seconds."""
RATE_PER_S = 20_000


def rows(size: str) -> Iterator[Row]:
    """Beside fixed goals; raises AssertionError when an event is lost or a plot was not there."""
    found = live(SIZES[size])
    assert (found["rows"], found["lost"], found["plots"]) == (found["written"], 0, 6), found
    rate = f"{found['written_per_s']:,.0f}/s"
    yield Row(f"six plots at {rate}: frames of the quickest", found["quickest_per_s"], unit="/s", more_is_better=True)
    yield Row(f"six plots at {rate}: frames of the slowest", found["slowest_per_s"], unit="/s", more_is_better=True)
    yield Row(f"six plots at {rate}: heartbeat, p99 / 50 ms", found["p99_s"], 0.05, goal=1.0, peer_name=THE_GOAL)
    yield Row(f"six plots at {rate}: heartbeat, the longest / 200 ms", found["max_s"], 0.2, goal=1.0, peer_name=THE_GOAL)
    yield Row(f"six plots at {rate}: processors of the window", found["window_processors"], unit="")
    yield Row(f"six plots at {rate}: not yet shown at the end", found["behind"], unit="")
    yield Row(f"six plots at {rate}: load of the machine", found["load"], unit="")


def live(seconds: float) -> dict[str, float]:
    """What `plots_probe` finds beside a broker of its own."""
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        broker = Broker(Path(folder) / "broker").start()
        try:
            Cluster(broker).create("live", 4)
            command = [sys.executable, "-m", "tests.benchmarks.plots_probe", broker.bootstrap, "live", str(RATE_PER_S), str(seconds)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        finally:
            broker.stop()
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
