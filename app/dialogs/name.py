"""Asks for a name: one line, what is wrong with it as it is typed, and what whoever takes it says against it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.plain import PlainLabel, announce
from inspector.errors import UsageError

_WIDTH_PX = 360


class NameDialog(QDialog):
    """Closes when `take` took the name; a UsageError of it is said, and the dialog stays."""

    def __init__(
        self, title: str, text: str, problem: Callable[[str], str], take: Callable[[str], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(_WIDTH_PX)
        self._problem, self._take = problem, take
        self.line, self.wrong = QLineEdit(text), PlainLabel(role="bad")
        self.line.setAccessibleName("Name")
        self.line.setPlaceholderText("Name")
        self.line.selectAll()
        self.ok, cancel = QPushButton("Keep"), QPushButton("Cancel")
        self.ok.setProperty("role", "main")
        self.ok.setDefault(True)
        cancel.setProperty("role", "plain")
        cancel.setAutoDefault(False)
        buttons, layout = QHBoxLayout(), QVBoxLayout(self)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.ok)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        for widget in (self.line, self.wrong):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self.line.textChanged.connect(self._typed)
        self.ok.clicked.connect(self.keep)
        cancel.clicked.connect(self.reject)
        self._typed(text)

    def _typed(self, text: str) -> None:
        problem = self._problem(text.strip())
        self.ok.setEnabled(not problem)
        self.wrong.show_text(f"✕ {problem}" if problem and text.strip() else "")

    def keep(self) -> None:
        """Gives the name to whom it is for."""
        try:
            self._take(self.line.text().strip())
        except UsageError as error:
            self.wrong.show_text(f"✕ {error}")
            announce(self, str(error), at_once=True)
            return
        self.accept()
