"""The answer about a stream's events as the cells of a strip. Pure but for the strip's own classes.

Read `inspector.replay.process` for the answer, `event_strip` for the strip.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from app.event_strip import Cell, Strip
from app.models.event_rows import shown_time

_NOTED = {"failed": "cannot be folded", "late": "late", "left_out": "left out"}


def strip_of(answer: Mapping[str, Any], zone: tzinfo) -> Strip:
    """The strip of the events that count: aborted ones are said beside the event they stand before."""
    cells: list[Cell] = []
    aborted, before = 0, 0
    for row, place in enumerate(answer["place"]):
        aborted += int(answer["aborted"][row])
        if place == before:
            continue  # only aborted events
        time_us = answer["time"][row]
        type_number = int(answer["type"][row])
        notes = [f"{answer[name][row]:,} {words}" if place - before > 1 else words for name, words in _NOTED.items() if answer[name][row]]
        notes += [f"{aborted:,} aborted before it"] if aborted else []
        name = str(answer["types"][type_number]) if type_number >= 0 else "no type"
        cells.append(Cell(int(place) - before, name, ", ".join(notes), shown_time(time_us, zone), time_us))
        before, aborted = int(place), 0
    return Strip.of(cells)
