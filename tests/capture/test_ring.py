"""A capture that is kept small: what was measured goes with the events of its time, and pushes none of them out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from inspector.capture.progress import Progress, Reading
from inspector.capture.reader import CaptureReader
from inspector.capture.ring import keep_within
from inspector.capture.samples import lines
from inspector.capture.writer import CaptureWriter
from inspector.ingest import Keep, Options, run
from inspector.sources import Request, SourceInfo
from inspector.sources.samples import LAG_POSITIONS, MEMBERS, Sample, label_of
from tests.capture.test_writer import Writing
from tests.sources.stores import opened, orders

LONG = "g" * 200


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writing]:
    open_one = Writing(tmp_path / "a.evcap")
    yield open_one
    open_one.stager.close()
    open_one.writer.close()


def measured(writing: Writing, times_us: Sequence[int], *, groups: int = 1) -> None:
    labels = [label_of(f"{LONG}{number}", "t", 0) for number in range(groups)]
    samples = [Sample(LAG_POSITIONS, label, time_us, 5) for label in labels for time_us in times_us]
    samples += [Sample(MEMBERS, label_of("billing"), time_us, 2) for time_us in times_us]
    writing.writer.append(writing.reading, [], None, Progress(samples=samples))


def kept(writing: Writing) -> tuple[set[int], int]:
    """The times of what was measured, and how many events there are."""
    with CaptureReader(writing.writer.path) as reader:
        found = [{at for at, _ in line} for metric in (LAG_POSITIONS, MEMBERS) for line in lines(reader, metric).values()]
        ((count,),) = reader.select("SELECT count(*) FROM event")
    assert all(one == found[0] for one in found)
    return (found[0] if found else set()), count


def captured_us(writing: Writing) -> int:
    return int(next(iter(writing.writer.select("SELECT max(captured_us) FROM event")))[0])


def test_of_a_size_what_was_measured_before_the_events_that_are_left_goes(writing: Writing) -> None:
    writing.positions(0, 10)
    first = captured_us(writing)
    writing.positions(10, 100)
    at = captured_us(writing)
    measured(writing, [first - 1, first, at])
    assert keep_within(writing.writer, writing.writer.size_bytes()) == 0
    assert kept(writing) == ({first - 1, first, at}, 100)
    assert keep_within(writing.writer, writing.writer.size_bytes() - 1) == 10
    assert kept(writing) == ({at}, 90)


def test_samples_push_no_event_out(writing: Writing) -> None:
    writing.positions(0, 100)
    at = captured_us(writing)
    measured(writing, range(at, at + 1_000), groups=10)
    assert keep_within(writing.writer, writing.writer.size_bytes() * 3 // 4) == 0
    assert kept(writing) == (set(range(at + 99, at + 1_000)), 100)
    writing.writer.remove_oldest(100)
    assert kept(writing) == (set(range(at + 99, at + 1_000)), 0)
    assert keep_within(writing.writer, 1) == 0
    assert kept(writing) == (set(range(at + 189, at + 1_000)), 0), "without events they are the oldest"
    writing.writer.remove_oldest(0, before_us=at + 2_000)
    assert keep_within(writing.writer, 1) == 0


@pytest.mark.parametrize("keep", [Keep(seconds=3_600), Keep(size_bytes=1)])
def test_a_capture_that_goes_on_drops_what_was_measured_too_early(tmp_path: Path, keep: Keep) -> None:
    path, store = tmp_path / "a.evcap", orders(tmp_path / "shop.db", 20)
    old, now = 1_000_000, time.time_ns() // 1_000
    with CaptureWriter(path, floor_bytes=0) as writer:
        source_id = writer.add_source(SourceInfo("kafka", "kafka://a:1"))
        writer.append(Reading(1, source_id), [], None, Progress(samples=[Sample(MEMBERS, label_of("b"), at, 1) for at in (old, now)]))
    source = opened(store)
    try:
        outcome = run([(source, Request())], path, options=Options(floor_bytes=0, keep=keep))
    finally:
        source.close()
    assert outcome.status.stored == 20
    with CaptureReader(path) as reader:
        found = {at for line in lines(reader, MEMBERS).values() for at, _ in line}
    assert old not in found
    assert now in found or keep.size_bytes is not None
