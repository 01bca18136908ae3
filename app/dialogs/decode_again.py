"""Asks where schemas may be found before a capture is decoded again: a folder or file, a registry, or nowhere new.

What is asked becomes options of `eventscope decode`; a login goes to its standard input only. Read `app.meaning` for the job.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import FileField, Form, secret_field
from app.plain import PlainLabel, announce
from app.recognise import REGISTRY, REGISTRY_LOGIN, login_of, login_text
from inspector.errors import UsageError
from inspector.properties import parse_properties, properties_text

_WIDTH_PX = 560
_WORDS = "What was read stays as it is. What it means is found anew, by your rules and by the schemas that are found."


@dataclass(frozen=True, slots=True)
class Places:
    """Where schemas may be found."""

    schemas: str = ""
    """A folder or file."""
    registry: str = ""
    login: str = field(default="", repr=False)
    """`user:password` of the registry."""

    @property
    def options(self) -> list[str]:
        """Options of `eventscope decode`; the login is not among them."""
        found = [*([f"--schemas={self.schemas}"] if self.schemas else []), *([f"--registry={self.registry}"] if self.registry else [])]
        return [*found, *(["--config", "-"] if self.config else [])]

    @property
    def config(self) -> str:
        """What goes to its standard input; empty for nothing."""
        return properties_text({REGISTRY: self.registry, REGISTRY_LOGIN: self.login}) if self.registry and self.login else ""


def places_in(config: str) -> Places:
    """The registry that client properties name."""
    try:
        properties = parse_properties(config)
    except UsageError:
        return Places()
    return Places(registry=properties.get(REGISTRY, ""), login=properties.get(REGISTRY_LOGIN, ""))


def registry_problem(address: str) -> str:
    """What is wrong with a registry's address, in words; empty for nothing, and for no address."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    if "@" in parts.netloc:
        return "the registry's address holds no user and no password: they have fields of their own"
    return "" if host and parts.scheme in {"http", "https"} else "a registry's address is http://HOST:PORT or https://HOST"


class _FolderField(FileField):
    """A folder or file; the button chooses a folder."""

    def _choose(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, self._title, self.text()):
            self.set_text(chosen)


class DecodeAgainDialog(QDialog):
    """`wanted` says where to look, and closes."""

    wanted = Signal(object)
    """`(Places)`"""

    def __init__(self, before: Places, waiting: str, parent: QWidget) -> None:
        """`before` fills the fields, `waiting` says what waits for schemas."""
        super().__init__(parent)
        self.setWindowTitle("Decode again")
        self.setMinimumWidth(_WIDTH_PX)
        self.schemas, self.registry = _FolderField("Folder or file of schemas"), QLineEdit(before.registry)
        self.user, self.password = QLineEdit(), secret_field()
        self.schemas.set_text(before.schemas)
        self.registry.setPlaceholderText("http://registry:8081")
        for line, text in zip((self.user, self.password), login_of(before.login), strict=True):
            line.setText(text)
        self.problem = PlainLabel(role="bad")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.go, self.cancel = QPushButton("Decode again"), QPushButton("Cancel")
        self._lay_out(waiting)
        self.registry.textChanged.connect(lambda _text: self._show_rows())
        self.go.clicked.connect(lambda _on: self.begin())
        self.cancel.clicked.connect(self.reject)
        self._show_rows()

    def _lay_out(self, waiting: str) -> None:
        self.go.setProperty("role", "main")
        self.go.setDefault(True)
        self.cancel.setProperty("role", "plain")
        self.cancel.setAutoDefault(False)
        self.form = Form()
        for name, row in (
            ("Folder or file of schemas", self.schemas),
            ("Schema registry", self.registry),
            ("Registry user", self.user),
            ("Registry password", self.password),
        ):
            self.form.add(name, row)
        buttons, layout = QHBoxLayout(), QVBoxLayout(self)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        for text, role in ((waiting, "warn"), (_WORDS, "dim")):
            if text:
                label = PlainLabel(text, role=role)
                label.setWordWrap(True)
                layout.addWidget(label)
        layout.addWidget(self.form)
        layout.addWidget(self.problem)
        layout.addWidget(PlainLabel("Leave both empty to use the schemas that the capture holds.", role="faint"))
        layout.addLayout(buttons)

    def _show_rows(self) -> None:
        for line in (self.user, self.password):
            self.form.show_row(line, on=bool(self.registry.text().strip()))
        self.problem.hide()
        self._fit()

    def _fit(self) -> None:
        """As high as what is shown needs; as wide as it is."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), max(layout.totalHeightForWidth(self.width()), layout.totalSizeHint().height()))

    def places(self) -> Places:
        """What the fields say."""
        login = login_text(self.user.text().strip(), self.password.text())
        return Places(self.schemas.text(), self.registry.text().strip().rstrip("/"), login)

    def begin(self) -> None:
        """Says what is wanted, unless something is wrong with it."""
        if problem := registry_problem(self.registry.text().strip()):
            self.problem.show_text(f"✕ {problem}")
            self.problem.show()
            self._fit()
            announce(self, problem, at_once=True)
            self.registry.setFocus()
            return
        self.accept()
        self.wanted.emit(self.places())
