"""One plot with pyqtgraph: lines over time, gaps, marks, a threshold, a crosshair, a brush. Draws answers, and never events.

Read `models.plotted` for what is drawn, `plot_axes` for the axes, `plot_card` for what is around a plot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QContextMenuEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPolygonF, QResizeEvent

from app import style
from app.models.plot_spec import LINEAR, LOG, STACKED, Threshold
from app.models.plotted import Line, Plotted, alone, decimated, drawn, stacked
from app.plain import set_tip
from app.plot_axes import AmountAxis, TimeAxis, dress, line_colors
from app.plot_parts import Hatched, Mark, PlotBox, nearest
from inspector.text import shortened, visible

_SMOOTH_POINTS = 6_000
"""More points than these are drawn without smoothing: a frame would take too long."""
_MOST_POINTS = 16_000
"""Of all lines; where there are more, a line has its least and greatest of several pixels."""
_DOT_PX, _MARK_PX, _NEAR_PX = 4, 4, 5
_ROOM_ABOVE, _ROOM_LOG = 1.08, 0.08
_MOST_WORDS = 200
_FAR_PX = 1e6
"""What is further out of sight is no further: Qt counts pixels in 32 bits."""


class TimeLines(pg.PlotWidget):
    """Lines over time. `clicked(second)` and `brushed((from, until))` say what was pointed at, in Unix seconds."""

    clicked = Signal(object)
    brushed = Signal(object)
    hovered = Signal(object)
    """`(second)` under the crosshair; None for none."""
    menu_wanted = Signal(object, object, object)
    """`((from_us, until_us), name, place on the screen)`: what to do with a line at a step; None for none of them."""

    def __init__(self, name: str) -> None:
        self._axis, self._box, self._amounts = TimeAxis(), PlotBox(), AmountAxis()
        super().__init__(viewBox=self._box, axisItems={"bottom": self._axis, "left": self._amounts}, antialias=True)
        self.shown: Plotted | None = None
        self.times: Line = np.empty(0)
        self.lines: dict[str, Line] = {}
        self.marks: Sequence[Mark] = ()
        self.threshold: Threshold | None = None
        self.is_alarmed = False
        self._scale, self._chosen = LINEAR, ""
        self._heights: dict[str, Line] = {}
        self._curves: dict[str, pg.PlotCurveItem] = {}
        self._dots: dict[str, pg.ScatterPlotItem] = {}
        self._hatches: list[pg.LinearRegionItem] = []
        self.hatched: Sequence[Hatched] = ()
        self._brush, self._cross = pg.LinearRegionItem(movable=False), pg.InfiniteLine(angle=90)
        self._limit = pg.InfiniteLine(angle=0)
        self._place: int | None = None
        self.name_plot(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._prepare()

    def _prepare(self) -> None:
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.disableAutoRange()
        self._amounts.setWidth(52)
        for extra in (self._brush, self._cross, self._limit):
            extra.hide()
            self.addItem(extra, ignoreBounds=True)
        self._box.clicked.connect(self.clicked.emit)
        self._box.brushed.connect(self._brushed)
        self.scene().sigMouseMoved.connect(lambda at: self._point(self._box.mapSceneToView(at).x()))
        self.dress()

    def name_plot(self, name: str) -> None:
        """Says what is plotted, to screen readers."""
        self.setAccessibleName(visible(name))
        self.viewport().setAccessibleName(visible(name))

    def dress(self) -> None:
        """The colours of now: light or dark."""
        look = dress(self)
        self._cross.setPen(pg.mkPen(look.accent))
        self._brush.setBrush(QBrush(style.wash("accent")))
        for region in self._hatches:
            region.setBrush(style.hatching())
        self._paint_lines()

    def _paint_lines(self) -> None:
        self._limit.setPen(pg.mkPen(style.color("bad" if self.is_alarmed else "warn"), style=Qt.PenStyle.DashLine))
        for name, color in line_colors(self._curves).items():
            is_back = bool(self._chosen) and name != self._chosen
            shade = style.faded(color) if is_back else color
            self._curves[name].setPen(pg.mkPen(shade, width=2 if name == self._chosen else 1))
            self._curves[name].setBrush(QBrush(style.faded(color)) if self._scale == STACKED else None)
            self._curves[name].setZValue((len(self._curves) - list(self._curves).index(name)) - (1_000 if is_back else 0))
            if name in self._dots:
                self._dots[name].setBrush(shade)

    # ---- what is shown

    def set_zone(self, zone: tzinfo) -> None:
        """Writes times in this zone."""
        self._axis.zone = zone
        self._axis.picture = None
        self._axis.update()

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are written."""
        return self._axis.zone or UTC

    def show_plotted(self, shown: Plotted, scale: str = LINEAR, threshold: Threshold | None = None, *, is_alarmed: bool = False) -> None:
        """Draws the lines of an answer; those that exist are only given new data."""
        is_same = (scale, is_alarmed) == (self._scale, self.is_alarmed)
        self.shown, self.times, self._scale = shown, shown.times, scale
        self.threshold, self.is_alarmed = threshold, is_alarmed
        self.lines = drawn(shown.lines, is_stacked=scale == STACKED)
        self._heights = stacked(self.lines) if scale == STACKED else self.lines
        if list(self.lines) != list(self._curves) or not is_same:
            self._make_curves()
        self._amounts.is_log = scale == LOG
        self._draw()

    def _make_curves(self) -> None:
        for name in [name for name in self._curves if name not in self.lines]:
            for items in (self._curves, self._dots):
                if name in items:
                    self.removeItem(items.pop(name))
        for name in self.lines:
            if name not in self._curves:
                self._curves[name] = pg.PlotCurveItem()
                self.addItem(self._curves[name], ignoreBounds=True)
        self._curves = {name: self._curves[name] for name in self.lines}
        self._paint_lines()

    def _draw(self) -> None:
        room = 2 * max(int(self._box.width()), 50)
        most = min(room, max(_MOST_POINTS // max(len(self._heights), 1), room // 8))
        found = {name: decimated(self.times, self._drawn(values), most) for name, values in self._heights.items()}
        is_smooth = sum(len(times) for times, _ in found.values()) <= _SMOOTH_POINTS
        for name, (times, values) in found.items():
            has_gaps = bool(np.isnan(values).any())
            fill = self._drawn(np.zeros(1))[0] if self._scale == STACKED else None
            self._curves[name].setData(times, values, connect="finite" if has_gaps else "all", fillLevel=fill, antialias=is_smooth)
            self._draw_dots(name, times, values)
        self._fit([values for _, values in found.values()])
        self.viewport().update()

    def _draw_dots(self, name: str, times: Line, values: Line) -> None:
        """A point without neighbours has no line: it is shown as a dot."""
        places = alone(values)
        if places.any() and name not in self._dots:
            self._dots[name] = pg.ScatterPlotItem(size=_DOT_PX, pen=None)
            self._dots[name].setBrush(line_colors(self._curves)[name])
            self.addItem(self._dots[name], ignoreBounds=True)
        if name in self._dots:
            self._dots[name].setData(times[places], values[places])

    def _drawn(self, values: Line) -> Line:
        """Values as heights; what has no logarithm is a gap."""
        if self._scale != LOG:
            return values
        return np.log10(values, out=np.full(len(values), np.nan), where=values > 0)

    def _fit(self, lines: Sequence[Line]) -> None:
        limit = self._drawn(np.array([self.threshold.value if self.threshold is not None else np.nan]))
        known = [each[~np.isnan(each)] for each in (*lines, limit)]
        whole = np.concatenate(known) if known else np.empty(0)
        low, high = (float(whole.min()), float(whole.max())) if len(whole) else (0.0, 1.0)
        if self._scale == LOG:
            low, high = np.floor(low), np.ceil(high)
            low, high = low - _ROOM_LOG, high + _ROOM_LOG + (1.0 if low == high else 0.0)
        else:
            low, high = min(low, 0.0) * _ROOM_ABOVE, max(high, 0.0) * _ROOM_ABOVE
            high += 1.0 if low == high else 0.0
        self.setYRange(low, high, padding=0)
        self._limit.setVisible(not np.isnan(limit[0]))
        if not np.isnan(limit[0]):
            self._limit.setPos(float(limit[0]))

    def show_range(self, from_s: float, until_s: float) -> None:
        """Shows these times, whichever there are lines of."""
        self.setXRange(from_s, max(until_s, from_s + 0.001), padding=0.01)

    def show_hatched(self, stretches: Sequence[Hatched]) -> None:
        """Hatches what was not read, with its number."""
        if self.hatched == stretches:
            return
        self.hatched = stretches
        while len(self._hatches) < len(stretches):
            region = pg.LinearRegionItem(movable=False, pen=pg.mkPen(None))
            region.setBrush(style.hatching())
            self.addItem(region, ignoreBounds=True)
            self._hatches.append(region)
        for place, region in enumerate(self._hatches):
            region.setVisible(place < len(stretches))
            if place < len(stretches):
                region.setRegion((stretches[place].from_s, stretches[place].until_s))
        self.viewport().update()

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Shows ticks on the axis of time."""
        if self.marks != marks:
            self.marks = marks
            self.viewport().update()

    def show_brush(self, stretch: tuple[float, float] | None) -> None:
        """Shows the range in force."""
        self._brush.setVisible(stretch is not None)
        if stretch is not None:
            self._brush.setRegion(stretch)

    def choose(self, name: str) -> None:
        """Brings a line to the front; empty for none."""
        if name != self._chosen:
            self._chosen = name if name in self._curves else ""
            self._paint_lines()

    def resizeEvent(self, ev: QResizeEvent) -> None:
        """Another width has room for other points."""
        super().resizeEvent(ev)
        if getattr(self, "shown", None) is not None:
            self._draw()

    def close(self) -> None:
        """Draws no more."""
        self.shown = None
        super().close()

    # ---- words in the picture

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draws marks, and the words of what is hatched and of the threshold, over the lines."""
        super().paintEvent(ev)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self.mapFromScene(self._box.sceneBoundingRect()).boundingRect()
        painter.setClipRect(room.adjusted(0, 0, 0, 1))
        painter.setFont(self.font())
        for stretch in self.hatched:
            left = max(self._x(stretch.from_s), room.left())
            self._write(painter, room, left + 3, room.top() + 2, stretch.text, style.color("dim"))
        if self.threshold is not None and self._limit.isVisible():
            y = self.mapFromScene(self._box.mapViewToScene(QPointF(0, float(self._limit.pos().y())))).y()
            height = QFontMetrics(self.font()).height()
            top = y - height if y - height >= room.top() else y + 1
            self._write(painter, room, room.left() + 4, top, self.threshold.words(), style.color("bad" if self.is_alarmed else "warn"))
        for mark in self.marks:
            x, y = self._x(mark.at_s), room.bottom()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color(mark.role))
            painter.drawPolygon(QPolygonF([QPointF(x - _MARK_PX, y + 1), QPointF(x + _MARK_PX, y + 1), QPointF(x, y - 2 * _MARK_PX)]))
        painter.end()

    def _write(self, painter: QPainter, room: QRect, left: int, top: int, text: str, color: QColor) -> None:
        metrics = QFontMetrics(self.font())
        cut = metrics.elidedText(visible(shortened(text, _MOST_WORDS)), Qt.TextElideMode.ElideRight, max(room.right() - left, 0))
        painter.setPen(color)
        painter.drawText(left, top + metrics.ascent(), cut)

    def _x(self, second: float) -> int:
        scene = self._box.mapViewToScene(QPointF(second, 0))
        return int(self.mapFromScene(QPointF(min(max(scene.x(), -_FAR_PX), _FAR_PX), 0)).x())

    # ---- pointing

    def marks_near(self, second: float) -> list[Mark]:
        """The marks that are at a moment, or within some pixels of it."""
        low, high = self.viewRange()[0]
        near_s = (high - low) * _NEAR_PX / max(self._box.width(), 1)
        return [mark for mark in self.marks if abs(mark.at_s - second) <= near_s]

    def step_at(self, second: float) -> tuple[int, int]:
        """`[from, until)` in microseconds of the step whose point is nearest to a moment; the second itself where there is none."""
        if self.shown is None or not len(self.times):
            return int(second * 1_000_000), int(second * 1_000_000) + 1_000_000
        place = max(0, min(round((second - self.times[0]) / self.shown.step_s), len(self.times) - 1))
        return self.shown.span_us(place)

    def point(self, second: float | None) -> int | None:
        """Puts the crosshair at a moment; the place in the lines that is there."""
        self._place = self.shown.place(second) if self.shown is not None and second is not None else None
        self._cross.setVisible(second is not None)
        if second is not None:
            self._cross.setPos(float(self.times[self._place]) if self._place is not None else second)
        return self._place

    def _point(self, second: float) -> None:
        low, high = self.viewRange()[0]
        inside = low <= second <= high and bool(len(self.times))
        set_tip(self.viewport(), "\n".join(mark.text for mark in self.marks_near(second)) if inside else "")
        self.hovered.emit(second if inside else None)

    def _brushed(self, stretch: tuple[float, float], is_finished: bool) -> None:
        self.show_brush(stretch)
        if is_finished:
            self.brushed.emit(stretch)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Left, right, Home and End move the crosshair, Enter goes to its moment."""
        last = len(self.times) - 1
        now = last + 1 if self._place is None else self._place
        key = Qt.Key(ev.key())
        places = {Qt.Key.Key_Left: now - 1, Qt.Key.Key_Right: now + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if key in places and last >= 0:
            self.hovered.emit(float(self.times[max(0, min(places[key], last))]))
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._place is not None and last >= 0:
            self.clicked.emit(float(self.times[self._place]))
        else:
            super().keyPressEvent(ev)

    def name_at(self, second: float, height: float) -> str | None:
        """The line that is nearest to a height at a moment; None when it is further away than a tenth of the plot's height."""
        place = self.shown.place(second) if self.shown is not None else None
        if place is None:
            return None
        heights = {name: float(self._drawn(values[place : place + 1])[0]) for name, values in self._heights.items()}
        return nearest(heights, height, self.viewRange()[1], is_stacked=self._scale == STACKED)

    def contextMenuEvent(self, ev: QContextMenuEvent) -> None:
        """Asks what to do with the line under the pointer, or with the step under the crosshair when it was a key."""
        ev.accept()
        if ev.reason() is QContextMenuEvent.Reason.Keyboard:
            span = None if self._place is None or self.shown is None else self.shown.span_us(self._place)
            self.menu_wanted.emit(span, None, self.mapToGlobal(self.rect().center()))
            return
        at = self._box.mapSceneToView(self.mapToScene(ev.pos()))
        span = self.step_at(at.x()) if len(self.times) else None
        self.menu_wanted.emit(span, self.name_at(at.x(), at.y()), ev.globalPos())

    def leaveEvent(self, ev: QEvent) -> None:
        """No crosshair without a mouse."""
        super().leaveEvent(ev)
        self.hovered.emit(None)
