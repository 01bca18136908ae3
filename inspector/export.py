"""Exports: what a reader gives of a capture, as one file that appears under its name only when it is whole. No Qt, prints nothing.

What the reader hides is hidden in the file. Read `cli.export` for the command, `capture.saving` for whole captures.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Generic, Protocol, TypeVar

from inspector.capture.disk import NOTHING_IS_LEFT, storage_errors
from inspector.capture.rows import Event
from inspector.errors import StorageError, UsageError
from inspector.event import Flag, TimeKind, format_time

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell of text that begins so may be run by a spreadsheet; the last four are the wide signs of East Asia."""
COLUMNS = (
    *("seq", "log", "partition", "position", "time", "time_kind", "recorded_time", "captured_time", "key", "value", "headers", "stream"),
    *("category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "data", "metadata", "decoder"),
    *("error", "flags", "value_bytes", "extra"),
)
GUARDED = "guarded"
"""The last column of a table that is safe for spreadsheets: the names of the row's columns whose cell got an apostrophe."""
_PROGRESS_EVENTS = 2_000
_BUFFER_BYTES = 1 << 20

T = TypeVar("T")
Put_contra = TypeVar("Put_contra", contravariant=True)
"""What is written, row by row."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of it. Not `is_whole`: it was stopped, and nothing was left."""

    events: int
    size_bytes: int
    is_whole: bool


class Lines(Generic[T]):
    """Rows as text, a line each; `line` makes one, without its end, of which `columns` are the names."""

    def __init__(self, line: Callable[[T], str], columns: Sequence[str] = ()) -> None:
        self._line, self.columns = line, list(columns)

    def writing(self, file: IO[bytes]) -> AbstractContextManager[Callable[[T], int]]:
        """See `Form`."""
        return _as_text(self, file)

    def head(self) -> str:
        """What stands before the first row."""
        return ""

    def of(self, row: T) -> str:
        """One row."""
        return f"{self._line(row)}\n"


class Cells(Generic[T]):
    """Rows as CSV (RFC 4180) of these columns; `cells` gives a row's.

    Where a cell of text begins like a formula it gets a leading apostrophe, unless `exact`; `guarded` counts these, and the column
    `GUARDED` names them row by row, so that a reader can take them off again.
    """

    def __init__(self, columns: Sequence[str], cells: Callable[[T], Iterable[object]], *, exact: bool = False) -> None:
        self._names, self._cells, self._exact = list(columns), cells, exact
        self.columns = self._names if exact else [*self._names, GUARDED]
        self._out = io.StringIO()
        self._writer = csv.writer(self._out, lineterminator="\r\n")
        self.guarded = 0

    def writing(self, file: IO[bytes]) -> AbstractContextManager[Callable[[T], int]]:
        """See `Form`."""
        return _as_text(self, file)

    def head(self) -> str:
        """The names of the columns."""
        return self._row(self.columns)

    def of(self, row: T) -> str:
        """One row."""
        cells = list(self._cells(row))
        return self._row(cells if self._exact else self._safe(cells))

    def _safe(self, cells: list[object]) -> list[object]:
        """The cells with an apostrophe where one begins like a formula, and the names of these."""
        changed = []
        for place, value in enumerate(cells):
            if isinstance(value, str) and value.startswith(FORMULA):
                cells[place] = f"'{value}"
                changed.append(self._names[place])
        self.guarded += len(changed)
        return [*cells, " ".join(changed)]

    def _row(self, cells: Iterable[object]) -> str:
        self._out.seek(0)
        self._out.truncate()
        self._writer.writerow(cells)
        return self._out.getvalue()


class Table(Cells[Event]):
    """Events as CSV, fields as in the JSON lines; `text` makes text of bytes."""

    def __init__(self, text: Callable[[bytes | None], str], *, exact: bool = False) -> None:
        super().__init__(COLUMNS, self._values, exact=exact)
        self._text = text

    def _values(self, event: Event) -> Iterator[object]:
        yield from (event.seq, event.log, event.partition, event.position, format_time(event.time_us), TimeKind.text(event.time_kind))
        yield from (format_time(event.printed_recorded_us), format_time(event.captured_us), self._text(event.key))
        yield from (self._text(event.value), event.headers, event.stream, event.category, event.version, event.type, event.event_id)
        yield from (event.schema_version, event.correlation_id, event.causation_id, event.actor, event.data, event.metadata)
        yield from (event.decoder, event.error, " ".join(Flag.names(event.flags)), event.value_bytes, event.extra)


class Form(Protocol[Put_contra]):
    """How rows are written into a file: `writing` gives what puts one, and says how many bytes there are by now."""

    def writing(self, file: IO[bytes]) -> AbstractContextManager[Callable[[Put_contra], int]]:
        """Begins, and ends what it has begun."""


@contextlib.contextmanager
def _as_text(form: Lines[T] | Cells[T], file: IO[bytes]) -> Iterator[Callable[[T], int]]:
    size = file.write(form.head().encode())

    def put(row: T) -> int:
        nonlocal size
        size += file.write(form.of(row).encode())
        return size

    yield put


def export(
    rows: Iterable[T],
    out: Path,
    form: Form[T],
    *,
    replace: bool = False,
    progress: Callable[[int, int], None] = lambda events, size_bytes: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Exported:
    """Writes events, or other rows, to `out`, which is for its owner only; `progress(rows, bytes)` so far.

    Raises UsageError when `out` is there and `replace` is not set, StorageError where it cannot be written. Nothing is left then.
    """
    check_place(out, replace=replace)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with storage_errors(out, NOTHING_IS_LEFT):
            written = _write(rows, part, form, progress, is_stopped)
            if written.is_whole:
                part.replace(out)
        return written
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def write_text(out: Path, text: str, *, replace: bool = False) -> int:
    """Writes one text to `out`, for its owner only, and gives its size in bytes. Raises as `export`; what cannot be UTF-8 is escaped."""
    check_place(out, replace=replace)
    part, raw = out.with_name(f".{out.name}.{os.getpid()}.part"), text.encode("utf-8", "backslashreplace")
    try:
        with storage_errors(out, NOTHING_IS_LEFT):
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            part.replace(out)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return len(raw)


def check_place(out: Path, *, replace: bool) -> None:
    """Raises UsageError or StorageError when nothing can be written there."""
    if not out.parent.is_dir():
        raise StorageError(f"there is no folder {out.parent} to write {out.name} into; make it first")
    if out.exists() and not out.is_file():
        raise UsageError(f"{out} is no file; choose another name")
    if out.exists() and not replace:
        raise UsageError(f"{out} is there already; choose another name, or replace it (--replace)")


def _write(rows: Iterable[T], part: Path, form: Form[T], progress: Callable[[int, int], None], is_stopped: Callable[[], bool]) -> Exported:
    count = size = 0
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb", _BUFFER_BYTES) as file:
        with form.writing(file) as put:
            for row in rows:
                size = put(row)
                count += 1
                if count % _PROGRESS_EVENTS == 0:
                    progress(count, size)
                    if is_stopped():
                        return Exported(count, size, is_whole=False)
        file.flush()
        size = file.tell()
        os.fsync(file.fileno())
    return Exported(count, size, is_whole=not is_stopped())
