"""What was not read: at the ends and between, through another filter, before an event; parts of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture.reader import CaptureReader
from inspector.capture.unread import Unread, first_of, last_of, unread, unread_before
from tests.replay.captures import Log, Written, write

EVENTS = [Written(position, '{"a":1}', "s", 1, position * 1_000_000) for position in range(200)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Partition 0: 0–200, read 50–80 and 100–110; partition 1 read whole; partition 2 searched through a filter."""
    logs = [
        Log(EVENTS, read=[(50, 80), (100, 110)], end=200),
        Log(EVENTS, partition=1),
        Log(EVENTS[:20], partition=2, end=20, filter="data.a == 1"),
    ]
    return write(tmp_path / "a.evcap", logs)


def found(path: Path, text: str = "") -> dict[int, Unread]:
    with CaptureReader(path) as reader:
        return {part.partition: part for part in unread(reader, text)}


def test_stretches_that_nobody_read_by_partition(path: Path) -> None:
    parts = found(path)
    assert list(parts) == [0, 2]
    assert parts[0].ranges == ((0, 50), (80, 100), (110, 200))
    assert (parts[0].older, parts[0].newer) == (((0, 50),), ((110, 200),))
    assert parts[0].count == 160


def test_what_was_searched_for_the_same_is_not_searched_again_and_not_read_either(path: Path) -> None:
    assert found(path)[2].ranges == ((0, 20),)
    assert 2 not in found(path, "data.a == 1")
    assert found(path, "data.a == 2")[2].ranges == ((0, 20),)


def test_what_retention_took_is_not_offered(tmp_path: Path) -> None:
    log = Log(EVENTS, read=[(50, 200)], end=200, absent=[(0, 40, "retention")])
    assert found(write(tmp_path / "a.evcap", [log]))[0].ranges == ((40, 50),)


def test_around_a_position_within_its_stretch(path: Path) -> None:
    part = found(path)[0]
    assert part.around(85, 10, 10) == (80, 95)
    assert part.around(60, 10, 10) is None
    assert part.around(500, 10, 10) is None


def test_where_nothing_was_read_all_is_older() -> None:
    assert Unread("kafka://a", "t", 0, ((0, 5),)).older == ((0, 5),)
    assert Unread("kafka://a", "t", 0, ((0, 5),)).newer == ()


def test_events_after_a_stretch_that_was_not_read(path: Path) -> None:
    with CaptureReader(path) as reader:
        seqs = {event.position: event.seq for event in reader.events() if event.partition == 0}
        everything = [event.seq for event in reader.events()]
        assert unread_before(reader, everything) == {seqs[50]: 50, seqs[100]: 20}
        assert unread_before(reader, []) == {}


EDGES = st.lists(st.integers(0, 10_000), max_size=12, unique=True).map(sorted)
RANGES = EDGES.map(lambda edges: list(zip(edges[::2], edges[1::2], strict=False)))


@given(RANGES, st.integers(0, 12_000))
def test_parts_are_the_ends_of_the_whole(ranges: list[tuple[int, int]], most: int) -> None:
    positions = [position for start, end in ranges for position in range(start, end)]
    assert [position for start, end in first_of(ranges, most) for position in range(start, end)] == positions[:most]
    assert [position for start, end in last_of(ranges, most) for position in range(start, end)] == (positions[-most:] if most else [])
