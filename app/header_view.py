"""The headers of the current event: a table to copy from and to filter by.

Read `models.header_table` for the rows, `panes.event` for its use.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint
from PySide6.QtWidgets import QMenu, QStackedWidget

from app.empty import Empty
from app.event_copy import EventCopy
from app.event_rows_view import RowsView
from app.field_menu import add_meanings
from app.filter_menu import add_filter_choices
from app.models.header_table import Header, HeaderTable
from app.selection import Selection
from inspector.identify.expressions import written
from inspector.query.combine import combined

_NAME_PX, _STATE_PX = 130, 96


class HeaderView(QStackedWidget):
    """Headers, or the sentence that there are none."""

    def __init__(self, selection: Selection, copy: EventCopy) -> None:
        super().__init__()
        self._selection, self._copy = selection, copy
        self.table = HeaderTable(self)
        self.view = RowsView(self.table, "Headers", [_NAME_PX, 0, _STATE_PX])
        self.addWidget(self.view)
        self.addWidget(Empty("This event has no headers.", "Kafka records may carry some beside key and value."))
        self.view.copy_wanted.connect(self.copy_value)
        self.view.menu_wanted.connect(self._menu)

    def show_headers(self, headers: Sequence[Header]) -> None:
        """Shows other headers."""
        self.table.show_rows(headers)
        is_special = any(header.state for header in headers)
        self.view.setColumnHidden(2, not is_special)
        self.view.fit_columns([_NAME_PX, 0, *([_STATE_PX] if is_special else [])])
        self.setCurrentIndex(0 if headers else 1)

    def current(self) -> Header | None:
        """The current row's header."""
        row = self.view.row()
        return self.table.rows[row] if 0 <= row < len(self.table.rows) else None

    def place(self) -> str:
        """Where a rule of identity finds the current header; empty for none, and for one whose name was there before."""
        header = self.current()
        return "" if header is None or header.is_repeat else written("header", (header.name,))

    def copy_value(self) -> None:
        """Copies the current header's value."""
        if (header := self.current()) is not None:
            self._copy.text(header.text)

    def copy_name(self) -> None:
        """Copies the current header's name."""
        if (header := self.current()) is not None:
            self._copy.text(header.name)

    def copy_hex(self) -> None:
        """Copies the bytes of the current header's value."""
        if (header := self.current()) is not None:
            self._copy.text((header.raw or b"").hex())

    def filter_by(self, *, exclude: bool = False) -> None:
        """Shows only the events with this header and value, or all but those."""
        header = self.current()
        if header is not None and (text := header.filter_text(exclude=exclude)):
            self._selection.choose_filter(combined(self._selection.filter, text))

    def _menu(self, index: QModelIndex, at: QPoint) -> None:
        self.view.setCurrentIndex(index)
        header = self.current()
        if header is None:
            return
        menu = QMenu(self)
        menu.setAccessibleName("What to do with this header")
        if header.filter_text():
            add_filter_choices(menu, self._selection, header.filter_text(), header.filter_text(exclude=True))
            menu.addSeparator()
        menu.addAction("Copy value", self.copy_value)
        menu.addAction("Copy name", self.copy_name)
        menu.addAction("Copy value as hex", self.copy_hex)
        name = json.dumps(header.name, ensure_ascii=False)
        menu.addAction("Show as a column", lambda: self._selection.show_column(f"headers[{name}]"))
        if place := self.place():
            add_meanings(menu, self._selection, place)
        menu.addAction("Hide this in all events …", lambda: self._selection.hide_place(f"headers[{name}]"))
        menu.popup(at)
