"""Indexed fields: a filter gives the same with the index and without, wherever that is kept; nothing half-made, nothing of a stranger's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import redecode
from inspector.capture import evidence, fields, indexing
from inspector.capture.asking import EventQuery
from inspector.capture.listing import advance, begin
from inspector.capture.lock import CaptureLock
from inspector.capture.looking import Ask
from inspector.capture.lookups import looked_up
from inspector.capture.reader import CaptureReader
from inspector.capture.saving import save
from inspector.errors import CaptureError, CaptureInUseError, StorageError, UsageError
from inspector.query import condition
from inspector.query.lookups import indexable
from inspector.settings import captures_dir
from tests.app.captures import Growing, capture
from tests.query.oracle import Ask as Asked
from tests.query.oracle import documents, truths

EVENTS = 1_200
TOTAL = 'data.order_id == "order-7"'


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return capture(tmp_path / "a.evcap", EVENTS)


def make(path: Path, place: str = "data.order_id", *, into: bool | None = None) -> fields.FieldIndex | None:
    return indexing.create(path, *indexable(place), into=into)


def drop(path: Path, place: str = "data.order_id") -> bool:
    return indexing.drop(path, *indexable(place))


def listed(path: Path, text: str = TOTAL, order: str = "arrival", *, newest_first: bool = False) -> tuple[list[int], bool]:
    """The numbers in a list, and whether they were looked up."""
    with CaptureReader(path) as reader:
        return walked(reader, Ask(order, newest_first, condition(text)))


def walked(reader: CaptureReader, ask: Ask) -> tuple[list[int], bool]:
    seqs: list[int] = []
    is_looked_up = False
    left = begin(reader, ask, reader.watermark())
    while left is not None:
        found, left = advance(reader, left)
        seqs += found.seqs.tolist()
        is_looked_up |= found.is_looked_up
    return seqs, is_looked_up


# ---- the same answers


class Rewritten(CaptureReader):
    """A reader whose events are put there by the test: a private copy in memory, with the indexes kept up by SQLite."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        memory = apsw.Connection(":memory:")
        with memory.backup("main", self.connection, "main") as backup:
            backup.step()
        self.connection.close()
        self.connection = memory

    def hold(self, texts: list[str]) -> None:
        """Has events with these documents."""
        self.connection.execute("DELETE FROM event")
        self.connection.executemany(
            "INSERT INTO event (seq, log_id, position, sub, time_kind, recorded_kind, captured_us, flags, data, correlation_id) "
            "VALUES (?1, 1, ?1, 0, 0, 0, 0, 0, jsonb(?2), substr(?2, 1, 3))",
            enumerate(texts, 1),
        )


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rewritten]:
    path = capture(tmp_path_factory.mktemp("rewritten") / "a.evcap", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENTSCOPE_HOME", str(path.parent))
        for place in ("data.a", "data.b", 'data["q\\"ö"][0]', "data.a.b", "data[0]", "correlation_id"):
            assert make(path, place, into=True) is not None
    with Rewritten(path) as reader:
        yield reader


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(held=st.lists(documents(), min_size=1, max_size=10), ask=truths())
def test_a_filter_gives_the_same_with_an_index_and_without(rewritten: Rewritten, held: list[tuple[str, Any]], ask: Asked) -> None:
    rewritten.hold([text for text, _ in held])
    looked_for = condition(ask.text)
    with_index, _ = walked(rewritten, Ask(condition=looked_for))
    without, is_looked_up = walked(rewritten, Ask(condition=replace(looked_for, lookups=())))
    assert not is_looked_up
    assert with_index == without == [seq for seq, (_, meaning) in enumerate(held, 1) if ask.gives(meaning)]


_NUMBERS = [
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775808",
    "-0",
    "0.1",
    "1e400",
    "1234567890123456789012345678901234567890",
    "1234567890123456789012345678901234567891",
    "0.10000000000000000555",
    "-7",
    "1e-400",
]


@pytest.mark.parametrize("sign", ["==", "<", "<=", ">", ">="])
@pytest.mark.parametrize("wanted", _NUMBERS)
def test_numbers_are_looked_up_to_the_last_digit(rewritten: Rewritten, sign: str, wanted: str) -> None:
    rewritten.hold([f'{{"a":{number}}}' for number in _NUMBERS])
    looked_for = condition(f"data.a {sign} {wanted}")
    found, is_looked_up = walked(rewritten, Ask(condition=looked_for))
    assert is_looked_up
    assert (found, False) == walked(rewritten, Ask(condition=replace(looked_for, lookups=())))


@pytest.mark.parametrize(
    "text",
    [
        'data.b.startsWith("ab")',
        'data.b.startsWith("\\U0010FFFF")',
        'data.b.startsWith("\ud7ff")',
        'data.b >= "ab" && data.b < "b"',
        'data.b > "a" && data.b > 3',
        'data.b in ["a", "ab\\x00c", "none"]',
        "data.b > 1 && data.b <= 3",
        "data.b in [1, 2, 3]",
        f'data.b == "{"x" * 200}"',
        f'data.b > "{"x" * 200}"',
        f'data.b < "{"x" * 200}y" && data.b > "x"',
        'correlation_id == "{\\"b"',
    ],
)
def test_texts_are_looked_up_however_long(rewritten: Rewritten, text: str) -> None:
    values = ['"a"', '"ab"', '"abc"', '"ab\\u0000c"', '"ab\\u0000d"', '"b"', "1", "2.0", "3", "true", "null", '"\\ud7ff!"', '"\\ud800"']
    values += ['"\\udbff\\udfff\\udbff\\udfff"', '"\ue000"', f'"{"x" * 200}"', f'"{"x" * 200}y"', f'"{"x" * 199}"', '["ab"]', '{"b":"ab"}']
    rewritten.hold([f'{{"b":{value}}}' for value in values])
    looked_for = condition(text)
    found, is_looked_up = walked(rewritten, Ask(condition=looked_for))
    assert is_looked_up
    assert (found, False) == walked(rewritten, Ask(condition=replace(looked_for, lookups=())))
    assert found or "!" not in text


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("order", ["arrival", "log", "time"])
@pytest.mark.parametrize("into", [False, True])
def test_every_order_is_the_same(path: Path, into: bool, order: str, newest_first: bool) -> None:
    without, was_looked_up = listed(path, order=order, newest_first=newest_first)
    index = make(path, into=into)
    assert index is not None
    assert index.is_beside is not into
    assert not was_looked_up
    assert listed(path, order=order, newest_first=newest_first) == (without, True)
    query = EventQuery(order, newest_first, condition=condition(TOTAL), from_position=100)
    with CaptureReader(path) as reader:
        narrowed = looked_up(reader, query)
        assert narrowed.among is not None
        assert list(reader.seqs(narrowed)) == list(reader.seqs(query))


# ---- where it is kept


def test_a_finished_capture_is_not_changed(path: Path) -> None:
    before = path.read_bytes()
    index = make(path)
    assert index is not None
    assert (index.is_beside, index.is_current) == (True, True)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert fields.folder().stat().st_mode & 0o777 == 0o700
    (file,) = fields.folder().iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_evidence_is_looked_up_too(path: Path) -> None:
    without, _ = listed(path)
    noted = evidence.mark(path)
    make(path)
    assert listed(path) == (without, True)
    assert evidence.check(path) == noted
    with pytest.raises(StorageError, match="read-only"):
        make(path, "data.total", into=True)


def test_one_that_was_given_no_place_yet_gets_it_inside() -> None:
    path = capture(captures_dir() / "a.evcap", 200)
    index = make(path)
    assert index is not None
    assert not index.is_beside
    assert listed(path) == (listed(path)[0], True)
    assert {file.name for file in path.parent.iterdir()} == {"a.evcap"}


def test_any_sqlite_reads_a_capture_with_an_index(path: Path) -> None:
    make(path, into=True)
    make(path, "actor", into=True)
    with closing(apsw.Connection(str(path))) as bare:
        assert bare.execute("PRAGMA integrity_check").get == "ok"
        assert bare.execute("SELECT count(data) FROM events").get == EVENTS


def test_an_index_waits_for_the_capture_to_stop(path: Path) -> None:
    lock = CaptureLock(path)
    with pytest.raises(CaptureInUseError, match="is being written by"):
        make(path)
    lock.release()
    assert make(path) is not None


# ---- while the capture changes


def test_what_is_captured_later_is_in_the_index(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with Growing(path) as growing:
        growing.append(100)
    make(path, into=True)
    again = Growing(path)
    again._next = 100
    with again:
        again.append(100)
        assert listed(path, 'data.order_id == "order-7"') == ([8, 58, 108, 158], True)
        again.remove_oldest(50)
    assert listed(path, 'data.order_id == "order-7"') == ([58, 108, 158], True)


def test_an_index_beside_is_not_relied_on_once_the_capture_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with Growing(path) as growing:
        growing.append(100)
    make(path)
    again = Growing(path)
    again._next = 100
    with again:
        again.append(100)
        assert listed(path, 'data.order_id == "order-7"') == ([8, 58, 108, 158], False)
    assert listed(path, 'data.order_id == "order-7"') == ([8, 58, 108, 158], False)
    with CaptureReader(path) as reader:
        assert [index.is_current for index in indexing.indexes(reader)] == [False]
    make(path)
    assert listed(path, 'data.order_id == "order-7"') == ([8, 58, 108, 158], True)


@pytest.mark.parametrize("into", [False, True])
def test_decoding_again_leaves_no_wrong_index(path: Path, into: bool) -> None:
    make(path, into=into)
    without, _ = listed(path)
    redecode.run(path)
    assert listed(path) == (without, into)


def test_save_as_makes_it_part_of_the_copy(path: Path, tmp_path: Path) -> None:
    make(path, "data.total", into=True)
    make(path)
    make(path, "correlation_id")
    out = tmp_path / "b.evcap"
    assert save(path, out).is_whole
    with CaptureReader(out) as reader:
        found = [(index.place, index.is_beside) for index in indexing.indexes(reader) if index.is_current]
    assert [place for place, is_beside in found if not is_beside] == ["correlation_id", "data.order_id", "data.total"]
    shutil.rmtree(fields.folder())
    assert listed(out) == (listed(path)[0], True)


def test_indexes_of_captures_that_are_gone_go(path: Path, tmp_path: Path) -> None:
    make(path)
    path.unlink()
    make(capture(tmp_path / "b.evcap", 10))
    assert len(list(fields.folder().iterdir())) == 1


# ---- making and dropping


@pytest.mark.parametrize("into", [False, True])
def test_a_stopped_one_leaves_nothing(tmp_path: Path, into: bool) -> None:
    path = capture(tmp_path / "a.evcap", 20_000)
    asked = iter([False])
    stopped = indexing.create(path, *indexable("data.total"), into=into, is_stopped=lambda: next(asked, True))
    assert stopped is None
    with CaptureReader(path) as reader:
        assert indexing.indexes(reader) == []
    assert list(fields.folder().iterdir()) == []
    assert [file.name for file in tmp_path.iterdir()] == ["a.evcap"]
    assert make(path, "data.total", into=into) is not None


@pytest.mark.parametrize("into", [False, True])
def test_dropping_makes_filters_look_at_all_again(path: Path, into: bool) -> None:
    make(path, into=into)
    make(path, "data.total", into=into)
    assert drop(path)
    assert not drop(path)
    assert listed(path)[1] is False
    assert listed(path, "data.total == 7.5") == ([8], True)
    with CaptureReader(path) as reader:
        assert [index.place for index in indexing.indexes(reader)] == ["data.total"]


def test_one_that_is_there_stays(path: Path) -> None:
    first = make(path)
    (file,) = fields.folder().iterdir()
    before = file.stat().st_mtime_ns
    assert make(path) == first
    assert file.stat().st_mtime_ns == before
    assert first is not None
    assert first.size_bytes == file.stat().st_size


_NO_PLACES = ["data", "headers.a", 'headers["a"]', "type", "nothing.at.all", "data.a == 1", "", "data.a[", 'data["x\\x00"]']


@pytest.mark.parametrize("place", _NO_PLACES)
def test_what_cannot_be_indexed_is_said(path: Path, place: str) -> None:
    with pytest.raises(UsageError, match="cannot be indexed"):
        make(path, place)


@pytest.mark.parametrize(
    "place", ["data['it\\'s']", 'data["a\\"b"]', 'data["; DROP TABLE event --"].x[0]', 'metadata["ä"]', 'data["\\\\"]']
)
@pytest.mark.parametrize("into", [False, True])
def test_names_are_only_names(path: Path, place: str, into: bool) -> None:
    assert make(path, place, into=into) is not None
    assert listed(path, f'{place} == "x"') == ([], True)
    assert drop(path, place)


# ---- what a stranger wrote


def test_a_strangers_index_is_not_believed(path: Path) -> None:
    without, _ = listed(path)
    sql = fields.definition("data.order_id", 'data$."order_id"')
    with closing(apsw.Connection(str(path))) as stranger:
        stranger.execute(f"{sql} AND seq > 900")
        stranger.execute('CREATE INDEX "field:data.total" ON event (seq) WHERE abs(seq) > 1')
        stranger.execute('CREATE INDEX "field:it\'s" ON event (position)')
    assert listed(path) == (without, False)
    with CaptureReader(path) as reader:
        assert indexing.indexes(reader) == []
    assert make(path, into=True) is not None
    assert listed(path) == (without, True)


def test_a_damaged_document_is_said(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as stranger:
        stranger.execute("UPDATE event SET data = x'ffffffff' WHERE seq = 3")
    for into in (False, True):
        with pytest.raises(CaptureError, match="damaged"):
            make(path, into=into)
    assert list(fields.folder().iterdir()) == []


def test_a_damaged_index_beside_is_not_relied_on(path: Path) -> None:
    without, _ = listed(path)
    make(path)
    (file,) = fields.folder().iterdir()
    file.write_bytes(b"no index")
    assert listed(path) == (without, False)
    assert make(path) is not None
    assert listed(path) == (without, True)
