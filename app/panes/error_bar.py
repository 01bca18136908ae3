"""A bar inside the window for what went wrong on its own: what, where, what to do; never a modal box."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from app import style
from app.plain import PlainLabel, announce, set_tip


class ErrorBar(QFrame):
    """Hidden until `show_error`; `details_wanted` asks for the messages, `again_wanted` to capture on."""

    details_wanted = Signal()
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("errorBar")
        self.text = PlainLabel(role="bad", elided=True)
        self.again = QPushButton("Capture again")
        details, dismiss = QPushButton("Details"), QPushButton("Dismiss")
        set_tip(self.again, "Goes on where it ended: what is there is not read twice (Ctrl+Shift+G)")
        self.again.clicked.connect(self.again_wanted)
        details.clicked.connect(self.details_wanted)
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(style.INSIDE_PX, 3, 4, 3)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.again)
        layout.addWidget(details)
        layout.addWidget(dismiss)
        self.hide()

    def show_error(self, sentence: str, *, can_go_on: bool = False) -> None:
        """Says what went wrong, and stays until dismissed or replaced. `can_go_on`: the capture that ended can be taken up."""
        self.again.setVisible(can_go_on)
        self.text.show_text(f"✕ {sentence}")
        self.show()
        announce(self, sentence, at_once=True)
