"""The controls of a replay: slider, steps, time, reducer, pin, and the lines that say how far and how sure. Knows no session.

Read `panes.replay` for what they do.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QSlider, QVBoxLayout, QWidget

from app import style
from app.notice import Notice
from app.plain import PlainLabel, set_tip
from inspector import plugins

_FAR = 1 << 30


class ReplayControls(QWidget):
    """Everything above the state."""

    count_wanted = Signal(object)
    """`(count)`: the slider was moved to so many events."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.applied = PlainLabel(elided=True), PlainLabel(role="dim", elided=True)
        self.applied.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.pin = QPushButton("follows selection")
        self.pin.setCheckable(True)
        self.pin.setProperty("role", "chip")
        set_tip(self.pin, "Pin this stream: it stays while other events are chosen")
        self.pin.toggled.connect(lambda on: self.pin.setText("pinned" if on else "follows selection"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Events of the stream")
        self.slider.setPageStep(10)
        self.slider.valueChanged.connect(lambda: self.count_wanted.emit(self.slider.value()))
        self.time, self.zone = QLineEdit(), PlainLabel("UTC", role="dim")
        self.time.setAccessibleName("Time to replay to")
        self.time.setFont(style.fixed_font())
        self.time.setPlaceholderText("14:03:07.250")
        self.reducer = QComboBox()
        self.reducer.setAccessibleName("Reducer")
        self.reducer.addItem("default reducer", "")
        for name in sorted(plugins.names("reducers")):
            self.reducer.addItem(name, name)
        set_tip(self.reducer, "How events become state; a log's profile may say its own")
        self.history, self.notice = PlainLabel(role="dim", elided=True), Notice("Replay notice")
        self._lay_out()

    def _lay_out(self) -> None:
        title, rail, said = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        title.addWidget(self.name, 5)
        title.addWidget(self.pin)
        title.addWidget(self.applied, 4)
        rail.addWidget(self.slider)
        said.addWidget(self.history, 1)
        said.addWidget(self.reducer)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 2)
        inside.setSpacing(3)
        for line in (title, rail, self._steps(), said):
            line.setContentsMargins(style.INSIDE_PX, 1, style.INSIDE_PX, 1)
            line.setSpacing(style.GAP_PX)
            inside.addLayout(line)
        inside.addWidget(self.notice)

    def _steps(self) -> QHBoxLayout:
        line = QHBoxLayout()
        for text, words, events in (
            ("|‹", "Before the first event", -_FAR),
            ("‹", "One event back (Alt+Shift+Left)", -1),
            ("›", "One event on (Alt+Shift+Right)", 1),
            ("›|", "After the last event", _FAR),
        ):
            button = QPushButton(text)
            button.setAccessibleName(words)
            set_tip(button, words)
            button.clicked.connect(lambda _on=False, events=events: self.step(events))
            line.addWidget(button)
        line.addWidget(self.time, 1)
        line.addWidget(self.zone)
        return line

    def step(self, events: int) -> None:
        """Moves the slider by so many events."""
        self.slider.setValue(max(0, min(self.slider.value() + events, self.slider.maximum())))

    def show_place(self, applied: int, total: int) -> None:
        """Puts the slider where the state is; asks nothing."""
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(total, applied))
        self.slider.setValue(applied)
        self.slider.blockSignals(False)
