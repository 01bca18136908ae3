"""What a disk says when something cannot be written, in one sentence: what, where, what is kept, and what to do. Writes nothing.

Read `writer`, `saving` and `inspector.export` for those who write.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from inspector.errors import StorageError

STORED_IS_KEPT = "All that was stored until then is kept"
NOTHING_WAS_WRITTEN = "Nothing was written to it"
NOTHING_IS_LEFT = "Nothing of it was left"
_LITTLE_BYTES = 65_536
"""SQLite says of some disks only that writing failed: one with less room than this is full."""
_UNKNOWN = -1
_OF_THE_DISK = (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, OSError)


@contextmanager
def storage_errors(path: Path, kept: str = STORED_IS_KEPT) -> Iterator[None]:
    """Raises StorageError for what the disk refuses while `path` is written; `kept` says what is there all the same.

    Around another one, for a file under the name it will have: what that one raised for the disk is said of `path`. A reader
    of ours that has gone (BrokenPipeError) goes through.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except StorageError as error:
        if not isinstance(error.__cause__, _OF_THE_DISK):
            raise
        raise _said(path, error.__cause__, kept) from error.__cause__
    except _OF_THE_DISK as error:
        raise _said(path, error, kept) from error


def check_room(path: Path, needed_bytes: int, floor_bytes: int) -> None:
    """Raises OSError when the disk of `path` would have less than `floor_bytes` left after so many more."""
    free = shutil.disk_usage(path.parent).free
    if free - needed_bytes < floor_bytes:
        wanted = f"{needed_bytes // 1_000_000:,} MB may be needed now and " if needed_bytes else ""
        said = f"{free // 1_000_000:,} MB are free, {wanted}{floor_bytes // 1_000_000:,} MB are to stay free"
        raise OSError(errno.ENOSPC, said)


def _said(path: Path, error: BaseException, kept: str) -> StorageError:
    folder = path.parent.absolute()
    number = _number(path, error)
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, apsw.IOError) and not number:
        number = _UNKNOWN
    what, advice = {
        getattr(errno, "EDQUOT", errno.ENOSPC): (
            f"your share (quota) of the disk of {folder} is used up",
            "make room there or choose another disk",
        ),
        errno.ENOSPC: (f"the disk of {folder} is full", "make room there or choose another disk"),
        _UNKNOWN: (
            f"the disk of {folder} fails, or a quota or a limit on the size of files is reached",
            "make room or choose another disk",
        ),
        errno.EFBIG: (f"no file in {folder} may become larger", "raise the limit (ulimit -f) or choose another disk"),
        errno.EROFS: (f"the disk of {folder} can only be read", "choose another disk"),
        errno.EACCES: (f"you may not write there, in {folder}", "choose another folder"),
        errno.EPERM: (f"you may not write there, in {folder}", "choose another folder"),
    }.get(number, (f"the disk of {folder} fails", "look after the disk, or choose another one"))
    return StorageError(f"{path.name} cannot be written: {what} ({detail}). {kept}; {advice}")


def _number(path: Path, error: BaseException) -> int:
    """The number of the reason (`errno`); 0 for none of those that are known."""
    if isinstance(error, OSError):
        return error.errno or 0
    if isinstance(error, apsw.FullError):
        return errno.ENOSPC
    if isinstance(error, apsw.IOError) and _free(path) < _LITTLE_BYTES:
        return errno.ENOSPC
    if isinstance(error, apsw.PermissionsError):
        return errno.EACCES
    if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError):
        return errno.EROFS if _is_read_only(path) else errno.EACCES
    return 0


def _free(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return _LITTLE_BYTES


def _is_read_only(path: Path) -> bool:
    """Whether it is the disk, rather than the file or its folder; only some systems say it."""
    if not hasattr(os, "statvfs"):
        return False
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False
