"""The first page of Connect: kept connections to the left, the fields of one to the right. Shows and asks; does nothing.

Read `connect` for what its buttons do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app import style
from app.connections import KINDS, Connection
from app.dialogs.decode_again import registry_problem
from app.dialogs.fields import FileField, Form, choice, secret_field, set_choice
from app.dialogs.kafka_form import KafkaForm
from app.dialogs.steps import Steps
from app.models.recent import RecentList
from app.plain import PlainLabel, set_tip

_TABS = ("Kafka cluster", "SQL event store", "Capture file")
_RECENT_PX = 190
_AS_NOW = "the one in force"


class ConnectPage(QWidget):
    """Fields and buttons. `changed` says that a field did."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.recents = RecentList(self)
        self.recent = QListView()
        self.recent.setModel(self.recents)
        self.recent.setAccessibleName("Recent connections")
        self.recent.setFrameShape(QFrame.Shape.NoFrame)
        self.recent.setUniformItemSizes(True)
        self.recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Kind of source")
        self.tabs.setDrawBase(False)
        self.kafka, self.store, self.file = KafkaForm(), QLineEdit(), FileField("Capture file", "Captures (*.evcap);;All files (*)")
        self.store.setPlaceholderText("sqlite:////path/to/store.db or postgresql://user@host:5432/database")
        self.store_password = secret_field()
        self.store_password.setPlaceholderText("empty: PGPASSFILE, ~/.pgpass or PGPASSWORD say it")
        self.name = QLineEdit()
        self.name.setPlaceholderText("the address, if left empty")
        self.profile = choice([_AS_NOW])
        set_tip(self.profile, "What captures from here are looked at with at first: columns, colours, kept filters, plots, masks")
        self.production, self.keep = QCheckBox("Production"), QCheckBox("Keep passwords in the keyring")
        set_tip(self.production, "Marks what is opened from here with a badge, and hides secrets and persons in it")
        self.keep.setChecked(True)
        self.keep.setEnabled(False)
        self._problem, self._note, self._keyring = PlainLabel(role="bad"), PlainLabel(role="dim"), PlainLabel(role="faint", elided=True)
        self.steps = Steps()
        self._make_buttons()
        self._lay_out()
        for field in (self.store, self.store_password, self.name):
            field.textChanged.connect(self.changed)
        self.store.textChanged.connect(self._fit)
        self.kafka.changed.connect(self.changed)
        self.file.changed.connect(self.changed)
        self.tabs.currentChanged.connect(self._kind_chosen)
        self._kind_chosen(0)

    def _make_buttons(self) -> None:
        self.new, self.forget = _button("New", "Empty fields for another place"), _button("Forget", "Keep this connection no longer")
        self.paste = _button("Paste", "Fill the fields from the clipboard: Java, librdkafka or kcat configuration, kcat command, JSON")
        self.import_file = _button("Import …", "Fill the fields from a file of client properties")
        self.test = _button("Test connection", "Name, port, TLS, user and rights, step by step; no record is read")
        self.copy = _button("Copy command", "Copy the test as a command; secrets stay out of it")
        self.cancel = _button("Cancel", "")
        self.go = QPushButton("Connect")
        self.go.setProperty("role", "main")
        self.go.setDefault(True)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._recent_side())
        row.addLayout(self._fields_side(), 1)

    def _recent_side(self) -> QWidget:
        side = QFrame()
        side.setObjectName("panel")
        side.setFixedWidth(_RECENT_PX)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(style.GAP_PX, style.GAP_PX, style.GAP_PX, style.GAP_PX)
        layout.addWidget(PlainLabel("Recent", role="title"))
        layout.addWidget(self.recent, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.new)
        buttons.addWidget(self.forget)
        layout.addLayout(buttons)
        return side

    def _fields_side(self) -> QVBoxLayout:
        self._pages = QStackedWidget()
        for title, page in zip(_TABS, (self.kafka, self._store_form(), _one_row("File", self.file)), strict=True):
            self.tabs.addTab(title)
            self._pages.addWidget(_top(page))
        common = Form()
        common.add("Name", self.name)
        common.add("Profile", self.profile)
        marks = QHBoxLayout()
        for widget in (self.production, self.keep):
            marks.addWidget(widget)
        marks.addWidget(self._keyring, 1)
        head = QHBoxLayout()
        head.setSpacing(style.GAP_PX)
        head.addWidget(self.tabs)
        head.addStretch(1)
        head.addWidget(self.paste)
        head.addWidget(self.import_file)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.GAP_PX)
        for button in (self.test, self.copy):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        side = QVBoxLayout()
        side.setSpacing(style.GAP_PX)
        side.addLayout(head)
        side.addWidget(_scrolled(self._pages), 3)
        side.addWidget(common)
        side.addLayout(marks)
        side.addWidget(self.steps, 2)
        for label in (self._note, self._problem):
            label.setWordWrap(True)
            label.hide()
            side.addWidget(label)
        side.addWidget(PlainLabel("Connecting reads metadata only, and leaves no trace: no group, no commit, no write.", role="faint"))
        side.addLayout(buttons)
        return side

    def _store_form(self) -> Form:
        self._store_rows = _one_row("Address", self.store)
        self._store_rows.add("Password", self.store_password)
        return self._store_rows

    # ---- what is asked

    def kind(self) -> str:
        """One of `KINDS`."""
        return KINDS[self.tabs.currentIndex()]

    def show_kind(self, kind: str) -> None:
        """Shows the fields of a kind."""
        self.tabs.setCurrentIndex(KINDS.index(kind))

    def address(self) -> str:
        """Servers without blanks and scheme, a URL, or a path."""
        if self.kind() == "kafka":
            return "".join(self.kafka.servers.text().split()).removeprefix("kafka://").rstrip("/")
        return self.store.text().strip() if self.kind() == "store" else self.file.text()

    def is_server_store(self) -> bool:
        """Whether the address is of a store that asks for a user."""
        return self.kind() == "store" and self.address().startswith("postgresql:")

    def store_properties(self) -> dict[str, str]:
        """User and password of a store on a server: the user of its address, so that the place alone can be asked again."""
        if not self.is_server_store():
            return {}
        user = unquote(self.address().partition("://")[2].partition("/")[0].rpartition("@")[0])
        return {name: value for name, value in (("user", user), ("password", self.store_password.text())) if value}

    def fill_secrets(self, secrets: Mapping[str, str]) -> None:
        """Puts secrets that came later into their fields."""
        if self.kind() == "kafka":
            self.kafka.fill_secrets(secrets)
        else:
            self.store_password.setText(secrets.get("password", ""))

    def missing(self) -> str:
        """What is not there yet, in words, with the cursor where it belongs; empty when all is."""
        if self.kind() == "kafka":
            field = self.kafka.first_missing()
            if field is not None:
                field.setFocus()
                return f"{field.accessibleName()} is empty"
            return registry_problem(self.kafka.registry.text().strip())
        field = self.store if self.kind() == "store" else self.file.line
        if self.kind() == "store" and ":" in self.address():
            return ""
        if self.kind() == "file" and self.address():
            return ""
        field.setFocus()
        if self.kind() == "store":
            return "an address such as sqlite:////path/to/store.db or postgresql://user@host/database is wanted"
        return "no file is chosen"

    def offer_profiles(self, names: Sequence[str]) -> None:
        """The profiles of the window that a connection may name."""
        self.profile.addItems(list(names))

    def profile_name(self) -> str:
        """The profile that is named; empty for none."""
        return self.profile.currentText() if self.profile.currentIndex() > 0 else ""

    def fill(self, one: Connection) -> None:
        """Shows a kept connection, without its secrets."""
        self.clear()
        self.show_kind(one.kind)
        if one.kind == "kafka":
            self.kafka.fill(one.address, one.settings)
        elif one.kind == "store":
            self.store.setText(one.address)
        else:
            self.file.set_text(one.address)
        self.name.setText(one.name)
        self.production.setChecked(one.production)
        set_choice(self.profile, one.profile or _AS_NOW)

    def clear(self) -> None:
        """Empties every field."""
        self.kafka.fill("", {})
        self.store.clear()
        self.store_password.clear()
        self.file.set_text("")
        self.name.clear()
        self.production.setChecked(False)
        self.profile.setCurrentIndex(0)
        self.say("")
        self.say_problem("")
        self.steps.hide()
        self._focus()

    def _kind_chosen(self, place: int) -> None:
        self._pages.setCurrentIndex(place)
        is_kafka = self.kind() == "kafka"
        for widget in (self.paste, self.import_file):
            widget.setVisible(is_kafka)
        self._fit()
        self.go.setText("Open" if self.kind() == "file" else "Connect")
        for widget in (self.test, self.copy):
            widget.setVisible(self.kind() != "file")
        self.changed.emit()

    def _fit(self) -> None:
        """Passwords are asked for and kept where there are any."""
        has_password = self.is_server_store()
        self._store_rows.show_row(self.store_password, on=has_password)
        for widget in (self.keep, self._keyring):
            widget.setVisible(has_password or self.kind() == "kafka")

    def _focus(self) -> None:
        {"kafka": self.kafka.servers, "store": self.store, "file": self.file.line}[self.kind()].setFocus()

    # ---- what is said

    def say(self, text: str) -> None:
        """A note under the fields."""
        self._note.show_text(text)
        self._note.setVisible(bool(text))

    def say_problem(self, text: str) -> None:
        """What keeps us from connecting; nothing takes it away."""
        self._problem.show_text(f"✗ {text}" if text else "")
        self._problem.setVisible(bool(text))

    def problem(self) -> str:
        """What `say_problem` said last."""
        return self._problem.whole_text()

    def note(self) -> str:
        """What `say` said last."""
        return self._note.whole_text()

    def say_keyring(self, why_not: str) -> None:
        """Whether passwords can be kept: nothing, or why not."""
        self.keep.setEnabled(not why_not)
        self.keep.setChecked(not why_not)
        self._keyring.show_text(why_not)


def _button(text: str, words: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "plain")
    button.setAutoDefault(False)
    set_tip(button, words)
    return button


def _one_row(name: str, field: QWidget) -> Form:
    form = Form()
    form.add(name, field)
    return form


def _top(form: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, style.GAP_PX, 0)
    layout.addWidget(form)
    layout.addStretch(1)
    return page


def _scrolled(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setAccessibleName("Fields")
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
