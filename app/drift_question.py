"""What is compared with the events: a projection, a read model with its password, a moment. Knows no session and connects to nothing.

A password in an address goes to its own field as soon as it can be told. Read `panes.drift` for what is done with it.
"""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import FileField, secret_field
from app.drifting import DriftWish
from app.jump import Here
from app.model_address import address_of, is_server, parted, problem
from app.models.event_look import zone_name
from app.plain import PlainLabel, set_tip
from app.replay_time import moment_us
from inspector.event import format_time

_AT_PX, _PASSWORD_PX, _WIDE_PX = 170, 120, 900

_MOMENTS = "a position such as 4711, or a time such as 2026-11-23 14:03:07, in the zone shown"


class DriftQuestion(QWidget):
    """The fields, in one line where there is room for it."""

    wanted = Signal()
    """The return key was pressed in a field."""
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.spec = FileField("Projection with a read model", "Projections (*.toml);;All files (*)")
        self.model = FileField("Read model", "Tables and databases (*.csv *.parquet *.db *.sqlite *.sqlite3);;All files (*)")
        self.password, self.at, self.keep = secret_field(), QLineEdit(), QCheckBox("Keep it")
        self._others: dict[str, str] = {}
        """Further secrets that stood in the address."""
        self.spec.line.setPlaceholderText("projection with [model], a .toml file")
        self.model.line.setPlaceholderText("postgresql://user@host/database, sqlite:///FILE, .csv or .parquet")
        set_tip(self.spec, "The file that says what the model should be: a projection, and under [model] where its rows are")
        set_tip(self.model, "The read model: a database or a file. It is read in one transaction, and nothing is written")
        self.password.setPlaceholderText("password")
        self.password.setAccessibleName("Password of the read model's database")
        set_tip(self.password, "Empty: the kept one, or PGPASSFILE, ~/.pgpass or PGPASSWORD say it")
        self.at.setAccessibleName("Where the model stands")
        self.at.setPlaceholderText("its checkpoint")
        self.at.setFont(style.fixed_font())
        set_tip(self.at, f"Up to which events the model should have come: {_MOMENTS}; empty: its own checkpoint")
        set_tip(self.keep, "Keeps the password in the system's keyring once it has worked")
        self.keep.setEnabled(False)
        self._lay_out()
        for line in (self.spec.line, self.model.line, self.password, self.at):
            line.returnPressed.connect(self.wanted)
            line.textChanged.connect(self.changed)
        self.model.line.textChanged.connect(self._model_written)
        self._model_written("")

    def _lay_out(self) -> None:
        self._lines = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(PlainLabel("Projection", role="dim"))
        first.addWidget(self.spec, 1)
        first.addWidget(PlainLabel("at", role="dim"))
        first.addWidget(self.at)
        second.addWidget(PlainLabel("Read model", role="dim"))
        second.addWidget(self.model, 1)
        second.addWidget(self.password)
        second.addWidget(self.keep)
        self.at.setFixedWidth(_AT_PX)
        self.password.setFixedWidth(_PASSWORD_PX)
        for line in (first, second, self._lines):
            line.setSpacing(style.GAP_PX)
        self._lines.addLayout(first, 1)
        self._lines.addLayout(second, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(style.INSIDE_PX, 2, style.INSIDE_PX, 2)
        whole.addLayout(self._lines)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One line, or two."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE_PX
        self._lines.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)

    def _model_written(self, text: str) -> None:
        address, secrets = parted(text)
        if secrets:
            self.password.setText(secrets.pop("password", self.password.text()))
            self._others = secrets
            self.model.set_text(address)
            return
        on = is_server(text.strip())
        self.password.setVisible(on)
        self.keep.setVisible(on)

    def offer_keyring(self, *, is_usable: bool) -> None:
        """Whether passwords can be kept."""
        self.keep.setEnabled(is_usable)
        self.keep.setChecked(is_usable)
        if not is_usable:
            set_tip(self.keep, "This system has no keyring: the password is asked for each time")

    # ---- what is asked

    def fill(self, wish: DriftWish, secrets: dict[str, str]) -> None:
        """Shows what was asked before."""
        self.spec.set_text(wish.spec)
        self.at.setText(wish.at)
        self.password.setText(secrets.get("password", ""))
        self._others = {name: value for name, value in secrets.items() if name != "password"}
        self.model.set_text(wish.model)
        for line in (self.spec.line, self.model.line):
            line.setCursorPosition(0)

    @property
    def is_whole(self) -> bool:
        """Whether there is something to compare."""
        return bool(self.spec.text() and self.model.text())

    def wish(self, zone: tzinfo) -> DriftWish:
        """What is asked, times told in `zone`. Raises ValueError saying what is missing or wrong; no secret is in it."""
        if not self.spec.text():
            raise ValueError("choose a projection with [model]: a .toml file")
        if not self.model.text():
            raise ValueError("say where the read model is: a database's address, a .csv or a .parquet file")
        address = address_of(self.model.text())
        if wrong := problem(address):
            raise ValueError(wrong)
        return DriftWish(self.spec.text(), address, self._moment(zone))

    def _moment(self, zone: tzinfo) -> str:
        written = self.at.text().strip()
        if not written or written.isdecimal():
            return written
        try:
            return format_time(moment_us(written, Here(zone, zone_name(zone), None, None))) or ""
        except ValueError:
            raise ValueError(f"{written!r} is no place where a model can stand: write {_MOMENTS}") from None

    def secrets(self) -> dict[str, str]:
        """What only the database may see."""
        return {**self._others, **({"password": self.password.text()} if self.password.text() else {})}
