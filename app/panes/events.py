"""The events pane: the list in arrival order, live tail, pause, and the way to what is new.

Fetches the model's pages through the session's work. Read `models.event_table` for what it shows.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QProgressBar, QPushButton, QStackedWidget, QTableView, QWidget

from app import style
from app.models.event_rows import Page, read_page
from app.models.event_table import COLUMNS, EventTable, PageRequest
from app.panes.empty import Empty
from app.plain import Panel, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.reader import CaptureReader, Watermark
from inspector.cli.output import event_line

_MOST_COPIED = 10_000
_SLOW_MS = 250
_LEAST_PX = 60
_CELL_PX = 22
"""A cell's own margins left and right."""


class EventView(QTableView):
    """The table; its selection is one current row, or logically everything."""

    scrolled_by_user = Signal()
    all_chosen = Signal()
    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_all_selected = False
        self.setAccessibleName("Events")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(style.ROW_PX)
        rows.setDefaultSectionSize(style.ROW_PX)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(24)
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalScrollBar().sliderPressed.connect(self.scrolled_by_user)
        self.verticalScrollBar().installEventFilter(self)

    def selectAll(self) -> None:
        """Chooses everything without walking it."""
        self.is_all_selected = True
        self.all_chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy is ours; keys that move are the user's scrolling."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
            return
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_PageUp, Qt.Key.Key_Home}:
            self.scrolled_by_user.emit()
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel upwards leaves the newest."""
        if event.angleDelta().y() > 0:
            self.scrolled_by_user.emit()
        super().wheelEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel over the scroll bar counts too."""
        if event.type() is QEvent.Type.Wheel and watched is self.verticalScrollBar():
            self.scrolled_by_user.emit()
        return False


class EventsPane(Panel):
    """The list of events of a session. `stick_changed(on)` and `pause_changed(on)` say how it follows."""

    stick_changed = Signal(object)
    pause_changed = Signal(object)

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Events")
        self._session, self._selection = session, selection
        self.model = EventTable(self)
        self.view = EventView()
        self.is_stuck = False
        self.is_paused = False
        self._seen_seq = 0
        self._build()
        self.model.page_wanted.connect(self._fetch)
        self.model.head_evicted.connect(self._keep_place)
        self.view.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.view.scrolled_by_user.connect(self._left_newest)
        self.view.all_chosen.connect(self._say_counts)
        self.view.copy_wanted.connect(self.copy)
        self.view.verticalScrollBar().valueChanged.connect(self._scrolled)
        session.watermark_changed.connect(self.follow)
        if session.watermark is not None:
            self.follow(session.watermark)

    def _build(self) -> None:
        self.view.setModel(self.model)
        metrics = QFontMetrics(style.fixed_font())
        self.view.setColumnWidth(len(COLUMNS) - 1, _LEAST_PX)
        for place, column in enumerate(COLUMNS[:-1]):
            self.view.setColumnWidth(place, metrics.horizontalAdvance("0" * column.width) + _CELL_PX)
        self._loading = QProgressBar()
        self._loading.setRange(0, 0)
        self._loading.setTextVisible(False)
        self._loading.hide()
        self._slow = QTimer(self, singleShot=True, interval=_SLOW_MS)
        self._slow.timeout.connect(self._loading.show)
        self.empty = Empty("Opening the capture …", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.body.addWidget(self._loading)
        self.body.addWidget(self._stack, 1)
        self._new = QPushButton(self)
        self._new.setProperty("role", "new")
        self._new.setCursor(Qt.CursorShape.PointingHandCursor)
        set_tip(self._new, "Go to the newest event and stay there")
        self._new.clicked.connect(lambda: self.stick(on=True))
        self._new.hide()

    # ---- following

    def follow(self, mark: Watermark) -> None:
        """Takes what came, unless paused."""
        if not mark.events:
            self.empty.show_text("No events yet.", "They appear here as they are captured." if self._session.is_capturing else "")
        if self.is_paused:
            self._say_new()
            return
        self.model.set_watermark(mark)
        if self.model.rows and self._stack.currentWidget() is not self.view:
            self._stack.setCurrentWidget(self.view)
            self.view.setFocus()
        if self.is_stuck:
            self.view.scrollToBottom()
            self._seen_seq = self.model.last_seq
        elif not self._seen_seq:
            self._seen_seq = self.model.last_seq
        self._say_new()
        self._say_counts()

    def stick(self, *, on: bool) -> None:
        """Stays at the newest event, or stays where it is. The selected row stays selected either way."""
        changed, self.is_stuck = on != self.is_stuck, on
        if on:
            if self.is_paused:
                self.pause(on=False)
            self.view.scrollToBottom()
        self._seen_seq = self.model.last_seq
        self._say_new()
        if changed:
            self.stick_changed.emit(on)

    def pause(self, *, on: bool) -> None:
        """Holds the list still while the capture goes on, or takes all that came meanwhile."""
        if on == self.is_paused:
            return
        self.is_paused = on
        self.pause_changed.emit(on)
        if on:
            self._seen_seq = self.model.last_seq
        elif self._session.watermark is not None:
            self.follow(self._session.watermark)
        self._say_counts()

    def _left_newest(self) -> None:
        if self.is_stuck:
            self.stick(on=False)

    def _scrolled(self, value: int) -> None:
        if not self.is_paused and value >= self.view.verticalScrollBar().maximum():
            self._seen_seq = self.model.last_seq
            self._say_new()

    def _keep_place(self, gone: int) -> None:
        """The head went: the rows in view stay in view."""
        if not self.is_stuck:
            bar = self.view.verticalScrollBar()
            bar.setValue(max(0, bar.value() - gone))

    def _say_new(self) -> None:
        mark = self._session.watermark
        count = mark.last_seq - self._seen_seq if mark is not None and self._seen_seq else 0
        self._new.setVisible(count > 0 and not self.is_stuck)
        if count > 0:
            self._new.setText(f"▼ {count:,} new")
            self._new.adjustSize()
            self._place_new()

    def _say_counts(self) -> None:
        mark, rows = self._session.watermark, self.model.rows
        parts = [f"all {rows:,} selected" if self.view.is_all_selected else f"{rows:,} in arrival order"]
        if mark is not None and not self.is_paused and mark.events > rows:
            parts.append(f"the newest of {mark.events:,}: a list cannot be longer")
        if self.is_paused:
            parts.append("paused")
        self.note.show_text(" · ".join(parts) if rows else "")

    # ---- pages and rows

    def _fetch(self, request: PageRequest) -> None:
        self._slow.start()

        def read(reader: CaptureReader) -> Page:
            return read_page(reader, request.number)

        def supply(page: Page) -> None:
            self._arrived()
            self.model.supply(request, page)

        def refuse(error: str) -> None:
            self._arrived()
            self._session.messages.say("warning", f"a page of the list could not be read: {error}")
            self.model.refuse(request)

        self._session.work.run(read, supply, refuse)

    def _arrived(self) -> None:
        self._slow.stop()
        self._loading.hide()

    def _row_chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        if self.view.is_all_selected:
            self.view.is_all_selected = False
            self._say_counts()
        self._selection.choose_event(self.model.seq_of(current.row()) if current.isValid() else 0)

    def choose_row(self, row: int) -> None:
        """Makes a row current and brings it into view."""
        index = self.model.index(row, 1)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.view.selectionModel().setCurrentIndex(index, flags)
        self.view.scrollTo(index)

    def copy(self) -> None:
        """Puts the chosen events on the clipboard as JSON lines, as they were read; at most 10,000."""
        first, last = self._chosen()
        if not first:
            return

        def lines(reader: CaptureReader) -> str:
            found = (reader.event(seq) for seq in range(first, min(last, first + _MOST_COPIED - 1) + 1))
            return "\n".join(event_line(event) for event in found if event is not None)

        self._session.work.run(lines, self._copied, lane="copy")
        if last - first >= _MOST_COPIED:
            asked = last - first + 1
            self._session.messages.say("note", f"the first {_MOST_COPIED:,} of {asked:,} events are copied; eventscope events writes all")

    def _chosen(self) -> tuple[int, int]:
        if self.view.is_all_selected:
            return (self.model.first_seq, self.model.last_seq) if self.model.rows else (0, 0)
        return self._selection.seq, self._selection.seq

    def _copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    # ---- looks

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the button in its corner."""
        super().resizeEvent(event)
        self._place_new()

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.refresh_look()
        super().changeEvent(event)

    def _place_new(self) -> None:
        self._new.move((self.width() - self._new.width()) // 2, self.height() - self._new.height() - 24)
        self._new.raise_()

    def take_focus(self) -> QWidget:
        """Gives the keyboard to the list."""
        self.view.setFocus()
        return self.view
