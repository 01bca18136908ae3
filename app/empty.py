"""What a panel shows while it has nothing: one sentence, and the one next step. Knows no session."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app.plain import PlainLabel
from inspector.text import visible


class Empty(QFrame):
    """A sentence and a hint in the middle, cut where there is no room if `elided`; buttons may be added for the next step."""

    def __init__(self, sentence: str, hint: str, *, elided: bool = False) -> None:
        super().__init__()
        self._sentence, self._hint = PlainLabel(sentence, elided=elided), PlainLabel(hint, role="faint", elided=elided)
        self._buttons = QHBoxLayout()
        self._buttons.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(2)
        for label in (self._sentence, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(label)
        layout.addLayout(self._buttons)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        layout.addLayout(self._lines)
        layout.addStretch(3)

    def show_text(self, sentence: str, hint: str) -> None:
        """Says something else."""
        self._sentence.show_text(sentence)
        self._hint.show_text(hint)

    def sentence(self) -> str:
        """What is said."""
        return self._sentence.whole_text()

    def add_line(self, text: str) -> QPushButton:
        """A further thing to do, on a line of its own below the others."""
        button = QPushButton(visible(text))
        self._lines.addWidget(button, alignment=Qt.AlignmentFlag.AlignCenter)
        return button

    def add_button(self, text: str, *, is_main: bool = False) -> QPushButton:
        """A button for the next step."""
        button = QPushButton(text)
        button.setProperty("role", "main" if is_main else "plain")
        self._buttons.addWidget(button)
        return button
