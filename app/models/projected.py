"""What a projection gives for the open capture, as far as it was looked at in a short time, as texts for a table. No Qt.

Read `inspector.projections` for the numbers, `dialogs.projection` for who shows them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.projections import Row, State
from inspector.projections.answer import first_rows, notes
from inspector.values import to_json

MOST_ROWS = 500
PART_EVENTS = 200_000
PART_S = 1.0
"""So many events, or so long, are looked at before what there is is shown."""
WINDOW = "window (UTC)"


@dataclass(frozen=True, slots=True)
class Projected:
    """Rows of texts under `headers`, of which `right` are numbers; `alarming` says of each row whether it passes a threshold."""

    headers: Sequence[str]
    right: Sequence[int]
    rows: Sequence[Sequence[str]]
    alarming: Sequence[bool]
    sentence: str
    notes: Sequence[str]
    is_whole: bool
    """Whether all events of the capture were looked at."""


def go_on(reader: CaptureReader, state: State, is_dropped: Callable[[], bool]) -> Projected:
    """Looks at a further part of the events and tells what there is then. Raises as `State.advance`."""
    mark = reader.watermark()
    end_s = time.monotonic() + PART_S
    until_seq = min(max(state.until_seq, mark.first_seq - 1) + PART_EVENTS, mark.last_seq)
    state.advance(reader, until_seq, is_stopped=lambda: time.monotonic() > end_s or is_dropped())
    return projected(state, mark.last_seq)


def projected(state: State, last_seq: int) -> Projected:
    """What there is of a capture whose last event has the number `last_seq`."""
    projection, cells = state.projection, len(state.book.cells)
    rows = first_rows(state, MOST_ROWS)
    windows = [WINDOW] if projection.window_us is not None else []
    labels = [label.name for label in projection.labels]
    measures = [one.name for one in projection.measures]
    headers = [*windows, *labels, *measures, *(["alarm"] if projection.alarms else [])]
    first = len(windows) + len(labels)
    looked, is_whole = state.book.counts.looked, state.until_seq >= last_seq
    whole = last_seq - state.first_seq + 1 if state.first_seq else 0
    part = f"all {_of(whole, 'event')}" if is_whole else f"only the first {looked:,} of {_of(whole, 'event')}"
    shown = f"{_of(cells, 'row')}" if cells == len(rows) else f"the first {len(rows):,} of {_of(cells, 'row')}"
    return Projected(
        headers,
        range(first, first + len(measures)),
        [_texts(row, with_alarm=bool(projection.alarms)) for row in rows],
        [bool(row.alarms) for row in rows],
        f"{shown} from {part}",
        notes(state),
        is_whole,
    )


def _texts(row: Row, *, with_alarm: bool) -> list[str]:
    plain = row.plain()
    group, values, alarms = plain["group"], plain["values"], plain["alarm"]
    assert isinstance(group, dict)
    assert isinstance(values, dict)
    assert isinstance(alarms, list)
    window = [] if row.window_us is None else [str(plain["window"]).replace("T", " ").removesuffix("Z").removesuffix(".000000")]
    labels = [text if isinstance(text, str) else to_json(text) for text in group.values()]
    numbers = ["" if value is None else value if isinstance(value, str) else to_json(value) for value in values.values()]
    return [*window, *labels, *numbers, *(["▲ " + ", ".join(alarms) if alarms else ""] if with_alarm else [])]


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
