"""The files that were read into a capture, as they are noted and asked for. SQL only.

Read `input_table` for the table, `sources.input_file` for what is known of a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import apsw

from inspector.sources.input_file import InputFile

_NOTE_INPUT = """
INSERT INTO input (source_id, run_id, name, path, size_bytes, modified_us, sha256, read_us,
    format, settings, loses, proves, "rows", gaps, notes, is_whole)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source_id, name, sha256) DO UPDATE SET run_id = excluded.run_id, path = excluded.path, read_us = excluded.read_us,
    format = excluded.format, settings = excluded.settings, loses = excluded.loses, proves = excluded.proves,
    "rows" = excluded."rows", gaps = excluded.gaps, notes = excluded.notes, is_whole = excluded.is_whole
"""
_WHOLE = "SELECT sha256 FROM input WHERE is_whole"


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
