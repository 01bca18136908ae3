"""Asks for a source to capture from: its address, where to begin, whether to follow, and connection properties."""

from __future__ import annotations

import shlex

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.plain import PlainLabel


class ConnectDialog(QDialog):
    """What is asked becomes a command: `url`, `options` and, by standard input only, `config`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connect")
        self.setMinimumWidth(520)
        self._url, self._start = QLineEdit(), QLineEdit("earliest")
        self._url.setPlaceholderText("kafka://host:9092/topic or sqlite:///path/to/store.db")
        self._url.setAccessibleName("Address")
        self._start.setAccessibleName("From")
        self._follow = QCheckBox("Follow what comes")
        self._follow.setChecked(True)
        self._config = QPlainTextEdit()
        self._config.setAccessibleName("Properties")
        self._config.setFont(style.fixed_font())
        self._config.setPlaceholderText("security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n…")
        self._config.setMaximumHeight(96)
        self._config.setTabChangesFocus(True)
        self._go = QPushButton("Capture")
        self._go.setProperty("role", "main")
        self._go.setDefault(True)
        self._go.setEnabled(False)
        self._go.clicked.connect(self.accept)
        self._url.textChanged.connect(self._address_changed)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        self._copy = QPushButton("Copy command")
        self._copy.setEnabled(False)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.command()))
        self._lay_out(self._copy, cancel, self._go)

    def _lay_out(self, *buttons: QPushButton) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        for title, hint, widget in (
            ("Address", "", self._url),
            ("From", "earliest, latest, a position, a time, or such as -15m", self._start),
            ("Properties", "go to the capture by its input, never as arguments", self._config),
        ):
            line = QHBoxLayout()
            line.addWidget(PlainLabel(title, role="title"))
            line.addWidget(PlainLabel(hint, role="faint"))
            line.addStretch(1)
            layout.addLayout(line)
            layout.addWidget(widget)
        layout.addWidget(self._follow)
        layout.addWidget(PlainLabel("Reading leaves no trace: no group, no commit, no write.", role="faint"))
        row = QHBoxLayout()
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        layout.addLayout(row)

    def url(self) -> str:
        """The source's address."""
        return self._url.text().strip()

    def options(self) -> list[str]:
        """The options of `eventscope capture`."""
        start = self._start.text().strip() or "earliest"
        return [f"--from={start}", *(["--follow"] if self._follow.isChecked() else [])]

    def config(self) -> str:
        """Client properties, secrets among them; empty for none."""
        return self._config.toPlainText().strip()

    def command(self) -> str:
        """The same for a shell; properties are to be given to its input, and are not in it."""
        config = ["--config", "-"] if self.config() else []
        return shlex.join(["eventscope", "capture", self.url(), *self.options(), *config, "-o", "capture.evcap"])

    def _address_changed(self, text: str) -> None:
        for button in (self._go, self._copy):
            button.setEnabled("://" in text)
