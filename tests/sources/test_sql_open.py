"""Opening somebody else's SQLite file: what is read in each state it may be in, and that nothing beside it changes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from inspector.errors import SourceError
from inspector.sources import Request
from inspector.sources.sql_open import Mode, StoreFile
from tests.sources.stores import Application, Following, all_records, application, folder_state, opened, orders, positions, written


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The store's folder; temporary files go elsewhere and are gone at the end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    store = tmp_path / "store"
    store.mkdir()
    yield store
    assert list(temporary.iterdir()) == []


@contextmanager
def clean(folder: Path) -> Iterator[None]:
    """Closed by its only writer: one file."""
    with application(folder / "shop.db") as app:
        app.do("place 50")
    assert [path.name for path in folder.iterdir()] == ["shop.db"]
    yield


@contextmanager
def live(folder: Path) -> Iterator[None]:
    """Its writer still runs."""
    with application(folder / "shop.db") as app:
        app.do("place 50")
        yield


@contextmanager
def killed(folder: Path) -> Iterator[None]:
    """Its writer was killed: all side files are left."""
    app = Application(folder / "shop.db")
    app.do("place 50")
    app.kill()
    yield


@contextmanager
def killed_and_copied(folder: Path) -> Iterator[None]:
    """As before, but the shared-memory file did not come along."""
    with killed(folder):
        (folder / "shop.db-shm").unlink()
        yield


@contextmanager
def killed_and_emptied(folder: Path) -> Iterator[None]:
    """The log beside it is empty."""
    with clean(folder):
        (folder / "shop.db-wal").touch()
        yield


@contextmanager
def without_wal(folder: Path) -> Iterator[None]:
    """A store that uses a rollback journal."""
    orders(folder / "shop.db", 100)
    yield


@contextmanager
def with_hot_journal(folder: Path) -> Iterator[None]:
    """Its writer was killed in the middle of a transaction of more pages than fit the cache."""
    orders(folder / "shop.db", 100)
    script = (
        "import apsw, os, sys\n"
        "connection = apsw.Connection(sys.argv[1])\n"
        "connection.execute('PRAGMA cache_size = 2; PRAGMA cache_spill = 2')\n"
        "connection.execute('BEGIN; UPDATE stored_events SET state = randomblob(2000), topic = NULL')\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(folder / "shop.db")], check=True)
    assert (folder / "shop.db-journal").stat().st_size > 0
    yield


State = Callable[[Path], AbstractContextManager[None]]
STATES: dict[State, Mode] = {
    clean: Mode.immutable,
    live: Mode.shared,
    killed: Mode.shared,
    killed_and_copied: Mode.copy,
    killed_and_emptied: Mode.immutable,
    without_wal: Mode.shared,
    with_hot_journal: Mode.copy,
}


@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
def test_every_row_is_read_and_nothing_changes(folder: Path, state: State) -> None:
    with state(folder):
        before = folder_state(folder)
        source = opened(folder / "shop.db")
        plan, batches = all_records(source)
        assert positions(batches) == list(range(1, 101))
        assert source.info().attributes["opened"] == STATES[state]
        following = Following(source, Request(follow=True))
        following.until(100)
        following.next()
        source.close()
        assert folder_state(folder) == before
        assert None not in batches[0].envelope["type"]
        assert bool([note for note in plan.notes if "WARNING" in note]) == (STATES[state] is Mode.immutable)
        assert bool([note for note in plan.notes if "private copy" in note]) == (STATES[state] is Mode.copy)


def test_private_copy_is_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, store = tmp_path / "temporary", tmp_path / "store"
    temporary.mkdir()
    store.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with killed_and_copied(store):
        source = opened(store / "shop.db")
        (place,) = temporary.iterdir()
        if os.name == "posix":
            assert place.stat().st_mode & 0o777 == 0o700
            assert all(path.stat().st_mode & 0o077 == 0 for path in place.iterdir())
        source.close()
        source.close()
        assert list(temporary.iterdir()) == []


def test_writer_that_comes_while_a_closed_store_is_followed_is_seen(folder: Path) -> None:
    with clean(folder):
        source = opened(folder / "shop.db")
        following = Following(source)
        following.until(100)
        with application(folder / "shop.db") as app:
            app.do("place 5")
            assert following.until(110) == list(range(1, 111))
        app = Application(folder / "shop.db")
        app.do("place 5")
        assert following.until(120) == list(range(1, 121))
        app.kill()
        assert len(following.next().records) == 0
        source.close()


def test_following_does_not_keep_the_writer_from_tidying_up(folder: Path) -> None:
    source = None
    with application(folder / "shop.db") as app:
        app.do("place 5")
        source = opened(folder / "shop.db")
        following = Following(source)
        following.until(10)
    assert [path.name for path in folder.iterdir()] == ["shop.db"]
    following.next()
    assert [path.name for path in folder.iterdir()] == ["shop.db"]
    source.close()


def test_private_copy_follows_what_its_store_becomes(folder: Path) -> None:
    with killed_and_copied(folder):
        source = opened(folder / "shop.db")
        following = Following(source)
        following.until(100)
        with application(folder / "shop.db") as app:
            app.do("place 1")
            assert following.until(102) == list(range(1, 103))
        source.close()


def test_store_that_goes_away_while_followed_is_waited_for(folder: Path) -> None:
    path = orders(folder / "shop.db", 3)
    source = opened(path)
    following = Following(source)
    following.until(3)
    path.rename(folder / "elsewhere.db")
    assert "there is no file" in following.until_note("waiting")
    (folder / "elsewhere.db").rename(path)
    following.until_note("reading again")
    orders(path, 2, start=4)
    assert following.until(5) == [1, 2, 3, 4, 5]
    source.close()


def test_table_that_goes_away_while_followed_is_waited_for(folder: Path) -> None:
    path = orders(folder / "shop.db", 3)
    source = opened(path)
    following = Following(source)
    following.until(3)
    written(path, [("ALTER TABLE stored_events RENAME TO before_migration", [])])
    assert "its tables were changed" in following.until_note("waiting")
    written(path, [("ALTER TABLE before_migration RENAME TO stored_events", [])])
    orders(path, 1, start=4)
    assert following.until(4) == [1, 2, 3, 4]
    source.close()


def test_locked_store_is_said_to_be_locked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.sources.sql_open._BUSY_S", 0.05)
    path = orders(folder / "shop.db", 3)
    script = (
        "import apsw, sys\nconnection = apsw.Connection(sys.argv[1])\nconnection.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\nsys.stdin.read()\nconnection.execute('ROLLBACK')\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdout.readline()
        with pytest.raises(SourceError, match="locked by another process") as caught:
            opened(path)
        assert caught.value.retry
        assert caught.value.step == "file"
    finally:
        holder.stdin.close()
        holder.wait(10)
        holder.stdout.close()
    opened(path).close()


def _missing(path: Path) -> None:
    path.unlink()


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x93" * 8192)


def _text(path: Path) -> None:
    path.write_text("originator_id,topic\n")


def _damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xee" * 200
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_missing, "there is no file"),
        (_a_folder, "is not a file"),
        (_garbage, "not an SQLite database, or an encrypted one"),
        (_text, "not an SQLite database"),
        (_damaged, "is damaged"),
        (_cut, "is damaged"),
    ],
)
def test_what_is_no_store_is_said_in_a_sentence(folder: Path, harm: Callable[[Path], None], words: str) -> None:
    path = orders(folder / "shop.db", 2000)
    harm(path)
    before = folder_state(folder) if path.is_file() else None
    with pytest.raises(SourceError, match=words) as caught:
        all_records(opened(path))
    assert caught.value.step == "file"
    assert before is None or folder_state(folder) == before


def test_empty_file_is_said_to_have_no_table(folder: Path) -> None:
    (folder / "shop.db").touch()
    with pytest.raises(SourceError, match="its tables: none at all"):
        opened(folder / "shop.db")


def test_hostile_schema_runs_nothing(folder: Path) -> None:
    path = written(
        folder / "shop.db",
        [("CREATE VIEW stored_events AS SELECT 1 AS originator_id, 1 AS originator_version, 'a:b' AS topic, 2 AS state", [])],
    )
    with pytest.raises(SourceError, match="no event table"):
        opened(path)


def test_connection_can_neither_write_nor_attach_code(folder: Path) -> None:
    file = StoreFile(orders(folder / "shop.db", 1))
    with pytest.raises(SourceError, match="changes faster"):
        file.read(lambda connection: connection.execute("DELETE FROM stored_events").fetchall())
    with pytest.raises(SourceError, match="not authorized"):
        file.read(lambda connection: connection.execute("SELECT load_extension('x')").fetchall())
    file.close()


def test_writer_that_comes_and_goes_finds_its_folder_as_it_left_it(folder: Path) -> None:
    path = orders(folder / "shop.db", 0)
    script = (
        "import apsw, os, sys\n"
        "for n in range(1, 201):\n"
        "    connection = apsw.Connection(sys.argv[1])\n"
        "    connection.set_busy_timeout(5000)\n"
        "    connection.execute('PRAGMA journal_mode = wal').fetchall()\n"
        "    connection.execute('INSERT INTO stored_events VALUES (?, 1, ?, ?)', (f's{n}', 'shop:Order.Placed', b'{}'))\n"
        "    connection.close()\n"
    )
    source = opened(path)
    following = Following(source)
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)])
    try:
        assert following.until(200) == list(range(1, 201))
    finally:
        assert writer.wait(30) == 0
    for _ in range(3):
        following.next()
    source.close()
    assert [path.name for path in folder.iterdir()] == ["shop.db"]
