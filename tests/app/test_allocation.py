"""What is freed goes back to the system, also after a large block was freed and with small blocks in between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_FREED = """
import resource, sys
from pathlib import Path
if sys.argv[1] == "told":
    from app.allocation import give_memory_back
    give_memory_back()
def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
large = bytearray(b"x") * 30_000_000
del large
before, kept, passing = resident_mb(), [], []
for _ in range(40):
    passing.append(bytearray(b"x") * 4_000_000)
    kept.append(bytearray(b"x") * 60_000)
passing.clear()
print(resident_mb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only where the system tells what is resident")
def test_freed_blocks_go_back_with_small_ones_in_between() -> None:
    left = {}
    for how in ("told", "not told"):
        done = subprocess.run([sys.executable, "-c", _FREED, how], check=True, capture_output=True, text=True, timeout=60)
        left[how] = float(done.stdout)
    assert left["told"] < 20, left
