"""Which column or path of a file's rows is which field of an event, as boxes to choose from or to type in. Knows no process.

Read `import_group` for what is around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QScrollArea, QWidget

from app import style
from app.dialogs.fields import Choice
from app.models.importing import FIELDS
from app.plain import PlainLabel
from inspector.text import visible

_NOTHING = "–"
_COLUMNS = 3
_BOX_CHARACTERS = 9
_HEIGHT_PX = 182


class FieldPlaces(QScrollArea):
    """A box for each field. `changed(field, place)` comes when one is chosen or typed; the place is empty for nothing."""

    changed = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Fields and where they are found")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFixedHeight(_HEIGHT_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("inside")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, style.INSIDE_PX, 0)
        grid.setHorizontalSpacing(style.INSIDE_PX)
        grid.setVerticalSpacing(4)
        self._shown: dict[str, str] = {}
        self.boxes: dict[str, QComboBox] = {}
        rows = -(-len(FIELDS) // _COLUMNS)
        for number, name in enumerate(FIELDS):
            box = self.boxes[name] = self._box(name)
            label = PlainLabel(name.replace("_", " "), role="dim")
            label.setBuddy(box)
            grid.addWidget(label, number % rows, 2 * (number // rows))
            grid.addWidget(box, number % rows, 2 * (number // rows) + 1)
        for column in range(_COLUMNS):
            grid.setColumnStretch(2 * column + 1, 1)
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)

    def _box(self, name: str) -> QComboBox:
        box = Choice()
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setMinimumContentsLength(_BOX_CHARACTERS)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setAccessibleName(f"Where {name.replace('_', ' ')} is found")
        line = box.lineEdit()
        assert line is not None
        line.setAccessibleName(box.accessibleName())
        box.activated.connect(lambda _place: self._told(name))
        line.editingFinished.connect(lambda: self._told(name))
        return box

    def show_fields(self, fields: Mapping[str, str], places: Sequence[str]) -> None:
        """Shows a mapping, and what may be chosen instead."""
        self._shown = {name: fields.get(name, "") for name in FIELDS}
        offered = list(dict.fromkeys([*places, *filter(None, fields.values())]))
        for name, box in self.boxes.items():
            line = box.lineEdit()
            if box.view().isVisible() or (line is not None and line.hasFocus() and line.isModified()):
                continue  # somebody is in the middle of saying something else
            with QSignalBlocker(box):
                box.clear()
                box.addItem(_NOTHING, "")
                for place in offered:
                    box.addItem(visible(place), place)
                at = box.findData(self._shown[name])
                box.setCurrentIndex(max(at, 0))

    def place(self, name: str) -> str:
        """What is chosen or typed for a field."""
        box = self.boxes[name]
        text = box.currentText().strip()
        at = box.findText(text)
        return "" if text == _NOTHING else str(box.itemData(at)) if at >= 0 else text

    def _told(self, name: str) -> None:
        place = self.place(name)
        if place != self._shown.get(name, ""):
            self._shown[name] = place
            self.changed.emit(name, place)
