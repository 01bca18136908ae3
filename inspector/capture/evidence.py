"""Marking a capture as evidence: the file becomes read-only, its digest is kept beside it, and nothing here ever writes to it.

Not one byte of the file is changed by the mark. Read `sidecar` for where the digest is kept, `notes` for why notes do not touch
the file.
"""

from __future__ import annotations

import hashlib
import json
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from inspector.capture import sidecar
from inspector.capture.lock import writer_of
from inspector.capture.notes import capture_id
from inspector.capture.opening import is_read_only
from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError, StorageError, UsageError

_NAME = "evidence"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was noted when a capture was marked. `sha256` is of the file's bytes, `marked_us` microseconds since 1970 UTC."""

    sha256: str
    size_bytes: int
    marked_us: int


def mark(path: Path) -> Evidence:
    """Makes a finished capture evidence. One that is marked already is checked and stays as it is.

    Raises UsageError while it is being written or has a write-ahead log, CaptureError when it is none or has been changed since,
    StorageError when it cannot be made read-only.
    """
    if (before := of(path)) is not None:
        check(path)
        return before
    if (holder := writer_of(path)) is not None or path.with_name(path.name + "-wal").exists():
        raise UsageError(
            f"{path} is {f'being written by {holder}' if holder else 'not ended cleanly'}: save a copy and mark that (eventscope save)"
        )
    identity = _identity(path)
    found = Evidence(_digest(path), path.stat().st_size, time.time_ns() // 1000)
    sidecar.say(identity, _NAME, json.dumps([found.sha256, found.size_bytes, found.marked_us]))
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    except OSError as error:
        raise StorageError(f"{path} cannot be made read-only: {error.strerror}") from error
    return found


def of(path: Path) -> Evidence | None:
    """What was noted of a capture that is evidence; None for one that is not. Raises CaptureError, StorageError."""
    noted = sidecar.said(_identity(path), _NAME)
    if noted is None or not is_read_only(path):
        return None
    return Evidence(*json.loads(noted))


def check(path: Path) -> Evidence:
    """Reads all of a marked capture again. Raises CaptureError when it is not what was marked, UsageError when it is no evidence."""
    noted = of(path)
    if noted is None:
        raise UsageError(f"{path} is not marked as evidence here (eventscope evidence marks it)")
    if _digest(path) != noted.sha256:
        raise CaptureError(f"{path} is not what was marked as evidence: its bytes have changed since")
    return noted


def _identity(path: Path) -> str:
    with CaptureReader(path) as reader:
        return capture_id(reader)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
