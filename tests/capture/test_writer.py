"""The writer: what is stored, counted and said, and what happens when the disk or the file is not what it should be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture import report
from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.stage import Stager
from inspector.capture.streams import find_stream, stream_batches
from inspector.capture.writer import Appended, CaptureWriter, Progress, Reading
from inspector.errors import CaptureError, CaptureInUseError, StorageError, UsageError
from inspector.event import EventBatch, Flag, LogKey, StreamRef
from inspector.sources import FlagChange, LogInfo, SourceInfo
from inspector.sources.samples import Sample, label_of
from tests.capture.batches import events, records

SMALL_FLOOR = 1_000_000


class Writing:
    """A capture being written: one source, two partitions."""

    def __init__(self, path: Path, *, isolation: str = "uncommitted", **options: Any) -> None:
        self.writer = CaptureWriter(path, floor_bytes=SMALL_FLOOR, **options)
        self.source_id = self.writer.add_source(SourceInfo("list", "list://one"))
        self.plan = [self.writer.add_log(self.source_id, LogInfo(LogKey("t", p), 0, 1_000)) for p in range(2)]
        self.reading: Reading = self.writer.begin(
            self.source_id, dict.fromkeys(self.plan, (0, 1_000)), isolation=isolation, filter_text=None, settings={}
        )
        self.stager = Stager()

    def append(self, batch: EventBatch, read: dict[int, tuple[int, int]], **options: Any) -> Appended:
        return self.writer.append(self.reading, self.plan, self.stager.stage(batch), Progress(read=read), **options)

    def positions(self, start: int, end: int, **options: Any) -> Appended:
        return self.append(events(records(range(start, end))), {0: (start, end)}, **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.evcap"


@pytest.fixture
def writing(path: Path) -> Iterator[Writing]:
    open_one = Writing(path)
    yield open_one
    open_one.stager.close()
    open_one.writer.close()


def select(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with CaptureReader(path) as reader:
        return reader.select(sql)


def test_sequence_is_dense_and_counts_are_those_of_the_events(writing: Writing, path: Path) -> None:
    writing.positions(0, 100)
    writing.append(events(records(range(50), log=1, key=b"order-2")), {1: (0, 50)})
    assert select(path, "SELECT min(seq), max(seq), count(*) FROM event") == [(1, 150, 150)]
    assert select(path, "SELECT name, events FROM type") == [("OrderPlaced", 150)]
    assert select(path, "SELECT name, events FROM category") == [("orders", 150)]
    assert select(path, "SELECT name, events FROM stream ORDER BY name") == [("order-1", 100), ("order-2", 50)]
    assert select(path, "SELECT partition, events FROM log ORDER BY partition") == [(0, 100), (1, 50)]
    for width in (1, 60, 3600):
        assert select(path, f"SELECT sum(events) FROM bucket WHERE width_s = {width}") == [(150,)]
    assert select(path, "SELECT first_seq, last_seq FROM block") == [(1, 150)]
    assert select(path, "SELECT path, kinds, count FROM path ORDER BY path") == [("$.n", "integer", 2), ("$.type", "text", 2)]


def test_late_is_below_the_running_maximum_of_its_partition(writing: Writing, path: Path) -> None:
    batch = events(records(range(4)))
    batch.time_us = [10, 30, 20, 30]
    writing.append(batch, {0: (0, 4)})
    assert select(path, f"SELECT position FROM event WHERE flags & {int(Flag.late)}") == [(2,)]


def test_same_record_again_is_dropped_and_another_is_a_conflict(writing: Writing, path: Path) -> None:
    writing.positions(0, 10)
    again = events(records(range(5, 15)))
    again.records.value[2] = b'{"other": true}'
    done = writing.append(again, {0: (5, 15)})
    assert (done.stored, done.duplicates, done.conflicts) == (5, 4, 1)
    assert select(path, "SELECT position, value FROM conflict") == [(7, b'{"other": true}')]
    assert select(path, "SELECT count(*) FROM event") == [(15,)]
    assert select(path, "SELECT max(seq) FROM event") == [(15,)]
    assert select(path, "SELECT from_position, to_position, records FROM coverage") == [(0, 15, 15)]
    writing.append(again, {0: (5, 15)})
    assert select(path, "SELECT count(*) FROM conflict") == [(1,)]


def test_position_twice_in_one_batch_keeps_the_first(writing: Writing, path: Path) -> None:
    batch = events(records([0, 1, 1, 2]))
    batch.records.value[2] = b'{"n": "other"}'
    done = writing.append(batch, {0: (0, 3)})
    assert (done.stored, done.conflicts) == (3, 1)
    assert select(path, "SELECT position FROM event ORDER BY seq") == [(0,), (1,), (2,)]


def test_limits_end_the_coverage_where_storing_ended(writing: Writing, path: Path) -> None:
    done = writing.positions(0, 100, rows_left=30)
    assert (done.stored, done.full) == (30, True)
    assert select(path, "SELECT from_position, to_position, records FROM coverage") == [(0, 30, 30)]


def accounted(path: Path) -> list[tuple[Any, ...]]:
    return select(path, "SELECT from_position, to_position, state, isolation, records FROM coverage ORDER BY log_id, from_position")


def test_what_is_read_is_read_under_both_only_where_it_is_decided(path: Path) -> None:
    writing = Writing(path, isolation="both")
    progress = Progress(read={0: (0, 100)}, decided=[])
    writing.writer.append(writing.reading, writing.plan, writing.stager.stage(events(records(range(0, 100, 2)))), progress)
    assert accounted(path) == [(0, 100, "read", "uncommitted", 50)]
    known = Progress(changes=[FlagChange(0, [10, 30, 40], set=int(Flag.open))], decided=[(0, 20, 60)])
    writing.writer.append(writing.reading, writing.plan, None, known)
    assert accounted(path) == [(0, 20, "read", "uncommitted", 10), (20, 60, "read", "both", 20), (60, 100, "read", "uncommitted", 20)]
    assert select(path, f"SELECT position FROM event WHERE flags & {int(Flag.open)}") == [(10,)], "nothing decided is open"
    writing.writer.append(writing.reading, writing.plan, None, Progress(decided=[(0, 0, 100)]))
    assert accounted(path) == [(0, 100, "read", "both", 50)]
    writing.stager.close()
    writing.writer.close()


def test_what_a_killed_run_left_open_is_closed_when_it_is_decided(path: Path) -> None:
    first = Writing(path, isolation="both")
    progress = Progress(read={0: (0, 3)}, decided=[], changes=[FlagChange(0, [1, 2], set=int(Flag.open))])
    first.writer.append(first.reading, first.plan, first.stager.stage(events(records(range(3)))), progress)
    first.stager.close()
    first.writer.close()
    second = Writing(path, isolation="both")
    known = Progress(changes=[FlagChange(0, [2], set=int(Flag.aborted), clear=int(Flag.open))], decided=[(0, 0, 3)])
    second.writer.append(second.reading, second.plan, None, known)
    assert select(path, "SELECT position, flags FROM event ORDER BY position") == [(0, 0), (1, 0), (2, int(Flag.aborted))]
    second.stager.close()
    second.writer.close()


def test_keep_limit_removes_the_oldest_and_says_so(writing: Writing, path: Path) -> None:
    writing.positions(0, 100)
    assert writing.writer.remove_oldest(40) == 40
    assert select(path, "SELECT min(seq), count(*) FROM event") == [(41, 60)]
    assert select(path, "SELECT count(*) FROM record") == [(60,)]
    assert select(path, "SELECT events FROM stream") == [(60,)]
    assert select(path, "SELECT events FROM type") == [(60,)]
    assert select(path, "SELECT sum(events) FROM bucket WHERE width_s = 1") == [(60,)]
    assert select(path, "SELECT from_position, to_position, state, reason, records FROM coverage ORDER BY 1") == [
        (0, 40, "absent", "removed by the keep limit", 0),
        (40, 100, "read", "", 60),
    ]
    writing.positions(100, 110)
    assert select(path, "SELECT max(seq), count(*) FROM event") == [(110, 70)]


def test_keep_limit_takes_what_was_measured_before(writing: Writing, path: Path) -> None:
    def note(metric: str, label: str, *times_us: int) -> None:
        samples = [Sample(metric, label, time_us, 1.0) for time_us in times_us]
        writing.writer.append(writing.reading, writing.plan, None, Progress(samples=samples))

    def left() -> list[tuple[object, ...]]:
        return select(path, "SELECT metric, label, time_us FROM sample ORDER BY metric, label, time_us")

    writing.positions(0, 10)
    ((early_us,),) = select(path, "SELECT max(captured_us) FROM event")
    writing.positions(10, 20)
    ((late_us,),) = select(path, "SELECT min(captured_us) FROM event WHERE seq > 10")
    note("lag", label_of("b", "orders", 0), early_us - 1, early_us, late_us, late_us + 1)
    note("lag", label_of("c", "orders", 0), 1)
    note("members", label_of("b"), 1, late_us)
    assert writing.writer.remove_oldest(10) == 10
    lag, members = label_of(1, "b", "orders", 0), label_of(1, "b")
    kept = [("lag", lag, late_us), ("lag", lag, late_us + 1), ("members", members, late_us)]
    assert [one for one in left() if one[2] != early_us] == kept
    assert writing.writer.remove_oldest(0, before_us=late_us + 1) == 0, "no event is that old"
    assert left() == [("lag", lag, late_us + 1)]


def test_clean_end_leaves_one_private_file(path: Path) -> None:
    writing = Writing(path)
    writing.positions(0, 10)
    writing.stager.close()
    writing.writer.close()
    assert [file.name for file in path.parent.iterdir()] == ["a.evcap"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_second_writer_is_told_which_process_has_the_file(writing: Writing, path: Path) -> None:
    with pytest.raises(CaptureInUseError, match=f"process {os.getpid()}"):
        CaptureWriter(path, floor_bytes=SMALL_FLOOR)


def test_file_that_is_no_capture_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.evcap"
    text.write_bytes(b"not a database at all, but long enough to have a header" * 20)
    other = tmp_path / "other.evcap"
    connection = apsw.Connection(str(other))
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    for file in (text, other):
        before = file.read_bytes()
        with pytest.raises(CaptureError):
            CaptureWriter(file, floor_bytes=SMALL_FLOOR)
        with pytest.raises(CaptureError):
            CaptureReader(file)
        assert file.read_bytes()[:16] == before[:16]


def test_newer_major_version_is_refused_with_a_sentence(path: Path) -> None:
    Writing(path).writer.close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 2000")
    connection.close()
    with pytest.raises(CaptureError, match="newer eventscope"):
        CaptureReader(path)
    with pytest.raises(CaptureError, match="newer eventscope"):
        CaptureWriter(path, floor_bytes=SMALL_FLOOR)


def test_disk_under_the_floor_is_refused_and_what_is_stored_stays(path: Path) -> None:
    writing = Writing(path)
    writing.positions(0, 10)
    writing.writer._floor_bytes = 2**60
    with pytest.raises(StorageError, match="are to stay free"):
        writing.positions(10, 20)
    writing.stager.close()
    writing.writer.close()
    assert select(path, "SELECT count(*) FROM event") == [(10,)]
    assert select(path, "SELECT from_position, to_position FROM coverage") == [(0, 10)]


_FULL = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from tests.capture.test_writer import Writing
from inspector.errors import StorageError
writing = Writing(Path(sys.argv[1]))
writing.positions(0, 500)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for start in range(500, 100_000, 500):
        writing.positions(start, start + 500)
        print(start + 500, flush=True)
except StorageError as error:
    print("StorageError", error)
writing.stager.close()
writing.writer.close()
"""


def test_full_disk_is_one_clear_error_and_every_reported_batch_is_there(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("StorageError a.evcap cannot be written: "), done.stdout + done.stderr
    reported = max([500, *(int(line) for line in lines[:-1])])
    assert select(path, "SELECT count(*) FROM event") == [(reported,)]
    assert select(path, "SELECT from_position, to_position, records FROM coverage") == [(0, reported, reported)]
    assert select(path, "PRAGMA integrity_check") == [("ok",)]
    continued = Writing(path)
    continued.positions(reported, reported + 100)
    continued.stager.close()
    continued.writer.close()
    assert select(path, "SELECT count(*) FROM event") == [(reported + 100,)]


def test_streams_of_two_sources_stay_apart_and_an_ambiguous_name_is_refused(writing: Writing, path: Path) -> None:
    writing.positions(0, 10)
    other = writing.writer.add_source(SourceInfo("list", "list://two"))
    log_id = writing.writer.add_log(other, LogInfo(LogKey("t", 0), 0, 10))
    reading = writing.writer.begin(other, {log_id: (0, 10)}, isolation="", filter_text=None, settings={})
    writing.writer.append(reading, [log_id], writing.stager.stage(events(records(range(10)))), Progress(read={0: (0, 10)}))
    with CaptureReader(path) as reader:
        with pytest.raises(UsageError, match=r"order-1.*2 streams.*list://one.*list://two"):
            find_stream(reader, "order-1")
        one = find_stream(reader, "order-1", "list://two")
        assert [event.position for batch in stream_batches(reader, one.id) for event in batch] == list(range(10))
        with pytest.raises(UsageError, match="near: order-1"):
            find_stream(reader, "order-17")


def test_uuid_streams_share_one_category(writing: Writing, path: Path) -> None:
    refs = [[StreamRef("Order", f"0f0e9d6e-1111-4222-8333-{number:012}")] for number in range(20)]
    writing.append(events(records(range(20)), streams=refs), {0: (0, 20)})
    assert select(path, "SELECT name, events FROM category") == [("Order", 20)]
    assert select(path, "SELECT count(*) FROM stream") == [(20,)]


def test_no_values_are_stored_when_asked(path: Path) -> None:
    writing = Writing(path, with_values=False)
    writing.positions(0, 5)
    writing.stager.close()
    writing.writer.close()
    assert select(path, "SELECT count(*) FROM record WHERE value IS NOT NULL") == [(0,)]
    assert select(path, "SELECT count(*) FROM event WHERE data IS NOT NULL") == [(0,)]
    assert select(path, "SELECT count(*) FROM event WHERE value_bytes > 0") == [(5,)]
    with CaptureReader(path) as reader:
        assert report.info(reader)["unmasked"] is False


def test_reader_sees_a_live_capture_grow(writing: Writing, path: Path) -> None:
    with CaptureReader(path) as reader:
        assert reader.watermark().events == 0
        writing.positions(0, 10)
        assert reader.watermark().last_seq == 10
        assert len(list(reader.events(EventQuery(order="log")))) == 10
