"""The strip that says which filter and range are in force, in words, with one way to clear them. Knows no pane.

Hidden while there is neither. Read `selection` for what is in force.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app import style
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.plain import PlainLabel, set_tip
from app.selection import Selection
from inspector.errors import QueryError
from inspector.query import compile_filter
from inspector.query.names import CAPTURED


class LookBar(QFrame):
    """Follows a selection."""

    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Filter in force")
        self._selection: Selection | None = None
        self._zone: tzinfo = UTC
        self.words = PlainLabel(role="dim", elided=True)
        self.back, self.clear_button = QPushButton("Back"), QPushButton("✕ Clear")
        set_tip(self.back, "The filter and event before (Alt+Left)")
        set_tip(self.clear_button, "Show everything again (Esc)")
        self.back.clicked.connect(lambda: self._selection.back() if self._selection is not None else None)
        self.clear_button.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.INSIDE_PX, 2, 4, 2)
        row.addWidget(self.words, 1)
        row.addWidget(self.back)
        row.addWidget(self.clear_button)
        self.hide()

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are shown."""
        return self._zone

    def follow(self, selection: Selection | None) -> None:
        """Shows what is in force there."""
        self._selection = selection
        if selection is not None:
            selection.filter_changed.connect(self.show_look)
            selection.time_range_changed.connect(self.show_look)
        self.show_look()

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        self.show_look()

    def clear(self) -> None:
        """Takes filter and range away."""
        if self._selection is not None:
            self._selection.show_everything()
        self.cleared.emit()

    def show_look(self, _changed: object = None) -> None:
        """Says what is in force."""
        selection = self._selection
        has_any = selection is not None and bool(selection.filter or selection.time_range)
        self.setVisible(has_any)
        if selection is None or not has_any:
            return
        parts = [_words(selection.filter) or " ".join(selection.filter.split())] if selection.filter else []
        if selection.time_range is not None:
            low, high = (shown_time(bound, self._zone) for bound in selection.time_range)
            parts.append(f"from {low} to {high} {zone_name(self._zone)}")
        self.words.show_text(" · ".join(parts))


def _words(text: str) -> str:
    """The filter in words; empty for none, and for a wrong one, of which the list says what is wrong."""
    try:
        return compile_filter(text, CAPTURED).words if text else ""
    except QueryError:
        return ""
