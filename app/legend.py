"""A legend: names with the colour of their line, in one row, cut where there is no room. Knows no plot."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import style
from app.plain import set_tip
from inspector.text import visible

_SWATCH_PX, _GAP_PX, _MOST_NAME_PX = 9, 5, 190


class Legend(QWidget):
    """What each colour is."""

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

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws swatches and names."""
        del event
        painter, metrics = QPainter(self), QFontMetrics(self.font())
        left, room = style.INSIDE_PX, self.width() - 2 * style.INSIDE_PX
        wanted = sum(metrics.horizontalAdvance(visible(name)) + _SWATCH_PX + 3 * _GAP_PX + 2 for name in self._colors)
        each = room if wanted <= room else min(_MOST_NAME_PX, room // max(len(self._colors), 1) - _SWATCH_PX - 3 * _GAP_PX)
        for name, color in self._colors.items():
            text = metrics.elidedText(visible(name), Qt.TextElideMode.ElideMiddle, each)
            painter.fillRect(QRect(left, (self.height() - _SWATCH_PX) // 2, _SWATCH_PX, _SWATCH_PX), color)
            left += _SWATCH_PX + _GAP_PX
            painter.setPen(style.color("dim"))
            width = metrics.horizontalAdvance(text)
            painter.drawText(QRect(left, 0, width + 2, self.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
            left += width + 2 * _GAP_PX + 2
        painter.end()
