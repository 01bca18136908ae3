"""What the pages of the replay pane have in common: a line above, a list, or the sentence that says why there is none.

A page asks only while it can be seen, and once for each state. Read `replay_pages` for the pages, `panes.replay` for who
holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_rows_view import RowsView
from app.fold import Answer
from app.models.text_table import TextTable
from app.plain import PlainLabel, set_role, set_tip
from app.replaying import Replaying
from inspector.text import visible


class ReplayPage(QWidget):
    """One page. `event_wanted` and `place_wanted` say what was chosen in it."""

    event_wanted = Signal(object)
    """`(seq)`: this event is to be the current one."""
    place_wanted = Signal(object)
    """`(place)`: the state after so many events is to be shown."""
    title = ""

    def __init__(self, replaying: Replaying, headers: Sequence[str], widths: list[int], *, toned: Sequence[int] = ()) -> None:
        super().__init__()
        self.replaying = replaying
        self.zone: tzinfo = UTC
        self._is_stale = True
        self.said = PlainLabel(role="dim", elided=True)
        self.honest = PlainLabel(role="warn", elided=True)
        self.table = TextTable(headers, self, toned=toned)
        self.view = RowsView(self.table, self.title, widths)
        self.empty = Empty("", "")
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(style.GAP_PX)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.view)
        self.events: list[Answer] = []
        """The events of the rows, where rows are of events."""
        self._lay_out()
        self.view.activated.connect(self._activated)
        self.view.clicked.connect(self._activated)
        self.view.copy_wanted.connect(self.copy_row)
        self.view.menu_wanted.connect(self._menu)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(style.INSIDE_PX, 2, style.INSIDE_PX, 2)
        top.addWidget(self.said, 1)
        top.addLayout(self.buttons)
        self.honest.setContentsMargins(style.INSIDE_PX, 0, style.INSIDE_PX, 2)
        self.honest.hide()
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(0)
        self.layout_.addLayout(top)
        self.layout_.addWidget(self.honest)
        self.layout_.addWidget(self.stack, 1)

    def add_button(self, text: str, tip: str) -> QPushButton:
        """A button at the right of the line above."""
        button = QPushButton(text)
        button.setProperty("role", "plain")
        set_tip(button, tip)
        self.buttons.addWidget(button)
        return button

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self.zone = zone
        self.look_again()

    # ---- asking

    def look_again(self) -> None:
        """The state, or what it is asked with, is another one."""
        self._is_stale = True
        if self.isVisible():
            self._refresh()

    def wait_until_seen(self) -> None:
        """What is not done goes on when the page can be seen again."""
        self._is_stale = True

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up."""
        super().showEvent(event)
        if self._is_stale:
            self._refresh()

    def _refresh(self) -> None:
        self._is_stale = False
        if self.replaying.stream is not None and self.replaying.look:
            self.refresh()

    def refresh(self) -> None:
        """Asks for what the page shows. Every page has its own."""

    # ---- showing

    def show_rows(self, rows: Sequence[Sequence[str]], tones: Sequence[str], events: Sequence[Answer] = ()) -> None:
        """Shows rows, those of `events` where they are of events."""
        self.events = list(events)
        self.table.show_rows(rows, tones)
        self.stack.setCurrentWidget(self.view)

    def show_none(self, sentence: str, hint: str) -> None:
        """Says why there is nothing to list."""
        self.events = []
        self.table.show_rows([])
        self.empty.show_text(sentence, hint)
        self.stack.setCurrentWidget(self.empty)

    def say(self, words: str, *, role: str = "dim") -> None:
        """The line above."""
        set_role(self.said, role)
        self.said.show_text(words)

    def say_honest(self, words: str) -> None:
        """What is to be known of how sure it is; empty for nothing."""
        self.honest.show_text(f"! {words}" if words else "")
        self.honest.setVisible(bool(words))

    def fail(self, sentence: str) -> None:
        """There is no answer."""
        self.say(sentence, role="bad")

    # ---- pointing

    def _activated(self, index: QModelIndex) -> None:
        if index.row() < len(self.events):
            self.event_wanted.emit(int(self.events[index.row()]["seq"]))

    def copy_row(self) -> None:
        """Copies the current row, its texts parted by tabs."""
        if 0 <= self.view.row() < len(self.table.rows):
            QGuiApplication.clipboard().setText("\t".join(visible(text) for text in self.table.rows[self.view.row()]))

    def _menu(self, index: QModelIndex, at: QPoint) -> None:
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy row", self.copy_row)
        if index.row() < len(self.events):
            event = self.events[index.row()]
            menu.addAction("Show the event", lambda: self.event_wanted.emit(int(event["seq"])))
            if event.get("place") is not None:
                menu.addAction("Show the state after it", lambda: self.place_wanted.emit(int(event["place"])))
        self.add_to_menu(menu, index.row())
        menu.popup(at)

    def add_to_menu(self, menu: QMenu, row: int) -> None:
        """What else can be done with a row."""
