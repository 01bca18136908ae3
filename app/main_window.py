"""The window: lays out the panes of one session, its toolbar and status line, and remembers where things were.

Holds no data. Read `session` for the capture, `panes` for what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMainWindow, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.demo import Demo
from app.dialogs.connect import ConnectDialog
from app.messages import Messages
from app.panes.empty import Empty
from app.panes.error_bar import ErrorBar
from app.panes.event import EventPane
from app.panes.events import EventsPane
from app.panes.messages import MessagesPane
from app.panes.status import StatusLine
from app.plain import PlainLabel, set_tip
from app.selection import Selection
from app.session import Session
from inspector.settings import new_capture_path


class MainWindow(QMainWindow):
    """One capture at a time. `open_capture`, `open_source` and `start_demo` show another one."""

    def __init__(self, messages: Messages, settings: QSettings) -> None:
        super().__init__()
        self._messages, self._settings = messages, settings
        self.session: Session | None = None
        self.events_pane: EventsPane | None = None
        self.event_pane: EventPane | None = None
        self.status_line: StatusLine | None = None
        self._panes: QSplitter | None = None
        self._demo: Demo | None = None
        self.setWindowTitle("Eventscope")
        self._build()
        self._add_shortcuts()
        self._restore()

    # ---- building

    def _build(self) -> None:
        self.errors = ErrorBar()
        self.errors.details_wanted.connect(lambda: self._show_messages(on=True))
        self._start = self._start_page()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._start)
        self._log = MessagesPane(self._messages)
        self._log.hide()
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.setHandleWidth(style.GAP_PX)
        self._rows.addWidget(self._stack)
        self._rows.addWidget(self._log)
        self._rows.setStretchFactor(0, 1)
        self._foot = QVBoxLayout()
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(style.MARGIN_PX, style.GAP_PX, style.MARGIN_PX, 2)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(self._toolbar())
        layout.addWidget(self.errors)
        layout.addWidget(self._rows, 1)
        layout.addLayout(self._foot)
        self.setCentralWidget(whole)

    def _toolbar(self) -> QHBoxLayout:
        self._badge = PlainLabel("no capture")
        self._badge.setObjectName("badge")
        self._open = _button("Open", "Open a capture file (Ctrl+O)", self.choose_capture)
        self._connect = _button("Connect", "Capture from Kafka or an event store (Ctrl+N)", self.choose_source)
        self._stop = _button("■ Stop capture", "End the capture; everything read is kept", self.stop_capture, role="stop")
        self._stick = _button(
            "Stick to newest", "Stay at the newest event (Ctrl+End); the selected row stays selected", self._stick_clicked
        )
        self._pause = _button("Pause", "Hold the list still while the capture goes on (Ctrl+P)", self._pause_clicked)
        row = QHBoxLayout()
        row.setSpacing(style.GAP_PX)
        for button in (self._stick, self._pause):
            button.setCheckable(True)
        for widget in (self._badge, self._open, self._connect, self._stop, self._stick, self._pause):
            row.addWidget(widget)
        row.addStretch(1)
        self._stop.hide()
        self._enable_following(on=False)
        return row

    def _start_page(self) -> Empty:
        page = Empty("No capture is open.", "Open a capture file, connect to Kafka or an event store, or look at the built-in shop.")
        page.setObjectName("panel")
        page.add_button("Open a capture", is_main=True).clicked.connect(self.choose_capture)
        page.add_button("Connect").clicked.connect(self.choose_source)
        page.add_button("Start the demo").clicked.connect(lambda: self.start_demo([]))
        return page

    def _add_shortcuts(self) -> None:
        for keys, action in (
            ("Ctrl+O", self.choose_capture),
            ("Ctrl+N", self.choose_source),
            ("Ctrl+End", self._stick_now),
            ("Ctrl+P", self._pause.click),
            ("Ctrl+M", lambda: self._show_messages(on=not self._log.isVisible())),
            ("Ctrl+Q", self.close),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(action)

    # ---- opening

    def choose_capture(self) -> None:
        """Asks for a capture file and opens it."""
        folder = str(self._settings.value("open/folder", ""))
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a capture", folder, "Captures (*.evcap);;All files (*)")
        if chosen:
            self._settings.setValue("open/folder", str(Path(chosen).parent))
            self.open_capture(Path(chosen))

    def choose_source(self) -> None:
        """Asks for a source and captures from it."""
        dialog = ConnectDialog(self)
        if dialog.exec():
            self.open_source(dialog.url(), dialog.options(), config=dialog.config())

    def open_capture(self, path: Path) -> None:
        """Shows the capture at `path`."""
        session = Session(path, self._messages, self)
        self._show(session)
        session.start()

    def open_source(self, url: str, options: Sequence[str] = ("--follow",), *, config: str = "") -> None:
        """Captures from `url` into a new file and shows it. Secrets come in `config`, as properties."""
        parts = urlsplit(url)
        if parts.password:
            self.errors.show_error("a password in the address would be seen by others on this machine: give it as a property")
            return
        path = self._new_path(f"{parts.hostname or ''} {Path(parts.path).stem}".strip())
        if path is not None:
            session = Session(path, self._messages, self)
            self._show(session)
            self._capture(session, [url, *options, *(["--config", "-"] if config else [])], config)

    def start_demo(self, arguments: Sequence[str], output: Path | None = None) -> None:
        """Starts the built-in shop and captures both of its sources."""
        if output is not None and output.exists():
            self.errors.show_error(f"{output} exists, and a second demo is another story: give it another name")
            return
        path = output.absolute() if output else self._new_path("demo")
        if path is None:
            return
        session = Session(path, self._messages, self)
        self._show(session)
        demo = self._demo = Demo(arguments, self._messages, self)
        demo.ready.connect(lambda capture: self._capture(session, capture))
        demo.failed.connect(self.errors.show_error)
        if self.events_pane is not None:
            self.events_pane.empty.show_text("The shop is opening …", "A day of its history is being written; then it goes on live.")
        demo.start()

    def _new_path(self, label: str) -> Path | None:
        try:
            return new_capture_path(label)
        except OSError as error:
            self.errors.show_error(f"no folder for captures can be made: {error}")
            return None

    def _capture(self, session: Session, arguments: Sequence[str], config: str = "") -> None:
        if session is not self.session:
            return
        session.capture(arguments, config=config)
        session.start()
        self._stop.setEnabled(True)
        self._stop.show()
        if self.events_pane is not None:
            self.events_pane.stick(on=True)

    def _show(self, session: Session) -> None:
        """Puts the panes of a session into the window, in place of those before."""
        self._close_session()
        self.session, selection = session, Selection(session)
        self.events_pane, self.event_pane = EventsPane(session, selection), EventPane(session, selection)
        self.status_line = StatusLine(session)
        self.status_line.messages.clicked.connect(lambda: self._show_messages(on=not self._log.isVisible()))
        self._panes = panes = QSplitter(Qt.Orientation.Horizontal)
        panes.setHandleWidth(style.GAP_PX)
        panes.addWidget(self.events_pane)
        panes.addWidget(self.event_pane)
        panes.setStretchFactor(0, 1)
        panes.setSizes([1028, 396])
        panes.restoreState(self._state("window/panes"))
        self.events_pane.view.restore_columns(self._state("window/columns"))
        self._stack.addWidget(panes)
        self._stack.setCurrentWidget(panes)
        self._foot.addWidget(self.status_line)
        self.events_pane.stick_changed.connect(self._stick.setChecked)
        self.events_pane.pause_changed.connect(self._pause.setChecked)
        session.failed.connect(self._cannot_read)
        session.capture_ended.connect(self._capture_ended)
        self.errors.hide()
        self._badge.show_text(session.path.name)
        set_tip(self._badge, str(session.path))
        self.setWindowTitle(f"{self._badge.whole_text()} — Eventscope")
        self._enable_following(on=True)
        self.events_pane.take_focus()

    def _close_session(self) -> None:
        self._remember_panes()
        if self.session is not None:
            self.session.close()
            self.session.deleteLater()
        if self._demo is not None:
            self._demo.close()
        for widget in (self._panes, self.status_line):
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.session = self.events_pane = self.event_pane = self._panes = self.status_line = self._demo = None
        self._stop.hide()
        self._stick.setChecked(False)
        self._pause.setChecked(False)
        self._enable_following(on=False)

    # ---- what happens

    def stop_capture(self) -> None:
        """Ends the running capture cleanly."""
        if self.session is not None:
            self._stop.setEnabled(False)
            self.session.stop_capture()

    def _capture_ended(self, error: str) -> None:
        self._stop.hide()
        if error:
            self.errors.show_error(error)
            if self.events_pane is not None and not self.events_pane.model.rows:
                self.events_pane.empty.show_text("Nothing was captured.", "See above for the reason; Connect tries again (Ctrl+N).")

    def _cannot_read(self, sentence: str) -> None:
        self.errors.show_error(sentence)
        if self.events_pane is not None and not self.events_pane.model.rows:
            self.events_pane.empty.show_text("This capture cannot be shown.", "Open another one (Ctrl+O).")

    def _stick_clicked(self) -> None:
        if self.events_pane is not None:
            self.events_pane.stick(on=self._stick.isChecked())

    def _stick_now(self) -> None:
        if self.events_pane is not None:
            self.events_pane.stick(on=True)

    def _pause_clicked(self) -> None:
        if self.events_pane is not None:
            self.events_pane.pause(on=self._pause.isChecked())

    def _enable_following(self, *, on: bool) -> None:
        self._stick.setVisible(on)
        self._pause.setVisible(on)

    def _show_messages(self, *, on: bool) -> None:
        self._log.setVisible(on)

    # ---- remembering

    def _restore(self) -> None:
        room = self.screen().availableGeometry().size()
        self.resize(QSize(1440, 900).boundedTo(room))
        self.restoreGeometry(self._state("window/geometry"))
        self._rows.setSizes([700, 160])

    def _state(self, name: str) -> QByteArray:
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _remember_panes(self) -> None:
        if self._panes is not None and self.events_pane is not None:
            self._settings.setValue("window/panes", self._panes.saveState())
            self._settings.setValue("window/columns", self.events_pane.view.columns())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ends what runs, remembers where things were, and goes."""
        self._settings.setValue("window/geometry", self.saveGeometry())
        self._close_session()
        self._settings.sync()
        super().closeEvent(event)


def _button(text: str, words: str, clicked: object, *, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", role)
    set_tip(button, words)
    button.clicked.connect(clicked)
    return button
