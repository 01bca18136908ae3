"""Asks for a source to capture from: its address, where to begin, whether to follow, and connection properties."""

from __future__ import annotations

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
        self._config.setPlaceholderText(
            "security.protocol=SASL_SSL …  (client properties; go to the capture by its input, never as arguments)"
        )
        self._config.setMaximumHeight(96)
        self._config.setTabChangesFocus(True)
        self._go = QPushButton("Capture")
        self._go.setProperty("role", "main")
        self._go.setDefault(True)
        self._go.setEnabled(False)
        self._go.clicked.connect(self.accept)
        self._url.textChanged.connect(lambda text: self._go.setEnabled("://" in text))
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        self._lay_out(cancel)

    def _lay_out(self, cancel: QPushButton) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        for title, widget in (
            ("Address", self._url),
            ("From: earliest, latest, a position, a time, or such as -15m", self._start),
            ("Properties", self._config),
        ):
            layout.addWidget(PlainLabel(title, role="title"))
            layout.addWidget(widget)
        layout.addWidget(self._follow)
        buttons = QHBoxLayout()
        buttons.addWidget(PlainLabel("Reading leaves no trace: no group, no commit, no write.", role="faint"), 1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._go)
        layout.addLayout(buttons)

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
