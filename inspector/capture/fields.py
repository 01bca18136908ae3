"""Fields of events that are indexed: what is kept of each, where that is, and which events may hold a value. Read-only.

An index is an expression index of the capture itself, or a file of the user's own beside it. It only narrows: all that may match
is found, and whether it does is still asked of the filter. Read `indexing` for how one is made, `lookups` for who asks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np
import orjson

from inspector.capture import sidecar
from inspector.capture.asking import Watermark
from inspector.capture.condition import COLUMNS, DOCUMENTS
from inspector.capture.looking import Numbers
from inspector.capture.notes import capture_id
from inspector.capture.opening import is_live
from inspector.capture.reader import CaptureReader
from inspector.capture.sqlite import open_reader
from inspector.errors import CaptureError, UsageError
from inspector.settings import data_dir

CHARACTERS = 128
"""So much of a text is kept: enough to tell nearly all apart, however long they are."""
_PREFIX = "field:"
QUOTE = "'"
_DEFINED = re.compile(r"ON event \(CASE (?:typeof\((?P<column>\w+)\)|json_type\((?P<document>\w+), '(?P<path>(?:[^']|'')*)'\)) WHEN")
_COUNTER = slice(24, 28)
"""Where SQLite counts the changes of a file."""

Bound = str | float | bytes
"""Texts come after numbers, and bytes, of which an index has none, after texts."""


@dataclass(frozen=True, slots=True)
class FieldIndex:
    """An index of what stands at a place, which is written as in a filter. Not `is_current`: the capture has changed since."""

    place: str
    size_bytes: int
    is_beside: bool
    is_current: bool = True


def kept(field: str) -> str:
    """SQL of what an index keeps of a field such as `data$."total"` or `actor`: texts cut, numbers as the nearest double, else NULL.

    All of it is built into SQLite and deterministic, so that the file stays readable for others. Raises UsageError for no such field.
    """
    if column := COLUMNS.get(field):
        return f"CASE typeof({column}) WHEN 'text' THEN substr({column}, 1, {CHARACTERS}) END"
    document, _, steps = field.partition("$")
    if document not in DOCUMENTS or not steps or "\0" in steps:
        raise UsageError(f"{field} cannot be indexed: choose a place in data or metadata")
    path = "'$" + steps.replace("'", "''") + "'"
    taken = f"json_extract({document}, {path})"
    real, text = f"CAST({taken} AS REAL)", f"substr({taken}, 1, {CHARACTERS})"
    return f"CASE json_type({document}, {path}) WHEN 'text' THEN {text} WHEN 'integer' THEN {real} WHEN 'real' THEN {real} END"


def definition(place: str, field: str) -> str:
    """The statement that makes the index of `field` in a capture; as SQLite keeps it, to the letter."""
    value = kept(field)
    return f"CREATE INDEX {quoted(place)} ON event ({value}) WHERE {value} IS NOT NULL"


def _defined(place: str, sql: str) -> str:
    """The field of which `sql` is the definition; empty for what is not one of ours."""
    found = _DEFINED.search(sql)
    if found is None:
        return ""
    names = {column: name for name, column in COLUMNS.items()}
    field = names.get(found["column"] or "", f"{found['document']}{(found['path'] or '').replace(QUOTE * 2, QUOTE)}")
    try:
        return field if definition(place, field) == sql else ""
    except UsageError:
        return ""


def quoted(place: str) -> str:
    """What the index of a place is called in a capture, as SQL writes it."""
    return '"' + f"{_PREFIX}{place}".replace('"', '""') + '"'


# ---- what there is


def inside(reader: CaptureReader) -> dict[str, str]:
    """Place → field of the indexes that the capture itself has; what a stranger wrote in their place is left out."""
    found = reader.select(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'event' AND substr(name, 1, ?) = ?",
        (len(_PREFIX), _PREFIX),
    )
    named = [(str(name).removeprefix(_PREFIX), sql) for name, sql in found if isinstance(sql, str)]
    return {place: field for place, sql in named if (field := _defined(place, sql))}


def state_of(path: Path) -> str:
    """What another content of the file would not have: its size, when it was changed, and how often. Raises OSError."""
    stat = path.stat()
    with path.open("rb") as file:
        head = file.read(_COUNTER.stop)
    return f"{stat.st_size} {stat.st_mtime_ns} {head[_COUNTER].hex()}"


def folder() -> Path:
    """Where indexes beside captures are; made when missing, open to its owner only. Raises OSError."""
    made = data_dir() / "indexes"
    made.mkdir(mode=0o700, exist_ok=True)
    return made


def file_beside(identity: str, field: str) -> Path:
    """The file of a field's index beside the capture with this id, which need not be there."""
    name = sidecar.path_of(identity).stem
    return folder() / f"{name}.{hashlib.sha256(field.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}.index"


@dataclass(frozen=True, slots=True)
class About:
    """What an index file was made for: a field, and the state (see `state_of`) of the capture that was at `path`."""

    place: str
    field: str
    state: str
    path: Path


def about(file: Path) -> About | None:
    """What an index file is; None for one that is damaged or gone."""
    try:
        with closing(open_reader(file, immutable=True)) as connection:
            ((place, field, state, path),) = list(connection.execute("SELECT place, field, state, path FROM about"))
    except (apsw.Error, ValueError):
        return None
    return About(str(place), str(field), str(state), Path(str(path)))


def beside(reader: CaptureReader) -> Iterator[tuple[Path, About, bool]]:
    """(file, what it is, whether it is of what the capture is now) of the indexes beside a capture."""
    name = sidecar.path_of(capture_id(reader)).stem
    now = "" if is_live(reader.path) else state_of(reader.path)
    for file in sorted(folder().glob(f"{name}.*.index")):
        if (found := about(file)) is not None:
            yield file, found, found.state == now


# ---- looking up


_FOUND_BESIDE = (
    "SELECT json_group_array(seq) FROM (SELECT seq FROM found WHERE value BETWEEN "
    "CASE typeof(:low) WHEN 'text' THEN substr(:low, 1, :kept) ELSE :low END AND "
    "CASE typeof(:high) WHEN 'text' THEN substr(:high, 1, :kept) ELSE :high END AND seq BETWEEN :first AND :last LIMIT :most)"
)


def _found_inside(place: str, field: str) -> str:
    value = kept(field)
    within = _FOUND_BESIDE.replace("value BETWEEN", f"{value} BETWEEN", 1)
    return within.replace("FROM found", f"FROM event INDEXED BY {quoted(place)}", 1)


class IndexedField:
    """A field that can be looked up in a capture: the index inside it, or else a current one beside it. Close it after use."""

    def __init__(self, reader: CaptureReader, sql: str, other: apsw.Connection | None = None) -> None:
        self._reader, self._sql, self._other = reader, sql, other

    def between(self, low: Bound, high: Bound, mark: Watermark, most: int) -> Numbers:
        """At most `most` numbers of events up to `mark` that may have a value from `low` to `high`. Raises CaptureError."""
        given = {"low": low, "high": high, "kept": CHARACTERS, "first": mark.first_seq, "last": mark.last_seq, "most": most}
        if self._other is None:
            ((text,),) = self._reader.select(self._sql, given)
        else:
            try:
                ((text,),) = list(self._other.execute(self._sql, given))
            except apsw.Error as error:
                raise CaptureError(f"the index beside {self._reader.path} is damaged ({error}): make it anew") from error
        return np.array(orjson.loads(text), dtype=np.int64)

    def close(self) -> None:
        """Lets go of a file beside the capture."""
        if self._other is not None:
            self._other.close()


def indexed(reader: CaptureReader, field: str) -> IndexedField | None:
    """The index of `field`, or None when there is none that can be relied on."""
    try:
        for place, other in inside(reader).items():
            if other == field:
                return IndexedField(reader, _found_inside(place, field))
        file = file_beside(capture_id(reader), field)
        if not file.exists() or is_live(reader.path):
            return None
        found = about(file)
        if found is None or found.state != state_of(reader.path):
            return None
        return IndexedField(reader, _FOUND_BESIDE, open_reader(file, immutable=True))
    except apsw.InterruptError:
        raise
    except (OSError, apsw.Error):
        return None
