"""Rows of a form: a name, a field, and for files a button that chooses one. Knows nothing of what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from app import style
from app.plain import PlainLabel

NAME_PX = 172


class Form(QWidget):
    """Rows under each other, names to the left. Rows may be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.INSIDE_PX)
        self._grid.setVerticalSpacing(style.GAP_PX)
        self._grid.setColumnMinimumWidth(0, NAME_PX)
        self._grid.setColumnStretch(1, 1)
        self._rows: dict[QWidget, PlainLabel] = {}

    def add(self, name: str, field: QWidget) -> None:
        """A row at the end."""
        label = PlainLabel(name, role="dim")
        label.setBuddy(field)
        place = len(self._rows)
        self._rows[field] = label
        field.setAccessibleName(name)
        is_tall = isinstance(field, QPlainTextEdit)
        self._grid.addWidget(label, place, 0, Qt.AlignmentFlag.AlignTop if is_tall else Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(field, place, 1)

    def show_row(self, field: QWidget, *, on: bool) -> None:
        """Shows a row or hides it; what is in it stays."""
        field.setVisible(on)
        self._rows[field].setVisible(on)


class FileField(QWidget):
    """A path, typed or chosen."""

    changed = Signal()

    def __init__(self, title: str, pattern: str = "All files (*)") -> None:
        super().__init__()
        self._title, self._pattern = title, pattern
        self.line = QLineEdit()
        self.line.setAccessibleName(title)
        self.line.textChanged.connect(self.changed)
        self.browse = QPushButton("Browse")
        self.browse.setProperty("role", "plain")
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName(f"Browse for {title}")
        self.browse.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.GAP_PX)
        row.addWidget(self.line, 1)
        row.addWidget(self.browse)
        self.setFocusProxy(self.line)

    def text(self) -> str:
        """The path."""
        return self.line.text().strip()

    def set_text(self, text: str) -> None:
        """Shows a path."""
        self.line.setText(text)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self._title, self.text(), self._pattern)
        if chosen:
            self.line.setText(chosen)


def secret_field() -> QLineEdit:
    """A line that shows dots."""
    line = QLineEdit()
    line.setEchoMode(QLineEdit.EchoMode.Password)
    return line


class Choice(QComboBox):
    """A list to choose from, with a sign that it opens."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The sign at the right, in the colour of what is said beside."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(style.color("dim"))
        place = self.rect().adjusted(0, 0, -8, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "▾")
        painter.end()


def choice(names: Sequence[str]) -> QComboBox:
    """One of a few words of ours."""
    box = Choice()
    box.addItems(list(names))
    return box


def set_choice(box: QComboBox, name: str) -> bool:
    """Chooses a word, quietly; False when there is none such."""
    place = box.findText(name)
    with QSignalBlocker(box):
        box.setCurrentIndex(max(0, place))
    return place >= 0
