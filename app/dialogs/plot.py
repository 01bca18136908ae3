"""Asks what a plot shows: a metric, what its lines are, which events, how they are drawn, and from when on it is an alarm.

Metrics are those of `inspector.metrics`, whoever added them. Read `models.plot_spec` for what comes of it.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.filter_line import FilterLine
from app.models.plot_spec import SCALES, PlotSpec, Threshold, threshold_of
from app.models.toml_parts import problem_of
from app.plain import PlainLabel, set_tip
from inspector import metrics
from inspector.capture.steps import HEADER
from inspector.errors import UsageError
from inspector.projections import library
from inspector.query import compile_filter
from inspector.query.names import CAPTURED
from inspector.text import shortened, visible

_WIDTH_PX, _LABEL_PX = 640, 130
PROJECTION = "projection:"
_MOST_CHARACTERS = 80
_ANY_HEADER = f"{HEADER}NAME"
_SIDES = ("no alarm", "above", "below")
_SCALE_WORDS = dict(zip(SCALES, ("lines", "lines on a log scale", "stacked"), strict=True))


class PlotDialog(QDialog):
    """`chosen(PlotSpec)` when it is kept. `spec` is the plot to change; None: a new one.

    `projection_wanted(name)`: a projection is to be made, or this one changed; `file_wanted()`: one is to be a Python file.
    `show_metric` takes what comes of it.
    """

    chosen = Signal(object)
    projection_wanted = Signal(object)
    file_wanted = Signal()

    def __init__(self, spec: PlotSpec | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add a plot" if spec is None else "Change this plot")
        self.setMinimumWidth(_WIDTH_PX)
        self._before = spec
        self.what, self.by, self.header, self.filter = QComboBox(), QComboBox(), QLineEdit(), FilterLine()
        self.scale, self.side, self.value, self.wrong = QComboBox(), QComboBox(), QLineEdit(), PlainLabel(role="bad", elided=True)
        self.ok, self.projection = QPushButton("Add" if spec is None else "Change"), QPushButton("Projection …")
        self.file = QPushButton("Python file …")
        set_tip(self.file, "Numbers of your own, by a function: def project(event)")
        set_tip(self.projection, "Numbers of your own, by a form: a new projection, or a change of the one that is chosen")
        self._names: list[str] = []
        self._list(spec.metric if spec is not None else "")
        self.scale.addItems(list(_SCALE_WORDS.values()))
        self.side.addItems(list(_SIDES))
        self.header.setPlaceholderText("name of the header")
        self.filter.setPlaceholderText('all events, or such as type == "OrderPlaced"')
        self.value.setPlaceholderText("number")
        self._build()
        self._fill(spec or PlotSpec(self._names[0]))
        self.what.currentIndexChanged.connect(lambda _index: self._offer_labels(""))
        for box in (self.what, self.by, self.side):
            box.currentIndexChanged.connect(lambda _index: self._look())
        for line in (self.header, self.filter, self.value):
            line.textChanged.connect(lambda _text: self._look())
        self.filter.asked.connect(lambda _nothing: self.keep())
        self._look()

    def _build(self) -> None:
        layout, buttons, cancel = QVBoxLayout(self), QHBoxLayout(), QPushButton("Cancel")
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        rows: tuple[tuple[str, tuple[QWidget, ...]], ...] = (
            ("What", (self.what, self.projection, self.file)),
            ("A line for each", (self.by, self.header)),
            ("Of events", (self.filter,)),
            ("Drawn as", (self.scale,)),
            ("Alarm when it is", (self.side, self.value)),
        )
        for words, widgets in rows:
            row, label = QHBoxLayout(), PlainLabel(words)
            label.setMinimumWidth(_LABEL_PX)
            row.addWidget(label)
            for number, widget in enumerate(widgets):
                is_button = isinstance(widget, QPushButton)
                if not is_button:
                    widget.setAccessibleName(words if not number else f"{words}: {'name' if widget is self.header else 'number'}")
                row.addWidget(widget, 0 if is_button else 1)
            layout.addLayout(row)
        layout.addWidget(self.wrong)
        self.ok.setProperty("role", "main")
        self.ok.setDefault(True)
        cancel.setProperty("role", "plain")
        cancel.setAutoDefault(False)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.ok)
        layout.addLayout(buttons)
        for button in (self.projection, self.file):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        self.file.clicked.connect(lambda _on: self.file_wanted.emit())
        self.projection.clicked.connect(lambda _on: self.projection_wanted.emit(self._metric().partition(PROJECTION)[2]))
        self.ok.clicked.connect(lambda _on: self.keep())
        cancel.clicked.connect(lambda _on: self.reject())

    def _list(self, shown: str) -> None:
        """Offers the metrics there are, and the one that is shown: it may be that of a file."""
        self._names = list(metrics.names())
        self._names += [shown] if shown and shown not in self._names else []
        self.what.clear()
        self.what.addItems([_metric_words(name) for name in self._names])

    def _metric(self) -> str:
        return self._names[self.what.currentIndex()]

    def show_metric(self, name: str) -> None:
        """Chooses a metric that may be new, or another than it was."""
        with QSignalBlocker(self.what):
            self._list(name)
        self.what.setCurrentIndex(self._names.index(name))
        self._offer_labels("")
        self._look()

    def say(self, sentence: str) -> None:
        """Says what went wrong, until something is changed."""
        self.wrong.show_text(f"✕ {sentence}")

    def _fill(self, spec: PlotSpec) -> None:
        if spec.metric in self._names:
            self.what.setCurrentIndex(self._names.index(spec.metric))
        self._offer_labels(spec.by)
        self.filter.setText(spec.filter)
        self.scale.setCurrentIndex(SCALES.index(spec.scale))
        if spec.threshold is not None:
            self.side.setCurrentIndex(1 if spec.threshold.is_above else 2)
            self.value.setText(f"{spec.threshold.value:.12g}")

    def _offer_labels(self, by: str) -> None:
        """Offers what the lines of the metric can be; one that has not the label chosen before is told by its first."""
        wanted = by or self._by()
        self.by.blockSignals(True)
        self.by.clear()
        labels = self._labels()
        self.by.addItems([_label_words(label) for label in labels])
        self.by.blockSignals(False)
        if wanted.startswith(HEADER) and _ANY_HEADER in labels:
            self.by.setCurrentIndex(labels.index(_ANY_HEADER))
            self.header.setText(wanted.removeprefix(HEADER))
        elif wanted in labels:
            self.by.setCurrentIndex(labels.index(wanted))

    def _labels(self) -> tuple[str, ...]:
        try:
            return metrics.metric(self._metric()).labels
        except UsageError:
            return ("",)

    def _by(self) -> str:
        labels = self._labels()
        label = labels[self.by.currentIndex()] if 0 <= self.by.currentIndex() < len(labels) else ""
        return f"{HEADER}{self.header.text().strip()}" if label == _ANY_HEADER else label

    def _look(self) -> None:
        """Says what is wrong as it is typed."""
        self.header.setVisible(self._by().startswith(HEADER))
        self.value.setEnabled(self.side.currentIndex() > 0)
        problem = self.problem()
        self.ok.setEnabled(not problem)
        self.wrong.show_text(f"✕ {problem}" if problem else "")

    def problem(self) -> str:
        """Why this can be no plot, as a sentence; empty when it can."""
        try:
            metrics.metric(self._metric())
        except UsageError as error:
            return str(error)
        if self._by() == HEADER:
            return "say the name of the header"
        if text := self.filter.text().strip():

            def check(wanted: str) -> str:
                compile_filter(wanted, CAPTURED)
                return ""

            if problem := problem_of(text, check):
                return problem
        try:
            return "say the number" if self.side.currentIndex() and self._threshold() is None else ""
        except UsageError as error:
            return str(error)

    def _threshold(self) -> Threshold | None:
        return threshold_of(self.value.text(), is_above=self.side.currentIndex() == 1) if self.side.currentIndex() else None

    def take_alarm(self) -> None:
        """Puts the keyboard where the alarm is said."""
        if not self.side.currentIndex():
            self.side.setCurrentIndex(1)
        self.value.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep(self) -> None:
        """Tells what was chosen, and closes."""
        if self.problem():
            return
        before = self._before or PlotSpec("")
        name, text = self._metric(), self.filter.text().strip()
        scale = SCALES[self.scale.currentIndex()]
        self.chosen.emit(replace(before, metric=name, by=self._by(), filter=text, scale=scale, threshold=self._threshold()))
        self.accept()


def _metric_words(name: str) -> str:
    """A metric as it is offered; the name of one that cannot be read."""
    try:
        found = metrics.metric(name)
    except UsageError:
        return visible(shortened(name, _MOST_CHARACTERS))
    is_own = name.startswith(PROJECTION) and name.removeprefix(PROJECTION) in library.own()
    unit = f" ({found.unit})" if found.unit else ""
    return visible(shortened(f"{found.title}{unit}{': yours' if is_own else ''}", _MOST_CHARACTERS))


def _label_words(label: str) -> str:
    return {"": "(one line)", "all": "(one line for all)", _ANY_HEADER: "header …"}.get(label, label)
