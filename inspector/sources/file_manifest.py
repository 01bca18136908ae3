"""What a manifest beside one of our own exports states of it: the stretches of which it holds every event. Reads that one file.

Read `manifest` for who writes it, `file_reading` for who asks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from inspector.plain_files import read_text
from inspector.sources.file_runs import Run

_SUFFIX = ".manifest.json"
_LARGEST_BYTES = 20_000_000
_MOST = 1 << 62


def stated(path: Path, sha256: str) -> dict[tuple[str, int], Run]:
    """(log, partition) → the positions that the export `path` holds whole.

    Nothing unless a manifest lies beside it that is of these very bytes, with no filter and of a capture that had read all.
    """
    place = path.with_name(path.name + _SUFFIX)
    try:
        said = json.loads(read_text(place, _LARGEST_BYTES))
        if said["sha256"] != sha256 or said["filter"] is not None or said["scope"]["complete"] is not True:
            return {}
        return dict(map(_stretch, said["logs"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _stretch(log: Mapping[str, object]) -> tuple[tuple[str, int], Run]:
    name, partition, first, last = log["log"], log["partition"], log["first"], log["last"]
    if not isinstance(name, str) or not isinstance(partition, int) or not isinstance(first, int) or not isinstance(last, int):
        raise TypeError("no manifest of an export")
    if not 0 <= first <= last <= _MOST:
        raise ValueError("no manifest of an export")
    return (name, partition), (first, last + 1)
