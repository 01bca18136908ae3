"""All aggregates of a category at a moment, beside a bare loop over the same rows in the same run, and how soon the first are there.

The bare loop is what one would write by hand for documents without nulls or containers: one statement in the order of the capture,
orjson, `dict.update`. It makes no check and keeps nothing but the states.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from inspector.capture.reader import CaptureReader
from inspector.replay import Moment
from inspector.replay.collecting import collecting_rarely
from inspector.replay.table import StateTable, Survey
from tests.benchmarks import THE_GOAL, Row, in_turns, probed
from tests.replay.captures import Log, Written, write

SIZES = {"small": (5_000, 20), "full": (50_000, 20)}
"""Streams, and events of each."""
GOAL = 1.5
FIRST_S = 0.2
_WRITTEN = 50_000
_BARE_SQL = (
    "SELECT x.stream_id, json(e.data) FROM event_stream x CROSS JOIN event e ON e.seq = x.seq WHERE e.time_us <= ? "
    "ORDER BY x.stream_id, x.seq"
)


def rows(size: str) -> Iterator[Row]:
    """The table's rows for this part."""
    streams, each = SIZES[size]
    with collecting_rarely(), tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
        path = _capture(Path(folder) / "many.evcap", streams, each)
        for part in (1.0, 0.5):
            yield _all(path, streams * each, part)
        yield from _first(path, streams * each)


def _capture(path: Path, streams: int, each: int) -> Path:
    """Streams whose events came in turn, so that those of one lie far from each other."""
    total = streams * each
    for start in range(0, total, _WRITTEN):
        stop = min(start + _WRITTEN, total)
        events = [Written(n, _document(n), f"order-{n % streams}", n // streams + 1, time_us=n) for n in range(start, stop)]
        write(path, [Log(events, read=((start, stop),), end=total)])
    return path


def _document(number: int) -> str:
    """A change to an order of some 180 bytes."""
    change = {
        "order_id": f"order-{number % 977}",
        "sku": f"sku-{number % 31}",
        "quantity": number % 9,
        "total": round(number * 1.37, 2),
        "customer": number,
        "tier": "gold",
        "at": "2026-11-23T08:00:00.000000Z",
        "trace": f"3e{number:06d}-aaaa-4bbb-8888-123456789012",
    }
    return orjson.dumps(change).decode()


def _all(path: Path, events: int, part: float) -> Row:
    until_us = int(events * part)
    with CaptureReader(path) as reader:
        ours, peer = in_turns(lambda: _ours(reader, until_us), lambda: _bare(reader, until_us))
    return Row(f"states at {part:.0%} of {events:,} events", ours, peer, goal=GOAL, peer_name="bare loop over SQL")


def _ours(reader: CaptureReader, until_us: int) -> int:
    return sum(1 for _ in Survey(StateTable(reader, "orders", Moment(time_us=until_us, text="then"))).rows())


def _bare(reader: CaptureReader, until_us: int) -> int:
    found: dict[int, dict[str, object]] = {}
    for stream_id, text in reader.connection.execute(_BARE_SQL, (until_us,)):
        state = found.get(stream_id)
        if state is None:
            found[stream_id] = orjson.loads(text)
        else:
            state.update(orjson.loads(text))
    return len(found)


def _first(path: Path, events: int) -> Iterator[Row]:
    """Through a window, its fold process, and back: from asking for the table to its first rows."""
    found = probed("states", path)
    yield Row(f"first screen of all, with the process, {events:,}", found["begun_s"])
    yield Row(f"first screen of states, {events:,} events / 200 ms", found["first_s"], FIRST_S, goal=1.0, peer_name=THE_GOAL)
