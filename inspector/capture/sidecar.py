"""What the user says about a capture that is not to be written to: a small file of the user's own, found by the capture's id.

Knows nothing of events. Read `notes` for what goes in here, `evidence` for the mark of evidence, `saving` for when it is
merged into a copy.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from inspector.capture.sqlite import open_own
from inspector.errors import StorageError
from inspector.settings import data_dir

NOTE, MARK = "note", "mark"


@dataclass(frozen=True, slots=True)
class Entry:
    """A note or a mark as it is kept. `address` is JSON text, None for the whole capture; times are microseconds since 1970 UTC."""

    uid: str
    kind: str
    made_us: int
    changed_us: int
    text: str
    address: str | None
    deleted: bool = False
    """Taken away here although the capture itself still holds it."""


def folder() -> Path:
    """Where side files are; made when missing, open to its owner only. Raises OSError."""
    made = data_dir() / "notes"
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def path_of(capture_id: str) -> Path:
    """The side file of a capture, which need not be there. An id that is none gives a name of our own making."""
    try:
        name = str(uuid.UUID(capture_id))
    except ValueError:
        name = hashlib.sha256(capture_id.encode("utf-8", "surrogatepass")).hexdigest()
    return folder() / f"{name}.notes"


def entries(capture_id: str) -> list[Entry]:
    """All notes and marks kept beside a capture. Raises StorageError when they cannot be read."""
    return [
        Entry(uid, kind, made_us, changed_us, text, address, bool(deleted))
        for uid, kind, made_us, changed_us, text, address, deleted in _read(
            capture_id, "SELECT uid, kind, made_us, changed_us, text, address, deleted FROM entry ORDER BY made_us, uid"
        )
    ]


def put(capture_id: str, entry: Entry) -> None:
    """Keeps an entry, in place of one with its uid. Raises StorageError."""
    row = (entry.uid, entry.kind, entry.made_us, entry.changed_us, entry.text, entry.address, int(entry.deleted))
    _write(capture_id, "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def forget(capture_id: str, uid: str) -> None:
    """Removes an entry, if it is there. Raises StorageError."""
    if path_of(capture_id).exists():
        _write(capture_id, "DELETE FROM entry WHERE uid = ?", (uid,))


def say(capture_id: str, name: str, value: str) -> None:
    """Keeps something about the capture as a whole. Raises StorageError."""
    _write(capture_id, "INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))


def said(capture_id: str, name: str) -> str | None:
    """What `say` kept, or None. Raises StorageError."""
    rows = list(_read(capture_id, "SELECT value FROM about WHERE name = ?", (name,)))
    return str(rows[0][0]) if rows else None


def _read(capture_id: str, sql: str, bindings: tuple[object, ...] = ()) -> Iterable[tuple[Any, ...]]:
    file = path_of(capture_id)
    if not file.exists():
        return []
    try:
        with closing(open_own(file)) as connection:
            return list(connection.execute(sql, bindings))
    except apsw.Error as error:
        raise StorageError(f"the notes in {file} cannot be read ({error}); move that file away to begin anew") from error


def _write(capture_id: str, sql: str, bindings: tuple[object, ...]) -> None:
    file = path_of(capture_id)
    try:
        with closing(open_own(file, make=True)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS entry (uid TEXT PRIMARY KEY, kind TEXT NOT NULL, made_us INTEGER NOT NULL, "
                "changed_us INTEGER NOT NULL, text TEXT NOT NULL, address TEXT, deleted INTEGER NOT NULL) STRICT; "
                "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"
            )
            connection.execute(sql, bindings)
            connection.execute("COMMIT")
    except (apsw.Error, OSError) as error:
        raise StorageError(f"the note cannot be kept in {file}: {error}; make room or choose another folder (EVENTSCOPE_HOME)") from error
