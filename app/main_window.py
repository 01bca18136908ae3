"""The window: lays out the panes of one session, its toolbar and status line, and remembers where things were.

Holds no data. Read `session` for the capture, `panes` for what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.demo import Demo
from app.dialogs.connect import ConnectDialog
from app.layout import Layout
from app.messages import Messages
from app.panes.empty import Empty
from app.panes.error_bar import ErrorBar
from app.panes.event import EventPane
from app.panes.events import EventsPane
from app.panes.messages import MessagesPane
from app.panes.replay import ReplayPane
from app.panes.status import StatusLine
from app.selection import Selection
from app.session import Session
from app.toolbar import Toolbar
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
        self.layout_: Layout | None = None
        self.selection: Selection | None = None
        self.replay_pane: ReplayPane | None = None
        self._demo: Demo | None = None
        self._ending: list[Session | Demo] = []
        self.setWindowTitle("Eventscope")
        self._build()
        self._add_shortcuts()
        self._restore()

    # ---- building

    def _build(self) -> None:
        self.toolbar, self.errors = Toolbar(), ErrorBar()
        self.toolbar.open_wanted.connect(self.choose_capture)
        self.toolbar.connect_wanted.connect(self.choose_source)
        self.toolbar.stop_wanted.connect(self.stop_capture)
        self.toolbar.stick_wanted.connect(self._stick)
        self.toolbar.pause_wanted.connect(self._hold)
        self.errors.details_wanted.connect(lambda: self._show_messages(on=True))
        self._start = self._start_page()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._start)
        self._start.setFocus()
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
        layout.addWidget(self.toolbar)
        layout.addWidget(self.errors)
        layout.addWidget(self._rows, 1)
        layout.addLayout(self._foot)
        self.setCentralWidget(whole)

    def _start_page(self) -> Empty:
        page = Empty("No capture is open.", "Open a capture file, connect to Kafka or an event store, or look at the built-in shop.")
        page.setObjectName("panel")
        main = page.add_button("Open a capture", is_main=True)
        main.clicked.connect(self.choose_capture)
        page.add_button("Connect").clicked.connect(self.choose_source)
        page.add_button("Start the demo").clicked.connect(lambda: self.start_demo([]))
        page.setFocusProxy(main)
        return page

    def _add_shortcuts(self) -> None:
        for keys, action in (
            ("Ctrl+O", self.choose_capture),
            ("Ctrl+N", self.choose_source),
            ("Ctrl+End", lambda: self._stick(True)),
            ("Ctrl+P", self.toolbar.pause.click),
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
        self.toolbar.show_capturing(on=True)
        if self.events_pane is not None:
            self.events_pane.stick(on=True)

    def _show(self, session: Session) -> None:
        """Puts the panes of a session into the window, in place of those before."""
        self._close_session()
        self.session, selection = session, Selection(session)
        self.layout_ = panes = Layout(session, selection, self._settings)
        self.selection = selection
        self.events_pane, self.event_pane, self.replay_pane = panes.events_pane, panes.event_pane, panes.replay_pane
        self.status_line = StatusLine(session)
        self.status_line.messages.clicked.connect(lambda: self._show_messages(on=not self._log.isVisible()))
        self._stack.addWidget(panes)
        self._stack.setCurrentWidget(panes)
        self._foot.addWidget(self.status_line)
        self.events_pane.stick_changed.connect(self.toolbar.stick.setChecked)
        self.events_pane.pause_changed.connect(self.toolbar.pause.setChecked)
        session.failed.connect(self._cannot_read)
        session.capture_ended.connect(self._capture_ended)
        self.errors.hide()
        self.toolbar.show_open(session.path.name, str(session.path))
        self.setWindowTitle(f"{self.toolbar.badge.whole_text()} — Eventscope")
        self.events_pane.take_focus()

    def _close_session(self) -> None:
        self._remember_panes()
        for ending in (self.session, self._demo):
            if ending is not None:
                self._let_go(ending)
        for widget in (self.layout_, self.status_line):
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.session = self.selection = self.layout_ = self.status_line = self._demo = None
        self.events_pane = self.event_pane = self.replay_pane = None
        self.toolbar.show_nothing_open()

    def _let_go(self, ending: Session | Demo) -> None:
        """What ran for a capture ends on its own time; the window waits for it only when it closes."""
        self._ending.append(ending)
        ending.gone.connect(lambda: self._gone(ending))
        ending.leave()

    def _gone(self, ended: Session | Demo) -> None:
        if ended in self._ending:
            self._ending.remove(ended)
            ended.deleteLater()

    # ---- what happens

    def stop_capture(self) -> None:
        """Ends the running capture cleanly."""
        if self.session is not None:
            self.toolbar.show_stopping()
            self.session.stop_capture()

    def _capture_ended(self, error: str) -> None:
        self.toolbar.show_capturing(on=False)
        if error:
            self.errors.show_error(error)
            if self.events_pane is not None and not self.events_pane.model.rows:
                self.events_pane.empty.show_text("Nothing was captured.", "See above for the reason; Connect tries again (Ctrl+N).")

    def _cannot_read(self, sentence: str) -> None:
        self.errors.show_error(sentence)
        if self.events_pane is not None and not self.events_pane.model.rows:
            self.events_pane.empty.show_text("This capture cannot be shown.", "Open another one (Ctrl+O).")

    def _stick(self, on: object) -> None:
        if self.events_pane is not None:
            self.events_pane.stick(on=bool(on))

    def _hold(self, on: object) -> None:
        if self.events_pane is not None:
            self.events_pane.pause(on=bool(on))

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
        if self.layout_ is not None:
            self.layout_.remember()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ends what runs, remembers where things were, and goes."""
        self._settings.setValue("window/geometry", self.saveGeometry())
        self._close_session()
        for ending in list(self._ending):
            ending.close()
        self._settings.sync()
        super().closeEvent(event)
