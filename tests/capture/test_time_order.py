"""The first events in the order of time are the beginning of all of them, forwards and backwards, whatever overlaps."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.query import condition
from tests.replay.captures import Log, Written, write

_BLOCKS = st.lists(
    st.tuples(st.sampled_from(["b", "a", "é"]), st.integers(0, 2), st.lists(st.integers(0, 9), min_size=1, max_size=8)),
    min_size=1,
    max_size=6,
)
_BOUND = st.none() | st.integers(0, 10)


@settings(max_examples=60, deadline=None)
@given(_BLOCKS, st.integers(0, 12), _BOUND, _BOUND, st.booleans(), st.booleans())
def test_a_limit_gives_the_beginning(
    blocks: list[tuple[str, int, list[int]]], limit: int, low: int | None, high: int | None, reverse: bool, narrowed: bool
) -> None:
    next_position: dict[tuple[str, int], int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.evcap"
        for name, partition, times in blocks:
            start = next_position.get((name, partition), 0)
            stop = next_position[name, partition] = start + len(times)
            events = [Written(start + place, f'{{"n":{place}}}', time_us=at) for place, at in enumerate(times)]
            write(path, [Log(events, name, partition, read=[(start, stop)])])
        asked = condition("data.n < 3") if narrowed else None
        with CaptureReader(path) as reader:
            whole = list(reader.seqs(EventQuery(order="time", reverse=reverse, from_us=low, until_us=high, condition=asked)))
            first = list(reader.seqs(EventQuery(order="time", reverse=reverse, from_us=low, until_us=high, condition=asked, limit=limit)))
    assert first == whole[:limit]
