"""The navigator: what the capture has, by log, stream and type, with a search. Activating a row filters every list by it.

Reads through the session, at most once a second, and keeps place and selection. Read `models.navigator` for the rows.
"""

from __future__ import annotations

import shlex
import time
from collections import deque
from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QLineEdit, QMenu, QStackedWidget, QTableView, QVBoxLayout

from app import style
from app.empty import Empty
from app.filter_menu import add_filter_choices
from app.models.navigator import NavigatorModel
from app.models.navigator_content import Content, Entry, PartitionKey
from app.notice import Notice
from app.selection import Selection
from app.session import Session
from inspector.capture.notes import Note
from inspector.capture.overview import PAGE, Found, Overview, Partition, newest_event, overview, streams_like, streams_of
from inspector.capture.reader import CaptureReader
from inspector.capture.within import Within, within

_REFRESH_MS = 1_000
_RATED_S, _LEAST_RATED_S = 5.0, 0.5
_MOST_RENEWED = 1_000
"""Longer lists of streams keep the counts they were read with."""
_TYPING_MS = 150
_LEAST_PX = 140
_INDENT_PX, _ARROW_PX = 14, 22


class Rates:
    """How fast each partition grows, from what was counted in the last seconds."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, dict[PartitionKey, int]]] = deque()

    def add(self, partitions: Iterable[Partition]) -> dict[PartitionKey, float]:
        """Events a second of each partition, with what is counted now."""
        now, counts = time.monotonic(), {part.key: part.captured for part in partitions}
        self._looks.append((now, counts))
        while len(self._looks) > 2 and now - self._looks[0][0] > _RATED_S:
            self._looks.popleft()
        since, before = self._looks[0]
        if now - since < _LEAST_RATED_S:
            return {}
        return {key: max(0, count - before.get(key, 0)) / (now - since) for key, count in counts.items()}


class _Rows(QTableView):
    """The list; a click on an arrow, or Left and Right, open and close."""

    toggled = Signal(object)
    """`(row, open or None for the other)`"""

    def __init__(self, model: NavigatorModel) -> None:
        super().__init__()
        self.setModel(model)
        self._model = model
        self.setAccessibleName("Logs, streams and types")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(9, 9))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setResizeContentsPrecision(0)  # by what is in view
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(style.ROW_PX)
        rows.setDefaultSectionSize(style.ROW_PX)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the arrow opens or closes."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        entry = self._model.entry(index)
        if event.button() is Qt.MouseButton.LeftButton and entry is not None and entry.opens is not None and index.column() == 0:
            left = self.columnViewportPosition(0) + entry.level * _INDENT_PX
            if entry.kind == "section" or left <= event.position().x() <= left + _ARROW_PX:
                self.toggled.emit((index.row(), None))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left closes, Right opens."""
        wanted = {Qt.Key.Key_Left: False, Qt.Key.Key_Right: True}.get(Qt.Key(event.key()))
        entry = self._model.entry(self.currentIndex())
        if wanted is not None and entry is not None and entry.opens is not None:
            self.toggled.emit((self.currentIndex().row(), wanted))
        else:
            super().keyPressEvent(event)


class NavigatorPane(QFrame):
    """Logs, streams and types of the capture."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Navigator")
        self._session, self._selection = session, selection
        self.content, self.model = Content(), NavigatorModel(self)
        self._is_asking = self._is_read = False
        self._rates = Rates()
        self._build()
        self._soon = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._soon.timeout.connect(self.refresh)
        self._typed = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typed.timeout.connect(self._search)
        self.search.textChanged.connect(lambda _text: self._typed.start())
        self.search.returnPressed.connect(self._to_first)
        session.watermark_changed.connect(self._changed)
        session.account_changed.connect(self._changed)
        session.notes.changed.connect(self._show_notes)
        selection.time_range_changed.connect(self._range_changed)

    def _build(self) -> None:
        self.search = QLineEdit()
        self.search.setAccessibleName("Find a log, stream or type")
        self.search.setPlaceholderText("Find a log, stream or type")
        self.search.setClearButtonEnabled(True)
        self.notice = Notice("Navigator notice")
        self.view = _Rows(self.model)
        self.view.toggled.connect(self._toggled)
        self.view.activated.connect(self.activate)
        self.view.customContextMenuRequested.connect(self._menu)
        self.empty = Empty("Nothing is here yet.", "It fills as events come.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self._stack.setMinimumWidth(_LEAST_PX)  # or its longest sentence would decide how narrow the pane can be
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 2, 2)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(self.search)
        layout.addWidget(self.notice)
        layout.addWidget(self._stack, 1)

    # ---- reading

    def _changed(self, _what: object = None) -> None:
        if not self._is_read:
            self.refresh()
        elif not self._soon.isActive() and self.isVisible():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks again at what changed while it was hidden."""
        super().showEvent(event)
        self._changed()

    def refresh(self) -> None:
        """Reads the counts again."""
        if self._is_asking or self._session.watermark is None:
            return
        self._is_asking, span = True, self._selection.time_range

        def look(reader: CaptureReader) -> tuple[Overview, bool, Within | None]:
            return overview(reader), span is not None, within(reader, span) if span is not None else None

        self._session.work.run(look, self._read, self._fail, lane="navigator")

    def _range_changed(self, _span: object) -> None:
        """What was asked of another range is not waited for."""
        self._is_asking = False
        if self.isVisible():
            self.refresh()

    def _read(self, found: tuple[Overview, bool, Within | None]) -> None:
        self._is_asking, self._is_read = False, True
        self.content.overview, self.content.has_range, self.content.within = found
        self.content.rates = self._rates.add(found[0].partitions)
        self._show()
        for place in (0, *(int(key[1]) for key in self.content.opened if key[0] == "category")):
            if place or self.content.search:
                self._ask_again(place)

    def _ask_again(self, place: int) -> None:
        """The streams that are listed, with what they have by now."""
        had = self.content.streams.get(place)
        if had is None:
            self._ask_streams(place)
        elif len(had.streams) <= _MOST_RENEWED:
            self._ask_streams(place, limit=max(PAGE, len(had.streams)))

    def _fail(self, sentence: str) -> None:
        self._is_asking = False
        if sentence != "stopped":
            self.notice.say(f"the capture could not be read: {sentence}", role="bad", action="Try again", acted=self.refresh)

    def _ask_streams(self, place: int, after: Found | None = None, limit: int = PAGE) -> None:
        """A page of the streams of a category, or of the search (0), after those there are."""
        text, after_id = self.content.search, after.streams[-1].id if after is not None and after.streams else None

        def read(reader: CaptureReader) -> Found:
            if place:
                return streams_of(reader, place, after_id=after_id, limit=limit)
            return streams_like(reader, text, after_id=after_id, limit=limit)

        def show(found: Found) -> None:
            if place == 0 and text != self.content.search:
                return
            before = after.streams if after is not None else []
            self.content.streams[place] = Found([*before, *found.streams], found.has_more)
            self._show()

        self._session.work.run(read, show, self._fail, lane=f"streams {place}")

    def _search(self) -> None:
        self.content.search = self.search.text().strip()
        self.content.streams.pop(0, None)
        if self.content.search:
            self._ask_streams(0)
        self._show()

    def _show(self) -> None:
        entries = self.content.entries()
        self.model.show_entries(entries)
        self._stack.setCurrentIndex(1 if entries else 0)

    def _show_notes(self, notes: list[Note]) -> None:
        self.content.notes = list(notes)
        self._show()

    # ---- acting

    def _toggled(self, what: object) -> None:
        assert isinstance(what, tuple)
        row, wanted = what
        entry = self.model.entry(self.model.index(row, 0))
        if entry is not None and entry.opens is not None and (wanted is None or wanted != entry.opens):
            self._open(entry, on=not entry.opens)

    def _open(self, entry: Entry, *, on: bool) -> None:
        (self.content.opened.add if on else self.content.opened.discard)(entry.key)
        if entry.kind == "category" and on:
            self._ask_streams(int(entry.key[1]))
        self._show()

    def activate(self, index: QModelIndex) -> None:
        """Filters every list by the row; a section opens or closes, "more" brings the next streams."""
        entry = self.model.entry(index)
        if entry is None:
            return
        if entry.kind == "more":
            place = int(entry.key[1])
            self._ask_streams(place, self.content.streams.get(place))
        elif entry.seq:
            self._selection.choose_event(entry.seq)
        elif entry.filter:
            self._selection.choose_filter(entry.filter)
        elif entry.opens is not None:
            self._open(entry, on=not entry.opens)

    def take_focus(self) -> None:
        """Into the search."""
        self.search.setFocus()
        self.search.selectAll()

    def _to_first(self) -> None:
        row = next((row for row in range(self.model.rowCount()) if self._filter_at(row)), -1)
        if row >= 0:
            self.view.setFocus()
            self.view.selectRow(row)

    def _filter_at(self, row: int) -> str:
        entry = self.model.entry(self.model.index(row, 0))
        return entry.filter if entry is not None else ""

    def replay(self, entry: Entry) -> None:
        """Replays a stream up to its newest event."""

        def wanted(seq: int) -> None:
            if seq:
                self._selection.replay_event(seq)

        self._session.work.run(lambda reader: newest_event(reader, entry.stream_id), wanted, self._fail)

    def copy_command(self, entry: Entry) -> None:
        """Copies the command that lists the events of a row."""
        command = shlex.join(["eventscope", "events", str(self._session.path), "--filter", entry.filter])
        QGuiApplication.clipboard().setText(self._session.said(command))

    def _menu(self, at: QPoint) -> None:
        entry = self.model.entry(self.view.indexAt(at))
        if entry is None or not (entry.filter or entry.stream_id):
            return
        menu, text = QMenu(self), entry.filter
        if text:
            menu.addAction("Show only these", lambda: self._selection.choose_filter(text))
            add_filter_choices(menu, self._selection, text, f"!({text})", words="these")
            menu.addSeparator()
        if entry.stream_id:
            menu.addAction("Replay this stream", lambda: self.replay(entry))
        menu.addAction("Copy name", lambda: QGuiApplication.clipboard().setText(entry.text))
        if text:
            menu.addAction("Copy command", lambda: self.copy_command(entry))
        menu.popup(self.view.viewport().mapToGlobal(at))
