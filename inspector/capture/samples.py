"""Numbers measured while a source was read, as they are kept: by metric, by what they are measured of, by time. SQL only.

A label begins with the number of the source: two clusters may have groups and topics of the same names. Read `sources.samples`
for what is measured, `claims` for what stores say of themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import apsw

from inspector.capture.reader import CaptureReader
from inspector.event import checked_time
from inspector.sources.samples import Sample, label_of, parts_of

_PUT = "INSERT OR REPLACE INTO sample (metric, label, time_us, value) VALUES (?, ?, ?, ?)"
_ALL = "SELECT label, time_us, value FROM sample WHERE metric = ? ORDER BY label, time_us"
_BETWEEN = "SELECT label, time_us, value FROM sample WHERE metric = ? AND time_us >= ? AND time_us < ? ORDER BY label, time_us"

_FIRST = "SELECT metric, label FROM sample ORDER BY metric, label LIMIT 1"
_NEXT = "SELECT metric, label FROM sample WHERE (metric, label) > (?, ?) ORDER BY metric, label LIMIT 1"
_REMOVE = "DELETE FROM sample WHERE metric = ? AND label = ? AND time_us < ?"
ROOM = (
    "SELECT coalesce(sum(length(metric) + length(CAST(label AS BLOB)) + 20), 0), "
    "coalesce(min(time_us) + max((max(time_us) - min(time_us)) / 10, 1), 0) FROM sample"
)
"""About how many bytes all of them take, and the moment before which a tenth of their time lies. Goes through the whole table."""


_BEYOND = 2**63
"""A position is below it; no other program's infinity either."""


class Of(NamedTuple):
    """What a line of samples is measured of: names and numbers as the metric says."""

    source_id: int
    parts: Sequence[str | int]


Line = list[tuple[int, float]]
"""(time in microseconds, value), in the order of time."""


def note(connection: apsw.Connection, source_id: int, samples: Iterable[Sample]) -> None:
    """Keeps what was measured of a source."""
    rows = [(one.metric, label_of(source_id, *parts_of(one.label)), one.time_us, one.value) for one in samples]
    if rows:
        connection.executemany(_PUT, rows)


def remove_before(connection: apsw.Connection, before_us: int | None) -> None:
    """Takes out what was measured before a moment; None: before the oldest event that is left was captured."""
    if before_us is None:
        before_us = connection.execute("SELECT captured_us FROM event ORDER BY seq LIMIT 1").get
    line = connection.execute(_FIRST).fetchone() if before_us is not None else None
    while line is not None:  # line by line: there is no index by time alone
        connection.execute(_REMOVE, (*line, before_us))
        line = connection.execute(_NEXT, line).fetchone()


def stored(reader: CaptureReader, span_us: tuple[int, int] | None = None) -> Iterator[tuple[int, Sample]]:
    """All that was measured, or what lies in `[from, until)`, with the number of the source; without what no program of ours wrote.

    Raises CaptureError when the file is damaged.
    """
    for (metric,) in reader.select("SELECT DISTINCT metric FROM sample ORDER BY metric"):
        for of, line in lines(reader, str(metric), span_us).items():
            label = label_of(*of.parts)
            yield from ((of.source_id, Sample(str(metric), label, time_us, value)) for time_us, value in line)


def lines(reader: CaptureReader, metric: str, span_us: tuple[int, int] | None = None) -> dict[Of, Line]:
    """All there is of a metric, or what lies in `[from, until)`; without what another program wrote under such a name.

    Raises CaptureError when the file is damaged.
    """
    found: dict[Of, Line] = {}
    labels: dict[str, Of | None] = {}
    for label, time_us, value in reader.select(_BETWEEN, (metric, *span_us)) if span_us else reader.select(_ALL, (metric,)):
        if label not in labels:
            labels[label] = _of(str(label))
        of = labels[label]
        if of is not None and _is_time(time_us) and isinstance(value, int | float) and abs(value) < _BEYOND:
            found.setdefault(of, []).append((time_us, value))
    return found


def _is_time(time_us: object) -> bool:
    return isinstance(time_us, int) and checked_time(time_us) is not None


def _of(label: str) -> Of | None:
    source_id, *parts = parts_of(label)
    return Of(source_id, tuple(parts)) if isinstance(source_id, int) else None
