"""Preferences: appearance, size of text, zone of times, days that unsaved captures stay. They hold at once.

Knows no pane; read `preferences` for what is remembered.
"""

from __future__ import annotations

from zoneinfo import available_timezones

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from app.plain import PlainLabel
from app.preferences import APPEARANCES, SCALES, Preferences

_LABEL_PX = 190


class PreferencesDialog(QDialog):
    """Not modal."""

    changed = Signal(object)
    """`(Preferences)`: something was chosen."""

    def __init__(self, now: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.appearance, self.scale, self.zone, self.days = QComboBox(), QComboBox(), QComboBox(), QSpinBox()
        self.appearance.addItems(APPEARANCES)
        self.appearance.setCurrentText(now.appearance)
        self.scale.addItems([f"{scale} %" for scale in SCALES])
        self.scale.setCurrentText(f"{now.scale_percent} %")
        self.zone.setEditable(True)
        self.zone.addItems(["UTC", "system", *sorted(available_timezones() - {"UTC"})])
        self.zone.setCurrentText(now.zone)
        self.days.setRange(0, 3_650)
        self.days.setValue(now.keep_days)
        self.days.setSpecialValueText("ever")
        self.days.setSuffix(" days")
        self.wrong = PlainLabel(role="bad")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        for words, widget in (
            ("Appearance", self.appearance),
            ("Size of text", self.scale),
            ("Zone of times", self.zone),
            ("Keep unsaved captures for", self.days),
        ):
            for named in (widget, *widget.findChildren(QLineEdit)):
                named.setAccessibleName(words)
            line, label = QHBoxLayout(), PlainLabel(words)
            label.setMinimumWidth(_LABEL_PX)
            line.addWidget(label)
            line.addWidget(widget, 1)
            layout.addLayout(line)
        layout.addWidget(self.wrong)
        close = QPushButton("Close")
        close.setProperty("role", "plain")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        layout.addLayout(row)
        for box in (self.appearance, self.scale):
            box.currentIndexChanged.connect(lambda _index: self._tell())
        self.zone.currentTextChanged.connect(lambda _text: self._tell())
        self.days.valueChanged.connect(lambda _days: self._tell())

    def chosen(self) -> Preferences:
        """What is chosen now."""
        percent = int(self.scale.currentText().split()[0])
        return Preferences(self.appearance.currentText(), percent, self.zone.currentText().strip(), self.days.value())

    def _tell(self) -> None:
        chosen = self.chosen()
        is_known = chosen.tzinfo() is not None
        self.wrong.show_text("" if is_known else f"no zone is named {chosen.zone}: write one such as Europe/Berlin, UTC or system")
        if is_known:
            self.changed.emit(chosen)
