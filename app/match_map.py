"""The strip beside the scroll bar: where in the whole list something is; a press or a drag goes there, the pointer asks what it is.

Paints and points; asks nothing. Read `match_mapper` for where the lines come from, `models.match_lines` for what they say.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHideEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app import style
from app.event_view import EventView
from app.lister import Lister
from app.match_mapper import MatchMapper
from app.models.match_lines import Lines, summary, words
from app.plain import set_tip
from app.session import Session
from inspector.capture.looking import Numbers

WIDTH_PX = 17
_BARS_PX = (2, 7)
"""Where colours or matches are, from the left and how wide."""
_TICKS = (("late", "warn", 10, 2), ("undecodable", "bad", 12, 3), ("noted", "accent", 15, 2))
"""(what, its token, from the left, how wide): each in a lane of its own, so that no colour has to be told from another."""
_TICK_PX = 2
_LEAST_BAR_PX = 3
_LEAST_VIEW_PX = 4
_ROUNDING = 1e-6


class MatchMap(QWidget):
    """The strip of one list."""

    def __init__(self, session: Session, view: EventView, lister: Lister) -> None:
        super().__init__()
        self._view = view
        self.lines = Lines()
        self._picture: QPixmap | None = None
        self._painted_in = QRect()
        self._pressed_row = -1
        self._dressed = style.tokens()
        self.setAccessibleName("Map of the list")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.mapper = MatchMapper(session, view.table, lister, self)
        self.mapper.drawn.connect(self.show_lines)
        bar = view.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._scrolled)

    def beside(self, shown: QWidget) -> QHBoxLayout:
        """A row with what is mapped at the left and the strip at its right."""
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(shown, 1)
        row.addWidget(self)
        return row

    def sizeHint(self) -> QSize:
        """Thin."""
        return QSize(WIDTH_PX, 0)

    # ---- what is shown

    def show_lines(self, lines: Lines) -> None:
        """Shows other lines."""
        self.lines = lines
        self.setAccessibleDescription(summary(lines))
        self._redraw()

    def _redraw(self) -> None:
        self._picture = None
        self.update()

    def _scrolled(self, *_value: object) -> None:
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Costs something only while it can be seen."""
        super().showEvent(event)
        self.mapper.want(self.groove.height())

    def hideEvent(self, event: QHideEvent) -> None:
        """Costs nothing."""
        super().hideEvent(event)
        self.mapper.want(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another height has room for other lines."""
        super().resizeEvent(event)
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "lines") and self._dressed is not style.tokens():
            self._dressed = style.tokens()
            self._redraw()

    # ---- where things are

    @property
    def groove(self) -> QRect:
        """Where the lines are: as high as the scroll bar beside."""
        bar, header = self._view.verticalScrollBar(), self._view.header
        if bar.isVisible():
            top = bar.mapTo(self._view, QPoint(0, 0)).y()
            return QRect(0, top, self.width(), bar.height())
        return QRect(0, header.height(), self.width(), max(self.height() - header.height(), 0))

    def line_at(self, y_px: float) -> int:
        """The line at a pixel, the nearest one."""
        groove = self.groove
        line = int((y_px - groove.top()) * self.lines.count // max(groove.height(), 1))
        return min(max(line, 0), self.lines.count - 1)

    def y_of(self, line: float) -> int:
        """The pixel where a line begins."""
        groove = self.groove
        return groove.top() + math.ceil(line * groove.height() / max(self.lines.count, 1) - _ROUNDING)

    def _line_of(self, row: int) -> float:
        """The line that a row is in."""
        lines = self.lines
        if lines.matches is None:
            return row * lines.count / max(lines.rows, 1)
        return float(np.searchsorted(lines.starts, row, side="right") - 1)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, and over it what is in view."""
        del event
        if self._picture is None or self._painted_in != self.groove:
            self._painted_in = self.groove  # the bar beside comes, goes and shrinks without a word
            self.mapper.want(self._painted_in.height())
            self._picture = self._painted()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self.lines.count and self._view.table.rows and self._view.isVisible():
            self._paint_view(painter)
        painter.end()

    def _paint_view(self, painter: QPainter) -> None:
        top = self._view.top_row
        bottom = self._view.rowAt(self._view.viewport().height() - 1)
        last = bottom if bottom >= 0 else self._view.table.rows - 1
        first_px, last_px = self.y_of(self._line_of(top)), self.y_of(self._line_of(last) + (self.lines.matches is not None))
        shade = style.color("accent")
        painter.setPen(shade)
        shade.setAlpha(40)
        painter.setBrush(shade)
        painter.drawRect(0, first_px, self.width() - 1, max(last_px - first_px, _LEAST_VIEW_PX))

    def _painted(self) -> QPixmap:
        picture = style.blank(self)
        painter = QPainter(picture)
        painter.fillRect(0, self.groove.top(), 1, self.groove.height(), style.color("line"))
        if self.lines.count:
            edges = self._edges()
            if self.lines.matches is not None:
                self._paint_matches(painter, self.lines.matches, edges)
            elif len(self.lines.colors):
                self._paint_colors(painter, edges)
            for name, token, left, width in _TICKS:
                _paint_ticks(painter, getattr(self.lines, name), edges, style.color(token), left, width)
        painter.end()
        return picture

    def _edges(self) -> list[int]:
        """Where each line begins, and where the last one ends; as `y_of`, of all at once."""
        groove, count = self.groove, self.lines.count
        shares = np.arange(count + 1) * groove.height() / count
        return [groove.top() + px for px in np.ceil(shares - _ROUNDING).astype(int).tolist()]

    def _paint_matches(self, painter: QPainter, matches: Numbers, edges: list[int]) -> None:
        left, width = _BARS_PX
        searched = self.y_of(self.lines.searched * self.lines.count)
        painter.fillRect(1, searched, self.width() - 1, self.groove.bottom() + 1 - searched, style.hatching())
        color, most = style.color("accent"), max(int(matches.max()), 1)
        for line in np.flatnonzero(matches).tolist():
            top, share = edges[line], (int(matches[line]) / most) ** 0.5
            height = max(edges[line + 1] - top, _TICK_PX)
            painter.fillRect(left, top, max(round(width * share), _LEAST_BAR_PX), height, color)

    def _paint_colors(self, painter: QPainter, edges: list[int]) -> None:
        """Of each line as much of the width as has the colour."""
        colors, (left, width) = style.rule_colors(), _BARS_PX
        for line, (none, *counts) in enumerate(self.lines.colors.tolist()):
            asked, at = none + sum(counts), left
            for color, number in enumerate(counts):
                if number and at < left + width:
                    share = min(max(round(width * number / asked), 1), left + width - at)
                    painter.fillRect(at, edges[line], share, max(edges[line + 1] - edges[line], 1), colors[color])
                    at += share

    # ---- pointing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes there."""
        if event.button() == Qt.MouseButton.LeftButton and self.lines.count:
            line = self.line_at(event.position().y())
            self._pressed_row = int(self.lines.targets[line])
            self._go(self._row_at(line))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Goes on there, or says what is there."""
        line = self.line_at(event.position().y())
        if event.buttons() & Qt.MouseButton.LeftButton and self.lines.count:
            if self.lines.targets[line] != self._pressed_row:
                self._pressed_row = -1
            self._go(self._row_at(line))
        set_tip(self, words(self.lines, line))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on something makes its event the current one."""
        if event.button() == Qt.MouseButton.LeftButton and 0 <= self._pressed_row < self._view.table.rows:
            self._view.choose_row(self._pressed_row)
        self._pressed_row = -1

    def _row_at(self, line: int) -> int:
        """The row to go to: what is worth it in a line, else its first."""
        target = int(self.lines.targets[line])
        return target if target >= 0 else int(self.lines.starts[line])

    def _go(self, row: int) -> None:
        """The user scrolls: the row comes to the middle."""
        self._view.scrolled_by_user.emit(0)
        self._view.put_on_top(row - self._view.viewport().height() // style.ROW_PX // 2)

    def step(self, *, forward: bool) -> None:
        """Makes the first event of the next (or previous) line with something current."""
        targets = self.lines.targets[(self.lines.targets >= 0) & (self.lines.targets < self._view.table.rows)]
        current = self._view.currentIndex()
        row = current.row() if current.isValid() else self._view.top_row
        past: Callable[[Numbers], Numbers] = (lambda rows: rows[rows > row]) if forward else (lambda rows: rows[rows < row][::-1])
        if len(found := past(targets)):
            self._view.scrolled_by_user.emit(0)
            self._view.choose_row(int(found[0]))


def _paint_ticks(painter: QPainter, counts: Numbers, edges: list[int], color: QColor, left: int, width: int) -> None:
    for line in np.flatnonzero(counts).tolist():
        painter.fillRect(left, edges[line], width, max(edges[line + 1] - edges[line], _TICK_PX), color)
