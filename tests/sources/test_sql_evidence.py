"""Stores as evidence: every file hashed and copied, the copy read, what is missing said, nothing of the original changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import apsw
import pytest

from inspector.errors import SourceError
from inspector.ingest import Options, run
from inspector.sources import Request, open_source
from inspector.sources.sql_evidence import EvidenceSource, SqliteSource
from tests.sources.stores import Application, all_records, application, folder_state, orders, positions, written
from tests.sources.test_sql_several import rows


def read(path: Path) -> tuple[EvidenceSource, list[int]]:
    """The store read to its end, closed."""
    source = EvidenceSource(path)
    try:
        return source, positions(all_records(source)[1])
    finally:
        source.close()


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A store of the real package whose application was killed: its events are in the `-wal`."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    app = Application(folder / "shop.db")
    app.do("place 3")
    app.kill()
    assert (folder / "shop.db-wal").stat().st_size > 0
    return folder / "shop.db"


def test_trio_is_hashed_copied_and_read_without_a_change(left: Path) -> None:
    before = folder_state(left.parent)
    source, found = read(left)
    assert found == [1, 2, 3, 4, 5, 6]
    assert folder_state(left.parent) == before
    assert {one.name: one.sha256 for one in source.files} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in left.parent.iterdir()
    }
    assert {one.name: one.size_bytes for one in source.files} == {path.name: path.stat().st_size for path in left.parent.iterdir()}
    assert source.notes == []


def test_source_is_the_original_with_the_facts_of_its_files(left: Path) -> None:
    source = EvidenceSource(left)
    info = source.info()
    source.close()
    assert info.uri == f"sqlite:///{left.as_posix()}"
    files = info.attributes["files"]
    assert isinstance(files, list)
    assert [one["name"] for one in files] == ["shop.db", "shop.db-wal", "shop.db-shm"]


def test_missing_wal_is_proved_by_the_shm(left: Path) -> None:
    left.with_name("shop.db-wal").unlink()
    source, _ = read_or_fails(left)
    assert any("shop.db-wal is missing: shop.db-shm says that" in note for note in source)


def read_or_fails(path: Path) -> tuple[list[str], list[int]]:
    """The notes and positions of a store that may hold no table any more; then the reason is a note."""
    try:
        source, found = read(path)
    except SourceError as error:
        return [str(error)], []
    return source.notes, found


def test_cut_wal_is_proved_by_the_shm(left: Path) -> None:
    written_before = left.with_name("shop.db-wal")
    os.truncate(written_before, written_before.stat().st_size // 2)
    notes, _ = read_or_fails(left)
    assert any("shop.db-wal is cut" in note for note in notes)


def test_wal_store_without_a_wal_may_lack_its_newest_events_and_that_is_said(tmp_path: Path) -> None:
    with application(tmp_path / "shop.db") as app:
        app.do("place 2")
    alone = tmp_path / "alone" / "shop.db"
    alone.parent.mkdir()
    shutil.copy(tmp_path / "shop.db", alone)
    source, found = read(alone)
    assert found == [1, 2, 3, 4]
    assert any("there is no shop.db-wal beside it" in note for note in source.notes)


def test_what_is_no_wal_is_said(tmp_path: Path) -> None:
    store = orders(tmp_path / "shop.db", 3)
    (tmp_path / "shop.db-wal").write_bytes(b"x" * 100)
    source, found = read(store)
    assert found == [1, 2, 3]
    assert any("is no WAL file" in note for note in source.notes)


def test_plain_store_has_nothing_to_be_said_of(tmp_path: Path) -> None:
    source, found = read(orders(tmp_path / "shop.db", 3))
    assert (source.notes, found, len(source.files)) == ([], [1, 2, 3], 1)


def test_copy_is_for_its_owner_only_and_gone_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    source = EvidenceSource(orders(tmp_path / "shop.db", 3))
    (folder,) = place.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    source.close()
    source.close()
    assert list(place.iterdir()) == []


def test_failing_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    store = written(tmp_path / "shop.db", [("CREATE TABLE other (a)", [])])
    with pytest.raises(SourceError, match=r"no event table in shop\.db"):
        EvidenceSource(store)
    assert list(place.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_fifo_and_folder_are_refused_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.db")
    (tmp_path / "folder.db").mkdir()
    for name in ("pipe.db", "folder.db"):
        assert SqliteSource.claims(tmp_path / name) == ""
        with pytest.raises(SourceError, match="is not a plain file"):
            EvidenceSource(tmp_path / name)
    store = orders(tmp_path / "shop.db", 1)
    os.mkfifo(tmp_path / "shop.db-wal")
    with pytest.raises(SourceError, match=r"shop\.db-wal is not a plain file"):
        EvidenceSource(store)


def test_missing_file_and_damaged_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file"):
        EvidenceSource(tmp_path / "none.db")
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 500)
    with pytest.raises(SourceError, match=r"bad\.db"):
        EvidenceSource(tmp_path / "bad.db")


def test_store_that_is_written_to_meanwhile_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = orders(tmp_path / "shop.db", 3)
    from inspector.sources import sql_evidence

    copy = sql_evidence._copy

    def slow(path: Path, target: Path, found: sql_evidence._State) -> sql_evidence.FileFact:
        fact = copy(path, target, found)
        os.utime(path)
        return fact

    monkeypatch.setattr(sql_evidence, "_copy", slow)
    source, _ = read(store)
    assert any("was written to while it was copied" in note for note in source.notes)


def test_databases_are_claimed_and_captures_are_not(tmp_path: Path) -> None:
    store = orders(tmp_path / "shop.db", 3)
    source = SqliteSource.of_path(store, {})
    run([(source, Request())], tmp_path / "shop.evcap", options=Options(floor_bytes=0))
    source.close()
    assert SqliteSource.claims(store).startswith("SQLite event store (")
    assert "eventsourcing" in SqliteSource.claims(store)
    assert SqliteSource.claims(written(tmp_path / "other.db", [("CREATE TABLE other (a)", [])])) == "SQLite database"
    assert SqliteSource.claims(tmp_path / "shop.evcap") == ""
    assert SqliteSource.claims(tmp_path / "none") == ""
    assert rows(tmp_path / "shop.evcap", "SELECT count(*) FROM event") == [(3,)]
    ((uri,),) = rows(tmp_path / "shop.evcap", "SELECT uri FROM source")
    assert uri == f"sqlite:///{store.as_posix()}"


def test_address_still_opens_the_store_itself(tmp_path: Path) -> None:
    source = open_source(f"sqlite:///{orders(tmp_path / 'shop.db', 2).as_posix()}")
    assert source.info().attributes["opened"] != "private copy"
    source.close()


def test_hot_journal_is_rolled_back_in_the_copy_only(tmp_path: Path) -> None:
    store = orders(tmp_path / "shop.db", 3)
    connection = apsw.Connection(str(store))
    connection.execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO stored_events VALUES (?, ?, ?, ?)", [(f"x-{n}", 1, "a:B", b"{}" * 2_000) for n in range(50)])
    torn = tmp_path / "torn"
    torn.mkdir()
    for end in ("", "-journal"):
        shutil.copy(tmp_path / f"shop.db{end}", torn / f"shop.db{end}")
    connection.execute("ROLLBACK")
    connection.close()
    before = folder_state(torn)
    _, found = read(torn / "shop.db")
    assert found == [1, 2, 3]
    assert folder_state(torn) == before
