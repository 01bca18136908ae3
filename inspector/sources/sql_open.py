"""Reading an SQLite file of somebody else without leaving a trace beside it. Knows no table and no event.

SQLite in `mode=ro` rewrites `-shm`, makes side files and leaves them; and a connection that stays open keeps the owner
from tidying up when it closes. So every step opens the file anew, in the way that the files beside it call for, under a
shared lock that nobody notices, and lets go at once (0.1 ms). Read `sql` for who reads.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import apsw

from inspector.errors import SourceError

T = TypeVar("T")
_MAGIC = b"SQLite format 3\0"
_BUSY_S = 2.0
_RETRY_S = 0.02
_ATTEMPTS = 50
_COPY_BYTES = 1 << 20


class Mode(StrEnum):
    """How a file is opened so that nothing of it changes."""

    immutable = "immutable"
    """A WAL store whose writers have all closed: no lock and no side file; what changes meanwhile is found by its stat."""
    shared = "shared"
    """Through the side files that are there, which are not written to; a store without WAL by its locks alone."""
    copy = "private copy"
    """Side files that SQLite would have to mend first: that happens in a copy of ours, deleted afterwards."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies there now: identity, size and time of the store and of the files beside it (None: not there)."""

    store: tuple[int, ...]
    wal: tuple[int, ...] | None
    shm: bool
    journal: tuple[int, ...] | None
    is_wal: bool
    """The header says that the newest events may be in the `-wal`."""

    @property
    def mode(self) -> Mode:
        """How to open what lies there."""
        wal_bytes = self.wal[2] if self.wal else 0
        if self.wal and self.shm:
            return Mode.shared
        if wal_bytes:
            return Mode.copy
        return Mode.immutable if self.is_wal else Mode.shared


class StoreFile:
    """The SQLite file at `path`. `notes` collects what the user must know about how it was read, each sentence once.

    Not shared between threads. Raises SourceError (step "file") when it is not there or is no SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.mode: Mode = Mode.shared
        self._copy: _Copy | None = None
        self._must_copy: Folder | None = None
        self._header = b""
        self._seen: Folder | None = None
        self.identity = self._look().store[:2]
        """Device and file number: another one at the same path is another file."""

    def read(self, work: Callable[[apsw.Connection], T]) -> T:
        """What `work` gives, run in one read transaction over one state of the store; again if that state moved under it.

        `work` must be short (under 2 s) and must take all it wants out of the connection.
        Raises SourceError: missing, locked, damaged, not a database; `retry` where waiting may help.
        """
        with self._translated():
            for _ in range(_ATTEMPTS):
                try:
                    with self._locked():
                        before = self._look()
                        result = self._run(work, before)
                        is_steady = self.mode is not Mode.immutable or self._look() == before
                except (apsw.ReadOnlyError, apsw.CantOpenError):
                    # side files that need mending (a hot journal, a -shm nobody vouches for), or that just came or went
                    found = self._look()
                    self._must_copy = found if found.mode is Mode.shared else None
                    is_steady = False
                if is_steady:
                    self._seen = before
                    return result
                time.sleep(_RETRY_S)
        raise SourceError(f"{self.path.name} changes faster than it can be read; try again when less is written", step="file", retry=True)

    def is_still(self) -> bool:
        """Whether nothing has moved since the last reading, as far as sizes and times of the files tell; opens nothing."""
        try:
            return self._seen == self._look()
        except SourceError:
            return False

    def close(self) -> None:
        """Deletes the private copy, if one was made; may be called twice."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _run(self, work: Callable[[apsw.Connection], T], folder: Folder) -> T:
        self.identity = folder.store[:2]
        self.mode = Mode.copy if folder == self._must_copy else folder.mode
        self._note(folder)
        if self.mode is Mode.copy:
            return _in_transaction(self._copied(folder), work)
        self.close()
        options = "&immutable=1" if self.mode is Mode.immutable else "&readonly_shm=1"
        connection = _connect(f"file:{quote(str(self.path))}?mode=ro{options}", apsw.SQLITE_OPEN_READONLY)
        try:
            return _in_transaction(connection, work)
        finally:
            connection.close()

    def _copied(self, folder: Folder) -> apsw.Connection:
        """The copy of this state; made anew when the store has moved on."""
        if self._copy is not None and self._copy.folder == folder:
            return self._copy.connection
        self.close()
        copy = _Copy(self.path, folder)
        if self._look() != folder:
            copy.close()
            raise apsw.CantOpenError("the store changed while it was copied")
        self._copy = copy
        return copy.connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds the lock of a reader: while it lasts nobody may remove the `-wal`, so what `_look` saw stays true.

        Through SQLite's own file layer, because closing a plain descriptor would drop the locks this process has on the file.
        """
        self._look()
        try:
            guard = _open_file(self.path)
        except apsw.CantOpenError:
            raise SourceError(f"cannot read {self.path}: no permission, or it is no plain file", step="file") from None
        try:
            _lock(guard)
            self._header = guard.xRead(100, 0) if guard.xFileSize() >= 100 else b""
            yield
        finally:
            guard.xClose()

    def _look(self) -> Folder:
        try:
            store = _signature(self.path)
        except OSError as error:
            raise SourceError(f"cannot read {self.path}: {error.strerror}", step="file", retry=True) from None
        if store is None:
            raise SourceError(f"there is no file {self.path}", step="file", retry=True)
        if not self.path.is_file():
            raise SourceError(f"{self.path} is not a file", step="file")
        beside = {end: _signature_beside(self.path.with_name(self.path.name + end)) for end in ("-wal", "-shm", "-journal")}
        is_wal = self._header[18:20] == b"\x02\x02"
        return Folder(store, beside["-wal"], beside["-shm"] is not None, beside["-journal"], is_wal)

    def _note(self, folder: Folder) -> None:
        name = self.path.name
        if self.mode is Mode.immutable:
            self._say(
                f"WARNING: {name} is a WAL store and there is no {name}-wal beside it. It is complete if its writers closed it; "
                "if it was copied without that file, its newest events are missing and nothing here can tell"
            )
        elif self.mode is Mode.copy:
            size = folder.store[2] + sum(side[2] for side in (folder.wal, folder.journal) if side)
            self._say(
                f"{name} was left in the middle of writing (its writer was killed, or it was copied without all its side files): "
                f"it is read through a private copy of {max(1, size // 1_000_000):,} MB, deleted afterwards"
            )

    def _say(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """apsw's errors as sentences."""
        name = self.path.name
        try:
            yield
        except (apsw.BusyError, apsw.LockedError):
            raise SourceError(f"{name} is locked by another process; waiting may help", step="file", retry=True) from None
        except apsw.NotADBError:
            raise SourceError(f"{name} is not an SQLite database, or an encrypted one", step="file") from None
        except apsw.CorruptError as error:
            raise SourceError(
                f"{name} is damaged ({error}); try a backup, or the output of `sqlite3 {name} .recover`", step="file"
            ) from None
        except (apsw.IOError, apsw.FullError, apsw.NoMemError) as error:
            raise SourceError(f"cannot read {self.path}: {error}", step="file", retry=True) from None
        except apsw.SQLError as error:
            raise SourceError(f"{name} does not have what it had ({error}): its tables were changed", step="file", retry=True) from None
        except apsw.Error as error:
            raise SourceError(f"cannot read {name}: {error}", step="file") from None
        except OSError as error:
            raise SourceError(f"cannot copy {name}: {error.strerror}", step="file", retry=True) from None


class _Copy:
    """A copy of a store and its side files in a folder of its own, opened so that SQLite mends it. Files are 0600."""

    def __init__(self, path: Path, folder: Folder) -> None:
        self.folder = folder
        self._place = tempfile.TemporaryDirectory(prefix="eventscope-", ignore_cleanup_errors=True)
        target = Path(self._place.name) / "store.db"
        try:
            _copy_store(path, target)
            for end, side in (("-wal", folder.wal), ("-journal", folder.journal)):
                if side:
                    shutil.copyfile(path.with_name(path.name + end), target.with_name(target.name + end), follow_symlinks=True)
                    target.with_name(target.name + end).chmod(0o600)
            self.connection = _connect(f"file:{quote(str(target))}?mode=rw", apsw.SQLITE_OPEN_READWRITE)
        except BaseException:
            self._place.cleanup()
            raise

    def close(self) -> None:
        self.connection.close()
        self._place.cleanup()


def _copy_store(path: Path, target: Path) -> None:
    """Copies block by block through SQLite's file layer (see `StoreFile._locked`)."""
    source = _open_file(path)
    try:
        size = source.xFileSize()
        with os.fdopen(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as file:
            for offset in range(0, size, _COPY_BYTES):
                file.write(source.xRead(min(_COPY_BYTES, size - offset), offset))
    finally:
        source.xClose()


def _open_file(path: Path) -> apsw.VFSFile:
    return apsw.VFSFile("", str(path), [apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB, 0])


def _lock(guard: apsw.VFSFile) -> None:
    """Takes the shared lock. Raises apsw.BusyError when a writer holds everybody off for 2 s."""
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            guard.xLock(apsw.SQLITE_LOCK_SHARED)
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)
        except apsw.IOError:
            return  # a file system without locks: nobody else could lock there either
        else:
            return


def _connect(uri: str, flags: int) -> apsw.Connection:
    """A connection that a stranger's file cannot make run code, write, or tidy up when it closes."""
    connection = apsw.Connection(uri, flags=flags | apsw.SQLITE_OPEN_URI)
    for option, value in (
        (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
        (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
        (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0),
        (apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0),
        (apsw.SQLITE_DBCONFIG_DQS_DML, 0),
        (apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1),
    ):
        connection.config(option, value)
    connection.set_busy_timeout(int(_BUSY_S * 1000))
    connection.execute("PRAGMA query_only = 1; PRAGMA temp_store = memory")
    return connection


def glance(path: Path, work: Callable[[apsw.Connection], T]) -> T:
    """What `work` gives over the file alone as it lies there: no lock is taken and no file beside it is looked at, so what was
    written last may be missing. Raises apsw.Error."""
    connection = _connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", apsw.SQLITE_OPEN_READONLY)
    try:
        return _in_transaction(connection, work)
    finally:
        connection.close()


def connect_privately(copy: Path) -> apsw.Connection:
    """A connection to a copy of ours that may be written to by SQLite's own mending only. Raises apsw.Error."""
    connection = _connect(f"file:{quote(str(copy))}?mode=rw", apsw.SQLITE_OPEN_READWRITE)
    connection.execute("PRAGMA query_only = 0")
    return connection


def _in_transaction(connection: apsw.Connection, work: Callable[[apsw.Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _signature_beside(path: Path) -> tuple[int, ...] | None:
    """That of a side file. Raises SourceError for what is no plain file: SQLite would wait on a pipe."""
    if path.exists() and not path.is_file():
        raise SourceError(f"{path} is not a plain file; take it away, or name a copy of the store without it", step="file")
    return _signature(path)
