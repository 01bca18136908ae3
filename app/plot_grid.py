"""Plots side by side and below each other, as many columns as there is room for; scrolls when there are many. Knows no session."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from app import style
from app.plot_card import PlotCard

_LEAST_WIDTH_PX, _TABLE_WIDTH_PX, _LEAST_HEIGHT_PX = 250, 480, 150


def columns_for(count: int, width_px: int, height_px: int, least_width_px: int) -> int:
    """The fewest columns that need no scrolling, else as many as fit."""
    most = max(1, min(count, width_px // least_width_px))
    rows = max(1, height_px // _LEAST_HEIGHT_PX)
    return next((columns for columns in range(1, most + 1) if -(-count // columns) <= rows), most)


class PlotGrid(QScrollArea):
    """Shows cards in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Plots")
        self.cards: Sequence[PlotCard] = ()
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(4, 0, 4, 4)
        self._grid.setSpacing(style.GAP_PX)
        self.setWidget(self._inside)
        self.viewport().setAutoFillBackground(False)
        self._inside.setAutoFillBackground(False)

    def show_cards(self, cards: Sequence[PlotCard]) -> None:
        """Shows these, in this order; cards left out are to be deleted by who made them."""
        self.cards = list(cards)
        self.arrange()

    def arrange(self) -> None:
        """Puts each card in its place for the size of now."""
        while self._grid.count():
            self._grid.takeAt(0)
        for number in range(max(self._grid.rowCount(), self._grid.columnCount())):
            self._grid.setColumnStretch(number, 0)
            self._grid.setRowMinimumHeight(number, 0)
            self._grid.setRowStretch(number, 0)
        if not self.cards:
            return
        least = _TABLE_WIDTH_PX if any(card.spec.has_table for card in self.cards) else _LEAST_WIDTH_PX
        columns = columns_for(len(self.cards), self.viewport().width(), self.viewport().height(), least)
        for number, card in enumerate(self.cards):
            self._grid.addWidget(card, number // columns, number % columns)
            card.show()
            self._grid.setColumnStretch(number % columns, 1)
            self._grid.setRowStretch(number // columns, 1)
            self._grid.setRowMinimumHeight(number // columns, _LEAST_HEIGHT_PX)
        for before, after in zip(self.cards, self.cards[1:], strict=False):
            QWidget.setTabOrder(before, after)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another size has room for other columns."""
        super().resizeEvent(event)
        self.arrange()
