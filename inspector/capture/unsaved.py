"""The captures that were given no place of their own: what is there, in which state, and what is too old to stay.

All of it reads and removes files: call it from a worker thread. Read `journal` for what windows have open, `app.library` for
who asks.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import apsw

from inspector.capture.lock import CaptureLock, writer_of
from inspector.capture.opening import is_read_only
from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError, CaptureInUseError, EventscopeError, StorageError
from inspector.settings import captures_dir

RUNNING, ENDED, CRASHED, DAMAGED = "running", "ended", "crashed", "damaged"
_SIDE = ("-wal", "-shm", "-journal")
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Unsaved:
    """One capture in the folder. `state` is running, ended, crashed (its process was killed) or damaged (`why` says how)."""

    path: Path
    source: str
    """What was read, as it is called; whoever wrote it."""
    changed_us: int
    """When it was last written to, microseconds since 1970 UTC."""
    size_bytes: int
    events: int
    state: str
    why: str = ""
    is_open: bool = False
    """A window has it open."""
    is_kept: bool = False
    """Saved there by name, or evidence: never deleted because of its age."""


def unsaved(open_paths: Collection[Path] = ()) -> list[Unsaved]:
    """The captures in the folder of captures, newest first; saved ones are left out. Raises OSError."""
    found = [look for file in captures_dir().glob("*.evcap") if (look := look_at(file, open_paths)) is not None]
    return sorted((look for look in found if not look.is_kept), key=lambda look: look.changed_us, reverse=True)


def look_at(path: Path, open_paths: Collection[Path] = ()) -> Unsaved | None:
    """What a file in the folder is; None when it is gone or no file."""
    try:
        sizes = [file.stat() for file in (path, path.with_name(path.name + "-wal")) if file.is_file()]
        holder = writer_of(path)
    except OSError:
        return None
    if not path.is_file() or not sizes:
        return None
    changed_us, size = max(stat.st_mtime_ns for stat in sizes) // 1000, sum(stat.st_size for stat in sizes)
    is_open = path in open_paths
    try:
        with CaptureReader(path) as reader:
            source, events, is_saved, is_whole = _content(reader)
    except (EventscopeError, apsw.Error, UnicodeDecodeError) as error:
        state = RUNNING if holder else DAMAGED
        return Unsaved(path, "", changed_us, size, 0, state, holder or str(error), is_open)
    state = RUNNING if holder else ENDED if is_whole and len(sizes) == 1 else CRASHED
    return Unsaved(path, source, changed_us, size, events, state, holder or "", is_open, is_saved or is_read_only(path))


def delete(path: Path, open_paths: Collection[Path] = ()) -> None:
    """Removes an unsaved capture with its side files. Raises CaptureInUseError while anything has it open, StorageError."""
    if path.parent != captures_dir():
        raise StorageError(f"{path} is not in the folder of unsaved captures; it is not deleted from here")
    if path in open_paths:
        raise CaptureInUseError(f"{path.name} is open in a window; close it first")
    lock = CaptureLock(path)
    try:
        for suffix in ("", *_SIDE):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be deleted: {error.strerror}; close what has it open") from error
    finally:
        lock.release()


def delete_old(days: float, open_paths: Collection[Path] = (), *, now_s: float | None = None) -> list[Path]:
    """Deletes what has not been written to for `days` and was neither saved nor is in use; gives what went. Never for 0 days.

    What cannot be read as a capture stays: it is listed, for somebody to look at.
    """
    if days <= 0:
        return []
    oldest_us = ((time.time() if now_s is None else now_s) - days * _DAY_S) * 1_000_000
    gone = []
    for look in unsaved(open_paths):
        if look.changed_us < oldest_us and look.state in (ENDED, CRASHED) and not look.is_open:
            with contextlib.suppress(CaptureInUseError, StorageError):
                delete(look.path, open_paths)
                gone.append(look.path)
    return gone


def _content(reader: CaptureReader) -> tuple[str, int, bool, bool]:
    """(source label, events, saved by name, every run ended)."""
    uris = [str(uri) for (uri,) in reader.select("SELECT uri FROM source ORDER BY id LIMIT 3")]
    names = [str(name) for (name,) in reader.select("SELECT DISTINCT name FROM log ORDER BY name LIMIT 4")]
    label = " + ".join(uris[:2]) + (" + …" if len(uris) > 2 else "")
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    label = f"{label} · {shown}" if shown else label
    running = reader.select("SELECT count(*) FROM run WHERE stopped = ''")[0][0]
    rows = reader.select("SELECT settings FROM capture LIMIT 1")
    try:
        settings = json.loads(rows[0][0]) if rows else {}
    except (TypeError, ValueError, RecursionError) as error:
        raise CaptureError(f"{reader.path} is damaged: its settings are none") from error
    return label, reader.watermark().events, isinstance(settings, dict) and settings.get("saved") is True, not running
