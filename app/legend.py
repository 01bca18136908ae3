"""A legend: names with the colour of their line, in one row, cut where there is no room, the last only counted. Knows no plot."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import style
from app.plain import set_tip
from inspector.text import visible

_SWATCH_PX, _GAP_PX, _MOST_NAME_PX, _LEAST_NAME_PX = 9, 5, 190, 44
_AROUND_PX = _SWATCH_PX + 3 * _GAP_PX + 2


class Legend(QWidget):
    """What each colour is."""

    menu_wanted = Signal(object, object)
    """`(name, place on the screen)`: what to do with a name."""

    def __init__(self) -> None:
        super().__init__()
        self._colors: dict[str, QColor] = {}
        self._numbers: dict[str, str] = {}
        self.setAccessibleName("Legend")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_colors(self, colors: Mapping[str, QColor], numbers: Mapping[str, str] | None = None) -> None:
        """Shows these names in this order, with the `numbers` that they have at a moment."""
        numbers = numbers or {}
        if (list(colors.items()), numbers) != (list(self._colors.items()), self._numbers):
            self._colors, self._numbers = dict(colors), dict(numbers)
            told = list(map(self._text, colors))
            self.setAccessibleDescription(", ".join(told))
            set_tip(self, "\n".join(told))
            self.update()

    def _text(self, name: str) -> str:
        return f"{name} {self._numbers[name]}" if name in self._numbers else name

    def sizeHint(self) -> QSize:
        """One line of text."""
        return QSize(200, QFontMetrics(self.font()).height() + 6)

    def places(self) -> dict[str, QRect]:
        """Where each name stands with its swatch, of those that there is room for."""
        metrics, room = QFontMetrics(self.font()), self.width() - 2 * style.INSIDE_PX
        wanted = sum(metrics.horizontalAdvance(visible(self._text(name))) + _AROUND_PX for name in self._colors)
        shown, each = list(self._colors), room
        if wanted > room:
            if len(shown) * (_LEAST_NAME_PX + _AROUND_PX) > room:
                room -= metrics.horizontalAdvance(self._rest(len(shown))) + _GAP_PX
                shown = shown[: max(room // (_LEAST_NAME_PX + _AROUND_PX), 1)]
            each = max(min(_MOST_NAME_PX, room // max(len(shown), 1) - _AROUND_PX), 0)
        left, found = style.INSIDE_PX, {}
        for name in shown:
            text = metrics.elidedText(visible(self._text(name)), Qt.TextElideMode.ElideMiddle, each)
            width = _SWATCH_PX + _GAP_PX + metrics.horizontalAdvance(text) + 2
            found[name] = QRect(left, 0, width, self.height())
            left += width + 2 * _GAP_PX
        return found

    @staticmethod
    def _rest(count: int) -> str:
        return f"+{count:,}"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws swatches and names."""
        del event
        painter, metrics, places = QPainter(self), QFontMetrics(self.font()), self.places()
        painter.setPen(style.color("dim"))
        for name, place in places.items():
            painter.fillRect(QRect(place.left(), (self.height() - _SWATCH_PX) // 2, _SWATCH_PX, _SWATCH_PX), self._colors[name])
            words = place.adjusted(_SWATCH_PX + _GAP_PX, 0, 0, 0)
            text = metrics.elidedText(visible(self._text(name)), Qt.TextElideMode.ElideMiddle, words.width())
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), text)
        if left_out := len(self._colors) - len(places):
            after = self.rect().adjusted(max(place.right() for place in places.values()) + 2 * _GAP_PX, 0, 0, 0)
            painter.drawText(after, int(Qt.AlignmentFlag.AlignVCenter), self._rest(left_out))
        painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks what to do with the name under the pointer."""
        for name, place in self.places().items():
            if place.contains(event.pos()):
                self.menu_wanted.emit(name, event.globalPos())
