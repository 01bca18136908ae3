"""What the open capture knows of the files that were read into it: which bytes they were, how they were taken, what they prove.

Asks through the session. Read `inspector.capture.inputs` for what is told, `models.text_table` for the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_rows_view import RowsView
from app.models.captures import size_text
from app.models.text_table import TextTable
from app.plain import PlainLabel, PlainText
from app.session import Session
from inspector.capture.inputs import Noted, inputs
from inspector.event import format_time
from inspector.text import visible

_HEADERS = ("file", "format", "size", "rows", "read", "SHA-256")
_MOST = 10_000
_MOST_GAPS = 200


class DetailsDialog(QDialog):
    """Not modal. `damaged_wanted` asks for the rows that could not be read."""

    damaged_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Capture details")
        self.resize(960, 560)
        self._session = session
        self.found: Sequence[Noted] = ()
        self.whole = PlainLabel("The files are being listed …", role="title", elided=True)
        self.table = TextTable(_HEADERS, self, right=(2, 3))
        self.view = RowsView(self.table, "Files that were read into this capture", [0, 150, 76, 86, 150, 150])
        self.about = PlainText("What is known of this file")
        self.empty = Empty("Nothing was read from files into this capture.", "Import… reads exports, logs and stores of others (Ctrl+I).")
        self.copy, self.damaged, self.shut = QPushButton("Copy SHA-256"), QPushButton("Show damaged rows"), QPushButton("Close")
        self._lay_out()
        self.view.selectionModel().currentChanged.connect(lambda index, _before: self._choose(index.row()))
        self.view.copy_wanted.connect(self.copy_digest)
        self.copy.clicked.connect(self.copy_digest)
        self.damaged.clicked.connect(lambda _on: self.damaged_wanted.emit())
        self.shut.clicked.connect(self.accept)
        session.ending.connect(lambda _nothing: self.close())
        session.capture_ended.connect(lambda _error: self.look())
        self.look()

    def _lay_out(self) -> None:
        whole, inside, buttons, layout = QFrame(), QVBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        whole.setObjectName("panel")
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.view)
        whole.setLayout(inside)
        parts = QWidget()
        column = QVBoxLayout(parts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.GAP_PX)
        column.addWidget(whole, 3)
        column.addWidget(self.about, 2)
        self._stack = QStackedWidget()
        self._stack.addWidget(parts)
        self._stack.addWidget(self.empty)
        buttons.setSpacing(style.GAP_PX)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.damaged)
        buttons.addStretch(1)
        buttons.addWidget(self.shut)
        for button in (self.copy, self.damaged, self.shut):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(self.whole)
        layout.addWidget(self._stack, 1)
        layout.addLayout(buttons)

    def look(self) -> None:
        """Asks again."""
        self._session.work.run(lambda reader: inputs(reader, _MOST), self._show, self._failed, lane="inputs")

    def _failed(self, error: str) -> None:
        if error != "stopped":
            self.whole.show_text(f"✕ {error}")

    def _show(self, found: Sequence[Noted]) -> None:
        self.found = found
        self.table.show_rows([_row(one) for one in found], ["warn" if one.is_damaged or not one.file.is_whole else "text" for one in found])
        self._stack.setCurrentIndex(0 if found else 1)
        size = size_text(sum(one.file.size_bytes for one in found))
        self.whole.show_text(f"{len(found):,} {'file' if len(found) == 1 else 'files'}, {size}" if found else "No files")
        for button in (self.copy, self.damaged):
            button.setEnabled(bool(found))
        if found:
            self.view.setCurrentIndex(self.table.index(max(0, self.view.row()), 0))
            self._choose(max(0, self.view.row()))

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.found):
            self.about.show_text("\n".join(map(visible, about(self.found[row]))))

    def copy_digest(self) -> None:
        """Copies the SHA-256 of the current file."""
        if 0 <= self.view.row() < len(self.found):
            QGuiApplication.clipboard().setText(self.found[self.view.row()].file.sha256)


def state_words(one: Noted) -> str:
    """Whether all of it is here."""
    if not one.file.format:
        return "✕ not read"
    if one.is_damaged:
        return f"! {len(one.file.gaps):,} {'stretch' if len(one.file.gaps) == 1 else 'stretches'} not read"
    return "✓ whole" if one.file.is_whole else "! not to its end"


def _row(one: Noted) -> tuple[str, ...]:
    file = one.file
    return file.name, file.format or "–", size_text(file.size_bytes), f"{file.rows:,}", state_words(one), file.sha256


def about(one: Noted) -> Iterator[str]:
    """All that is known of a file, a line each."""
    file = one.file
    yield f"{file.path}"
    yield f"{file.size_bytes:,} bytes, changed last {format_time(file.modified_us)}, read {format_time(one.read_us)}"
    yield f"SHA-256 {file.sha256 or 'not known: it was a stream'}"
    yield f"{state_words(one)}; {file.rows:,} rows, read as {file.format or 'nothing: no format fitted'}"
    for name, value in file.settings.items():
        if name != "rules":
            yield f"  {name}: {_value(value)}"
    for words, text in (("cannot tell", file.loses), ("proves", file.proves)):
        if text:
            yield f"{words}: {text}"
    for gap in file.gaps[:_MOST_GAPS]:
        yield f"not read: byte {gap.start:,} to {'the end' if gap.end is None else f'{gap.end:,}'}: {gap.reason}"
    if len(file.gaps) > _MOST_GAPS:
        yield f"and {len(file.gaps) - _MOST_GAPS:,} more stretches"
    yield from file.notes


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} from {place}" for name, place in value.items() if place)
    return str(value)
