"""Making, listing and dropping the indexes of fields. Stoppable; what is stopped, or fails, leaves no half of an index.

A capture that is being worked on gets the index inside it, where what is appended keeps it up. One that is finished, received or
evidence is not changed: its index is a file of the user's own beside it. Read `fields` for what an index keeps, `lookups` for its
use, `inspector.cli.index` for the command.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from inspector.capture.fields import FieldIndex, about, beside, definition, file_beside, folder, inside, kept, quoted, state_of
from inspector.capture.lock import CaptureLock, writer_of
from inspector.capture.notes import capture_id
from inspector.capture.opening import is_live, is_read_only
from inspector.capture.reader import CaptureReader
from inspector.capture.sqlite import leave_wal, open_beside, open_writer
from inspector.errors import CaptureError, CaptureInUseError, StorageError, UsageError
from inspector.settings import captures_dir

Stopped = Callable[[], bool]
_STEPS = 20_000
"""Of SQLite's machine between two looks at whether to go on: some milliseconds."""
_BESIDE = (
    "CREATE TABLE about (place TEXT NOT NULL, field TEXT NOT NULL, state TEXT NOT NULL, path TEXT NOT NULL) STRICT",
    "CREATE TABLE found (value, seq INTEGER NOT NULL, PRIMARY KEY (value, seq)) WITHOUT ROWID",
)


def indexes(reader: CaptureReader) -> list[FieldIndex]:
    """All indexes of fields that a capture has inside and beside it, by place. Raises CaptureError, StorageError."""
    with _said(reader.path, "indexes cannot be listed"):
        found = [FieldIndex(place, _size(reader, place), is_beside=False) for place in inside(reader)]
        found += [FieldIndex(of.place, file.stat().st_size, is_beside=True, is_current=now) for file, of, now in beside(reader)]
    return sorted(found, key=lambda index: (index.place, index.is_beside))


def is_worked_on(path: Path) -> bool:
    """Whether an index goes into the capture itself unless said otherwise: it was given no place of its own yet."""
    return not is_read_only(path) and path.absolute().parent == captures_dir()


def create(path: Path, place: str, field: str, *, into: bool | None = None, is_stopped: Stopped = lambda: False) -> FieldIndex | None:
    """Indexes `field`, which is written `place` in filters; one that is there is made anew only when it is not current.

    `into` says that it goes into the capture, or beside it; else `is_worked_on` decides. None when it was stopped.
    Raises UsageError for no place that can be indexed, CaptureInUseError while the capture is being written, CaptureError,
    StorageError.
    """
    kept(field)
    with CaptureReader(path) as reader:
        there = [index for index in indexes(reader) if index.place == place and index.is_current]
        identity = capture_id(reader)
    is_inside = is_worked_on(path) if into is None else into
    if any(not (is_inside and index.is_beside) for index in there):
        return there[0]
    if holder := writer_of(path):
        raise CaptureInUseError(f"{path} is being written by {holder}; stop that capture, then index {place}")
    forget_orphans()
    if is_inside:
        is_done = _change(path, (f"DROP INDEX IF EXISTS {quoted(place)}", definition(place, field)), is_stopped)
    else:
        is_done = _create_beside(path, identity, place, field, is_stopped)
    if not is_done:
        return None
    if is_inside:
        file_beside(identity, field).unlink(missing_ok=True)
    with CaptureReader(path) as reader:
        return next((index for index in indexes(reader) if index.place == place and index.is_beside != is_inside), None)


def drop(path: Path, place: str, field: str) -> bool:
    """Drops the index of a place, wherever it is; False when there was none. Raises as `create`."""
    with CaptureReader(path) as reader:
        is_inside, file = place in inside(reader), file_beside(capture_id(reader), field)
    with _said(path, f"the index of {place} cannot be dropped"):
        was_beside = file.exists()
        file.unlink(missing_ok=True)
    if is_inside:
        _change(path, (f"DROP INDEX {quoted(place)}",), lambda: False)
    return is_inside or was_beside


def merge(reader: CaptureReader, target: apsw.Connection, is_stopped: Stopped) -> None:
    """Makes the indexes beside a capture part of a copy of it, in the caller's transaction.

    Raises apsw.InterruptError when stopped, apsw.Error, OSError.
    """
    there = inside(reader)
    for _, of, is_current in beside(reader):
        if is_current and of.place not in there:
            with _stoppable(target, is_stopped):
                target.execute(definition(of.place, of.field))


def forget_orphans() -> None:
    """Removes the indexes of captures that are no longer where they were: they hold values of theirs."""
    for file in folder().glob("*.index"):
        found = about(file)
        if found is not None and not found.path.exists():
            with contextlib.suppress(OSError):
                file.unlink()


# ---- inside


def _change(path: Path, statements: Iterable[str], is_stopped: Stopped) -> bool:
    """Runs statements that make or drop an index as the one writer of the capture; False when stopped."""
    if is_read_only(path):
        raise StorageError(f"{path} is read-only (evidence is): nothing is written to it")
    lock = CaptureLock(path)
    try:
        with _said(path, "the index cannot be written"), closing(open_writer(path)) as connection:
            connection.execute("PRAGMA temp_store = default")  # what is sorted may be larger than memory
            try:
                return _changed(connection, statements, is_stopped)
            finally:
                with contextlib.suppress(apsw.BusyError):  # a reader has it open: its -wal stays until that reader is closed
                    leave_wal(connection)
    finally:
        lock.release()


def _changed(connection: apsw.Connection, statements: Iterable[str], is_stopped: Stopped) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        with _stoppable(connection, is_stopped):
            for statement in statements:
                connection.execute(statement)
        connection.execute("COMMIT")
    except apsw.InterruptError:
        return False
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return True


def _size(reader: CaptureReader, place: str) -> int:
    rows = reader.select("SELECT pgsize FROM dbstat('main', 1) WHERE name = ?", (f"field:{place}",))
    return int(rows[0][0]) if rows else 0


# ---- beside


def _create_beside(path: Path, identity: str, place: str, field: str, is_stopped: Stopped) -> bool:
    if is_live(path):
        raise UsageError(f"{path} was not ended cleanly: save a copy and index that (eventscope save), or index it inside (--inside)")
    file = file_beside(identity, field)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    before = state_of(path)
    value = kept(field)
    try:
        with _said(path, "the index cannot be made"):
            with closing(open_beside(part, path)) as connection:
                connection.execute("PRAGMA journal_mode = off").fetchall()
                for statement in _BESIDE:
                    connection.execute(statement)
                with _stoppable(connection, is_stopped):
                    connection.execute(f"INSERT INTO found SELECT {value}, seq FROM capture.event WHERE {value} IS NOT NULL ORDER BY 1, 2")
                connection.execute("INSERT INTO about VALUES (?, ?, ?, ?)", (place, field, before, str(path.absolute())))
            if state_of(path) != before or is_live(path):
                raise UsageError(f"{path} has been changed meanwhile: index {place} again")
            part.replace(file)
    except apsw.InterruptError:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


# ---- stopping, and what goes wrong


@contextmanager
def _stoppable(connection: apsw.Connection, is_stopped: Stopped) -> Iterator[None]:
    """Ends the statement that runs inside with apsw.InterruptError once `is_stopped()`."""
    connection.set_progress_handler(is_stopped, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None)


@contextmanager
def _said(path: Path, what: str) -> Iterator[None]:
    """Says what SQLite and the disk say in one sentence; a stop goes through."""
    try:
        yield
    except apsw.InterruptError:
        raise
    except apsw.FullError as error:
        raise StorageError(f"the disk is full: {what}; make room. {path} is as it was") from error
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError) as error:
        raise CaptureError(f"{path} is damaged ({error}): {what}; use another copy") from error
    except (apsw.Error, OSError) as error:
        raise StorageError(f"{what}: {error}; {path} is as it was") from error
