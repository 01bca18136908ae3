"""Notes and marks: into a capture that is being written, beside any other; found again by log and position; hostile files."""

from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture import notes, sidecar
from inspector.capture.lock import CaptureLock, writer_of
from inspector.capture.notes import Place
from inspector.capture.reader import CaptureReader
from inspector.capture.sidecar import MARK, NOTE
from inspector.errors import CaptureError, StorageError, UsageError
from tests.app.captures import Growing, capture


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


def _state(path: Path) -> tuple[bytes, int]:
    return path.read_bytes(), path.stat().st_mtime_ns


def _changed(path: Path, sql: str) -> None:
    connection = apsw.Connection(str(path))
    for _ in connection.execute(sql):
        pass
    connection.close()


def _texts(reader: CaptureReader) -> list[str]:
    return [note.text for note in notes.notes(reader)]


def test_notes_on_a_finished_capture_leave_its_bytes_alone(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    before = _state(path)
    with CaptureReader(path) as reader:
        made = notes.add_note(reader, 3, "  seen at 14:03  ")
        notes.add_mark(reader, 4)
        notes.edit_note(reader, made.uid, "seen at 14:04")
    with CaptureReader(path) as reader:
        found = notes.notes(reader)
    assert [(note.kind, note.seq, note.text) for note in found] == [(NOTE, 3, "seen at 14:04"), (MARK, 4, "")]
    assert _state(path) == before
    assert sorted(file.name for file in tmp_path.glob("a.evcap*")) == ["a.evcap"]


def test_notes_on_a_capture_being_written_go_into_it(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with Growing(path) as growing:
        growing.append(10)
        with CaptureReader(path) as reader:
            first = notes.add_note(reader, 3, "one")
            second = notes.add_note(reader, 4, "two")
            notes.edit_note(reader, first.uid, "uno")
            notes.delete_note(reader, second.uid)
            assert _texts(reader) == ["uno"]
            assert not sidecar.path_of(notes.capture_id(reader)).exists()
        growing.append(10)
    with CaptureReader(path) as reader:
        assert reader.select("SELECT seq, text FROM note") == [(3, "uno")]
        notes.edit_note(reader, first.uid, "changed when finished")
        assert _texts(reader) == ["changed when finished"]
        notes.delete_note(reader, first.uid)
        assert _texts(reader) == []
        assert reader.select("SELECT count(*) FROM note") == [(1,)]


def test_marking_twice_is_one_mark_and_it_comes_off(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 3)) as reader:
        assert notes.add_mark(reader, 2) == notes.add_mark(reader, 2)
        assert notes.remove_mark(reader, 2)
        assert not notes.remove_mark(reader, 2)
        assert notes.notes(reader) == []


def test_a_moved_capture_keeps_its_notes(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    with CaptureReader(path) as reader:
        notes.add_note(reader, 2, "here")
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "b.evcap")
    with CaptureReader(moved) as reader:
        assert [(note.seq, note.text) for note in notes.notes(reader)] == [(2, "here")]


def test_a_note_is_found_by_position_when_numbers_have_changed(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    with CaptureReader(path) as reader:
        notes.add_note(reader, 2, "position 1")
        notes.add_note(reader, 5, "position 4")
    _changed(path, "DELETE FROM event WHERE seq = 5; UPDATE event SET seq = seq + 100")
    with CaptureReader(path) as reader:
        assert [(note.seq, note.text) for note in notes.notes(reader)] == [(102, "position 1"), (None, "position 4")]


def test_a_note_survives_that_decoding_makes_other_events_of_its_record(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    _changed(path, "UPDATE event SET sub = 2 WHERE seq = 3")
    with CaptureReader(path) as reader:
        notes.add_note(reader, 3, "the third of its record")
    _changed(path, "UPDATE event SET sub = 0 WHERE seq = 3")
    with CaptureReader(path) as reader:
        assert [note.seq for note in notes.notes(reader)] == [3]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (notes.LONGEST_TEXT + 1)])
def test_no_text_and_too_long_a_text_are_refused(tmp_path: Path, text: str) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 2)) as reader:
        with pytest.raises(UsageError):
            notes.add_note(reader, 1, text)
        assert notes.notes(reader) == []


def test_a_note_on_no_event_is_refused(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 2)) as reader, pytest.raises(UsageError, match="no event 3"):
        notes.add_note(reader, 3, "x")


def test_a_note_that_is_gone_is_said(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 2)) as reader, pytest.raises(UsageError, match="gone"):
        notes.edit_note(reader, "nothing", "x")


def test_notes_of_the_first_format_are_read_and_changed(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 3)
    _changed(
        path,
        "DROP TABLE note; CREATE TABLE note (id INTEGER PRIMARY KEY, seq BIGINT, made_us BIGINT NOT NULL, text TEXT NOT NULL); "
        "INSERT INTO note VALUES (1, 2, 5, 'old'), (2, 99, 6, 'of an event that is gone'); PRAGMA user_version = 1000",
    )
    with CaptureReader(path) as reader:
        assert [(note.uid, note.seq, note.text) for note in notes.notes(reader)] == [
            ("note-1", 2, "old"),
            ("note-2", None, "of an event that is gone"),
        ]
        lock = CaptureLock(path)  # as if it were being captured into
        notes.edit_note(reader, "note-1", "new")
        lock.release()
    with CaptureReader(path) as reader:
        assert reader.select("SELECT text, uid FROM note ORDER BY text") == [("new", "note-1"), ("of an event that is gone", None)]


def test_a_newer_minor_version_with_more_columns_is_read(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 3)
    _changed(
        path,
        "ALTER TABLE note ADD COLUMN colour TEXT; INSERT INTO note (seq, made_us, text) VALUES (1, 1, 'x'); PRAGMA user_version = 1009",
    )
    with CaptureReader(path) as reader:
        notes.add_note(reader, 2, "y")
        assert sorted(_texts(reader)) == ["x", "y"]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE note",
        "DROP TABLE note; CREATE VIEW note AS SELECT 1 AS id, 1 AS seq, 1 AS made_us, 'x' AS text",
        "DROP TABLE note; CREATE TABLE note (id, seq)",
        "DROP TABLE note; CREATE TABLE note (id, seq, made_us, text); INSERT INTO note VALUES (1, x'00', 'when', 3.5)",
    ],
)
def test_a_strangers_table_of_notes_is_no_notes(tmp_path: Path, sql: str) -> None:
    path = capture(tmp_path / "a.evcap", 3)
    _changed(path, sql)
    with CaptureReader(path) as reader:
        assert notes.notes(reader) == []
        notes.add_note(reader, 1, "mine")
        assert _texts(reader) == ["mine"]


def test_a_trigger_of_a_strangers_file_does_not_run(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 3)
    _changed(path, "CREATE TRIGGER t AFTER INSERT ON note BEGIN DELETE FROM event; END")
    with CaptureReader(path) as reader:
        lock = CaptureLock(path)
        notes.add_note(reader, 1, "mine")
        lock.release()
    with CaptureReader(path) as reader:
        assert reader.watermark().events == 3
        assert reader.select("SELECT text FROM note") == [("mine",)]


def test_a_captures_id_names_no_file_elsewhere(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 3)
    _changed(path, "UPDATE capture SET id = '../../../evil'")
    with CaptureReader(path) as reader:
        notes.add_note(reader, 1, "mine")
        assert _texts(reader) == ["mine"]
    assert [file.parent for file in tmp_path.rglob("*.notes")] == [sidecar.folder()]
    _changed(path, "UPDATE capture SET id = x'00'")
    with CaptureReader(path) as reader, pytest.raises(CaptureError):
        notes.notes(reader)


def test_notes_beside_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 3)) as reader:
        sidecar.path_of(notes.capture_id(reader)).write_bytes(b"no database at all, but long enough to look at" * 30)
        with pytest.raises(StorageError, match="move that file away"):
            notes.notes(reader)


def test_notes_are_for_their_owner_only(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 3)) as reader:
        notes.add_note(reader, 1, "mine")
        file = sidecar.path_of(notes.capture_id(reader))
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_exported_notes_are_json_lines_with_every_field(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 3)) as reader:
        notes.add_note(reader, 2, "\u202e<b>two</b>")
        (line,) = notes.json_lines(notes.notes(reader))
    told = json.loads(line)
    assert told["text"] == "\u202e<b>two</b>"
    assert (told["kind"], told["seq"], told["log"], told["partition"], told["position"], told["sub"]) == ("note", 2, "shop.orders", 0, 1, 0)
    assert told["made"].endswith("Z")


def test_who_writes_a_capture_is_known_without_disturbing(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    assert writer_of(path) is None
    with Growing(path) as growing:
        growing.append(1)
        assert "process" in str(writer_of(path))
        growing.append(1)
    assert writer_of(path) is None
    assert not path.with_name("a.evcap-lock").exists()


@given(st.text(max_size=200))
def test_a_place_is_parsed_or_it_is_none(text: str) -> None:
    parsed = Place.parsed(text)
    assert parsed is None or Place.parsed(parsed.text()) == parsed


NUMBERS = st.integers(-(2**63), 2**63 - 1)


@given(st.builds(Place, st.text(), st.text(), st.text(), st.text(), NUMBERS, st.text(), NUMBERS, NUMBERS))
def test_a_place_comes_back_as_it_was(place: Place) -> None:
    assert Place.parsed(place.text()) == place
