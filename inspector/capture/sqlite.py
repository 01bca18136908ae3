"""Opening captures through apsw. Imports no SQLAlchemy, which would cost every command a third of a second.

All SQLite of this program goes through apsw: it carries the newest SQLite in its wheel everywhere, and one process must
never open a file with two SQLite libraries (their POSIX locks cancel each other). Read `writer` and `reader` for users,
`dialect` for SQLAlchemy over it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import quote

import apsw

BUSY_MS = 5_000
_CLOSE_WAIT_S = 5.0
_CLOSE_TRY_S = 0.05

if not apsw.connections():
    # SQLite's account of its memory is one lock for all threads: without it two searches at once are twice as quick
    apsw.shutdown()
    apsw.config(apsw.SQLITE_CONFIG_MEMSTATUS, False)
    apsw.initialize()


def open_reader(path: Path, *, immutable: bool = False) -> apsw.Connection:
    """A read-only, defensive connection: nothing in a stranger's file can make SQLite run code or write.

    `immutable` is for files that nobody writes: no lock is taken and no side file made. Raises apsw.Error.
    """
    uri = f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if immutable else "")
    connection = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
    connection.set_busy_timeout(BUSY_MS)
    connection.execute("PRAGMA query_only = 1; PRAGMA temp_store = memory; PRAGMA cell_size_check = 1; PRAGMA cache_size = -16000")
    return connection


def open_writer(path: Path) -> apsw.Connection:
    """A connection that may write and create `path`, in WAL mode. Raises apsw.Error."""
    connection = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.set_busy_timeout(BUSY_MS)
    connection.execute("PRAGMA journal_mode = wal").fetchall()
    connection.execute("PRAGMA synchronous = normal; PRAGMA temp_store = memory; PRAGMA cache_size = -16000")
    connection.execute("PRAGMA wal_autocheckpoint = 20000").fetchall()  # a statement that gives a row keeps those after it from being run
    return connection


def leave_wal(connection: apsw.Connection) -> None:
    """Makes one file of a capture that `open_writer` opened, which can be mailed.

    Raises apsw.BusyError when a reader holds on for more than 5 s; SQLite itself does not wait here.
    """
    connection.execute("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    deadline_s = time.monotonic() + _CLOSE_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = delete").fetchall()
        except apsw.BusyError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_CLOSE_TRY_S)
        else:
            return


def open_beside(path: Path, capture: Path) -> apsw.Connection:
    """A connection that fills the new file `path` from the `capture`, attached read-only and immutable. Raises apsw.Error, OSError.

    `path` is for its owner only, and of no use until all is done: no journal is kept of it.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
    connection.execute("PRAGMA cell_size_check = 1; PRAGMA synchronous = off; PRAGMA cache_size = -64000")
    connection.execute("ATTACH ? AS capture", (f"file:{quote(str(capture.absolute()))}?mode=ro&immutable=1",))
    return connection


def open_addition(path: Path) -> apsw.Connection:
    """A connection that adds a little to a capture, live or a copy, and runs nothing that its schema asks for. Raises apsw.Error."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
    connection.set_busy_timeout(BUSY_MS)
    return connection


def open_own(path: Path, *, make: bool = False, busy_ms: int = BUSY_MS) -> apsw.Connection:
    """A connection to a small file of the program's own, for its owner only; made when missing if `make`. Raises apsw.Error, OSError."""
    if make:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.set_busy_timeout(busy_ms)
    return connection
