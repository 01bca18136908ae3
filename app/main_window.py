"""The window: one capture at a time in its panes, what can be done with it, and what happens to it.

Holds no data. Read `session` for the capture, `layout` for the panes, `chrome` for what is around them, `window_actions`
for everything that can be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QByteArray, QSettings, QSize
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from app import fold
from app.actions import install
from app.child import end_all
from app.chrome import Chrome
from app.connections import Connection
from app.demo import Demo
from app.dialogs.captures import CapturesDialog
from app.dialogs.connect import ConnectDialog
from app.dialogs.palette import Palette
from app.dialogs.save import choose_place
from app.importer import Importer
from app.layout import Layout
from app.library import Library
from app.masking import Masking
from app.messages import Messages
from app.panes.events import EventsPane
from app.panes.notes import NoteBar
from app.panes.replay import ReplayPane
from app.panes.status import StatusLine
from app.preferring import Preferring
from app.profile_actions import choices
from app.profiles import Profiles
from app.profiling import Profiling
from app.selection import Selection
from app.session import Session
from app.window_actions import actions_of
from inspector.settings import new_capture_path


class MainWindow(QMainWindow):
    """One capture at a time. `open_capture`, `open_source` and `start_demo` show another one."""

    def __init__(self, messages: Messages, settings: QSettings) -> None:
        super().__init__()
        self._messages, self._settings = messages, settings
        self.session: Session | None = None
        self.selection: Selection | None = None
        self.panes: Layout | None = None
        self.status_line: StatusLine | None = None
        self.note_bar: NoteBar | None = None
        self._demo: Demo | None = None
        self._ending: list[Session | Demo] = []
        self.library = Library(settings, self)
        profiles = Profiles(settings, self)
        self.chrome = Chrome(messages, self.library, settings, profiles)
        self.profiling = Profiling(profiles, self.chrome.errors.show_error, self)
        self.importer = Importer(self)
        self.preferring = Preferring(self, settings)
        self.masking = Masking(self.chrome, profiles, self._look_again, self)
        self._unsaved = CapturesDialog(self.library, self)
        self.setCentralWidget(self.chrome)
        self.setWindowTitle("Eventscope")
        self._connect()
        self.actions_table = actions_of(self)
        self._shortcuts = install(self.actions_table, self)
        self.resize(QSize(1440, 900).boundedTo(self.screen().availableGeometry().size()))
        geometry = settings.value("window/geometry")
        self.restoreGeometry(geometry if isinstance(geometry, QByteArray) else QByteArray())

    def _connect(self) -> None:
        chrome, toolbar = self.chrome, self.chrome.toolbar
        toolbar.open_wanted.connect(self.importer.choose)
        toolbar.connect_wanted.connect(self.choose_source)
        toolbar.stop_wanted.connect(self.stop_capture)
        toolbar.stick_wanted.connect(lambda on: self.events.stick(on=bool(on)))
        toolbar.pause_wanted.connect(lambda on: self.events.pause(on=bool(on)))
        toolbar.menu_wanted.connect(self.show_palette)
        chrome.errors.details_wanted.connect(lambda: chrome.toggle_log(on=True))
        chrome.errors.again_wanted.connect(self.go_on_capturing)
        chrome.evidence.marked.connect(self._marked)
        chrome.recent_wanted.connect(self.open_capture)
        chrome.left_behind.open_wanted.connect(self.open_capture)
        chrome.left_behind.list_wanted.connect(self.show_unsaved)
        chrome.decoding.decoded.connect(self._look_again)
        chrome.decoding.copy_wanted.connect(self.save_as)
        chrome.saving.failed.connect(chrome.errors.show_error)
        self.library.failed.connect(chrome.errors.show_error)
        self._unsaved.open_wanted.connect(self.open_capture)
        self._unsaved.save_wanted.connect(self.save_as)
        chrome.demo_wanted.connect(lambda: self.start_demo([]))
        chrome.start.setFocus()

    @property
    def events(self) -> EventsPane:
        """The list of the open capture."""
        assert self.panes is not None
        return self.panes.events_pane

    @property
    def replay(self) -> ReplayPane:
        """The replay of the open capture."""
        assert self.panes is not None
        return self.panes.replay_pane

    # ---- opening

    @property
    def open_folder(self) -> str:
        """The folder from which something was opened last."""
        return str(self._settings.value("open/folder", ""))

    @open_folder.setter
    def open_folder(self, folder: str) -> None:
        self._settings.setValue("open/folder", folder)

    def choose_source(self, filled: Connection | None = None) -> None:
        """Asks for a source and captures from it; the fields say what is `filled` in."""
        dialog = ConnectDialog(self, self.profiling.profiles.names())
        if filled is not None:
            dialog.page.fill(filled)
        dialog.file_wanted.connect(lambda path: self.importer.open_paths([path]))
        dialog.capture_wanted.connect(lambda arguments, config: self._capture_from(dialog.connection(), arguments, config))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _capture_from(self, connection: Connection | None, arguments: Sequence[str], config: str) -> None:
        """Captures into a new file what the connect dialog says; the connection gives the badge."""
        label = connection.name if connection is not None else ""
        path = self._new_path(label or "capture")
        if path is not None:
            session = self._show(path, connection.profile if connection is not None else "")
            if connection is not None:
                self.chrome.toolbar.show_open(label or session.path.name, str(session.path), is_production=connection.production)
            hidden = ["--masks", "production"] if connection is not None and connection.production else []
            self._capture(session, [*arguments, *hidden], config)

    def open_capture(self, path: Path) -> None:
        """Shows the capture at `path`."""
        session = self._show(path)
        session.start()
        self.chrome.evidence.look(session.work, path)

    def open_source(self, url: str, options: Sequence[str] = ("--follow",), *, config: str = "") -> None:
        """Captures from `url` into a new file and shows it. Secrets come in `config`, as properties."""
        parts = urlsplit(url)
        if parts.password:
            self.chrome.errors.show_error("a password in the address would be seen by others on this machine: give it as a property")
            return
        path = self._new_path(f"{parts.hostname or ''} {Path(parts.path).stem}".strip())
        if path is not None:
            session = self._show(path)
            self._capture(session, [url, *options, *(["--config", "-"] if config else [])], config)

    def import_new(self, arguments: Sequence[str], label: str) -> None:
        """Reads files into a new capture, which is shown while it is filled; `arguments` are those of `eventscope import`."""
        path = self._new_path(label)
        if path is not None:
            session = self._show(path)
            session.capture(arguments, verb="import")
            session.start()

    def start_demo(self, arguments: Sequence[str], output: Path | None = None) -> None:
        """Starts the built-in shop and captures both of its sources."""
        if output is not None and output.exists():
            self.chrome.errors.show_error(f"{output} exists, and a second demo is another story: give it another name")
            return
        path = output.absolute() if output else self._new_path("demo")
        if path is None:
            return
        session = self._show(path)
        demo = self._demo = Demo(arguments, self._messages, self)
        demo.ready.connect(lambda capture: self._capture(session, capture))
        demo.failed.connect(self.chrome.errors.show_error)
        self.events.empty.show_text("The shop is opening …", "A day of its history is being written; then it goes on live.")
        demo.start()

    def _new_path(self, label: str) -> Path | None:
        try:
            return new_capture_path(label)
        except OSError as error:
            self.chrome.errors.show_error(f"no folder for captures can be made: {error}")
            return None

    def _capture(self, session: Session, arguments: Sequence[str], config: str = "") -> None:
        if session is self.session:
            session.capture(arguments, config=config)
            session.start()
            self.events.stick(on=True)

    def _show(self, path: Path, profile: str = "") -> Session:
        """Puts the panes of a new session into the window, in place of those before; with a profile unless it had one."""
        self._close_session()
        session = Session(path, self._messages, self)
        self.session, self.selection = session, Selection(session)
        self.profiling.follow(session, self.selection, profile)
        self.status_line = StatusLine(session, self.profiling.profiles, self.selection)
        self.note_bar = NoteBar(session, self.selection)
        self.status_line.profile.wanted.connect(self.profiling.do)
        self.status_line.inputs.clicked.connect(lambda _on: self.importer.show_details())
        self.status_line.messages.clicked.connect(lambda _on: self.chrome.toggle_log())
        self.chrome.show_foot(self.status_line, self.note_bar)
        self.chrome.follow(session, self.selection)
        self._show_panes(session, self.selection)
        self.masking.follow(session)
        self.note_bar.refused.connect(lambda sentence: self._messages.say("note", sentence))
        session.failed.connect(self._cannot_read)
        session.capture_started.connect(lambda _nothing: self.chrome.toolbar.show_capturing(on=True))
        session.capture_ended.connect(self._capture_ended)
        session.notes.failed.connect(self._note_failed)
        self.chrome.errors.hide()
        self.chrome.toolbar.show_open(session.path.name, str(session.path))
        self.setWindowTitle(f"{self.chrome.toolbar.badge.whole_text()} — Eventscope")
        self.library.opened(session.path)
        self.events.take_focus()
        return session

    def _show_panes(self, session: Session, selection: Selection) -> None:
        """Puts new panes of a session in place of those there are."""
        self._drop_panes()
        self.panes = panes = Layout(session, selection, self._settings, self.profiling.profiles)
        self.chrome.show_panes(panes)
        panes.events_pane.stick_changed.connect(self.chrome.toolbar.stick.setChecked)
        panes.events_pane.pause_changed.connect(self.chrome.toolbar.pause.setChecked)
        panes.metrics_pane.alarmed.connect(self.chrome.say_alarm)
        selection.replay_wanted.connect(panes.show_replay)
        self.chrome.filter.done.connect(panes.events_pane.take_focus)
        self.preferring.put_in_force()

    def _drop_panes(self) -> None:
        if self.panes is not None:
            self.panes.remember()
            self.panes.leave()
            self.panes = None

    def close_capture(self) -> None:
        """Shows the page to start from."""
        self._close_session()
        self.chrome.show_start()
        self.setWindowTitle("Eventscope")

    def _close_session(self) -> None:
        self._drop_panes()
        if self.session is not None:
            self.library.closed(self.session.path)
        for ending in (self.session, self._demo):
            if ending is not None:
                self._let_go(ending)
        self.chrome.drop_foot()
        self.session = self.selection = self.status_line = self.note_bar = self._demo = None
        self.chrome.follow(None, None)
        self.masking.follow(None)
        self.profiling.follow(None, None)
        self.chrome.toolbar.show_nothing_open()

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
            self.chrome.toolbar.show_stopping()
            self.session.stop_capture()

    def go_on_capturing(self) -> None:
        """Takes up the capture that ended or was stopped."""
        if self.session is not None and self.session.can_go_on:
            self.chrome.errors.hide()
            self.session.go_on()
            self.events.stick(on=True)

    def _capture_ended(self, error: str) -> None:
        self.chrome.toolbar.show_capturing(on=False)
        is_said = self.session is not None and self.chrome.importing.tells_of(self.session)
        if error and is_said and self.panes is not None and not self.events.model.rows:
            self.events.empty.show_text("Nothing was imported.", "See above for the reason; Import again tries once more.")
        if error and not is_said and not (self.panes is not None and self.panes.reach.fetching.tells_of_the_child):
            self.chrome.errors.show_error(error, can_go_on=self.session is not None and self.session.can_go_on)
            if self.panes is not None and not self.events.model.rows:
                self.events.empty.show_text("Nothing was captured.", "See above for the reason; Capture again tries once more.")

    def _cannot_read(self, sentence: str) -> None:
        self.chrome.errors.show_error(sentence)
        if self.panes is not None and not self.events.model.rows:
            self.events.empty.show_text("This capture cannot be shown.", "Open another one (Ctrl+O).")

    def _note_failed(self, sentence: str) -> None:
        if self.session is not None and self.session.watermark is not None:  # before that there is no file, and nobody wrote a note
            self.chrome.errors.show_error(sentence)

    # ---- what can be done

    def save_as(self, path: Path | None = None) -> None:
        """Saves a capture, the open one if none is named, under a name that is asked for."""
        source = path or (self.session.path if self.session is not None else None)
        folder, is_masked = self.open_folder, path is None and self.masking.has_masks
        if source is not None and (chosen := choose_place(self, source, folder, is_masked)) is not None:
            self.chrome.saving.start(source, chosen)

    def _marked(self, path: Path) -> None:
        if self.session is not None and self.session.path == path:
            self.session.work.reopen()
            self.chrome.toolbar.show_open(path.name, str(path), is_evidence=True)

    def _look_again(self) -> None:
        """Everything is read anew, in new panes that look where those before looked, and follow as they did."""
        if self.session is not None and self.selection is not None:
            before = self.events.tail
            self._show_panes(self.session, self.selection)
            self.selection.look_again()
            self.events.tail.follow_like(before)

    def show_unsaved(self) -> None:
        """The captures that were not saved."""
        self._unsaved.look()

    def show_palette(self) -> None:
        """Everything that can be done, to search."""
        Palette([*self.actions_table, *choices(self)], self).open_over(self)

    # ---- the window itself

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ends what runs, remembers where things were, and goes."""
        self._settings.setValue("window/geometry", self.saveGeometry())
        self._close_session()
        self.importer.close()
        self.chrome.end()
        for ending in list(self._ending):
            ending.close()
        self.library.close()
        end_all()
        fold.wait_for_all()
        self._settings.sync()
        super().closeEvent(event)
