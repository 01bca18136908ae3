"""The view of an event's tree: what is open stays open from event to event; finds, copies, and filters by a value.

Read `models.event_tree` for the rows, `models.event_find` for finding, `panes.event` for its use.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QTreeView, QVBoxLayout, QWidget

from app import style
from app.event_copy import EventCopy, bounded
from app.field_menu import add_meanings
from app.filter_menu import add_filter_choices
from app.indexing import INDEX_TIP, can_be_indexed
from app.models import jsonb
from app.models.event_find import Spot, find
from app.models.event_spans import route_of
from app.models.event_tree import EventTree
from app.models.field import Field
from app.plain import PlainLabel, PlainText, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.reader import CaptureReader
from inspector.query.combine import combined
from inspector.text import visible_lines

_NAME_PX, _VALUE_PX = 118, 206
_MOST_PATH = 60
_OF_DECODING = frozenset({"value", "decoder", "error"})
"""Fields that say how the value was read."""
MOST_SHOWN = 8 << 20


class EventTreeView(QWidget):
    """The tree, with a box to find a name or value in it (Ctrl+F), and room for one long value whole."""

    place_chosen = Signal(object)
    """`(steps)` to the current row's value in the event's document; None for any other row."""

    def __init__(self, session: Session, selection: Selection, copy: EventCopy) -> None:
        super().__init__()
        self._session, self._selection, self._copy = session, selection, copy
        self.tree = EventTree(self)
        self._open: set[str] = {"data"}
        self._is_showing = False
        self._found = Spot()
        self.view = QTreeView()
        self._dress()
        self.find_box, self.find_note = QLineEdit(), PlainLabel(role="warn", elided=True)
        self.path_line = PlainLabel(role="faint", elided=True)
        self.find_box.setAccessibleName("Find in this event")
        self.find_box.setPlaceholderText("Find a name or value; Enter next, Shift+Enter previous")
        self.whole = PlainText("The whole value")
        self.close_whole = QPushButton("Close the value")
        self._lay_out()
        self.setFocusProxy(self.view)
        self._connect()

    def _dress(self) -> None:
        view = self.view
        view.setModel(self.tree)
        view.setAccessibleName("Event fields and document")
        view.setUniformRowHeights(True)
        view.setIndentation(14)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.header().setStretchLastSection(True)
        view.header().resizeSection(0, _NAME_PX)
        view.header().resizeSection(1, _VALUE_PX)
        view.header().setMinimumSectionSize(40)

    def _lay_out(self) -> None:
        self._find_line = QWidget()
        lines = QVBoxLayout(self._find_line)
        lines.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        lines.addWidget(self.find_box)
        lines.addWidget(self.find_note)
        self.find_note.hide()
        self.path_line.setContentsMargins(style.INSIDE_PX, 2, style.INSIDE_PX, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self._find_line, 0), (self.view, 2), (self.whole, 1), (self.close_whole, 0), (self.path_line, 0)):
            layout.addWidget(widget, stretch)
        for hidden in (self._find_line, self.whole, self.close_whole):
            hidden.hide()

    def _connect(self) -> None:
        self.view.expanded.connect(lambda index: self._note(index, is_open=True))
        self.view.collapsed.connect(lambda index: self._note(index, is_open=False))
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.activated.connect(self._activated)
        self.view.selectionModel().currentChanged.connect(lambda index, _before: self._current_changed(index))
        self.find_box.returnPressed.connect(self.find_next)
        self.find_box.textChanged.connect(lambda _text: self._say_found(""))
        self.close_whole.clicked.connect(self.hide_whole)
        inside, only = Qt.ShortcutContext.WidgetWithChildrenShortcut, Qt.ShortcutContext.WidgetShortcut
        QShortcut(QKeySequence.StandardKey.Copy, self.view, self.copy_value, context=only)
        QShortcut(QKeySequence.StandardKey.Find, self, self.open_find, context=inside)
        QShortcut(QKeySequence("Shift+Return"), self.find_box, self.find_previous, context=only)
        QShortcut(QKeySequence("Esc"), self.find_box, self.close_find, context=only)
        QShortcut(QKeySequence("Esc"), self.whole, self.hide_whole, context=only)

    def show_fields(self, fields: Sequence[Field]) -> None:
        """Shows an event; the place stays."""
        bar = self.view.verticalScrollBar()
        place = bar.value()
        self._is_showing = True
        self.hide_whole()
        self._found = Spot()
        self._say_found("")
        self._say_path(QModelIndex())
        self.tree.show_fields(fields)
        self._expand_below(QModelIndex())
        self._is_showing = False
        bar.setValue(place)

    def _expand_below(self, parent: QModelIndex) -> None:
        waiting = [parent]
        while waiting:
            above = waiting.pop()
            for row in range(self.tree.rowCount(above)):
                index = self.tree.index(row, 0, above)
                if self.tree.hasChildren(index) and self.tree.path(index) in self._open:
                    self.view.expand(index)
                    waiting.append(index)

    def _note(self, index: QModelIndex, *, is_open: bool) -> None:
        if not self._is_showing and (path := self.tree.path(index)):
            (self._open.add if is_open else self._open.discard)(path)

    def _current_changed(self, index: QModelIndex) -> None:
        first = index.siblingAtColumn(0)
        self._say_path(index)
        field = self.tree.field(first) if first.isValid() else None
        self.place_chosen.emit(self.tree.steps(first) if field is not None and field.path == "data" else None)

    def show_place(self, steps: tuple[str | int, ...]) -> None:
        """Makes the value at a place of the event's document current, or what of the way to it is there."""
        row = next((row for row, one in enumerate(self.tree.fields) if one.path == "data" and one.document is not None), -1)
        if row >= 0 and self.tree.steps(self.view.currentIndex().siblingAtColumn(0)) != steps:
            index, _ = self.tree.reveal(Spot(row, route=route_of(self.tree.fields[row].document or b"", steps)))
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)

    def _say_path(self, index: QModelIndex) -> None:
        """How the filter language calls the current row; of a long path its end."""
        path = self.tree.path(index.siblingAtColumn(0))
        self.path_line.show_text(path if len(path) <= _MOST_PATH else f"…{path[-_MOST_PATH:]}")

    def _activated(self, index: QModelIndex) -> None:
        """Enter or a double click: more children, or the whole of a value that is cut."""
        first = index.siblingAtColumn(0)
        if self.tree.is_more(first):
            self.tree.make_more(first)
        elif (part := self.tree.part(first)) is not None and part[1].word == "string":
            self.show_whole()

    # ---- one value, whole

    def show_whole(self) -> None:
        """Shows all of the current row's value below the tree, up to 8 million bytes of it."""
        index = self.view.currentIndex().siblingAtColumn(0)
        part = self.tree.part(index)
        if part is None or part[1].is_container:
            return
        blob, of = part
        text = visible_lines(jsonb.text(blob, of) if of.end - of.start <= MOST_SHOWN else jsonb.cut_scalar(blob, of, MOST_SHOWN))
        self.whole.show_text(text)
        self.whole.show()
        self.close_whole.show()

    def hide_whole(self) -> None:
        """Gives the room back to the tree."""
        self.whole.hide()
        self.close_whole.hide()

    # ---- finding

    def open_find(self) -> None:
        """Into the box to find something."""
        self._find_line.show()
        self.find_box.setFocus()
        self.find_box.selectAll()

    def close_find(self) -> None:
        """Away with the box, and back to the tree."""
        self._find_line.hide()
        self.view.setFocus()

    def find_next(self) -> None:
        """To the next row that has what is in the box."""
        self._find(forward=True)

    def find_previous(self) -> None:
        """To the one before."""
        self._find(forward=False)

    def _find(self, *, forward: bool) -> None:
        fields, wanted = self.tree.fields, self.find_box.text()
        current = self.view.currentIndex().siblingAtColumn(0)
        now = self.tree.spot(current) if current.isValid() else Spot()
        if (now.row, now.route) == (self._found.row, self._found.route):
            now = self._found

        def done(spot: Spot | None) -> None:
            if fields is self.tree.fields:
                self._show_found(spot)

        self._session.work.run(lambda _reader: find(fields, wanted, now, forward=forward), done, self._find_failed, lane="find in event")

    def _show_found(self, spot: Spot | None) -> None:
        if spot is None:
            self._say_found("not in this event")
            return
        self._found = spot
        index, is_there = self.tree.reveal(spot)
        far = max(spot.route, default=0)
        self._say_found("" if is_there else f"found in item {far:,}: too far down to show")
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def _say_found(self, sentence: str) -> None:
        self.find_note.show_text(sentence)
        self.find_note.setVisible(bool(sentence))

    def _find_failed(self, error: str) -> None:
        if error != "stopped":
            self._say_found(f"could not be searched: {error}")

    # ---- copying and filtering

    def copy_value(self) -> None:
        """Copies the current row's value: a text as it is, anything else as JSON."""
        index = self.view.currentIndex().siblingAtColumn(0)
        part, field = self.tree.part(index), self.tree.field(index)
        if part is not None and part[1].word == "string":
            blob, of = part
            self._copy.read(lambda _reader: jsonb.text(blob, of))
        elif part is not None:
            self.copy_json()
        elif field is not None:
            self._copy.text(field.value or field.text)

    def copy_json(self) -> None:
        """Copies the current row's value as JSON."""
        part = self.tree.part(self.view.currentIndex().siblingAtColumn(0))
        if part is None:
            self.copy_value()
            return
        blob, of = part
        self._copy.read(lambda reader: _json(reader, blob, of))

    def place(self) -> str:
        """Where a rule of identity finds the current row's value; empty where none does."""
        return self.tree.place(self.view.currentIndex().siblingAtColumn(0))

    def copy_path(self) -> None:
        """Copies where the current row is, as the filter language writes it."""
        if path := self.tree.path(self.view.currentIndex().siblingAtColumn(0)):
            self._copy.text(path)

    def index_field(self) -> None:
        """Makes filters on the current row's place looked up."""
        if path := self.tree.path(self.view.currentIndex().siblingAtColumn(0)):
            self._selection.index_field(path)

    def filter_by(self, *, exclude: bool = False) -> None:
        """Shows only the events with this value here, or all but those."""
        if text := self.tree.filter_text(self.view.currentIndex().siblingAtColumn(0), exclude=exclude):
            self._selection.choose_filter(combined(self._selection.filter, text))

    def _menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at).siblingAtColumn(0)
        if not index.isValid():
            return
        self.view.setCurrentIndex(index)
        menu = self.menu_of(index)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def menu_of(self, index: QModelIndex) -> QMenu:
        """What can be done with a row."""
        menu = QMenu(self)
        menu.setAccessibleName("What to do with this field")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.tree.is_more(index):
            menu.addAction("Show more", lambda: self.tree.make_more(index))
            return menu
        if self.tree.filter_text(index):
            same, other = (self.tree.filter_text(index, exclude=exclude) for exclude in (False, True))
            add_filter_choices(menu, self._selection, same, other)
            menu.addSeparator()
        part = self.tree.part(index)
        if part is not None and not part[1].is_container:
            menu.addAction("Show all of this value", self.show_whole)
        menu.addAction("Copy value", self.copy_value)
        if part is not None:
            menu.addAction("Copy as JSON", self.copy_json)
        if path := self.tree.path(index):
            menu.addAction("Copy path", self.copy_path)
        is_place = path.startswith(("data.", "data[", "metadata.", "metadata["))
        if is_place:
            menu.addAction("Show as a column", lambda: self._selection.show_column(path))
        if place := self.tree.place(index):
            add_meanings(menu, self._selection, place)
        if can_be_indexed(path):
            menu.setToolTipsVisible(True)
            set_tip(menu.addAction("Index this field", self.index_field), INDEX_TIP)
        if is_place:
            menu.addAction("Hide this in all events …", lambda: self._selection.hide_place(path))
        self._offer_decoders(menu, index)
        self._event_copies(menu.addMenu("Copy of the event"))
        return menu

    def _offer_decoders(self, menu: QMenu, index: QModelIndex) -> None:
        field = self.tree.field(index)
        if field is not None and field.document is None and field.name in _OF_DECODING:
            menu.addAction("What else may this be …", lambda: self._selection.explain(self._selection.seq))

    def _event_copies(self, menu: QMenu) -> None:
        seq = self._selection.seq
        menu.addAction("As a JSON line", lambda: self._copy.line(seq))
        menu.addAction("Key", lambda: self._copy.part(seq, "key", "text"))
        for words, form in (("Value as text", "text"), ("Value as hex", "hex"), ("Value as base64", "base64")):
            menu.addAction(words).triggered.connect(lambda _checked, form=form: self._copy.part(seq, "value", form))
        menu.addAction("Command that writes it", lambda: self._copy.command_of(seq))


def _json(reader: CaptureReader, blob: bytes, of: jsonb.Part) -> str:
    """A part of a document as JSON text: by SQLite, which wrote it, with its digits, order and repeats."""
    bounded(of.end - of.at)
    return str(reader.select("SELECT json(?)", (blob[of.at : of.end],))[0][0])
