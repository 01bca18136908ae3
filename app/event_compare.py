"""Two events side by side: one is kept as A, whichever is chosen next is B; what differs is listed by place.

Knows the selection and the session's workers. Read `models.compared` for what is compared, `panes.event` for its use.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from PySide6.QtCore import QModelIndex, QPoint
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_copy import EventCopy
from app.event_rows_view import RowsView
from app.models.change_table import ChangeTable, line
from app.models.compared import Comparison, Difference, compared
from app.plain import PlainLabel, set_role
from app.selection import Selection
from app.session import Session

_PLACE_PX = 170


class CompareView(QWidget):
    """A comparison, or the sentence that says how to make one."""

    def __init__(self, session: Session, selection: Selection, copy: EventCopy) -> None:
        super().__init__()
        self._session, self._selection, self._copy = session, selection, copy
        self.a = 0
        """The number of the event that is kept; 0 for none."""
        self.shown: Comparison | None = None
        self._zone: tzinfo = UTC
        self.table = ChangeTable(self)
        self.view = RowsView(self.table, "Differences", [_PLACE_PX, 0, 0])
        self.pin, self.release = QPushButton("Compare this event with…"), QPushButton("Stop comparing")
        self.pin.setProperty("role", "plain")
        self.title_a, self.title_b = PlainLabel(role="dim", elided=True), PlainLabel(role="dim", elided=True)
        self.note = PlainLabel(role="dim", elided=True)
        self._empty = Empty("Nothing is compared.", "Keep this event as A; the next one you choose is B.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        self._lay_out()
        self.pin.clicked.connect(self.keep_current)
        self.release.clicked.connect(self.stop)
        self.view.copy_wanted.connect(self.copy_row)
        self.view.menu_wanted.connect(self._menu)
        selection.event_changed.connect(self._ask)
        self._ask(selection.seq)

    def _lay_out(self) -> None:
        titles = QVBoxLayout()
        titles.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        titles.setSpacing(2)
        for label in (self.title_a, self.title_b, self.note):
            titles.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        buttons.addWidget(self.pin)
        buttons.addWidget(self.release)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(buttons)
        layout.addLayout(titles)
        layout.addWidget(self._stack, 1)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        self._ask(self._selection.seq)

    def keep_current(self) -> None:
        """Keeps the current event as A."""
        if self._selection.seq:
            self.a = self._selection.seq
            self._ask(self.a)

    def stop(self) -> None:
        """Keeps no event any more."""
        self.a = 0
        self._ask(self._selection.seq)

    def _ask(self, seq: int) -> None:
        self.release.setVisible(self.a > 0)
        self.pin.setText("Keep this event as A" if self.a else "Compare this event with…")
        self.pin.setEnabled(seq > 0 and seq != self.a)
        if not self.a or not seq or seq == self.a:
            self._show_none()
            return
        a, zone = self.a, self._zone
        self._session.work.run(lambda reader: compared(reader, a, seq, zone), self._show, self._fail, lane="compare")

    def _show_none(self) -> None:
        self._session.work.run(lambda _reader: None, lambda _found: None, lambda _error: None, lane="compare")  # drops what is on its way
        self.shown = None
        kept = f"Event #{self.a:,} is kept as A."
        if self.a:
            self._empty.show_text(kept, "Choose another event: it is compared with A as B.")
        else:
            self._empty.show_text("Nothing is compared.", "Keep this event as A; the next one you choose is B.")
        for label in (self.title_a, self.title_b, self.note):
            label.hide()
        self._stack.setCurrentIndex(0)

    def _show(self, found: Comparison) -> None:
        self.shown = found
        self.table.show_rows(found.rows)
        self.title_a.show_text(f"A  {found.a}")
        self.title_b.show_text(f"B  {found.b}")
        self._say(found.note or _counted(found), "warn" if found.note else "dim")
        if not found.rows and not found.note:
            self._empty.show_text("These two events say the same.", "Fields, headers and documents are compared; ids and offsets are not.")
        elif not found.rows:
            self._empty.show_text("No difference was found.", "What could not be compared is said above.")
        self._stack.setCurrentIndex(1 if found.rows else 0)

    def _say(self, text: str, role: str) -> None:
        self.note.show_text(text)
        set_role(self.note, role)
        for label in (self.title_a, self.title_b, self.note):
            label.show()

    def _fail(self, error: str) -> None:
        if error != "stopped":
            self._say(f"The events could not be compared: {error}", "bad")

    # ---- copying

    def _current(self) -> Difference | None:
        row = self.view.row()
        return self.table.rows[row] if 0 <= row < len(self.table.rows) else None

    def copy_row(self) -> None:
        """Copies the current difference."""
        if (row := self._current()) is not None:
            self._copy.text(line(row))

    def copy_all(self) -> None:
        """Copies all differences that are listed, a line each."""
        self._copy.text("\n".join(map(line, self.table.rows)))

    def copy_path(self) -> None:
        """Copies the place of the current difference, as the filter language writes it."""
        if (row := self._current()) is not None:
            self._copy.text(row.path)

    def _menu(self, index: QModelIndex, at: QPoint) -> None:
        self.view.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAccessibleName("What to do with this difference")
        menu.addAction("Copy difference", self.copy_row)
        menu.addAction("Copy path", self.copy_path)
        menu.addAction("Copy all differences", self.copy_all)
        menu.popup(at)


def _counted(found: Comparison) -> str:
    counts = {op: sum(row.op == op for row in found.rows) for op in ("add", "remove", "replace")}
    words = f"{counts['replace']:,} differ, {counts['remove']:,} only in A, {counts['add']:,} only in B"
    return f"{words}; {found.left_out:,} more are not listed" if found.left_out else words
