"""The answer about a stream's events as the cells of a strip, and the strip of one replay.

Read `inspector.replay.process` for the answer, `event_strip` for the strip.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from app.event_strip import Cell, EventStrip, Strip
from app.replaying import Replaying

_NOTED = {"failed": "cannot be folded", "late": "late", "left_out": "left out"}


def strip_of(answer: Mapping[str, Any]) -> Strip:
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
        cells.append(Cell(int(place) - before, name, ", ".join(notes), time_us))
        before, aborted = int(place), 0
    return Strip.of(cells)


class StripShown:
    """The strip of whichever stream is replayed; asked for once for each way of folding it."""

    def __init__(self, strip: EventStrip, replaying: Replaying) -> None:
        self._strip, self._replaying, self._is_asked = strip, replaying, False

    def forget(self) -> None:
        """Another stream, or another way of folding it."""
        self._is_asked = False

    def set_zone(self, zone: tzinfo) -> None:
        """Says times in this zone."""
        self._strip.zone = zone

    def show(self, *, anew: bool = False) -> None:
        """Asks for it, unless it was asked for."""
        if anew or not self._is_asked:
            self._is_asked = True
            self._replaying.ask("strip", lambda answer: self._strip.show_strip(strip_of(answer)), lane="strip")

    def passed_us(self) -> int | None:
        """How long after the last event applied the next one came."""
        place = self._strip.value()
        one, other = self._strip.strip.time_us(place), self._strip.strip.time_us(place + 1)
        return other - one if one is not None and other is not None else None
