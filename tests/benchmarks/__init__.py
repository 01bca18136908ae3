"""How fast the parts are, each beside a peer measured in the same run. Read a `bench_*` module for what is compared.

Every module has `rows(size)`, `size` being `small` (seconds) or `full` (the sizes that goals are stated for).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

THE_GOAL = "the goal"
"""The peer's name where a number stands beside a fixed goal, and so depends on the machine."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a measured value beside its peer's, in `unit`.

    `goal` is the ratio ours / peer that is wanted: at most that for times and bytes, at least that for rates (`more_is_better`).
    """

    name: str
    ours: float
    peer: float | None = None
    unit: str = "s"
    goal: float | None = None
    more_is_better: bool = False
    peer_name: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's; None without a peer."""
        return self.ours / self.peer if self.peer else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a peer."""
        if self.ratio is None or self.goal is None:
            return None
        return self.ratio >= self.goal if self.more_is_better else self.ratio <= self.goal


def in_turns(ours: Callable[[], object], peer: Callable[[], object], *, turns: int = 3) -> tuple[float, float]:
    """Seconds of the quickest run of each; they take turns, so that both meet the same machine."""
    best = [float("inf")] * 2
    for _ in range(turns):
        for place, work in enumerate((ours, peer)):
            begun_s = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - begun_s)
    return best[0], best[1]


def probed(what: str, path: Path, seconds: float = 0.0) -> dict[str, float]:
    """What `window_probe` measures of one window in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.window_probe", what, str(path), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
