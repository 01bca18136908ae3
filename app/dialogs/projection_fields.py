"""The fields of a projection's form, with what is wrong said below the field. Knows no session and no file.

Read `projection` for the dialog, `inspector.projections.form` for what the fields mean.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import Choice, choice
from app.dialogs.projection_rows import LabelLines, MeasureLines
from app.filter_line import FilterLine
from app.plain import PlainLabel, set_role, set_tip
from inspector.projections.form import Form, FormError
from inspector.projections.spec import CLOCKS, LONGEST_NAME
from inspector.query.completion import Known, place_text

_LONGEST = 2_000
_NAME_PX = 96
_NO_WINDOW = "none: all of time"
_WINDOWS = ("1s", "10s", "1m", "5m", "15m", "1h", "1d")
_CLOCKS = dict(zip(("event time", "recorded time", "captured time"), CLOCKS, strict=True))
_FIELDS = ("type", "key", "stream", "category", "log", "partition", "actor", "schema_version", "correlation_id", "decoder")


class ProjectionFields(QScrollArea):
    """What `form` says; `changed()` with each change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name, self.title, self.unit, self.alarm = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.filter, self.labels, self.measures = FilterLine(), LabelLines(), MeasureLines()
        self.window_box, self.clock, self.aborted = Choice(), choice([*_CLOCKS]), QCheckBox("also events of aborted transactions")
        self.wrong: dict[str, PlainLabel] = {}
        self._model: Mapping[str, object] = {}
        self._rows = QVBoxLayout()
        self._make()
        self._lay_out()
        for line in (self.name, self.title, self.unit, self.alarm, self.filter):
            line.textChanged.connect(lambda _text: self.changed.emit())
        for box in (self.window_box, self.clock):
            box.currentTextChanged.connect(lambda _text: self.changed.emit())
        for lines in (self.labels, self.measures):
            lines.changed.connect(self.changed)
        self.aborted.toggled.connect(lambda _on: self.changed.emit())

    def _make(self) -> None:
        self.name.setMaxLength(LONGEST_NAME)
        self.filter.setPlaceholderText('every event, or such as type == "OrderPlaced"')
        self.title.setPlaceholderText("as it is shown: the name")
        self.unit.setPlaceholderText("EUR, pieces …")
        self.alarm.setPlaceholderText("none, or such as total < 0; several with or between them")
        self.alarm.setFont(style.fixed_font())
        self.window_box.setEditable(True)
        self.window_box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.window_box.addItems([_NO_WINDOW, *_WINDOWS])
        set_tip(self.window_box, "A row for each stretch of so long, aligned to UTC: 30s, 5m, 1h …")
        set_tip(self.clock, "Which time says in what window an event is")
        for line in (self.title, self.unit, self.alarm):
            line.setMaxLength(_LONGEST)

    def _lay_out(self) -> None:
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(style.GAP_PX)
        self._add("Name", "name", (self.name, 1))
        self._add("Title", "title", (self.title, 1), (PlainLabel("Unit", role="dim"), 0), (self.unit, 0))
        self.unit.setFixedWidth(_NAME_PX)
        self.unit.setAccessibleName("Unit")
        self._add("Of events", "filter", (self.filter, 1))
        self.filter.setAccessibleName("Filter")
        self._add("A row for each", "labels", (self.labels, 1))
        self._add("Numbers", "measures", (self.measures, 1))
        self._add("Window", "window", (self.window_box, 1), (PlainLabel("by", role="dim"), 0), (self.clock, 1))
        self.clock.setAccessibleName("Clock of the window")
        self._add("Alarm when", "alarm", (self.alarm, 1))
        self._add("Counts", "", (self.aborted, 1))
        self._rows.addStretch(1)
        body = QWidget()
        body.setObjectName("plain")
        body.setLayout(self._rows)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("What the projection is")

    def _add(self, words: str, part: str, *fields: tuple[QWidget, int]) -> None:
        """A row of fields, and below it room for what is wrong there."""
        row, wrong, label = QHBoxLayout(), PlainLabel(role="bad", elided=True), PlainLabel(words, role="dim")
        row.setSpacing(style.GAP_PX)
        label.setFixedWidth(_NAME_PX)
        is_tall = isinstance(fields[0][0], LabelLines | MeasureLines)
        label.setContentsMargins(0, 5 if is_tall else 0, 0, 0)
        row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop if is_tall else Qt.AlignmentFlag.AlignVCenter)
        for field, stretch in fields:
            row.addWidget(field, stretch)
        fields[0][0].setAccessibleName(words)
        wrong.setContentsMargins(_NAME_PX + style.GAP_PX, 0, 0, 0)
        wrong.hide()
        self.wrong[part] = wrong
        self._rows.addLayout(row)
        self._rows.addWidget(wrong)

    # ---- what is known

    def learn(self, seen: Known) -> None:
        """Offers what was seen in the capture."""
        self.filter.learn(seen)
        places = {place_text(place): kind for place, kind in seen.places.items()}
        headers = [f'headers["{name}"]' for name in seen.headers if name.isprintable() and not set(name) & {'"', "\\"}]
        numbers = [place for place, kind in places.items() if kind == "number"]
        others = [place for place, kind in places.items() if kind not in {"object", "list", "number"}]
        self.labels.places.setStringList([*others, *_FIELDS, *numbers, *headers])
        self.measures.places.setStringList([*numbers, *others, *_FIELDS])

    # ---- what it says

    def form(self) -> Form:
        """What stands in the fields."""
        window = self.window_box.currentText().strip()
        return Form(
            self.name.text(),
            self.title.text(),
            self.unit.text(),
            self.filter.text(),
            tuple(self.labels.rows()),
            tuple(self.measures.rows()),
            "" if window == _NO_WINDOW else window,
            _CLOCKS[self.clock.currentText()],
            self.alarm.text(),
            self.aborted.isChecked(),
            self._model,
        )

    def show_form(self, form: Form) -> None:
        """Shows another projection."""
        self._model = form.model
        for line, text in ((self.name, form.name), (self.title, form.title), (self.unit, form.unit), (self.alarm, form.alarm)):
            line.setText(text)
            line.setCursorPosition(0)
        self.filter.show_filter(form.filter)
        self.labels.show_rows(form.labels)
        self.measures.show_rows(form.measures)
        self.window_box.setCurrentText(form.window or _NO_WINDOW)
        self.clock.setCurrentText(next(words for words, clock in _CLOCKS.items() if clock == form.clock))
        self.aborted.setChecked(form.include_aborted)

    def say(self, error: FormError | None) -> None:
        """Says what is wrong where it is; None: nothing is."""
        part = "" if error is None else error.part if error.part in self.wrong else "name"
        for name, label in self.wrong.items():
            is_here = error is not None and name == part
            label.show_text(f"✕ {str(error).removeprefix('the filter is wrong at ')}" if is_here else "")
            label.setVisible(is_here)
        for name, line in (("name", self.name), ("alarm", self.alarm), ("window", self.window_box)):
            set_role(line, "bad" if error is not None and name == part else "")
        for name, lines in (("labels", self.labels), ("measures", self.measures)):
            lines.mark(error.row if error is not None and name == part else None)
        self.filter.check()
