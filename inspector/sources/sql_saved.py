"""The descriptors that the user confirmed: TOML files in a folder of the user's data, taken up by themselves next time.

A file remembers its table by the names and types of the columns (`signature`). Read `sql_proposal` for where they come from.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from inspector import settings
from inspector.errors import StorageError, UsageError
from inspector.sources.sql_descriptor import Descriptor, load, parse_descriptor

log = logging.getLogger(__name__)
_MOST_BYTES = 1_000_000
_MOST_FILES = 500


def folder() -> Path:
    """Where they are; there need be no such folder. Raises OSError."""
    return settings.data_dir() / "stores"


def saved() -> list[Descriptor]:
    """All of them, by name. A file that cannot be used is told in the log and left out."""
    try:
        files = sorted(folder().glob("*.toml"))[:_MOST_FILES]
    except OSError as error:
        log.warning("saved descriptors cannot be read: %s", error)
        return []
    found = []
    for file in files:
        try:
            if file.stat().st_size > _MOST_BYTES:
                raise UsageError(f"{file.name} is larger than {_MOST_BYTES:,} bytes")  # noqa: TRY301
            found.append(load(file))
        except (UsageError, OSError) as error:
            log.warning("a saved descriptor is left out: %s", error)
    return found


def save(text: str) -> Path:
    """Keeps the descriptor written as `text`; one for the same table gives way. Raises UsageError for a mistake in it, StorageError."""
    descriptor = parse_descriptor(text, "to be saved")
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", descriptor.table).strip("-")[:60] or "table"
    name = f"{stem}-{descriptor.signature[:8]}" if descriptor.signature else stem
    try:
        place = folder()
        place.mkdir(mode=0o700, exist_ok=True)
        path = place / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"the descriptor cannot be kept: {error}") from None
    return path
