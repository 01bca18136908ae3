"""Bars inside a panel: one sentence, with a sign for what it is, and up to one button; and a line for work going on. Knows no session.

Read `panes.events` for its use: a wrong filter, a jump that found nothing, a search that stopped.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton

from app import style
from app.plain import PlainLabel, announce, set_role

_SIGNS = {"ok": "✓", "bad": "✕", "warn": "!", "dim": "→"}


class Notice(QFrame):
    """Hidden until `say`; dismissed by its button, by `hide` or by the next sentence."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.text = PlainLabel(role="dim", elided=True)
        self._action = QPushButton()
        self._action.clicked.connect(self._act)
        self._dismiss = QPushButton("Dismiss")
        self._dismiss.clicked.connect(self.hide)
        self._acted: Callable[[], None] | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(style.INSIDE_PX, 2, 4, 2)
        layout.addWidget(self.text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._dismiss)
        self.hide()

    def say(self, sentence: str, *, role: str = "dim", action: str = "", acted: Callable[[], None] | None = None) -> None:
        """Shows a sentence as an error (`bad`), warning (`warn`), remark (`dim`) or success (`ok`), with one thing to do about it."""
        set_role(self.text, role)
        self.text.show_text(f"{_SIGNS[role]} {sentence}")
        self._acted = acted
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self.show()
        announce(self, sentence, at_once=role == "bad")

    def _act(self) -> None:
        self.hide()
        if self._acted is not None:
            self._acted()


def thin_bar(name: str, most: int) -> QProgressBar:
    """A line that fills; without an end (`most` 0) it moves."""
    bar = QProgressBar()
    bar.setRange(0, most)
    bar.setTextVisible(False)
    bar.setAccessibleName(name)
    bar.hide()
    return bar
