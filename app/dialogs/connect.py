"""Connect: to a cluster, an event store or a file; kept connections, a test step by step, then what there is to open.

Connecting reads metadata and nothing else. Read `kafka_form` for the cluster's fields, `topics` for the second page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from PySide6.QtCore import QModelIndex, QSignalBlocker, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.aside import Aside
from app.connections import KINDS, Connection, Connections
from app.dialogs.connect_page import ConnectPage
from app.dialogs.job import Job
from app.dialogs.target import Target, shown_command
from app.dialogs.topics import TopicsPage
from app.recognise import PASSWORD, Pasted, recognise
from app.vault import NO_KEYRING, Vault
from inspector.errors import UsageError

_LARGEST_IMPORT = 1 << 20
STORE_PASSWORD = "password"  # noqa: S105
"""The property that holds the password of a store on a server."""


class ConnectDialog(QDialog):
    """Asks where to and what of it. What is chosen becomes a command; secrets go to its standard input only."""

    capture_wanted = Signal(object, object)
    """`(arguments, config)`: arguments of `eventscope capture`, and what goes to its standard input."""
    file_wanted = Signal(object)
    """`(path)` of a capture file."""

    def __init__(self, parent: QWidget | None = None, profiles: Sequence[str] = (), *, connections: Connections | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connect")
        self.resize(860, 620)
        self._connections = connections or Connections()
        aside = self._aside = Aside("connect")
        self.destroyed.connect(aside.close)  # the window may close, and with it this dialog, while something is being asked
        self._vault = Vault(self._aside)
        self._test = Job(self)
        self._connection: Connection | None = None
        self._fetching: str = ""
        self._connect_then = False
        self._arguments: list[str] = []
        self._config = ""
        self._target: Target | None = None
        self._pasted_topic = ""
        self.page, self.topics = ConnectPage(), TopicsPage()
        self.page.offer_profiles(profiles)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.topics)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(self._stack)
        self._connect()
        self._vault.ask_usable(self._say_keyring)
        self._show_recent()

    def _connect(self) -> None:
        page = self.page
        page.recent.selectionModel().currentChanged.connect(self._recent_chosen)
        page.recent.doubleClicked.connect(self.connect_now)
        page.new.clicked.connect(self.new_connection)
        page.forget.clicked.connect(self.forget)
        page.paste.clicked.connect(self.paste)
        page.import_file.clicked.connect(self.choose_import)
        page.test.clicked.connect(self.toggle_test)
        page.copy.clicked.connect(self.copy_command)
        page.cancel.clicked.connect(self.reject)
        page.go.clicked.connect(self.connect_now)
        page.changed.connect(self._edited)
        self.topics.capture_wanted.connect(self._chosen)
        self.topics.listed.connect(self._works)
        self.topics.back_wanted.connect(self.back)

    # ---- kept connections

    def _show_recent(self) -> None:
        recent = self._connections.recent()
        with QSignalBlocker(self.page.recent.selectionModel()):
            self.page.recents.show(recent)
        self.page.forget.setEnabled(False)
        if recent:
            self.page.recent.setCurrentIndex(self.page.recents.index(0))
            self._recent_chosen(self.page.recents.index(0))
            self.page.recent.setFocus()
        else:
            self.new_connection()

    def _recent_chosen(self, index: QModelIndex, *_: object) -> None:
        if not 0 <= index.row() < len(self.page.recents.connections):
            return
        one = self._connection = self.page.recents.connections[index.row()]
        self._stop_test()
        self._pasted_topic = ""
        self.page.fill(one)
        self.page.forget.setEnabled(True)
        self._fetching = one.id if one.secrets else ""
        if one.secrets:
            self.page.say("asking the system keyring …")
            self._vault.fetch(one.id, one.secrets, lambda secrets: self._fetched(one, secrets))

    def _fetched(self, one: Connection, secrets: dict[str, str]) -> None:
        if self._fetching != one.id:
            return  # another one is shown by now
        self._fetching = ""
        self.page.fill_secrets(secrets)
        missing = [name for name in one.secrets if name not in secrets]
        self.page.say(f"{', '.join(missing)} not kept: {_how(missing)} to connect" if missing else "")
        if PASSWORD in missing:
            self.page.kafka.password.setFocus()
        elif STORE_PASSWORD in missing:
            self.page.store_password.setFocus()
        if self._connect_then and not missing:
            self.connect_now()
        self._connect_then = False

    def _say_keyring(self, is_usable: bool) -> None:
        self.page.say_keyring("" if is_usable else NO_KEYRING)

    def new_connection(self) -> None:
        """Empties the fields for another place."""
        self._connection, self._fetching, self._pasted_topic = None, "", ""
        self._stop_test()
        self.page.recent.selectionModel().clear()
        self.page.clear()
        self.page.forget.setEnabled(False)

    def forget(self) -> None:
        """Keeps the chosen connection no longer, nor its secrets."""
        if self._connection is not None:
            self._vault.forget(self._connection.id, self._connection.secrets)
            try:
                self._connections.forget(self._connection)
            except OSError as error:
                self.page.say_problem(f"the connection cannot be taken out: {error.strerror}")
            self._show_recent()

    # ---- paste and import

    def paste(self) -> None:
        """Fills the fields from the clipboard."""
        self._take(QGuiApplication.clipboard().text())

    def choose_import(self) -> None:
        """Asks for a file and fills the fields from it."""
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Import client properties", "", "Properties (*.properties *.conf *.json);;All files (*)"
        )
        if chosen:
            self.import_properties(Path(chosen))

    def import_properties(self, path: Path) -> None:
        """Fills the fields from a file, which is read aside."""
        self._aside.run(lambda: _read(path), lambda text: self._take(text) if isinstance(text, str) else self.page.say_problem(str(text)))

    def _take(self, text: str) -> None:
        try:
            pasted = recognise(text)
        except UsageError as error:
            self.page.say_problem(str(error))
            return
        self.new_connection()
        self._pasted_topic = pasted.topic
        self.page.show_kind("kafka")
        self.page.kafka.fill(pasted.bootstrap, pasted.properties)
        self.page.say(_recognised(pasted))
        (self.page.kafka.first_missing() or self.page.go).setFocus()

    # ---- what is asked

    def target(self) -> Target | None:
        """Where to, as the fields say; None when something is missing, which is then said."""
        page = self.page
        kind, address = page.kind(), page.address()
        try:
            properties = page.kafka.properties() if kind == "kafka" else page.store_properties()
        except UsageError as error:
            page.say_problem(f"further properties: {error}")
            return None
        if problem := page.missing():
            page.say_problem(problem)
            return None
        if kind == "kafka" and "@" in address:
            page.say_problem("a Kafka address holds no user and no password: they have fields of their own")
            return None
        before = self._connection or self._connections.same_place(kind, address)
        name = page.name.text().strip() or _name_of(kind, address)
        made = Connection(name, kind, address, production=page.production.isChecked(), profile=page.profile_name())
        made = replace(made, id=before.id if before is not None and before.kind == kind else made.id)
        target = Target(made, properties, self._pasted_topic)
        public = {key: value for key, value in properties.items() if key not in target.secrets}
        return replace(target, connection=replace(made, settings=public, secrets=tuple(sorted(target.secrets))))

    def _edited(self) -> None:
        self.page.say_problem("")
        if not self._test.is_running:
            self.page.steps.hide()

    # ---- test

    def toggle_test(self) -> None:
        """Tests the connection step by step, or stops the test."""
        if self._test.is_running:
            self._stop_test()
            self.page.steps.end("stopped")
            return
        if (target := self.target()) is None:
            return
        self.page.steps.begin()
        self.page.test.setText("Stop test")
        topics = [f"--topic={target.topic}"] if target.topic else []
        arguments = target.arguments("logs", *topics, "--check", "--progress", "json", "--stop-with-stdin")
        self._test.run(arguments, self.page.steps.add, self._tested, config=target.config)

    def _tested(self, error: str) -> None:
        self.page.test.setText("Test connection")
        steps = self.page.steps.lines
        said = bool(steps) and steps[-1].startswith("✗")
        self.page.steps.end("" if said else error)

    def _stop_test(self) -> None:
        self._test.stop()
        self.page.test.setText("Test connection")

    def copy_command(self) -> None:
        """Copies the command that tests this connection; secrets stay out of it."""
        if (target := self.target()) is not None:
            QGuiApplication.clipboard().setText(shown_command(target.arguments("logs", "--check")))
            self.page.say("copied; --config names a file that you keep, or - for standard input")

    # ---- connect

    def connect_now(self, *_: object) -> None:
        """Opens a file, or lists what the cluster or store has."""
        if self._fetching:
            self._connect_then = True
            return
        if (target := self.target()) is None:
            return
        self._stop_test()
        if target.connection.kind == "file":
            self._keep(target)
            self.file_wanted.emit(Path(target.connection.address))
            self.accept()
            return
        self._target = target
        self._stack.setCurrentWidget(self.topics)
        self.topics.load(target)

    def _works(self) -> None:
        """What connected once is kept, its secrets in the keyring if that is wished."""
        if self._target is not None:
            self._keep(self._target)

    def _keep(self, target: Target) -> None:
        try:
            self._connection = self._connections.keep(target.connection)
        except OSError as error:
            self.page.say_problem(f"the connection cannot be kept: {error.strerror}")
            return
        if target.secrets and self.page.keep.isChecked():
            self._vault.keep(target.connection.id, target.secrets, self.page.say_problem)

    def back(self) -> None:
        """From what there is to the connection's fields."""
        self.topics.stop()
        self._stack.setCurrentWidget(self.page)
        with QSignalBlocker(self.page.recent.selectionModel()):
            self.page.recents.show(self._connections.recent())

    def _chosen(self, arguments: list[str], config: str) -> None:
        self._arguments, self._config = arguments, config
        self.accept()
        self.capture_wanted.emit(arguments, config)

    # ---- what was chosen

    def url(self) -> str:
        """The source's address, once chosen."""
        return self._arguments[0] if self._arguments else ""

    def options(self) -> list[str]:
        """The options of `eventscope capture` after the address, but where the properties come from."""
        return [word for word in self._arguments[1:] if word not in {"--config", "-"}]

    def config(self) -> str:
        """Client properties, secrets among them; empty for none."""
        return self._config

    def connection(self) -> Connection | None:
        """The connection that was made, with its production mark; None before that."""
        return self._target.connection if self._target is not None else None

    def done(self, result: int) -> None:
        """Ends what runs, and goes."""
        self._stop_test()
        self.topics.stop()
        self._aside.close()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Cancel."""
        super().closeEvent(event)


def _read(path: Path) -> str | UsageError:
    """The text of a file someone imports; a sentence when it cannot be had."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_IMPORT + 1)
    except OSError as error:
        return UsageError(f"cannot read {path.name}: {error.strerror}")
    if len(content) > _LARGEST_IMPORT:
        return UsageError(f"{path.name} is larger than 1 MB: this is no file of client properties")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return UsageError(f"{path.name} is not UTF-8 text")


def _how(missing: Sequence[str]) -> str:
    """What to do about secrets that are not kept."""
    return f"{'type' if {PASSWORD, STORE_PASSWORD} & set(missing) else 'add'} {'it' if len(missing) == 1 else 'them'}"


def _recognised(pasted: Pasted) -> str:
    topic = f", topic {pasted.topic}" if pasted.topic else ""
    count = len(pasted.properties)
    return f"recognised as {pasted.kind}: {count:,} propert{'y' if count == 1 else 'ies'}{topic}; secrets are masked"


def _name_of(kind: str, address: str) -> str:
    """A name for a connection that was given none."""
    assert kind in KINDS
    return address.partition(",")[0] if kind == "kafka" else PurePath(address).name
