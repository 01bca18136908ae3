"""What an export is, beside it: which rows of which capture, what was changed for the form, and the file's hash. Writes one file.

Read `export` for the files themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inspector.capture.disk import storage_errors
from inspector.capture.rows import Event
from inspector.errors import StorageError, UsageError
from inspector.event import format_time
from inspector.plain_files import open_plain, read_small

SUFFIX = ".manifest.json"
LARGEST_BYTES = 20_000_000
_STEP_BYTES = 1 << 20
_MOST_NAME = 1_000
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(slots=True)
class Account:
    """What went into an export: per log and partition the count and the first and last position, and the range of times."""

    events: int = 0
    first_us: int | None = None
    last_us: int | None = None
    logs: dict[tuple[str, int], list[int]] = field(default_factory=dict)

    def told(self) -> dict[str, object]:
        """What went in, for the manifest."""
        return {
            "events": self.events,
            "first_time": format_time(self.first_us),
            "last_time": format_time(self.last_us),
            "logs": [
                {"log": log, "partition": partition, "events": count, "first": first, "last": last}
                for (log, partition), (count, first, last) in sorted(self.logs.items())
            ],
        }

    def counting(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events, counted on their way."""
        for event in events:
            self.add(event.log, event.partition, event.position, event.time_us)
            yield event

    def add(self, log: str, partition: int, position: int, time_us: int | None) -> None:
        """One event."""
        self.events += 1
        place = self.logs.get((log, partition))
        if place is None:
            self.logs[log, partition] = [1, position, position]
        else:
            place[0] += 1
            place[1], place[2] = min(place[1], position), max(place[2], position)
        if time_us is not None:
            self.first_us = time_us if self.first_us is None else min(self.first_us, time_us)
            self.last_us = time_us if self.last_us is None else max(self.last_us, time_us)


def place_of(out: Path) -> Path:
    """Where the manifest of an export stands."""
    return out.with_name(out.name + SUFFIX)


def write(out: Path, said: Mapping[str, Any]) -> Path:
    """Writes the manifest of the file `out`, with what is `said` of it. Raises StorageError."""
    document = {
        "file": out.name,
        "size_bytes": out.stat().st_size,
        "sha256": sha256(out),
        "tool": f"eventscope {version('eventscope')}",
        **said,
    }
    place = place_of(out)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with storage_errors(place, "The export itself is there"):
            with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
                file.write(_written(document))
            part.replace(place)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return place


def _written(document: Mapping[str, object]) -> bytes:
    """The document as JSON; names that UTF-8 cannot hold make all of it ASCII."""
    try:
        return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(document, indent=2)}\n".encode()


def sha256(path: Path) -> str:
    """Of a file's bytes, as many as it had when it was opened. Raises StorageError when it cannot be read."""
    try:
        with open_plain(path) as file:
            return _digest(file)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error


def _digest(file: io.FileIO) -> str:
    digest, left = hashlib.sha256(), os.fstat(file.fileno()).st_size
    while left and (block := file.read(min(left, _STEP_BYTES))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def _facts(document: Mapping[str, object]) -> tuple[str, int, str]:
    """(name, size, hash) of the file. Raises ValueError and KeyError for what is no manifest."""
    name, size, digest = document["file"], document["size_bytes"], document["sha256"]
    if not isinstance(name, str) or type(size) is not int or not isinstance(digest, str):
        raise ValueError("no manifest")
    if not name or len(name) > _MOST_NAME or not 0 <= size < 2**63 or not _SHA256.fullmatch(digest):
        raise ValueError("no manifest")
    return name, size, digest.lower()


def _read(place: Path) -> tuple[str, int, str]:
    try:
        return _facts(json.loads(read_small(place, LARGEST_BYTES)))
    except OSError as error:
        raise UsageError(f"cannot read the manifest {place}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{place} is no manifest of an export") from None


def _beside(place: Path, name: str) -> Path:
    """The file of that name in the manifest's folder. Raises UsageError for a name that leads out of it."""
    if name in {".", ".."} or "\0" in name or any(sign in name for sign in {"/", os.sep, os.altsep or "/"}):
        raise UsageError(
            f"{place} names the file {name}, which is not in its own folder; nothing is opened. It is no manifest of an export"
        )
    file = place.with_name(name)
    if file.is_symlink() and file.resolve().parent != place.parent.resolve():
        raise UsageError(f"{file} is a link that leads out of its folder; it is not followed. Put the file and its manifest side by side")
    return file


def differences(place: Path) -> list[str]:
    """What of the file beside a manifest is not as it says, in sentences. Raises UsageError for what is no manifest.

    The sentences quote names as they are.
    """
    name, size, digest = _read(place)
    path = _beside(place, name)
    try:
        with open_plain(path) as file:
            now_bytes = os.fstat(file.fileno()).st_size
            if now_bytes != size:
                return [f"{name} has {now_bytes:,} bytes; it had {size:,} when it was exported"]
            return [] if _digest(file) == digest else [f"{name} has other bytes than it had when it was exported"]
    except FileNotFoundError:
        return [f"{name} is not there"]
    except OSError as error:
        return [f"{name} cannot be read: {error.strerror or error}"]
