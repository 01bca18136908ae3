"""The files that were read into a capture, as they are noted and asked for. SQL only.

Read `input_table` for the table, `sources.input_file` for what is known of a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import apsw

from inspector.capture.damage import damage_is_said
from inspector.capture.reader import CaptureReader
from inspector.event import format_time
from inspector.sources.input_file import Gap, InputFile

_NOTE_INPUT = """
INSERT INTO input (source_id, run_id, name, path, size_bytes, modified_us, sha256, read_us,
    format, settings, loses, proves, "rows", gaps, notes, is_whole)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source_id, name, sha256) DO UPDATE SET run_id = excluded.run_id, path = excluded.path, read_us = excluded.read_us,
    format = excluded.format, settings = excluded.settings, loses = excluded.loses, proves = excluded.proves,
    "rows" = excluded."rows", gaps = excluded.gaps, notes = excluded.notes, is_whole = excluded.is_whole
"""
_WHOLE = "SELECT sha256 FROM input WHERE is_whole"
_HAS_INPUTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'input'"
_INPUTS = """
SELECT source.uri, input.read_us, input.name, input.path, input.size_bytes, input.modified_us, input.sha256, input.format,
    input.settings, input.loses, input.proves, input."rows", input.gaps, input.notes, input.is_whole
FROM input JOIN source ON source.id = input.source_id ORDER BY input.id LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """A file that was read into the capture, from which source, and when that began or was last gone on with."""

    file: InputFile
    source: str
    read_us: int

    @property
    def is_damaged(self) -> bool:
        """Whether bytes of it could not be read."""
        return bool(self.file.gaps)


@damage_is_said
def inputs(reader: CaptureReader, most: int = 100_000) -> list[Noted]:
    """The files that were read into the capture, in the order they were met; none in a capture of an older version."""
    return [_noted(row) for row in reader.select(_INPUTS, (most,))] if reader.select(_HAS_INPUTS) else []


@damage_is_said
def count(reader: CaptureReader) -> int:
    """How many files were read into the capture."""
    return int(reader.select("SELECT count(*) FROM input")[0][0]) if reader.select(_HAS_INPUTS) else 0


def as_json(noted: Noted) -> dict[str, Any]:
    """A file for programs."""
    file = noted.file
    return {
        "name": file.name,
        "path": file.path,
        "source": noted.source,
        "read": format_time(noted.read_us),
        "size_bytes": file.size_bytes,
        "modified": format_time(file.modified_us),
        "sha256": file.sha256,
        "format": file.format,
        "settings": dict(file.settings),
        "loses": file.loses,
        "proves": file.proves,
        "rows": file.rows,
        "gaps": [{"start": gap.start, "end": gap.end, "reason": gap.reason} for gap in file.gaps],
        "notes": list(file.notes),
        "is_whole": file.is_whole,
    }


def _noted(row: tuple[Any, ...]) -> Noted:
    source, read_us, name, path, size, modified_us, digest, form, settings, loses, proves, rows, gaps, notes, whole_ = row
    file = InputFile(
        name=name,
        path=path,
        size_bytes=size,
        modified_us=modified_us,
        sha256=digest,
        format=form,
        settings=json.loads(settings),
        loses=loses,
        proves=proves,
        rows=rows,
        gaps=tuple(Gap(*gap) for gap in json.loads(gaps)),
        notes=tuple(json.loads(notes)),
        is_whole=bool(whole_),
    )
    return Noted(file, source, read_us)


def whole(select: Callable[[str], Iterable[tuple[object, ...]]]) -> frozenset[str]:
    """SHA-256 of the files that the capture holds whole."""
    return frozenset(str(digest) for (digest,) in select(_WHOLE))


def note(connection: apsw.Connection, source_id: int, run_id: int, file: InputFile, now_us: int) -> None:
    """Notes a file, or what is known of it now."""
    gaps = json.dumps([[gap.start, gap.end, gap.reason] for gap in file.gaps])
    values = (source_id, run_id, file.name, file.path, file.size_bytes, file.modified_us, file.sha256, now_us)
    settings, notes = json.dumps(dict(file.settings)), json.dumps(file.notes)
    said = (file.format, settings, file.loses, file.proves, file.rows, gaps, notes, file.is_whole)
    connection.execute(_NOTE_INPUT, (*values, *said))
