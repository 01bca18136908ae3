"""The bar of an import into the open capture: how far it is, how to stop it and go on with it, and what came of it.

Follows the session, whose child is `eventscope import`. Read `session` for the child, `dialogs.importing` for what is asked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app import style
from app.models.captures import size_text
from app.models.importing import command_words
from app.notice import thin_bar
from app.own_rules import own_rules
from app.plain import PlainLabel, announce, set_role, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture import inputs
from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.report import count
from inspector.query import condition

DAMAGED = '"damaged" in flags || "undecodable" in flags'
"""The rows that could not be read, as a filter."""
_MOST_PROOFS = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What is in the capture now: files, how many of them are whole, stretches and rows that could not be read, what they prove."""

    files: int
    whole: int
    rows: int
    gaps: int
    damaged: int
    proofs: tuple[str, ...]
    unread: tuple[str, ...]
    """Files of which nothing was read."""


def result_of(reader: CaptureReader) -> Result:
    """Counts; a search through all events. Raises CaptureError."""
    found = inputs.inputs(reader)
    damaged, _ = count(reader, EventQuery(condition=condition(DAMAGED)))
    return Result(
        files=len(found),
        whole=sum(one.file.is_whole and not one.is_damaged for one in found),
        rows=sum(one.file.rows for one in found),
        gaps=sum(len(one.file.gaps) for one in found),
        damaged=damaged,
        proofs=tuple(dict.fromkeys(f"{one.file.format}: {one.file.proves}" for one in found if one.file.proves)),
        unread=tuple(one.file.name for one in found if not one.file.format),
    )


class ImportBar(QFrame):
    """Hidden until files are read into the open capture. `details_wanted` asks for what is known of the files."""

    details_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Import")
        self._session: Session | None = None
        self._selection: Selection | None = None
        self._line: Mapping[str, Any] = {}
        self._is_stopping = False
        self.text, self.proof = PlainLabel(elided=True), PlainLabel(role="dim")
        self.proof.setWordWrap(True)
        self.progress = thin_bar("How much of the files is read", 1_000)
        self.stop_button, self.again = QPushButton("■ Stop"), QPushButton("Import again")
        self.damaged, self.details = QPushButton("Show damaged rows"), QPushButton("Files")
        self.copy, self.dismiss = QPushButton("Copy command"), QPushButton("Dismiss")
        self.stop_button.setProperty("role", "stop")
        for button, words in (
            (self.stop_button, "Ends the import; what was read stays (Ctrl+Shift+X)"),
            (self.again, "Reads what is missing: what is in the capture already is not added twice (Ctrl+Shift+G)"),
            (self.damaged, DAMAGED),
            (self.details, "What is known of each file, and what it proves"),
            (self.copy, "The command of this import"),
        ):
            set_tip(button, words)
        self._lay_out()
        self.stop_button.clicked.connect(self.stop)
        self.again.clicked.connect(self.go_on)
        self.damaged.clicked.connect(self.show_damaged)
        self.details.clicked.connect(lambda _on: self.details_wanted.emit())
        self.copy.clicked.connect(self.copy_command)
        self.dismiss.clicked.connect(self.hide)
        self.hide()

    def _lay_out(self) -> None:
        line, layout = QHBoxLayout(), QVBoxLayout(self)
        line.setContentsMargins(style.INSIDE_PX, 2, 4, 2)
        line.addWidget(self.text, 1)
        for button in (self.damaged, self.details, self.again, self.copy, self.stop_button, self.dismiss):
            line.addWidget(button)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.progress)
        layout.addLayout(line)
        layout.addWidget(self.proof)
        self.proof.setContentsMargins(style.INSIDE_PX, 0, style.INSIDE_PX, style.GAP_PX)

    def follow(self, session: Session | None, selection: Selection | None) -> None:
        """Goes with another capture."""
        self._session, self._selection, self._line, self._is_stopping = session, selection, {}, False
        self.hide()
        if session is not None:
            session.capture_started.connect(lambda _nothing: self._started(session))
            session.capture_told.connect(lambda line: self._told(session, line))
            session.capture_ended.connect(lambda error: self._ended(session, error))

    def _is_mine(self, session: Session) -> bool:
        return session is self._session and session.child is not None and session.child.arguments[0] == "import"

    def tells_of(self, session: Session) -> bool:
        """Whether the end of the session's newest child is said here."""
        return self._is_mine(session)

    # ---- while it runs

    def _started(self, session: Session) -> None:
        if not self._is_mine(session):
            return
        self._line, self._is_stopping = {}, False
        self._say("→ the files are being read …")
        self._buttons(self.copy, self.stop_button)
        self.stop_button.setEnabled(True)
        self.proof.hide()
        self.progress.setRange(0, 0)
        self.progress.show()
        self.show()

    def _told(self, session: Session, line: Mapping[str, Any]) -> None:
        if not self._is_mine(session):
            return
        self._line = line
        total, done = int(line.get("total_bytes") or 0), int(line.get("read_bytes") or 0)
        self.progress.setRange(0, 1_000 if total else 0)
        self.progress.setValue(done * 1_000 // total if total else 0)
        if not self._is_stopping:
            self._say(f"→ {progress_words(line)} · {float(line.get('rate') or 0):,.0f} /s")

    def stop(self) -> None:
        """Ends the import where it is: what was read stays."""
        if self._session is not None and self._session.is_capturing:
            self._is_stopping = True
            self.stop_button.setEnabled(False)
            self._session.stop_capture()
            self._say("→ the import is being stopped …")

    def go_on(self) -> None:
        """Imports again what was asked for: only what is missing is added."""
        if self._session is not None and self._session.can_go_on:
            self._session.go_on()

    def copy_command(self) -> None:
        """Copies the import as a command."""
        if self._session is not None:
            QGuiApplication.clipboard().setText(command_words([*self._session.asked[0], *own_rules()], str(self._session.path)))

    # ---- when it has ended

    def _ended(self, session: Session, error: str) -> None:
        if not self._is_mine(session):
            return
        self.progress.hide()
        assert session.child is not None
        was_stopped = session.child.was_stopped
        if error or was_stopped:
            stored = progress_words(self._line) if self._line else "nothing was read yet"
            words = f"✕ {error} · {stored}" if error else f"! stopped: {stored}; what was read stays"
            self._say(words, role="bad" if error else "warn")
            self._buttons(self.again, self.copy, self.dismiss)
            announce(self, words, at_once=bool(error))
            return
        self._say("→ everything is read; what could not be is being counted …")
        self._buttons(self.details, self.copy, self.dismiss)
        session.work.run(
            result_of, lambda result: self._over(session, result), lambda text: self._not_counted(session, text), lane="import"
        )

    def _over(self, session: Session, result: Result) -> None:
        if not self._is_mine(session) or session.is_capturing:
            return
        words, role = result_words(result, self._line)
        self._say(words, role=role)
        self._buttons(*([self.damaged] if result.damaged else []), self.details, self.copy, self.dismiss)
        proofs = result.proofs[:_MOST_PROOFS]
        self.proof.show_text(" ".join(proofs))
        self.proof.setVisible(bool(proofs))
        announce(self, " ".join([words, *proofs]))

    def _not_counted(self, session: Session, error: str) -> None:
        if self._is_mine(session) and not session.is_capturing:
            self._say(f"! everything is read; what could not be was not counted: {error}", role="warn")

    def show_damaged(self) -> None:
        """Lists the rows that could not be read."""
        if self._selection is not None:
            self._selection.choose_filter(DAMAGED)

    def _say(self, words: str, *, role: str = "dim") -> None:
        set_role(self.text, role)
        self.text.show_text(words)

    def _buttons(self, *shown: QPushButton) -> None:
        for button in (self.damaged, self.details, self.again, self.copy, self.stop_button, self.dismiss):
            button.setVisible(button in shown)


def progress_words(line: Mapping[str, Any]) -> str:
    """How far it is."""
    total, done = int(line.get("total_bytes") or 0), int(line.get("read_bytes") or 0)
    parts = [f"{size_text(done)} of {size_text(total)} read" if total else "", f"{int(line.get('stored') or 0):,} events stored"]
    for name, words in (("undecodable", "undecodable"), ("duplicates", "here already"), ("conflicts", "in conflict with what is here")):
        if line.get(name):
            parts.append(f"{int(line[name]):,} {words}")
    return " · ".join(filter(None, parts))


def result_words(result: Result, line: Mapping[str, Any]) -> tuple[str, str]:
    """What came of it, with a sign, and the colour of that."""
    files = f"{result.files:,} {'file' if result.files == 1 else 'files'}"
    parts = [f"{int(line.get('stored') or 0):,} events imported", f"{result.rows:,} rows of {files} are in this capture"]
    if line.get("duplicates"):
        parts.append(f"{int(line['duplicates']):,} were here already")
    damage = []
    if result.damaged:
        damage.append(f"{result.damaged:,} {'row' if result.damaged == 1 else 'rows'} damaged or undecodable")
    if result.gaps:
        damage.append(f"{result.gaps:,} {'stretch' if result.gaps == 1 else 'stretches'} could not be read")
    if result.unread:
        damage.append(f"{len(result.unread):,} {'file' if len(result.unread) == 1 else 'files'} of no known format")
    if not damage and result.whole < result.files:
        damage.append(f"{result.files - result.whole:,} not read to the end")
    sign, role = ("!", "warn") if damage else ("✓", "ok")
    return f"{sign} {' · '.join([*damage, *parts])}", role
