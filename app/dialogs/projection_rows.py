"""Lines of a projection's form that there may be several of: by what groups are told apart, and what is measured. No session.

Read `projection_fields` for the form, `inspector.projections.form` for what a line says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import choice
from app.plain import PlainLabel, set_role, set_tip
from inspector.projections.form import LabelRow, MeasureRow, label_name, measure_name
from inspector.projections.spec import MOST_LABELS, MOST_MEASURES, OPERATIONS, WITHOUT_PLACE

_OPERATION_PX, _NAME_PX, _REMOVE_PX = 84, 124, 26
_LONGEST = 2_000
T = TypeVar("T", LabelRow, MeasureRow)


class PlaceLine(QLineEdit):
    """A place in an event, completed from those that were seen."""

    def __init__(self, places: QStringListModel, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFont(style.fixed_font())
        self.setMaxLength(_LONGEST)
        completer = QCompleter(places, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)


class _Line(QWidget, Generic[T]):
    """One line with a button that takes it away; `row()` gives what it says."""

    changed = Signal()
    removed = Signal()

    def __init__(self, fields: Sequence[tuple[QWidget, int]], words: str, row: Callable[[], T]) -> None:
        super().__init__()
        self.row: Callable[[], T] = row
        self.remove = QPushButton("✕")
        self.remove.setProperty("role", "plain")
        self.remove.setAutoDefault(False)
        self.remove.setFixedWidth(_REMOVE_PX)
        self.remove.setAccessibleName(words)
        set_tip(self.remove, words)
        self.remove.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for field, stretch in fields:
            layout.addWidget(field, stretch)
        layout.addWidget(self.remove)

    def mark(self, *, on: bool) -> None:
        """Shows that something is wrong with it."""
        for line in self.findChildren(QLineEdit):
            set_role(line, "bad" if on else "")


class LabelLine(_Line[LabelRow]):
    """By what groups are told apart."""

    def __init__(self, row: LabelRow, places: QStringListModel) -> None:
        self.place, self.label = PlaceLine(places, "Group by"), QLineEdit(row.label)
        self.place.setText(row.place)
        self.place.setPlaceholderText("data.sku, type, key, stream …")
        self.label.setAccessibleName("Label of the group")
        self.label.setPlaceholderText(label_name(row) or "label")
        self.label.setMaxLength(_LONGEST)
        self.label.setFixedWidth(_NAME_PX)
        super().__init__([(self.place, 1), (PlainLabel("as", role="dim"), 0), (self.label, 0)], "Do not group by this", self._row)
        for line in (self.place, self.label):
            line.textChanged.connect(self._say)

    def _row(self) -> LabelRow:
        return LabelRow(self.place.text(), self.label.text())

    def _say(self) -> None:
        self.label.setPlaceholderText(label_name(self.row()) or "label")
        self.changed.emit()


class MeasureLine(_Line[MeasureRow]):
    """One number of each group."""

    def __init__(self, row: MeasureRow, places: QStringListModel) -> None:
        self.operation, self.place, self.name = choice(OPERATIONS), PlaceLine(places, "Measured place"), QLineEdit(row.name)
        self.operation.setAccessibleName("What is measured")
        self.operation.setCurrentText(row.operation)
        self.operation.setFixedWidth(_OPERATION_PX)
        self.place.setText(row.place)
        self.name.setAccessibleName("Name of the number")
        self.name.setMaxLength(_LONGEST)
        self.name.setFixedWidth(_NAME_PX)
        fields: list[tuple[QWidget, int]] = [
            (self.operation, 0),
            (PlainLabel("of", role="dim"), 0),
            (self.place, 1),
            (PlainLabel("as", role="dim"), 0),
            (self.name, 0),
        ]
        super().__init__(fields, "Do not measure this", self._row)
        self.operation.currentIndexChanged.connect(self._say)
        for line in (self.place, self.name):
            line.textChanged.connect(self._say)
        self._say()

    def _row(self) -> MeasureRow:
        return MeasureRow(self.operation.currentText(), self.place.text(), self.name.text())

    def _say(self) -> None:
        self.place.setPlaceholderText("events, or a place" if self.operation.currentText() in WITHOUT_PLACE else "data.amount …")
        self.name.setPlaceholderText(measure_name(self.row()))
        self.changed.emit()


class _Lines(QWidget, Generic[T]):
    """Lines below each other, and a button for one more."""

    changed = Signal()

    def __init__(self, words: str, most: int, empty: T, make: Callable[[T, QStringListModel], _Line[T]]) -> None:
        super().__init__()
        self.places = QStringListModel(self)
        self.lines: list[_Line[T]] = []
        self._most = most
        self._make: Callable[[T, QStringListModel], _Line[T]] = make
        self._blank: T = empty
        self.add = QPushButton(words)
        self.add.setProperty("role", "plain")
        self.add.setAutoDefault(False)
        self.add.clicked.connect(lambda _on: self.add_line())
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(4)
        self.body.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)

    def rows(self) -> list[T]:
        """What the lines say."""
        return [line.row() for line in self.lines]

    def show_rows(self, rows: Sequence[T]) -> None:
        """Shows other lines."""
        while self.lines:
            self._drop(self.lines[-1])
        for row in rows:
            self._put(row)
        self.changed.emit()

    def add_line(self) -> None:
        """One more line, in which typing begins."""
        line = self._put(self._blank)
        line.findChildren(PlaceLine)[0].setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def mark(self, row: int | None) -> None:
        """Shows that something is wrong with one line; None: with none."""
        for number, line in enumerate(self.lines):
            line.mark(on=number == row)

    def _put(self, row: T) -> _Line[T]:
        line = self._make(row, self.places)
        line.changed.connect(self.changed)
        line.removed.connect(lambda: self._remove(line))
        self.body.insertWidget(len(self.lines), line)
        self.lines.append(line)
        self.add.setEnabled(len(self.lines) < self._most)
        return line

    def _remove(self, line: _Line[T]) -> None:
        self._drop(line)
        self.add.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _drop(self, line: _Line[T]) -> None:
        self.lines.remove(line)
        line.hide()
        line.setParent(None)
        line.deleteLater()
        self.add.setEnabled(len(self.lines) < self._most)


class LabelLines(_Lines[LabelRow]):
    """By what groups are told apart."""

    def __init__(self) -> None:
        super().__init__("Group by …", MOST_LABELS, LabelRow(), LabelLine)


class MeasureLines(_Lines[MeasureRow]):
    """What is measured of each group."""

    def __init__(self) -> None:
        super().__init__("Add a number", MOST_MEASURES, MeasureRow("sum"), MeasureLine)
