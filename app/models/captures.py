"""The unsaved captures as a table: what was read, when it was last written to, events, size, state. Holds the list it was given.

Pure: no file is looked at here. Read `app.library` for where the list comes from.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.models.list_table import ListTable
from app.models.roles import ALIGNED, DISPLAY, SPOKEN, TIP, Index
from app.plain import tip
from inspector.capture.unsaved import CRASHED, DAMAGED, RUNNING, Unsaved
from inspector.event import format_time
from inspector.text import visible

COLUMNS = ("Source", "Capture", "Last written", "Events", "Size", "State")
_SOURCE, _NAME, _AGE, _EVENTS, _SIZE, _STATE = range(len(COLUMNS))
_NUMBERS = frozenset({_AGE, _EVENTS, _SIZE})
_LONGEST = 200


class CapturesModel(ListTable[Unsaved]):
    """Rows in the order given. `now_us()` is the moment ages are counted to."""

    def __init__(self, now_us: Callable[[], int], parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent, right=_NUMBERS)
        self._now_us = now_us

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """A cell's text, its side, and its exact value as a tip."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        column = index.column()
        if role in (DISPLAY, SPOKEN):
            return self._text(self.rows[index.row()], column)
        if role == ALIGNED:
            return self.side(column)
        return tip(_exact(self.rows[index.row()], column)) if role == TIP else None

    def _text(self, row: Unsaved, column: int) -> str:
        if column == _SOURCE:
            return visible(row.source[:_LONGEST]) or "—"
        if column == _NAME:
            return visible(row.path.stem)
        if column == _AGE:
            return age_text(self._now_us() - row.changed_us)
        if column == _EVENTS:
            return "—" if row.state == DAMAGED else f"{row.events:,}"
        return size_text(row.size_bytes) if column == _SIZE else state_text(row)


def state_text(row: Unsaved) -> str:
    """A capture's state, by sign and word."""
    if row.state == RUNNING:
        return "● being captured"
    if row.is_open:
        return "○ open in a window"
    return {CRASHED: "△ not ended cleanly", DAMAGED: "✕ cannot be read"}.get(row.state, "✓ ended")


def age_text(age_us: int) -> str:
    """How long ago, such as `3 h ago`."""
    seconds = max(age_us, 0) // 1_000_000
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:,} {unit} ago"
    return "just now"


def size_text(size_bytes: int) -> str:
    """Bytes for people, such as `41.2 MB`."""
    for length, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size_bytes >= length:
            return f"{size_bytes / length:,.1f} {unit}"
    return f"{size_bytes} B"


def _exact(row: Unsaved, column: int) -> str:
    exact = {
        _SOURCE: row.source[:2_000],
        _NAME: str(row.path),
        _AGE: format_time(row.changed_us) or "",
        _EVENTS: str(row.events),
        _SIZE: f"{row.size_bytes:,} bytes",
    }
    return exact.get(column, row.why or state_text(row))
