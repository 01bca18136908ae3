"""`merge` over one long stream, beside a bare Python loop of the same fold in the same run.

The bare loop is what one would write by hand: read the JSON, follow RFC 7396, keep the state.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, stream_batches
from inspector.reducers.merge import Merge
from inspector.replay import Question, Replay
from inspector.replay.folding import Limits, fold
from tests.benchmarks import Row
from tests.replay.captures import Log, Written, write

SIZES = {"small": 10_000, "full": 100_000}
GOAL = 1.5
_REPEATS = 3
_BARE_SQL = "SELECT json(e.data) FROM event_stream x CROSS JOIN event e ON e.seq = x.seq WHERE x.stream_id = ? ORDER BY x.version"


def rows(size: str) -> list[Row]:
    """The table's rows for this part."""
    events = SIZES[size]
    with tempfile.TemporaryDirectory() as folder:
        one = _one_stream(Path(folder) / "one.evcap", events)
        return [_in_memory(one, events), _from_capture(one, events)]


def _document(number: int) -> str:
    """A change to an order of some 180 bytes, as an application would write it."""
    change = {
        "order_id": f"order-{number % 977}",
        "sku": f"sku-{number % 31}",
        "quantity": number % 9,
        "total": round(number * 1.37, 2),
        "customer": {"id": number, "tier": "gold" if number % 3 else None},
        "at": "2026-11-23T08:00:00.000000Z",
        "trace": f"3e{number:06d}-aaaa-4bbb-8888-123456789012",
    }
    return orjson.dumps(change).decode()


def _one_stream(path: Path, count: int) -> Path:
    return write(path, [Log([Written(number, _document(number), version=number + 1) for number in range(count)])])


def _in_memory(path: Path, count: int) -> Row:
    with CaptureReader(path) as reader:
        batches = list(stream_batches(reader, 1))
    events = [event for batch in batches for event in batch]
    ours = _best(lambda: fold(lambda: batches, Merge(), Limits()).state)
    peer = _best(lambda: _bare(_texts(events)))
    return Row(f"merge, {count:,} events of one stream in memory", ours, peer, goal=GOAL, peer_name="bare loop")


def _from_capture(path: Path, count: int) -> Row:
    with CaptureReader(path) as reader:
        ours = _best(lambda: Replay(reader, Question("order-1")).answer().folded.state)
        peer = _best(lambda: _bare(row[0] for row in reader.connection.execute(_BARE_SQL, (1,))))
    return Row(f"merge, {count:,} events of one stream from a capture", ours, peer, goal=GOAL, peer_name="bare loop over SQL")


def _texts(events: Iterable[StreamEvent]) -> Iterable[str]:
    return (event.data for event in events if event.data is not None)


def _bare(texts: Iterable[str]) -> object:
    state: object = None
    for text in texts:
        state = _merge(state, orjson.loads(text))
    return state


def _merge(target: object, patch: object) -> object:
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = _merge(target.get(name), value)
    return target


def _best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of a few runs."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best
