"""What is around the panes: toolbar, the bars for what happened, the strip of the filter, the message log, the status line.

Lays out and shows; knows no session. Read `main_window` for who fills it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.dialogs.save import SaveBar
from app.empty import Empty
from app.evidence import EvidenceBar
from app.filter_bar import FilterBar
from app.importing import ImportBar
from app.indexing import IndexBar
from app.library import Library, Recent
from app.look_bar import LookBar
from app.meaning import DecodeBar
from app.messages import Messages
from app.notice import Notice
from app.panes.error_bar import ErrorBar
from app.panes.left_behind import LeftBehindBar
from app.panes.messages import MessagesPane
from app.plain import PlainLabel, set_tip
from app.profiles import Profiles
from app.selection import Selection
from app.session import Session
from app.toolbar import Toolbar

_RECENT_SHOWN = 5
_NOTHING_OPEN = "No capture is open."
_DROP = "Drop captures to open them, files and folders to import them, an address to connect to it"


class Chrome(QWidget):
    """The window's whole content; `show_panes` and `show_status` put a session's into it."""

    recent_wanted = Signal(object)
    """`(path)`"""
    demo_wanted = Signal()
    dropped = Signal(object)
    """`(paths)`: files or folders were dropped on the window."""
    address_dropped = Signal(object)
    """`(text)`: the address of something that is no file was dropped."""

    def __init__(self, messages: Messages, library: Library, settings: QSettings, profiles: Profiles) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.toolbar, self.errors, self.look, self.filter = Toolbar(), ErrorBar(), LookBar(), FilterBar(settings, profiles)
        self.toolbar.put_filter(self.filter)
        self.left_behind, self.saving, self.evidence = LeftBehindBar(library), SaveBar(), EvidenceBar()
        self.importing = ImportBar()
        self.decoding = DecodeBar(messages, lambda: self.look.zone)
        self.indexing = IndexBar()
        self.question, self.alarm = Notice("Question"), Notice("Alarm")
        for notice in (self.question, self.alarm):
            notice.setObjectName("panel")
        self.start = Empty(
            _NOTHING_OPEN, "Open a capture, drop exports, logs or folders here to import them, connect to Kafka or an event store."
        )
        self.start.setObjectName("panel")
        self._offer_beginnings()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start)
        self.log = MessagesPane(messages)
        self.log.hide()
        self._drop_hint = _drop_hint(self)
        self._recent: list[QPushButton] = []
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.setHandleWidth(style.GAP_PX)
        self._rows.addWidget(self.stack)
        self._rows.addWidget(self.log)
        self._rows.setStretchFactor(0, 1)
        self._rows.setSizes([700, 160])
        self._foot = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.MARGIN_PX, style.GAP_PX, style.MARGIN_PX, 2)
        layout.setSpacing(style.GAP_PX)
        bars = (
            self.left_behind,
            self.errors,
            self.alarm,
            self.saving,
            self.importing,
            self.evidence,
            self.decoding,
            self.indexing,
            self.question,
            self.look,
        )
        for widget in (self.toolbar, *bars):
            layout.addWidget(widget)
        layout.addWidget(self._rows, 1)
        layout.addLayout(self._foot)
        library.recent_changed.connect(self.show_recent)

    def _offer_beginnings(self) -> None:
        main = self.start.add_button("Open", is_main=True)
        main.clicked.connect(lambda _on: self.toolbar.open_wanted.emit())
        self.start.add_button("Connect").clicked.connect(lambda _on: self.toolbar.connect_wanted.emit())
        self.start.add_button("Start the demo").clicked.connect(lambda _on: self.demo_wanted.emit())
        self.start.setFocusProxy(main)

    def show_panes(self, panes: QWidget) -> None:
        """Shows the panes of a session."""
        self.stack.addWidget(panes)
        self.stack.setCurrentWidget(panes)

    def show_foot(self, status: QWidget, note_bar: QWidget) -> None:
        """Shows the lines below the panes."""
        self._foot.addWidget(note_bar)
        self._foot.addWidget(status)

    def drop_foot(self) -> None:
        """Takes the lines below the panes away."""
        while (item := self._foot.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()

    def follow(self, session: Session | None, selection: Selection | None) -> None:
        """Shows the filter and range of a session; None: nothing is open."""
        self.look.follow(selection)
        self.alarm.hide()
        self.filter.follow(session, selection)
        self.saving.follow(session, selection)
        self.importing.follow(session, selection)
        self.decoding.follow(session, selection)
        self.indexing.follow(session, selection)

    def say_alarm(self, sentence: str) -> None:
        """Says that a plot went over its threshold; it stays until it is dismissed or another one does."""
        self.alarm.say(f"{datetime.now(self.look.zone):%H:%M:%S}: {sentence}", role="warn")

    def end(self) -> None:
        """Ends what is being saved or decoded: the window closes."""
        self.saving.end()
        self.decoding.end()

    def show_start(self) -> None:
        """Shows the page to start from."""
        self.stack.setCurrentWidget(self.start)

    def show_recent(self, found: Sequence[Recent]) -> None:
        """Offers the captures that were open last on the page to start from."""
        for button in self._recent:
            button.deleteLater()
        self._recent = []
        for recent in found[:_RECENT_SHOWN]:
            button = self.start.add_line(recent.path.name)
            set_tip(button, str(recent.path))
            button.clicked.connect(lambda _on=False, path=recent.path: self.recent_wanted.emit(Path(path)))
            self._recent.append(button)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes files, folders and addresses, and says so."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._drop_hint.setGeometry(self.rect().adjusted(4, 4, -4, -4))
            self._drop_hint.raise_()
            self._drop_hint.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing is dropped here."""
        self._drop_hint.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Tells of what was dropped; of several addresses the first."""
        self._drop_hint.hide()
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        addresses = [url.toString() for url in urls if not url.isLocalFile()]
        if paths:
            self.dropped.emit(paths)
        elif addresses:
            self.address_dropped.emit(addresses[0])
        event.acceptProposedAction()

    def toggle_log(self, *, on: bool | None = None) -> None:
        """Shows or hides the messages."""
        self.log.setVisible(not self.log.isVisible() if on is None else on)


def _drop_hint(parent: QWidget) -> QFrame:
    """What lies over everything while something is dragged over the window."""
    hint = QFrame(parent)
    hint.setObjectName("dropHint")
    hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    label = PlainLabel(_DROP)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    layout = QVBoxLayout(hint)
    layout.addWidget(label, alignment=Qt.AlignmentFlag.AlignCenter)
    hint.hide()
    return hint
