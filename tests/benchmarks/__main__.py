"""`./run bench`: every `bench_*.py` beside this file, side by side with its peer, against the last recorded ratios.

python -m tests.benchmarks [small|full] [--record] [NAME…]
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import THE_GOAL, Row

RECORDED = Path(__file__).with_name("recorded.json")
WORSE = 1.2


def main(arguments: Sequence[str]) -> int:
    """Prints a table; 1 when a ratio is more than 20 % worse than the recorded one, or a goal is missed that was met."""
    size = "full" if "full" in arguments else "small"
    wanted = [argument for argument in arguments if argument not in {"small", "full", "--record"}]
    recorded: dict[str, float] = json.loads(RECORDED.read_text()).get(size, {}) if RECORDED.exists() else {}
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, size {size}")
    print(f"{'what':54} {'ours':>10} {'peer':>10}    {'ratio':>6} {'goal':>6} {'recorded':>9}")
    rows: list[Row] = []
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        if not wanted or file.stem.removeprefix("bench_") in wanted:
            for row in importlib.import_module(f"tests.benchmarks.{file.stem}").rows(size):
                rows.append(row)
                _print(row, recorded.get(row.name))
    worse = [row.name for row in rows if row.ratio is not None and _is_worse(row, row.ratio, recorded.get(row.name))]
    for name in worse:
        print(f"worse than recorded: {name}")
    if "--record" in arguments:
        _record(size, rows)
    return 1 if worse else 0


def _print(row: Row, before: float | None) -> None:
    def shown(number: float | None, digits: int) -> str:
        return "" if number is None else f"{number:.{digits}f}"

    met = {True: "", False: "  missed", None: ""}[row.is_met]
    print(
        f"{row.name:54} {shown(row.ours, 3):>10} {shown(row.peer, 3):>10} {row.unit:2} {shown(row.ratio, 2):>6} {shown(row.goal, 2):>6} "
        f"{shown(before, 2):>9}{met}",
        flush=True,
    )


def _is_worse(row: Row, ratio: float, before: float | None) -> bool:
    """Beside a peer of the same run: more than 20 % worse than recorded. Beside a fixed goal: the goal is missed and was not."""
    if before is None:
        return False
    if row.peer_name == THE_GOAL:
        return ratio > (row.goal or 1.0) >= before
    return ratio * WORSE < before if row.more_is_better else ratio > before * WORSE


def _record(size: str, rows: Sequence[Row]) -> None:
    known = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    known[size] = {**known.get(size, {}), **{row.name: round(row.ratio, 2) for row in rows if row.ratio is not None}}
    RECORDED.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
