"""Opening a capture for reading, whatever state it is in: live, cleanly ended, left by a killed process, or a stranger's.

Read `sqlite` for what makes a connection defensive, `reader` for what is asked of it.
"""

from __future__ import annotations

from pathlib import Path

import apsw

from inspector.capture import sqlite
from inspector.errors import CaptureError, UsageError
from inspector.text import storable

_APPLICATION_ID = 0x45564341
_MAJOR = 1
_NEEDED = {
    "event": {"seq", "log_id", "position", "time_us", "flags", "data", "stream_id"},
    "record": {"seq", "key", "headers", "value"},
    "log": {"id", "source_id", "name", "partition"},
    "coverage": {"log_id", "from_position", "to_position", "state"},
    "capture": {"id", "tool", "settings"},
    "stream": {"id", "name", "category_id"},
    "type": {"id", "name"},
    "block": {"first_seq", "last_seq", "min_us", "max_us"},
}


def open_capture(path: Path) -> apsw.Connection:
    """A read-only connection to the capture at `path`.

    A file with no write-ahead log beside it that nobody writes is opened immutable and so leaves nothing behind. Raises
    CaptureError saying whether it is missing, not a capture, damaged, or of a newer major version.
    """
    if not path.is_file():
        raise CaptureError(f"there is no capture {path}")
    check_place(path)
    try:
        connection = _connection(path)
        _check(connection, path)
    except apsw.Error as error:
        raise CaptureError(f"{path} is not a capture or is damaged ({error}); choose another file") from error
    return connection


def check_place(path: Path) -> None:
    """Raises UsageError for a name that SQLite cannot open, CaptureError when the file or one that SQLite reads with it is no plain one:
    SQLite would wait on a pipe for ever."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError(f"{storable(str(path))} is no name for a capture, as it is not UTF-8 text; give it another one") from None
    for end in ("", "-wal", "-shm", "-journal", "-lock"):
        beside = path.with_name(path.name + end)
        if beside.exists() and not beside.is_file():
            raise CaptureError(f"{beside} is no plain file (a pipe, socket, device or folder), so {path.name} is not opened; take it away")


def is_read_only(path: Path) -> bool:
    """Whether a file is there that even its owner may not write: evidence, which stays as it is whoever asks (root too)."""
    return path.is_file() and not path.stat().st_mode & 0o222


def is_live(path: Path) -> bool:
    """Whether somebody writes the capture, or left it without ending: only then does a reader see what is appended."""
    return any(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-lock"))


def _connection(path: Path) -> apsw.Connection:
    if not is_live(path):
        return sqlite.open_reader(path, immutable=True)
    connection = sqlite.open_reader(path)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        # a write-ahead log in a folder we may not write: its index cannot be rebuilt, so what is in the main file must do
        connection.close()
        return sqlite.open_reader(path, immutable=True)
    return connection


def _check(connection: apsw.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").get != _APPLICATION_ID:
        raise CaptureError(f"{path} is a database but not a capture; choose another file")
    major = connection.execute("PRAGMA user_version").get // 1000
    if major > _MAJOR:
        raise CaptureError(f"{path} was made by a newer eventscope (format {major}); install that version to open it")
    for table, columns in _NEEDED.items():
        kind = connection.execute("SELECT type FROM sqlite_schema WHERE name = ?", (table,)).get
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if kind != "table" or not columns <= there:
            raise CaptureError(f"{path} is damaged: its table {table} is not that of a capture; choose another file")
