"""The button that says in which order events are listed, and lets it be chosen. Knows no list."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton

from app.models.wish import ORDER_WORDS, Wish
from app.plain import set_tip


class OrderButton(QPushButton):
    """Shows an order; its menu asks for another."""

    order_wanted = Signal(object)
    """`(order)`"""
    direction_wanted = Signal(object)
    """`(newest_first)`"""
    columns_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        set_tip(self, "In which order the events are listed")
        menu = QMenu(self)
        self._orders, self._directions = QActionGroup(menu), QActionGroup(menu)
        for order, words in ORDER_WORDS.items():
            action = self._orders.addAction(f"By {words}")
            action.setData(order)
            action.triggered.connect(lambda _checked, order=order: self.order_wanted.emit(order))
        for words, newest_first in (("Oldest first", False), ("Newest first", True)):
            action = self._directions.addAction(words)
            action.setData(newest_first)
            action.triggered.connect(lambda _checked, on=newest_first: self.direction_wanted.emit(on))
        for group in (self._orders, self._directions):
            for action in group.actions():
                action.setCheckable(True)
            menu.addActions(group.actions())
            menu.addSeparator()
        menu.addAction("Columns …").triggered.connect(lambda _checked: self.columns_wanted.emit())
        self.setMenu(menu)

    def show_wish(self, wish: Wish) -> None:
        """Says the order of a wish."""
        self.setText(wish.order_text.capitalize())
        self.setAccessibleName(f"Order: {wish.order_text}")
        for group, value in ((self._orders, wish.order), (self._directions, wish.newest_first)):
            for action in group.actions():
                action.setChecked(action.data() == value)
