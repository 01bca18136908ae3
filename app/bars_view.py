"""Bars over time to look at and to point at: a drag gives a range, a click a moment, the wheel and the keys another view.

Knows no capture. Read `bars_paint` for the picture, `panes.timeline` for the use.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import style
from app.bars_paint import TOP_PX, Bars, Scale, paint, tallest_of

_DRAG_PX = 4
_ZOOM = 0.75
_KEY_ZOOM = 0.5
_LEAST_VIEW_US = 200


class BarsView(QWidget):
    """The picture. `view` is `[from, until)` of what is seen."""

    brushed = Signal(object)
    """`((from_us, until_us))`: a range was dragged."""
    clicked = Signal(object)
    """`((from_us, until_us))` of the bar that was clicked."""
    viewed = Signal(object)
    """`((from_us, until_us) or None)`: another stretch is to be seen; None: everything."""
    menu_wanted = Signal(object, object, object)
    """`(bar, name, place on the screen)`: what to do with a part of a bar; None for none of them."""
    hovered = Signal(object)
    """`(bar)`: the number of the bar under the crosshair; None for none."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Events over time")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.bars = Bars()
        self.view: tuple[int, int] = (0, 1)
        self.range_us: tuple[int, int] | None = None
        self.current_us: int | None = None
        self.reference_us: int | None = None
        self.zone: tzinfo = UTC
        self._picture: QPixmap | None = None
        self._pressed: QPoint | None = None
        self._dragged: tuple[int, int] | None = None
        self._cross: int | None = None
        self._anchor: int | None = None

    def minimumSizeHint(self) -> QSize:
        """A few bars' height."""
        return QSize(120, 56)

    # ---- what is shown

    def show_bars(self, bars: Bars, view: tuple[int, int]) -> None:
        """Shows other bars, or another stretch of them."""
        self.bars, self.view = bars, (view[0], max(view[1], view[0] + 1))
        if self._cross is not None and self._cross >= bars.number:
            self._cross = None
        self.redraw()

    def redraw(self) -> None:
        """Paints all of it anew: the data, the zone or the colours are others."""
        self._picture = None
        self.update()

    def mark(self, *, range_us: tuple[int, int] | None, current_us: int | None) -> None:
        """Shows the range in force and where the current event is."""
        self.range_us, self.current_us = range_us, current_us
        self.update()

    def show_reference(self, time_us: int | None) -> None:
        """Shows the moment that times are told relative to."""
        self.reference_us = time_us
        self.update()

    # ---- where things are

    @property
    def _scale(self) -> Scale:
        return Scale(self.view, self.width(), self.height())

    def x_of(self, time_us: int) -> int:
        """The pixel of a moment, within some room beside the picture."""
        return self._scale.x_of(time_us)

    def time_at(self, x_px: float) -> int:
        """The moment at a pixel, within what is seen."""
        return self._scale.time_at(x_px)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, and over it what moves."""
        del event
        if self._picture is None:
            self._picture = style.blank(self)
            paint(self._picture, self.bars, self._scale, self.zone)
        painter, plot = QPainter(self), self._scale.plot
        painter.drawPixmap(0, 0, self._picture)
        painter.setClipRect(plot.adjusted(0, -TOP_PX, 1, 0))
        for span, strength in ((self.range_us, 48), (self._dragged, 80)):
            if span is not None:
                self._draw_range(painter, plot, span, strength)
        if self.reference_us is not None:
            self._draw_reference(painter, plot, self.x_of(self.reference_us))
        if self.current_us is not None:
            painter.fillRect(self.x_of(self.current_us), plot.top() - TOP_PX, 2, plot.height() + TOP_PX, style.color("accent"))
        if self._cross is not None:
            middle = self.x_of(self.bars.first_us + self._cross * self.bars.width_us + self.bars.width_us // 2)
            painter.fillRect(middle, plot.top(), 1, plot.height(), style.color("dim"))
        painter.end()
        if self.hasFocus():
            self._draw_focus()

    def _draw_reference(self, painter: QPainter, plot: QRect, at: int) -> None:
        """A broken line with its sign."""
        painter.setPen(QPen(style.color("text"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(at, plot.top() - TOP_PX, at, plot.bottom())
        metrics = painter.fontMetrics()
        room = metrics.horizontalAdvance("Δ") + 4
        box = QRect(at + 2 if at + room < plot.right() else at - room - 1, plot.top() - TOP_PX, room, metrics.ascent() + 2)
        painter.fillRect(box, style.color("panel"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), "Δ")

    def _draw_focus(self) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(style.color("accent")))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw_range(self, painter: QPainter, plot: QRect, span: tuple[int, int], strength: int) -> None:
        left, right = self.x_of(span[0]), self.x_of(span[1])
        shade = style.color("accent")
        shade.setAlpha(strength)
        painter.fillRect(left, plot.top() - TOP_PX, max(right - left, 1), plot.height() + TOP_PX, shade)
        for edge in (left, right):
            painter.fillRect(edge, plot.top() - TOP_PX, 1, plot.height() + TOP_PX, style.color("accent"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may want other bars."""
        super().resizeEvent(event)
        self.redraw()

    # ---- pointing

    def point(self, bar: int | None) -> None:
        """Puts the crosshair on a bar."""
        if bar is not None:
            bar = max(0, min(bar, self.bars.number - 1)) if self.bars.number else None
        if bar != self._cross:
            self._cross = bar
            self.hovered.emit(bar)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The beginning of a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The crosshair, or the other end of a range."""
        at = event.position().toPoint()
        self.point(self.bars.bar_at(self.time_at(at.x())))
        if self._pressed is not None and abs(at.x() - self._pressed.x()) >= _DRAG_PX:
            self._dragged = self._span(self._pressed.x(), at.x())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A range, or a moment."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        pressed, dragged = self._pressed, self._dragged
        self._pressed = self._dragged = None
        if dragged is not None:
            self.brushed.emit(self._span(pressed.x(), event.position().toPoint().x()))
        else:
            self.clicked.emit(self._moment(pressed.x()))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Everything is seen again."""
        self._pressed = self._dragged = None
        self.viewed.emit(None)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks what to do with what is under the pointer, or with the bar under the crosshair when it was a key."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.menu_wanted.emit(self._cross, None, self.mapToGlobal(self._scale.plot.center()))
            return
        self.menu_wanted.emit(*self.part_at(event.pos()), event.globalPos())

    def part_at(self, at: QPoint) -> tuple[int | None, str | None]:
        """The bar at a place, and the name whose part of it lies there; None where there is none."""
        plot, bar = self._scale.plot, self.bars.bar_at(self.time_at(at.x()))
        events = (plot.bottom() - at.y()) / plot.height() * tallest_of(self.bars, self.view)
        return bar, self.bars.name_at(bar, events) if bar is not None and events >= 0 else None

    def leaveEvent(self, event: object) -> None:
        """No crosshair without a mouse."""
        del event
        self.point(None)

    def _span(self, one_px: int, other_px: int) -> tuple[int, int]:
        """Whole bars between two pixels: what is seen to be inside is inside."""
        low, high = sorted((self.time_at(one_px), self.time_at(other_px)))
        width, first = self.bars.width_us, self.bars.first_us
        return first + (low - first) // width * width, first + -(-(high - first) // width) * width

    def _moment(self, x_px: int) -> tuple[int, int]:
        time_us = self.time_at(x_px)
        bar = self.bars.bar_at(time_us)
        return (time_us, time_us + self.bars.width_us) if bar is None else self.bars.span(bar)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms around the pointer; with Shift it moves."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if not turned:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.move_view(-0.2 if turned > 0 else 0.2)
        else:
            self.zoom(_ZOOM if turned > 0 else 1 / _ZOOM, self.time_at(event.position().x()))
        event.accept()

    def zoom(self, factor: float, around_us: int | None = None) -> None:
        """Asks for a stretch of `factor` times what is seen, around a moment or the middle."""
        low, high = self.view
        middle = (low + high) // 2 if around_us is None else around_us
        if high - low <= _LEAST_VIEW_US and factor < 1:
            return
        share = (middle - low) / (high - low)
        length = max(round((high - low) * factor), _LEAST_VIEW_US)
        start = middle - round(length * share)
        self.viewed.emit((start, start + length))

    def move_view(self, share: float) -> None:
        """Asks for what is beside what is seen."""
        low, high = self.view
        step = round((high - low) * share)
        self.viewed.emit((low + step, high + step))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the crosshair, with Shift they make a range; Enter goes there; + − 0 zoom."""
        key, shift = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Right} and self.bars.number:
            self._step(-1 if key is Qt.Key.Key_Left else 1, extends=shift)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._cross is not None:
            self._enter()
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus}:
            around = self.bars.first_us + self._cross * self.bars.width_us if self._cross is not None else None
            self.zoom(1 / _KEY_ZOOM if key is Qt.Key.Key_Minus else _KEY_ZOOM, around)
        elif key is Qt.Key.Key_0:
            self.viewed.emit(None)
        else:
            super().keyPressEvent(event)

    def _step(self, step: int, *, extends: bool) -> None:
        before = self._cross if self._cross is not None else (self.bars.number if step < 0 else -1)
        if extends and self._anchor is None:
            self._anchor = max(0, min(before, self.bars.number - 1))
        elif not extends:
            self._anchor = None
        self.point(before + step)
        self._dragged = self._keyed_range()
        self.update()

    def _keyed_range(self) -> tuple[int, int] | None:
        if self._anchor is None or self._cross is None:
            return None
        low, high = sorted((self._anchor, self._cross))
        return self.bars.first_us + low * self.bars.width_us, self.bars.first_us + (high + 1) * self.bars.width_us

    def _enter(self) -> None:
        assert self._cross is not None
        span = self._keyed_range()
        self._anchor = self._dragged = None
        if span is not None:
            self.brushed.emit(span)
        else:
            self.clicked.emit(self.bars.span(self._cross))
