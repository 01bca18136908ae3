"""The box of the time range: shows the one in force, takes another as it is typed, says what is wrong. Knows no pane.

Read `time_range` for the forms.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from app import style
from app.jump import Here
from app.models.event_look import zone_name
from app.plain import announce, set_role, set_tip
from app.time_range import FORMS, range_text, time_range

_WIDTH_CHARACTERS = 35


class RangeBox(QLineEdit):
    """One line. `newest_us` is what "last 15 min" counts from."""

    wanted = Signal(object)
    """`((from_us, until_us) or None)`"""
    said = Signal(object)
    """`(sentence)`: what is wrong with what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.newest_us: int | None = None
        self._zone: tzinfo = UTC
        self._range: tuple[int, int] | None = None
        self.setAccessibleName("Time range")
        self.setPlaceholderText("Time range, e.g. last 15 min")
        self.setFont(style.fixed_font())
        self.setMaxLength(200)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * _WIDTH_CHARACTERS)
        self._tell()
        self.returnPressed.connect(self._take)
        self.textEdited.connect(self._edited)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows and takes times in this zone."""
        self._zone = zone
        self._tell()

    def show_range(self, span: tuple[int, int] | None) -> None:
        """Shows the range in force."""
        self._range = span
        self._tell()

    def _tell(self) -> None:
        self.setText(range_text(self._range, self._zone) if self._range is not None else "")
        self.setCursorPosition(0)
        set_role(self, "")
        zone = zone_name(self._zone)
        said = f"{self.text()} {zone}\n" if self._range is not None else ""
        set_tip(self, f"{said}Time range ({zone}): {FORMS}")

    def take_focus(self) -> None:
        """Ready to be typed into."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def _edited(self, _text: str) -> None:
        set_role(self, "")

    def _take(self) -> None:
        try:
            span = time_range(self.text(), Here(self._zone, zone_name(self._zone), None, self.newest_us))
        except ValueError as error:
            set_role(self, "bad")
            set_tip(self, f"✕ {error}")
            self.said.emit(f"✕ {error}")
            announce(self, str(error), at_once=True)
            return
        self.wanted.emit(span)
        self.show_range(span)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape shows the range in force again."""
        if event.key() == Qt.Key.Key_Escape:
            self._tell()
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """What was not taken is dropped."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._tell()
