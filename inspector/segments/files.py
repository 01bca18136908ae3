"""One file of Kafka's, opened for reading only: a window of its bytes, its facts, and whether it stays what it was.

Never follows a symbolic link, never waits on a pipe, never maps memory (a file cut while mapped kills the process).
Read `framing` for who reads segments through it.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from inspector.errors import SourceError
from inspector.plain_files import open_plain

CHUNK_BYTES = 4 * 1024 * 1024
PAD_BYTES = 32
"""Bytes that always follow what `SegmentFile.window` gives in memory: the compiled decoder looks some bytes ahead."""
_PAD = bytes(PAD_BYTES)


@dataclass(frozen=True, slots=True)
class Stat:
    """What tells one state of a file from another: device and number, bytes, and time of change in nanoseconds."""

    device: int
    number: int
    size_bytes: int
    mtime_ns: int


class SegmentFile:
    """An ordinary file at `path`. Raises SourceError (step "file") when it is not there, no file, or may not be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._raw = _opened(path)
        self.stat = self._now()
        self.size = self.stat.size_bytes
        """As it was when opened: what is appended afterwards is not looked at."""
        self._start = 0
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets the file go; may be called twice."""
        self._raw.close()

    def window(self, at: int, size: int) -> tuple[bytes, int]:
        """(a buffer, where in it the byte `at` is): `size` bytes and at least `PAD_BYTES` more follow.

        Fewer where the file has been cut since; `available` tells. Raises SourceError when the disk does not give them.
        """
        start = at - self._start
        if start < 0 or start + size + PAD_BYTES > len(self._buffer):
            self._fill(at, size)
            start = 0
        return self._buffer, start

    def available(self, at: int) -> int:
        """How many bytes from `at` on the last call of `window` really found."""
        return self._start + len(self._buffer) - PAD_BYTES - at

    def _fill(self, at: int, size: int) -> None:
        wanted = min(max(size + PAD_BYTES, CHUNK_BYTES), max(self.size - at, 0))
        try:
            self._raw.seek(at)
            parts = []
            while wanted > 0 and (part := self._raw.read(wanted)):
                parts.append(part)
                wanted -= len(part)
        except OSError as error:
            raise SourceError(f"{self.path.name} cannot be read at byte {at:,}: {error.strerror}", step="read") from error
        self._start, self._buffer = at, b"".join([*parts, _PAD])

    def piece(self, at: int, size: int) -> bytes:
        """`size` bytes from `at` on, fewer at the end of the file."""
        buffer, start = self.window(at, size)
        return buffer[start : min(start + size, len(buffer) - PAD_BYTES)]

    def sha256(self, stop: threading.Event | None = None) -> str:
        """The digest of the file as it was when opened; empty when `stop` was set."""
        digest, at = hashlib.sha256(), 0
        while at < self.size:
            if stop is not None and stop.is_set():
                return ""
            piece = self.piece(at, min(CHUNK_BYTES - PAD_BYTES, self.size - at))
            if not piece:
                break
            digest.update(piece)
            at += len(piece)
        return digest.hexdigest()

    def changed(self) -> str:
        """What has become of the file since it was opened, in words; empty for nothing."""
        now = self._now()
        if now.size_bytes < self.size:
            return f"{self.path.name} was cut from {self.size:,} to {now.size_bytes:,} bytes while it was read"
        if now.size_bytes > self.size:
            return f"{self.path.name} grew from {self.size:,} to {now.size_bytes:,} bytes while it was read: what was added is not read"
        return f"{self.path.name} was written to while it was read" if now.mtime_ns != self.stat.mtime_ns else ""

    def _now(self) -> Stat:
        found = os.fstat(self._raw.fileno())
        return Stat(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _opened(path: Path) -> io.FileIO:
    try:
        return open_plain(path, is_followed=False)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be opened: {error.strerror or error}", step="file") from error


def plain_name(name: str) -> str:
    """A name of the file system as text that can be kept: bytes that are no UTF-8 are shown as escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")


def small_file(path: Path, most_bytes: int) -> bytes:
    """All of a small file. Raises SourceError when it cannot be read or is larger than `most_bytes`."""
    with SegmentFile(path) as file:
        if file.size > most_bytes:
            raise SourceError(f"{path.name} has {file.size:,} bytes, more than such a file ever has", step="file")
        return file.piece(0, file.size)
