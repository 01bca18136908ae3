"""The events of a stream as a coloured strip with a cursor, and a second cursor for the moment to compare with.

A slider of 0 to the number of events: the value is how many are applied. Knows no capture. Read `replay_controls` for its use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygon,
    QResizeEvent,
)
from PySide6.QtWidgets import QSlider, QToolTip

from app import style
from app.models.event_rows import shown_time
from app.plain import tip

BAR_PX, HANDLE_PX = 14, 6
_HEIGHT_PX = BAR_PX + 2 * HANDLE_PX
_LEFT_PX = HANDLE_PX + 1
_GAP_FROM_PX = 4.0
"""Events at least this wide have a line between them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """`events` consecutive events of the stream, mostly of type `name`; `note` says what is unusual about one of them."""

    events: int
    name: str
    note: str = ""
    time_us: int | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """What is shown: the cells in replay order, which together are the stream's events."""

    cells: Sequence[Cell] = ()
    ends: Sequence[int] = field(default=())

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> Strip:
        """A strip of these cells."""
        ends, end = [], 0
        for cell in cells:
            end += cell.events
            ends.append(end)
        return cls(cells, ends)

    @property
    def names(self) -> list[str]:
        """The types there are, sorted."""
        return sorted({cell.name for cell in self.cells})

    def time_us(self, event: int) -> int | None:
        """When the event of this number, from 1, was; None where the strip has not every event by itself."""
        place = self.cell_of(event)
        return self.cells[place].time_us if place is not None and self.cells[place].events == 1 else None

    def cell_of(self, event: int) -> int | None:
        """The cell that holds the event of this number, counted from 1."""
        place = bisect_right(self.ends, event - 1)
        return place if event > 0 and place < len(self.cells) else None


class EventStrip(QSlider):
    """The strip. `valueChanged` and `sliderReleased` are those of a slider; `second` is the place of the second cursor."""

    second_wanted = Signal(object)
    """`(place)`: the second cursor is to stand there; None: nowhere."""
    menu_wanted = Signal(object, object)
    """`(place, point on the screen)`: what can be done there."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.strip = Strip()
        self.second: int | None = None
        self.zone: tzinfo = UTC
        self._colors: Mapping[str, QColor] = {}
        self._picture: QPixmap | None = None
        self._is_second_dragged = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(_HEIGHT_PX)

    def sizeHint(self) -> QSize:
        """One bar and the cursors above and below it."""
        return QSize(240, _HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """Room for the cursors."""
        return QSize(80, _HEIGHT_PX)

    # ---- what is shown

    def show_strip(self, strip: Strip) -> None:
        """Shows other events; the cursors stay."""
        self.strip, self._picture = strip, None
        self.update()

    def show_second(self, place: int | None) -> None:
        """Shows the second cursor there; None: it is not in use."""
        if place != self.second:
            self.second = place
            self.update()

    # ---- where things are

    def _rail(self) -> QRect:
        return QRect(_LEFT_PX, HANDLE_PX, max(self.width() - 2 * _LEFT_PX, 1), BAR_PX)

    def x_of(self, place: int) -> int:
        """The pixel between the event of this number and the next."""
        rail = self._rail()
        return rail.left() + round(rail.width() * place / max(self.maximum(), 1))

    def place_at(self, x_px: float) -> int:
        """The place nearest to a pixel."""
        rail = self._rail()
        share = (x_px - rail.left()) / rail.width()
        return max(0, min(round(share * self.maximum()), self.maximum()))

    def event_at(self, x_px: float) -> int:
        """The number of the event under a pixel, from 1; 0 where there is none."""
        rail = self._rail()
        if not self.maximum() or not rail.left() <= x_px <= rail.right():
            return 0
        return min(int((x_px - rail.left()) / rail.width() * self.maximum()) + 1, self.maximum())

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cells, those not applied faded, and the cursors over them."""
        del event
        if self._picture is None:
            self._picture = style.blank(self)
            self._paint_cells(self._picture)
        painter, rail = QPainter(self), self._rail()
        painter.drawPixmap(0, 0, self._picture)
        at = self.x_of(self.value())
        later = style.color("panel")
        later.setAlpha(165)
        painter.fillRect(QRect(QPoint(at, rail.top()), rail.bottomRight()), later)
        if self.second is not None:
            between = sorted((at, self.x_of(self.second)))
            shade = style.color("accent")
            painter.fillRect(QRect(between[0], rail.bottom() + 2, between[1] - between[0], 2), shade)
            self._paint_cursor(painter, self.x_of(self.second), "warn", is_below=True)
        self._paint_cursor(painter, at, "accent", is_below=False)
        if self.hasFocus():
            painter.setPen(QPen(style.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rail.adjusted(-2, -2, 1, 1))

    def _paint_cells(self, picture: QPixmap) -> None:
        painter, rail = QPainter(picture), self._rail()
        painter.fillRect(rail, style.color("line"))
        self._colors = style.series_colors(self.strip.names)
        total, start = max(self.strip.ends[-1] if self.strip.ends else 0, 1), 0
        line = rail.width() / total >= _GAP_FROM_PX
        for cell in self.strip.cells:
            left = rail.left() + rail.width() * start // total
            start += cell.events
            right = rail.left() + rail.width() * start // total
            painter.fillRect(left, rail.top(), max(right - left - line, 1), rail.height(), self._colors[cell.name])
            if cell.note:
                painter.fillRect(left, rail.top() - 3, max(right - left - line, 2), 2, style.color("bad"))

    def _paint_cursor(self, painter: QPainter, x_px: int, role: str, *, is_below: bool) -> None:
        rail, shade = self._rail(), style.color(role)
        painter.fillRect(x_px - 1, rail.top() - 1, 2, rail.height() + 2, shade)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tip_px, base_px = (rail.bottom() + 1, self.height() - 1) if is_below else (rail.top() - 1, 0)
        painter.drawPolygon(QPolygon([QPoint(x_px, tip_px), QPoint(x_px - HANDLE_PX + 1, base_px), QPoint(x_px + HANDLE_PX - 1, base_px)]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width needs another picture."""
        super().resizeEvent(event)
        self._picture = None

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._picture = None

    def sliderChange(self, change: QSlider.SliderChange) -> None:
        """Repaints all of it: the cursor and what is faded go with the value."""
        super().sliderChange(change)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows where the keyboard is."""
        super().focusInEvent(event)
        self.update()

    # ---- pointing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The cursor goes where it is pressed; with Shift the second one."""
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        place = self.place_at(event.position().x())
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._is_second_dragged = True
            self.second_wanted.emit(place)
            return
        self.setSliderDown(True)
        self.setValue(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the cursor that was taken."""
        place = self.place_at(event.position().x())
        if self._is_second_dragged:
            if place != self.second:
                self.second_wanted.emit(place)
        elif self.isSliderDown():
            self.setValue(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets the cursor go."""
        del event
        self._is_second_dragged = False
        if self.isSliderDown():
            self.setSliderDown(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of a slider; `B` puts the second cursor where the first is, and takes it away."""
        if event.key() == Qt.Key.Key_B and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.second_wanted.emit(None if self.second == self.value() else self.value())
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Says which event is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            words = self.words_at(event.pos().x())
            if words:
                QToolTip.showText(event.globalPos(), tip(words), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def words_at(self, x_px: float) -> str:
        """What is under a pixel, in words."""
        number = self.event_at(x_px)
        place = self.strip.cell_of(number)
        if place is None:
            return ""
        cell = self.strip.cells[place]
        first = self.strip.ends[place] - cell.events + 1
        what = (
            f"event {first:,}: {cell.name}" if cell.events == 1 else f"events {first:,} to {self.strip.ends[place]:,}, mostly {cell.name}"
        )
        return "\n".join(part for part in (what, shown_time(cell.time_us, self.zone), cell.note) if part)
