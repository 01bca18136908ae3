"""What places each event of a stream, as columns: numbers, times, versions, flags; no documents. Read-only.

An event takes some 60 bytes, so that a million of them are held at once. Read `streams` for documents, `replay.order` for
what is made of the columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import lt

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import replay_order
from inspector.errors import CaptureError
from inspector.masks import SIGN

NONE = -(1 << 63)
"""Stands in a column for what is not known."""
_CHUNK_ROWS = 20_000
_ROWS = (
    "SELECT x.seq, event.time_us, event.recorded_us, event.recorded_kind, x.version, event.flags, event.type_id, event.value_bytes, "
    "event.log_id, event.position, event.sub, event.event_id "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ? ORDER BY x.seq"
)


def _column() -> array[int]:
    return array("q")


@dataclass(slots=True)
class StreamColumns:
    """All events of a stream in replay order. Times are microseconds since 1970 UTC; `NONE` stands for nothing."""

    seqs: array[int] = field(default_factory=_column)
    times_us: array[int] = field(default_factory=_column)
    recorded_us: array[int] = field(default_factory=_column)
    recorded_kinds: array[int] = field(default_factory=_column)
    versions: array[int] = field(default_factory=_column)
    flags: array[int] = field(default_factory=_column)
    types: array[int] = field(default_factory=_column)
    """Numbers of types."""
    sizes: array[int] = field(default_factory=_column)
    """Bytes of each value."""
    ids: array[int] | None = None
    """Something that is the same where ids are the same, 0 for no id; None where no id is there twice."""

    @property
    def all(self) -> Sequence[array[int]]:
        """Every column."""
        columns = [self.seqs, self.times_us, self.recorded_us, self.recorded_kinds, self.versions, self.flags, self.types, self.sizes]
        return [*columns, self.ids] if self.ids is not None else columns


def stream_columns(reader: CaptureReader, stream_id: int) -> StreamColumns:
    """The columns of a stream. Raises CaptureError when the file is damaged."""
    found, places = StreamColumns(), [_column(), _column(), _column()]
    ids = _column()
    rows = reader.each(reader.shown(_ROWS), (stream_id,))
    try:
        while chunk := list(islice(rows, _CHUNK_ROWS)):
            *columns, told = zip(*chunk, strict=True)
            for into, values in zip([*found.all, *places], columns, strict=True):
                into.extend(_numbers(values))
            ids.extend([0 if text is None or text == SIGN else hash(text) or 1 for text in told])
    except (TypeError, OverflowError) as error:
        raise CaptureError(f"{reader.path} is damaged: events of a stream hold values of other kinds than they should") from error
    found.ids = ids if _is_any_twice(ids) else None
    if not _is_in_order(found, places):
        _sort(found, replay_order(reader, stream_id))
    return found


def _numbers(values: Sequence[int | None]) -> Iterable[int]:
    return [NONE if value is None else value for value in values]


def _is_any_twice(ids: Sequence[int]) -> bool:
    return len(set(ids)) + max(0, ids.count(0) - 1) < len(ids)


def _is_in_order(found: StreamColumns, places: Sequence[array[int]]) -> bool:
    """Whether replay order is the order of arrival, as it mostly is."""
    if NONE not in found.versions:
        return all(map(lt, found.versions, found.versions[1:]))
    logs, positions, subs = places
    return logs.count(logs[0]) == len(logs) and not any(subs) and all(map(lt, positions, positions[1:]))


def _sort(found: StreamColumns, seqs: Sequence[int]) -> None:
    at = {seq: place for place, seq in enumerate(found.seqs)}
    order = [at[seq] for seq in seqs if seq in at]
    for column in found.all:
        column[:] = array("q", [column[place] for place in order])
