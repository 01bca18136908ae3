"""A bar that offers what was open in a window that died: what happened, and whether to open it again. Nothing opens by itself.

Read `app.library` for how crashes are told, `inspector.capture.journal` for how they are found.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from app import style
from app.library import Library, crash_sentence
from app.plain import PlainLabel, set_role, set_tip
from inspector.capture.journal import LeftBehind


class LeftBehindBar(QFrame):
    """Hidden until the library tells of a crash; several captures are offered one after the other."""

    open_wanted = Signal(object)
    """`(path)`"""
    list_wanted = Signal()
    """The list of unsaved captures is wanted."""

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[LeftBehind] = []
        self.setObjectName("panel")
        self.setAccessibleName("Left by a crash")
        self.text = PlainLabel(elided=True)
        self.open_button = _button("Open it again", "Open the capture", self._open, role="main")
        self.list_button = _button("Unsaved captures", "See all captures that were not saved", self.list_wanted.emit, role="plain")
        self.dismiss_button = _button("Leave it", "Leave the capture where it is", self._next)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.INSIDE_PX, 3, 4, 3)
        row.setSpacing(style.GAP_PX)
        row.addWidget(self.text, 1)
        for button in (self.dismiss_button, self.list_button, self.open_button):
            row.addWidget(button)
        self.hide()
        library.left_behind.connect(self.offer)

    def offer(self, left: Sequence[LeftBehind]) -> None:
        """Offers these."""
        self._waiting = [*self._waiting, *left]
        if self._waiting:
            self._show()

    def _show(self) -> None:
        left = self._waiting[0]
        self.text.show_text(f"△ {crash_sentence(left)}")
        set_role(self.text, "warn")
        self.open_button.setVisible(left.is_there)
        self.open_button.setText("Open it all the same" if left.is_asked_about else "Open it again")
        self.dismiss_button.setText("Leave it" if left.is_there else "Dismiss")
        self.show()

    def _open(self) -> None:
        path = self._waiting[0].path
        self._next()
        self.open_wanted.emit(path)

    def _next(self) -> None:
        del self._waiting[:1]
        if self._waiting:
            self._show()
        else:
            self.hide()


def _button(text: str, words: str, clicked: object, *, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", role)
    button.setAutoDefault(False)
    set_tip(button, words)
    button.clicked.connect(clicked)
    return button
