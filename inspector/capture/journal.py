"""What windows have open, and what was open in one that did not end by itself; also the captures opened last.

Each window holds a small file for as long as it lives; the system lets go of it when the window dies, so what is there and not
held was left by a crash. All of it is file work: call it from a worker thread. Read `app.library` for who asks.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from inspector.capture.sqlite import open_own
from inspector.errors import StorageError
from inspector.settings import data_dir

MOST_RECENT = 20
_BUSY_MS = 2_000
_YOUNG_S = 60
"""A session file that says nothing yet and is younger may be of a window that is just starting."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A capture that was open when its window died. `crashes` counts windows that died with it one after the other."""

    path: Path
    opened_us: int
    crashes: int
    is_there: bool

    @property
    def is_asked_about(self) -> bool:
        """Opening it may be what ends the window: it is not opened again without asking."""
        return self.crashes > 1


@dataclass(frozen=True, slots=True)
class Recent:
    """A capture that was opened; `is_there` is False when the file is gone."""

    path: Path
    opened_us: int
    is_there: bool


class Journal:
    """One window's own account of what it has open. Belongs to one thread. Raises StorageError when it cannot be kept."""

    def __init__(self) -> None:
        self._is_closed = False
        self._file = _folder() / f"{uuid.uuid4()}.session"
        with _storage_errors():
            self._connection = open_own(self._file, make=True, busy_ms=_BUSY_MS)
            self._connection.execute("CREATE TABLE open (path TEXT PRIMARY KEY, opened_us INTEGER NOT NULL)")
            self._connection.execute("BEGIN IMMEDIATE")

    def opened(self, path: Path) -> None:
        """Notes that a capture is open now, and that it was opened last. Raises StorageError."""
        now = time.time_ns() // 1000
        with _storage_errors():
            self._say("INSERT OR REPLACE INTO open VALUES (?, ?)", (str(path), now))
            with _shared() as shared:
                shared.execute("INSERT OR REPLACE INTO recent VALUES (?, ?)", (str(path), now))
                keep = "DELETE FROM recent WHERE path NOT IN (SELECT path FROM recent ORDER BY opened_us DESC LIMIT ?)"
                shared.execute(keep, (MOST_RECENT,))

    def closed(self, path: Path) -> None:
        """Notes that a capture was closed and nothing bad came of it. Raises StorageError."""
        with _storage_errors():
            self._say("DELETE FROM open WHERE path = ?", (str(path),))
            with _shared() as shared:
                shared.execute("DELETE FROM crash WHERE path = ?", (str(path),))

    def close(self) -> None:
        """The window ends in good order: nothing is left behind. May be called twice. Raises StorageError."""
        if self._is_closed:
            return
        self._is_closed = True
        with _storage_errors():
            with _shared() as shared:
                for (path,) in self._connection.execute("SELECT path FROM open").fetchall():
                    shared.execute("DELETE FROM crash WHERE path = ?", (path,))
            self._connection.close()
            self._file.unlink(missing_ok=True)

    def _say(self, sql: str, bindings: tuple[object, ...]) -> None:
        self._connection.execute(sql, bindings)
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")


def open_paths() -> set[Path]:
    """The captures that living windows have open. Raises OSError, StorageError."""
    return {path for file in _folder().glob("*.session") if not _is_left(file) for path, _ in _opened_in(file)}


def left_behind() -> list[LeftBehind]:
    """What dead windows had open, newest first. Each crash is told once and counted. Raises OSError, StorageError."""
    found: dict[Path, int] = {}
    for file in sorted(_folder().glob("*.session"), key=_age_s, reverse=True):
        if not _is_left(file):
            continue
        rows = _opened_in(file)
        if rows or _age_s(file) > _YOUNG_S:
            with contextlib.suppress(OSError):
                file.unlink()
                file.with_name(file.name + "-journal").unlink(missing_ok=True)
                found.update(rows)
    with _storage_errors(), _shared() as shared:
        for path, opened_us in found.items():
            shared.execute(
                "INSERT INTO crash VALUES (?, 1, ?) ON CONFLICT (path) DO UPDATE SET count = count + 1, opened_us = excluded.opened_us",
                (str(path), opened_us),
            )
        counts = {Path(str(path)): int(str(count)) for path, count in shared.execute("SELECT path, count FROM crash")}
    told = [LeftBehind(path, opened_us, counts.get(path, 1), path.is_file()) for path, opened_us in found.items()]
    return sorted(told, key=lambda left: left.opened_us, reverse=True)


def recent() -> list[Recent]:
    """The captures opened last, newest first. Raises StorageError."""
    with _storage_errors(), _shared() as shared:
        rows = shared.execute("SELECT path, opened_us FROM recent ORDER BY opened_us DESC").fetchall()
    return [Recent(Path(str(path)), int(str(opened_us)), Path(str(path)).is_file()) for path, opened_us in rows]


def forget_recent(path: Path | None = None) -> None:
    """Takes a capture, or all, off the list of those opened last. Raises StorageError."""
    with _storage_errors(), _shared() as shared:
        shared.execute("DELETE FROM recent WHERE ?1 IS NULL OR path = ?1", (None if path is None else str(path),))


def _folder() -> Path:
    folder = data_dir() / "sessions"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _age_s(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0


def _is_left(file: Path) -> bool:
    """Whether nobody holds a session file."""
    try:
        with closing(open_own(file, busy_ms=0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except apsw.Error:
        return False
    return True


def _opened_in(file: Path) -> list[tuple[Path, int]]:
    try:
        with closing(open_own(file, busy_ms=_BUSY_MS)) as connection:
            return [(Path(str(path)), int(str(opened_us))) for path, opened_us in connection.execute("SELECT path, opened_us FROM open")]
    except (apsw.Error, ValueError):
        return []


@contextmanager
def _shared() -> Iterator[apsw.Connection]:
    """The account that all windows share, in one transaction."""
    with closing(open_own(data_dir() / "library.db", make=True, busy_ms=_BUSY_MS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS recent (path TEXT PRIMARY KEY, opened_us INTEGER NOT NULL); "
            "CREATE TABLE IF NOT EXISTS crash (path TEXT PRIMARY KEY, count INTEGER NOT NULL, opened_us INTEGER NOT NULL)"
        )
        yield connection
        connection.execute("COMMIT")


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise StorageError(f"what is open cannot be noted in {data_dir()}: {error}; after a crash it would not be offered again") from error
