"""How bytes that belong together are marked in a table of bytes, and which byte lies under the pointer. Knows no session.

Marks are drawn over the cells, so that the texts stay what they are. Read `hex_view` for the use.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from app import style
from app.models.hex_table import HexTable

_BYTES, _TEXT = 1, 2
_GROUP = 8
_ALPHA = 70


class HexMarks(QStyledItemDelegate):
    """Marks the bytes `[start, end)` of what `table` shows."""

    def __init__(self, table: HexTable, view: QTableView) -> None:
        super().__init__(view)
        self._table, self._view = table, view
        self.span = (0, 0)

    def mark(self, start: int, end: int) -> None:
        """Marks other bytes; none when both are the same."""
        if self.span != (start, end):
            self.span = start, end
            self._view.viewport().update()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The cell, and over it what is marked."""
        super().paint(painter, option, index)
        first = index.row() * self._table.per_row
        low, high = max(self.span[0] - first, 0), min(self.span[1] - first, self._table.per_row)
        if index.column() == 0 or low >= high:
            return
        left, letter = self._text_left(option, index), self._letter()
        shade = style.color("accent")
        shade.setAlpha(_ALPHA)
        for start, end in _runs(low, high):
            begins, ends = _letters(start, index.column()), _letters(end - 1, index.column()) + (2 if index.column() == _BYTES else 1)
            place = QRectF(left + begins * letter - 1, option.rect.top() + 2, (ends - begins) * letter + 2, option.rect.height() - 4)
            painter.fillRect(place, shade)

    def byte_at(self, at: QPoint) -> int:
        """The place of the byte under a point of the viewport; −1 for none."""
        index = self._view.indexAt(at)
        if not index.isValid() or index.column() == 0:
            return -1
        option = QStyleOptionViewItem()
        self._view.initViewItemOption(option)
        option.rect = self._view.visualRect(index)
        letters = int((at.x() - self._text_left(option, index)) // self._letter())
        inside = letters if index.column() == _TEXT else (letters - (letters > 3 * _GROUP)) // 3
        place = index.row() * self._table.per_row + inside
        return place if 0 <= inside < self._table.per_row and place < self._table.size else -1

    def _letter(self) -> float:
        return QFontMetricsF(style.fixed_font()).horizontalAdvance("0")

    def _text_left(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> int:
        """Where the text of a cell begins."""
        whole = QStyleOptionViewItem(option)
        self.initStyleOption(whole, index)
        look = self._view.style()
        inside = look.subElementRect(QStyle.SubElement.SE_ItemViewItemText, whole, self._view)
        return inside.left() + look.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, whole, self._view) + 1


def _letters(place: int, column: int) -> int:
    """How many letters stand before a byte."""
    return place if column == _TEXT else 3 * place + (place >= _GROUP)


def _runs(low: int, high: int) -> list[tuple[int, int]]:
    """The parts of `[low, high)` on either side of the gap after eight bytes."""
    return [(start, end) for start, end in ((low, min(high, _GROUP)), (max(low, _GROUP), high)) if start < end]
