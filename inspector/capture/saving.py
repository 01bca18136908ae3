"""Save as: a whole copy of a capture as one file, with the notes and indexes kept beside it, also while it is being written.

The copy shows the capture as it was at one moment. It appears under its name only when it is whole and on the disk. Read
`notes` for what is merged, `inspector.cli.keep` for the command.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from inspector.capture import findings
from inspector.capture.disk import NOTHING_IS_LEFT, storage_errors
from inspector.capture.indexing import merge
from inspector.capture.lock import writer_of
from inspector.capture.masked import rules_of
from inspector.capture.notes import merged_entries, write_entry
from inspector.capture.opening import is_read_only
from inspector.capture.reader import CaptureReader
from inspector.capture.sqlite import open_addition
from inspector.errors import CaptureError, StorageError, UsageError

_STEP_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of it. Not `is_whole`: it was stopped, and nothing was left."""

    size_bytes: int
    notes: int
    is_whole: bool
    is_masked: bool = False
    """Whether it has masks: what they hide is in the file all the same."""


def save(
    path: Path,
    out: Path,
    *,
    replace: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Saved:
    """Copies the capture at `path` to `out`, which is for its owner only; `progress(bytes done, bytes in all)`.

    Raises UsageError when `out` is the capture itself, is in use, or is there and `replace` is not set; CaptureError for what is
    no capture or is damaged; StorageError where it cannot be written or the disk is full. Nothing is left then.
    """
    _check_place(path, out, replace=replace)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with CaptureReader(path) as reader:
            _check_room(reader, out)
            with storage_errors(out, NOTHING_IS_LEFT):
                os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                saved = _copied(reader, part, progress, is_stopped)
                if saved.is_whole:
                    _appear(part, out)
        return saved
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                part.with_name(part.name + suffix).unlink()


def _check_place(path: Path, out: Path, *, replace: bool) -> None:
    if not out.parent.is_dir():
        raise StorageError(f"there is no folder {out.parent} to write {out.name} into; make it first")
    if out.exists():
        if path.exists() and out.samefile(path):
            raise UsageError(f"{out} is the capture itself; choose another name")
        if not replace:
            raise UsageError(f"{out} is there already; choose another name, or replace it (--replace)")
        if not out.is_file() or is_read_only(out):
            raise UsageError(f"{out} is read-only or no file; choose another name")
    if writer_of(out) is not None or out.with_name(out.name + "-wal").exists():
        raise UsageError(f"{out} is in use; choose another name")


def _check_room(reader: CaptureReader, out: Path) -> None:
    ((size,),) = reader.select("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    free = shutil.disk_usage(out.parent).free
    if free < size:
        raise StorageError(
            f"the disk is too full for {out.name}: {size // 1_000_000:,} MB are needed and {free // 1_000_000:,} MB are free in "
            f"{out.parent}; make room or choose another disk. Nothing was written"
        )


def _copied(reader: CaptureReader, part: Path, progress: Callable[[int, int], None], is_stopped: Callable[[], bool]) -> Saved:
    with closing(open_addition(part)) as target:
        # one read transaction: else every batch that comes meanwhile would begin the copy anew
        reader.connection.execute("BEGIN")
        reader.select("SELECT count(*) FROM sqlite_schema")
        try:
            entries, seqs = merged_entries(reader)
            found = findings.read(reader).findings
            whole = _backed_up(reader.connection, target, progress, is_stopped)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise CaptureError(f"{reader.path} is damaged ({error}); use another copy") from error
        finally:
            reader.connection.execute("ROLLBACK")
        if not whole:
            return Saved(0, 0, is_whole=False)
        target.execute("PRAGMA journal_mode = delete").fetchall()
        target.execute("BEGIN IMMEDIATE")
        for entry in entries:
            write_entry(target, entry, seqs[entry.uid])
        findings.write(target, found)
        try:
            merge(reader, target, is_stopped)
        except apsw.InterruptError:
            target.execute("ROLLBACK")
            return Saved(0, 0, is_whole=False)
        target.execute("UPDATE capture SET settings = json_set(settings, '$.saved', json('true')) WHERE json_valid(settings)")
        target.execute("COMMIT")
    return Saved(part.stat().st_size, sum(not entry.deleted for entry in entries), is_whole=True, is_masked=bool(rules_of(reader)))


def _backed_up(
    source: apsw.Connection, target: apsw.Connection, progress: Callable[[int, int], None], is_stopped: Callable[[], bool]
) -> bool:
    page_bytes: int = source.execute("PRAGMA page_size").get
    with target.backup("main", source, "main") as backup:
        while not backup.done:
            if is_stopped():
                return False
            backup.step(max(_STEP_BYTES // page_bytes, 1))
            progress((backup.page_count - backup.remaining) * page_bytes, backup.page_count * page_bytes)
    return not is_stopped()


def _appear(part: Path, out: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(out)
