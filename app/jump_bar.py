"""The box for jumps: takes a time, an offset, a version or a number, says how it is understood, and asks to go there.

Knows no capture. Read `jump` for the forms.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton

from app import style
from app.jump import FORMS, AtNumber, AtOffset, AtTime, AtVersion, Here, Target, target
from app.plain import PlainLabel, set_role, set_tip


class JumpBar(QFrame):
    """Hidden until `open`. `here` gives what incomplete times are completed with."""

    wanted = Signal(object)
    """`(Target)`: go there."""
    left = Signal()
    """It was closed without going anywhere."""

    def __init__(self, here: Callable[[], Here]) -> None:
        super().__init__()
        self.setAccessibleName("Go to")
        self._here = here
        self.box = QLineEdit()
        self.box.setAccessibleName("Go to a time, offset, version or number")
        self.box.setPlaceholderText("14:03:07   -15m   orders/3:1234   v12   #77")
        self.box.setFont(style.fixed_font())
        self.box.setMaxLength(300)
        set_tip(self.box, f"Go to {FORMS}")
        self.box.textChanged.connect(self.explain)
        self.box.returnPressed.connect(self._go)
        self.meaning = PlainLabel(role="dim", elided=True)
        go = QPushButton("Go")
        go.setAccessibleName("Go there")
        go.clicked.connect(self._go)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(style.INSIDE_PX, 2, 4, 4)
        layout.addWidget(PlainLabel("Go to", role="dim"))
        layout.addWidget(self.box, 2)
        layout.addWidget(self.meaning, 3)
        layout.addWidget(go)
        self.hide()

    def open(self) -> None:
        """Shows the box, with what was written last ready to be replaced."""
        self.show()
        self.box.setFocus()
        self.box.selectAll()
        self.explain()

    def close_bar(self) -> None:
        """Hides the box and gives the keyboard back."""
        self.hide()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    def _understood(self) -> Target | str:
        try:
            return target(self.box.text(), self._here())
        except ValueError as error:
            return str(error)

    def explain(self) -> None:
        """Says how what was written is understood."""
        if not self.box.text().strip():
            set_role(self.meaning, "dim")
            self.meaning.show_text(f"times in {self._here().zone_text}")
            return
        found = self._understood()
        set_role(self.meaning, "warn" if isinstance(found, str) else "dim")
        self.meaning.show_text(found if isinstance(found, str) else _words(found))

    def _go(self) -> None:
        found = self._understood()
        if isinstance(found, str):
            self.explain()
            return
        self.wanted.emit(found)
        self.close_bar()


def _words(found: Target) -> str:
    if isinstance(found, AtTime):
        return f"time: {found.text}"
    if isinstance(found, AtOffset):
        where = f"{found.log}/{found.partition}" if found.log is not None else "the current partition"
        return f"offset {found.position:,} of {where}"
    if isinstance(found, AtVersion):
        return f"version {found.version:,} of the current stream"
    assert isinstance(found, AtNumber)
    return f"event #{found.seq:,}"
