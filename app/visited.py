"""Which events were looked at, one after the other, with a way back and forth. Belongs to a `Selection`; knows no pane."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

_STAYED_MS = 400
"""An event that was current for a shorter time was only passed by."""
_MOST = 500


class Visited(QObject):
    """The events that stayed current for a moment. `wanted(seq)` asks for one of them to be current again."""

    wanted = Signal(object)
    """`(seq)`"""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._seqs: list[int] = []
        self._place = -1
        self._seq = 0
        self._stayed = QTimer(self, singleShot=True, interval=_STAYED_MS)
        self._stayed.timeout.connect(self._keep)

    def pass_by(self, seq: int) -> None:
        """An event is current; 0 for none."""
        self._seq = seq
        if seq and not (0 <= self._place < len(self._seqs) and self._seqs[self._place] == seq):
            self._stayed.start()
        else:
            self._stayed.stop()

    def _keep(self) -> None:
        self._seqs = [*self._seqs[: self._place + 1][-_MOST:], self._seq]
        self._place = len(self._seqs) - 1

    def back(self) -> bool:
        """Goes to the event that was looked at before; False when there is none."""
        if self._stayed.isActive():
            self._stayed.stop()
            self._keep()
        is_elsewhere = self._place >= 0 and self._seqs[self._place] != self._seq
        return self._go(self._place if is_elsewhere else self._place - 1)

    def forward(self) -> bool:
        """Undoes `back`; False when there is nothing to undo."""
        return not self._stayed.isActive() and self._go(self._place + 1)

    def _go(self, place: int) -> bool:
        if not 0 <= place < len(self._seqs):
            return False
        self._place = place
        self.wanted.emit(self._seqs[place])
        return True
