"""What is selected, for all panes: the only place where panes meet. Holds no data of a capture and knows no pane."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Selection(QObject):
    """The current event, by its number; 0 for none."""

    event_changed = Signal(object)
    """`(seq)`: another event is current."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seq = 0

    @property
    def seq(self) -> int:
        """The number of the current event; 0 for none."""
        return self._seq

    def choose_event(self, seq: int) -> None:
        """Makes an event current."""
        if seq != self._seq:
            self._seq = seq
            self.event_changed.emit(seq)
