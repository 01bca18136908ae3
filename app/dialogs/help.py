"""The sheet of keys: everything that can be done, by what it is done to. Read `app.actions` for the table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app import style
from app.actions import Action
from app.plain import PlainText

_KEYS_WIDTH = 22


class HelpDialog(QDialog):
    """Read-only; Esc closes it."""

    def __init__(self, actions: Sequence[Action], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.sheet = PlainText("Keys")
        self.sheet.setPlainText(sheet(actions))
        close = QPushButton("Close")
        close.setProperty("role", "plain")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[style.MARGIN_PX] * 4)
        layout.addWidget(self.sheet)
        layout.addLayout(row)
        self.resize(560, 640)


def sheet(actions: Sequence[Action]) -> str:
    """All actions as lines: keys, then words; those without keys are in the palette."""
    lines: list[str] = []
    for group in dict.fromkeys(action.group for action in actions):
        lines += [*([""] if lines else []), group]
        lines += [f"  {action.keys_text() or '(palette)':<{_KEYS_WIDTH}}{action.words}" for action in actions if action.group == group]
    return "\n".join(lines)
