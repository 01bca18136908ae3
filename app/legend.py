"""A legend: names with the colour of their line, in one row, cut where there is no room. Knows no plot."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import style
from app.plain import set_tip
from inspector.text import visible

_SWATCH_PX, _GAP_PX, _MOST_NAME_PX = 9, 5, 190


class Legend(QWidget):
    """What each colour is."""

    menu_wanted = Signal(object, object)
    """`(name, place on the screen)`: what to do with a name."""

    def __init__(self) -> None:
        super().__init__()
        self._colors: dict[str, QColor] = {}
        self.setAccessibleName("Legend")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_colors(self, colors: Mapping[str, QColor]) -> None:
        """Shows these names in this order."""
        if list(colors.items()) != list(self._colors.items()):
            self._colors = dict(colors)
            self.setAccessibleDescription(", ".join(colors))
            set_tip(self, "\n".join(colors))
            self.update()

    def sizeHint(self) -> QSize:
        """One line of text."""
        return QSize(200, QFontMetrics(self.font()).height() + 6)

    def places(self) -> dict[str, QRect]:
        """Where each name stands with its swatch."""
        metrics, room = QFontMetrics(self.font()), self.width() - 2 * style.INSIDE_PX
        wanted = sum(metrics.horizontalAdvance(visible(name)) + _SWATCH_PX + 3 * _GAP_PX + 2 for name in self._colors)
        each = room if wanted <= room else min(_MOST_NAME_PX, room // max(len(self._colors), 1) - _SWATCH_PX - 3 * _GAP_PX)
        left, found = style.INSIDE_PX, {}
        for name in self._colors:
            text = metrics.elidedText(visible(name), Qt.TextElideMode.ElideMiddle, each)
            width = _SWATCH_PX + _GAP_PX + metrics.horizontalAdvance(text) + 2
            found[name] = QRect(left, 0, width, self.height())
            left += width + 2 * _GAP_PX
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws swatches and names."""
        del event
        painter, metrics = QPainter(self), QFontMetrics(self.font())
        for name, place in self.places().items():
            painter.fillRect(QRect(place.left(), (self.height() - _SWATCH_PX) // 2, _SWATCH_PX, _SWATCH_PX), self._colors[name])
            words = place.adjusted(_SWATCH_PX + _GAP_PX, 0, 0, 0)
            painter.setPen(style.color("dim"))
            text = metrics.elidedText(visible(name), Qt.TextElideMode.ElideMiddle, words.width())
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks what to do with the name under the pointer."""
        for name, place in self.places().items():
            if place.contains(event.pos()):
                self.menu_wanted.emit(name, event.globalPos())
