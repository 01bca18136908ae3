"""Marks the open capture as evidence and checks it, as jobs of the window, in a bar that says how it goes. Knows no session.

The command line does the work. Read `inspector.capture.evidence` for what a mark is, `dialogs.job` for how commands are run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication

from app.dialogs.job import Job
from app.notice import Notice, thin_bar
from app.plain import set_tip
from app.work import Work
from inspector.capture import evidence


class EvidenceBar(Notice):
    """Hidden until something is marked or checked. One job at a time."""

    marked = Signal(object)
    """`(path)`: it is evidence, now or since before."""

    def __init__(self) -> None:
        super().__init__("Evidence")
        self.setObjectName("panel")
        self._job = Job(self)
        self._found: Mapping[str, Any] = {}
        self._busy = thin_bar("The file is being read", 0)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._busy)

    def look(self, work: Work, path: Path) -> None:
        """Tells whether the capture at `path` is marked already."""
        work.run(lambda _reader: evidence.of(path) is not None, lambda is_one: self.marked.emit(path) if is_one else None, _unheard)

    def mark(self, path: Path) -> None:
        """Makes a finished capture evidence: read-only, with its digest kept beside it."""
        self._run(["evidence", str(path)], path, f"Marking {path.name} as evidence: all of it is read …", self._say_marked)

    def check(self, path: Path) -> None:
        """Reads all of a marked capture again."""
        self._run(["evidence", "--check", str(path)], path, f"Checking {path.name} against its digest …", self._say_checked)

    def _run(self, arguments: list[str], path: Path, sentence: str, done: Callable[[Path], None]) -> None:
        if self._job.is_running:
            return
        self._found = {}
        self.say(sentence)
        self._busy.show()
        self._job.run(arguments, self._told, lambda error: self._ended(path, error, done))

    def _told(self, line: Mapping[str, Any]) -> None:
        self._found = line

    def _ended(self, path: Path, error: str, done: Callable[[Path], None]) -> None:
        self._busy.hide()
        if error or "sha256" not in self._found:
            self.say(error or f"{path.name}: no answer came", role="bad")
            return
        done(path)
        set_tip(self.text, f"SHA-256 {self._found['sha256']}\n{self._found['size']:,} bytes, marked {self._found['marked']}")

    def _say_marked(self, path: Path) -> None:
        sentence = f"{path.name} is evidence: read-only from now on, notes go beside it. SHA-256 {self._found['sha256']}"
        self.say(sentence, action="Copy the digest", acted=self._copy)
        self.marked.emit(path)

    def _say_checked(self, path: Path) -> None:
        sentence = f"{path.name} is byte for byte what was marked at {self._found['marked']}. SHA-256 {self._found['sha256']}"
        self.say(sentence, action="Copy the digest", acted=self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(str(self._found["sha256"]))


def _unheard(_error: str) -> None:
    """The capture cannot be read: that is said where it is opened."""
