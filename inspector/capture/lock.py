"""One writer of events per capture: a lock file beside it that says who holds it. No POSIX-only calls.

The lock is a tiny SQLite file whose write lock is held for as long as the process lives, so that the system itself lets
it go when the process dies, on every platform. Read `writer` for who takes it.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import apsw

from inspector.capture.disk import NOTHING_WAS_WRITTEN, storage_errors
from inspector.errors import CaptureInUseError

_TRIES = 5
_BUSY_MS = 200
"""Longer than a look at who holds a lock takes (`writer_of`)."""


class CaptureLock:
    """The right to write events into `path`, held from construction to `release`.

    Raises CaptureInUseError naming the process that has it, StorageError where no lock file can be made.
    """

    def __init__(self, path: Path) -> None:
        self._capture = path
        self._file = path.with_name(path.name + "-lock")
        for _ in range(_TRIES):
            connection = self._acquire()
            if connection is not None:
                self._connection = connection
                return
        raise CaptureInUseError(f"{path} is being opened by another process; try again")

    def _acquire(self) -> apsw.Connection | None:
        """The connection holding the lock, or None when the file was removed meanwhile by the holder before us."""
        was_there = self._file.exists()
        with storage_errors(self._capture, NOTHING_WAS_WRITTEN):
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            made = self._file.stat().st_ino
            connection = apsw.Connection(str(self._file))
            try:
                self._hold(connection)
            except CaptureInUseError:
                connection.close()
                raise
            except BaseException:
                connection.close()
                if not was_there:
                    self._file.unlink(missing_ok=True)
                raise
        if self._still_there(made):
            return connection
        connection.close()
        return None

    def _hold(self, connection: apsw.Connection) -> None:
        connection.set_busy_timeout(_BUSY_MS)
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS holder (pid, host, since_us)")
            connection.execute("BEGIN IMMEDIATE; DELETE FROM holder")
            connection.execute("INSERT INTO holder VALUES (?, ?, ?)", (os.getpid(), socket.gethostname(), time.time_ns() // 1000))
            connection.execute("COMMIT; BEGIN IMMEDIATE")
        except apsw.BusyError:
            holder = _holder(connection)
            raise CaptureInUseError(f"{self._capture} is being written by {holder}; stop that capture or choose another file") from None

    def _still_there(self, inode: int) -> bool:
        try:
            return self._file.stat().st_ino == inode
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Gives the right back and removes the lock file; may be called twice."""
        if self._connection.in_transaction:
            # the file goes first: who opens it after this finds it gone and tries again
            self._file.unlink(missing_ok=True) if os.name == "posix" else None
            self._connection.execute("ROLLBACK")
        self._connection.close()
        if os.name != "posix":
            self._file.unlink(missing_ok=True)


def writer_of(path: Path) -> str | None:
    """Who writes events into the capture at `path` now, such as "process 42 on host"; None for nobody."""
    file = path.with_name(path.name + "-lock")
    if not file.exists():
        return None
    try:
        connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error:
        return None  # gone in this moment, or in a folder where nobody of ours can hold it
    try:
        connection.execute("BEGIN IMMEDIATE; ROLLBACK")
    except apsw.BusyError:
        return _holder(connection)
    except apsw.Error:
        return None
    finally:
        connection.close()
    return None


def _holder(connection: apsw.Connection) -> str:
    try:
        row = connection.execute("SELECT pid, host FROM holder").fetchone()
    except apsw.Error:
        row = None
    return f"process {row[0]} on {row[1]}" if row else "another process"
