"""Lists of numbers: every order as the reader has it, filters with their counts, pieces that can be resumed, late events in place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture import listing, looking
from inspector.capture.asking import EventQuery, Watermark
from inspector.capture.listing import Found, advance, begin
from inspector.capture.looking import Ask
from inspector.capture.merging import insertion_places, late
from inspector.capture.reader import CaptureReader
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.event import EventBatch, LogKey, RecordBatch
from inspector.query import condition
from inspector.sources import LogInfo, SourceInfo
from tests.capture.batches import events, records

_START_US = 1_700_000_000_000_000
_LOGS = (("a", 0), ("a", 1), ("b", 0))


class Partitions:
    """A capture of three partitions, written batch by batch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stager = Stager()
        self._writer = CaptureWriter(path, floor_bytes=0)
        source = self._writer.add_source(SourceInfo("kafka", "kafka://localhost:9092", "c"))
        self._logs = [self._writer.add_log(source, LogInfo(LogKey(name, number), 0, 0)) for name, number in _LOGS]
        self._reading = self._writer.begin(
            source, dict.fromkeys(self._logs, (0, None)), isolation="uncommitted", filter_text=None, settings={}
        )
        self._next = [0, 0, 0]

    def append(self, logs: list[int], times: list[int | None]) -> None:
        """One batch: the partition and the time (in seconds after the start) of each record."""
        batch = RecordBatch()
        for log, time_s in zip(logs, times, strict=True):
            single = records([self._next[log]], log=log)
            self._next[log] += 1
            for name in ("log", "position", "time_us", "time_kind", "key", "value", "headers"):
                getattr(batch, name).extend(getattr(single, name))
            batch.key[-1] = b"k%d" % (batch.position[-1] % 4)
            batch.time_us[-1] = None if time_s is None else _START_US + time_s * 1_000_000
            batch.time_kind[-1] = 0 if time_s is None else 2
        made: EventBatch = events(batch)
        progress = Progress(read={log: (0, self._next[log]) for log in set(logs)}, end={log: self._next[log] for log in set(logs)})
        self._writer.append(self._reading, self._logs, self._stager.stage(made), progress)

    def close(self) -> None:
        """Ends the capture cleanly."""
        self._writer.end(self._reading, "stopped")
        self._writer.close()
        self._stager.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three partitions, times that overlap between batches, some late, some absent, many equal."""
    chance = random.Random(4)
    made = Partitions(tmp_path_factory.mktemp("listing") / "a.evcap")
    for number in range(12):
        count = chance.randrange(1, 60)
        times: list[int | None] = [chance.choice((None, chance.randrange(0, 50), number * 3 + chance.randrange(8))) for _ in range(count)]
        made.append([chance.randrange(3) for _ in range(count)], times)
    made.close()
    return made.path


@pytest.fixture
def reader(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptureReader]:
    """A reader, with pages so small that there are many."""
    monkeypatch.setattr(looking, "PAGE", 7)
    monkeypatch.setattr(listing, "_BLOCK_EVENTS", 16)
    with CaptureReader(path) as opened:
        yield opened


def walked(reader: CaptureReader, ask: Ask, mark: Watermark | None = None) -> list[Found]:
    """All pieces of a walk, one step each."""
    left = begin(reader, ask, mark or reader.watermark())
    pieces = []
    while left is not None:
        found, left = advance(reader, left, budget_s=0)
        pieces.append(found)
    return pieces


def numbers(pieces: list[Found]) -> list[int]:
    """What was found, in order."""
    return [int(seq) for piece in pieces for seq in piece.seqs]


FILTERS = (None, "data.n % 3 == 0", 'log == "b" || position > 20', "data.none > 3")


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("order", ["arrival", "log", "time"])
@pytest.mark.parametrize("filter_text", FILTERS)
@pytest.mark.parametrize("bounds", [(None, None), (_START_US + 5_000_000, _START_US + 21_000_000)])
def test_a_list_is_in_the_reader_s_own_order(
    reader: CaptureReader, *, newest_first: bool, order: str, filter_text: str | None, bounds: tuple[int | None, int | None]
) -> None:
    asked = condition(filter_text) if filter_text else None
    ask = Ask(order, newest_first, asked, *bounds)
    expected = list(reader.seqs(EventQuery(order=order, reverse=newest_first, condition=asked, from_us=bounds[0], until_us=bounds[1])))
    assert numbers(walked(reader, ask)) == expected
    left, pieces = begin(reader, ask, reader.watermark()), []
    while left is not None:
        found, left = advance(reader, left, budget_s=0, is_parallel=True)
        pieces.append(found)
    assert numbers(pieces) == expected
    assert sum(piece.looked for piece in pieces) == sum(piece.looked for piece in walked(reader, ask))


@pytest.mark.parametrize("order", ["arrival", "log", "time"])
def test_stream_filters_are_looked_up(reader: CaptureReader, order: str) -> None:
    names = [str(row[0]) for row in reader.select("SELECT name FROM stream ORDER BY events DESC LIMIT 3")]
    for text in (
        f'stream == "{names[0]}"',
        f'data.n >= 0 && stream in ["{names[0]}", "{names[1]}"]',
        f'"{names[2]}" == stream && data.n > 2',
    ):
        asked = condition(text)
        for newest_first in (False, True):
            for bounds in ((None, None), (_START_US + 5_000_000, _START_US + 21_000_000)):
                pieces = walked(reader, Ask(order, newest_first, asked, *bounds))
                query = EventQuery(order=order, reverse=newest_first, condition=asked, from_us=bounds[0], until_us=bounds[1])
                assert numbers(pieces) == list(reader.seqs(query))
                assert all(piece.is_looked_up for piece in pieces)
    assert numbers(walked(reader, Ask(order, condition=condition('stream == "nobody"')))) == []


@pytest.mark.parametrize("order", ["arrival", "log", "time"])
def test_every_event_is_looked_at_once_and_what_cannot_be_asked_is_counted(reader: CaptureReader, order: str) -> None:
    pieces = walked(reader, Ask(order, condition=condition("data.none > 3")))
    events_there = reader.watermark().events
    assert sum(piece.looked for piece in pieces) == sum(piece.not_applicable for piece in pieces) == events_there
    shares = [piece.share for piece in pieces]
    assert shares == sorted(shares) or order == "time"
    assert shares[-1] == 1.0


def test_the_newest_come_first_from_the_first_piece_on(reader: CaptureReader) -> None:
    (first, *_) = walked(reader, Ask("arrival", newest_first=True, condition=condition("position >= 0")))
    assert int(first.seqs[0]) == reader.watermark().last_seq


def test_a_walk_goes_on_from_any_piece_and_can_be_gone_twice(reader: CaptureReader) -> None:
    walk = begin(reader, Ask("time"), reader.watermark())
    assert walk is not None
    _, left = advance(reader, walk, budget_s=0)
    assert left is not None
    once, again = (advance(reader, left, budget_s=0)[0] for _ in range(2))
    assert once.seqs.tolist() == again.seqs.tolist()


def test_an_empty_capture_has_no_walk(tmp_path: Path) -> None:
    made = Partitions(tmp_path / "a.evcap")
    made.close()
    with CaptureReader(made.path) as opened:
        assert begin(opened, Ask("log"), opened.watermark()) is None


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("order", ["arrival", "log", "time"])
@pytest.mark.parametrize("filter_text", [None, "data.n % 3 == 0"])
def test_what_comes_later_is_put_where_it_belongs(
    reader: CaptureReader, *, newest_first: bool, order: str, filter_text: str | None
) -> None:
    ask = Ask(order, newest_first, condition(filter_text) if filter_text else None)
    whole = reader.watermark().last_seq
    listed_to = whole // 3
    rows = numbers(walked(reader, ask, Watermark(1, listed_to)))
    while listed_to < whole:
        until = min(listed_to + 40, whole)
        found = late(reader, ask, listed_to + 1, until, len(rows), rows.__getitem__)
        for row, seqs in reversed(found.runs):
            rows[row:row] = seqs.tolist()
        listed_to = until
    expected = numbers(walked(reader, ask))
    assert rows == expected


def test_a_list_of_events_that_are_gone_is_stale(reader: CaptureReader) -> None:
    found = late(reader, Ask("log"), 1, 5, 3, lambda row: 10_000 + row)
    assert found.is_stale


@given(st.lists(st.integers(0, 60), unique=True), st.lists(st.integers(0, 60), unique=True))
def test_places_are_those_of_a_sorted_list(there: list[int], fresh: list[int]) -> None:
    there.sort()
    keys = [(key, 1) for key in sorted(fresh)]
    places = insertion_places(keys, len(there), lambda row: (there[row], 0))
    assert places == [sum(other <= key for other in there) for key, _ in keys]
