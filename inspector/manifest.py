"""What an export is, beside it: which events of which capture, what was changed for the form, and the file's hash. Writes one file.

Read `export` for the files themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inspector.capture.disk import storage_errors
from inspector.capture.rows import Event
from inspector.errors import StorageError, UsageError
from inspector.event import format_time

SUFFIX = ".manifest.json"
LARGEST_BYTES = 20_000_000
_STEP_BYTES = 1 << 20


@dataclass(slots=True)
class Account:
    """What went into an export: per log and partition the count and the first and last position, and the range of times."""

    events: int = 0
    first_us: int | None = None
    last_us: int | None = None
    logs: dict[tuple[str, int], list[int]] = field(default_factory=dict)

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


def write(out: Path, account: Account, said: Mapping[str, Any], columns: Sequence[str]) -> Path:
    """Writes the manifest of the file `out`. Raises StorageError."""
    document = {
        "file": out.name,
        "size_bytes": out.stat().st_size,
        "sha256": sha256(out),
        "tool": f"eventscope {version('eventscope')}",
        **said,
        "events": account.events,
        "first_time": format_time(account.first_us),
        "last_time": format_time(account.last_us),
        "columns": list(columns),
        "logs": [
            {"log": log, "partition": partition, "events": count, "first": first, "last": last}
            for (log, partition), (count, first, last) in sorted(account.logs.items())
        ],
    }
    place = place_of(out)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with storage_errors(place, "The export itself is there"):
            with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                json.dump(document, file, ensure_ascii=False, indent=2)
                file.write("\n")
            part.replace(place)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return place


def sha256(path: Path) -> str:
    """Of a file's bytes. Raises StorageError when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_STEP_BYTES):
                digest.update(block)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


def _facts(document: Mapping[str, object]) -> tuple[str, int, str]:
    """(name, size, hash) of the file. Raises ValueError and KeyError for what is no manifest."""
    name, size = Path(str(document["file"])).name, document["size_bytes"]
    if not name or not isinstance(size, int):
        raise ValueError("no manifest")
    return name, size, str(document["sha256"])


def differences(place: Path) -> list[str]:
    """What of the file beside a manifest is not as it says, in sentences. Raises UsageError for what is no manifest."""
    try:
        if place.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{place} is too large for a manifest")
        document = json.loads(place.read_text(encoding="utf-8"))
        name, size, digest = _facts(document)
    except OSError as error:
        raise UsageError(f"cannot read {place}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{place} is no manifest of an export") from None
    file = place.with_name(name)
    if not file.is_file():
        return [f"{file.name} is not there"]
    if file.stat().st_size != size:
        return [f"{file.name} has {file.stat().st_size:,} bytes; it had {size:,} when it was exported"]
    return [] if sha256(file) == digest else [f"{file.name} has other bytes than it had when it was exported"]
