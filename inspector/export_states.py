"""A table of states as a file: JSON lines, CSV or Parquet. Says how rows are written; writes nothing itself.

In CSV and Parquet the state, and each place that was chosen, is a column of text: a text as it is, anything else as JSON with its own
digits; what is null or not there is null. Read `export` for the writing, `replay.table` for the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from inspector.capture.streams import StreamEvent
from inspector.event import checked_time, format_time
from inspector.export import Cells, Lines
from inspector.export_parquet import Typed
from inspector.query.places import StatePlace
from inspector.replay import Moment
from inspector.replay.rows import as_of, printed, printed_names
from inspector.replay.table import Row
from inspector.text import is_whole
from inspector.values import to_json

_HEAD = {"stream": "string", "category": "string", "source": "string"}
_TAIL = {
    **dict.fromkeys(("version", "applied", "skipped_aborted", "last_seq"), "int64"),
    "last_log": "string",
    "last_type": "string",
    "last_position": "int64",
    "last_time": "time",
    **dict.fromkeys(("last_id", "last_actor", "as_of"), "string"),
    "failed_seq": "int64",
    "failed_reason": "string",
    "deleted": "bool_",
    "reducer": "string",
    "history": "string",
    "complete": "bool_",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a row is made of besides its state: the moment, the chosen places, and the logs' labels."""

    moment: Moment
    places: Sequence[StatePlace]
    labels: Mapping[int, str]

    def line(self, row: Row) -> str:
        """A row as a JSON line."""
        return to_json(printed(row.found, self.labels, self.moment, self.places))


def form_of(out: Path, layout: Layout, *, exact: bool = False) -> Lines[Row] | Cells[Row] | Typed[Row]:
    """How rows are written to a file of this name, which ends in .jsonl, .csv or .parquet; its `columns` are what each row has.

    `exact` leaves cells of CSV as they are that a spreadsheet may take for formulas.
    """
    suffix = out.suffix.lower()
    if suffix == ".csv":
        return Cells(list(_columns(layout)), lambda row: _cells(row, layout), exact=exact)
    if suffix == ".parquet":
        return Typed(_columns(layout), lambda row: _values(row, layout, _text, checked_time), _size)
    return Lines(layout.line, printed_names(layout.places))


def _columns(layout: Layout) -> dict[str, str]:
    return {**_HEAD, **dict.fromkeys([place.text for place in layout.places] or ["state"], "string"), **_TAIL}


def _values(row: Row, layout: Layout, value: Callable[[object], object], time: Callable[[int | None], object]) -> Iterator[object]:
    """The fields in the order of the columns; `value` and `time` make of a chosen place's value and of a time what is written."""
    found, last, failure = row.found, row.found.last, row.found.failure
    yield from (found.stream.name, found.stream.category, found.stream.source)
    yield from [value(place.of(found.state)) for place in layout.places] or [row.text]
    yield from (found.version, found.applied, found.skipped_aborted)
    if last is None:
        yield from (None,) * 7
    else:
        label = layout.labels.get(last.log_id) if isinstance(last, StreamEvent) else None
        yield from (last.seq, label, last.type, last.position, time(last.time_us), last.event_id, last.actor)
    yield as_of(found, layout.moment)
    yield from (None, None) if failure is None else (failure.event.seq, failure.reason)
    yield from (found.is_deleted, found.reducer, found.history, found.is_complete)


def _text(value: object) -> str | None:
    """A text as it is, where a file can hold it: one with half of a character only as JSON, which says it with an escape."""
    return value if value is None or (isinstance(value, str) and is_whole(value)) else to_json(value)


def _cell(value: object) -> object:
    """A number is no text here, so that no minus gets an apostrophe before it."""
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else _text(value)


def _cells(row: Row, layout: Layout) -> Iterator[object]:
    for value in _values(row, layout, _cell, format_time):
        yield _text(value) if isinstance(value, bool) else value


def _size(row: Row) -> int:
    return len(row.text or "") + 500
