"""Opening what lies beside or below a path that somebody named: plain files only, never waiting for anybody. Knows no format.

A pipe without a writer would hold an `open` for ever, a device may never end, so both are refused before anything is read of them.
Read `formats.opening` for files that are read as events.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_CLOEXEC"):
    _FLAGS |= getattr(os, _name, 0)  # not all of them are on every platform
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
MOST_TEXT_BYTES = 16 * 1024 * 1024
NOT_PLAIN = "it is no plain file (a pipe, socket or device)"


def open_plain(path: Path, *, is_followed: bool = True) -> io.FileIO:
    """The file, open for reading, unbuffered; a link is followed only where `is_followed`.

    Raises OSError, whose `strerror` says so for what is no plain file.
    """
    _check(path.stat(follow_symlinks=is_followed), path)
    number = os.open(path, _FLAGS | (0 if is_followed else _NO_LINK))
    try:
        _check(os.fstat(number), path)  # what was looked at a moment ago may have been put in another's place
        return io.FileIO(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _check(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, NOT_PLAIN, str(path))


def read_small(path: Path, most_bytes: int) -> bytes:
    """All bytes of a file. Raises OSError as `open_plain` does, and when it is larger than `most_bytes`."""
    with open_plain(path) as file:
        parts, left = [], most_bytes + 1
        while left > 0 and (part := file.read(min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes:,} bytes", str(path))
    return b"".join(parts)


def read_text(path: Path, most_bytes: int = MOST_TEXT_BYTES, encoding: str = "utf-8") -> str:
    """The text of a file that a person writes, its line ends as `\\n`. Raises OSError as `read_small` does, and UnicodeDecodeError."""
    return read_small(path, most_bytes).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
