"""Checks of the open capture: `eventscope check` as a process of its own, and what is kept of what it found. No widget.

One run at a time. Read `panes.findings` for the view, `dialogs.job` for the process, `inspector.capture.findings` for what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.dialogs.job import Job
from app.session import Session
from app.work import Job as Question
from inspector.capture.findings import Findings, shown


class Checking(QObject):
    """`found` is what was kept at the last look: None before it, or when it could not be read."""

    changed = Signal()
    """A run began, went on or ended, or findings were read."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._job = session, Job(self)
        self._question: Question | None = None
        self.found: Findings | None = None
        self.error = self.doing = ""
        """`error`: why nothing was found or read; `doing`: the title of the check that runs."""
        self.number, self.of, self.so_far = 0, 0, 0
        """The check that runs, of how many; and what was found by now."""
        self.was_stopped = False
        session.capture_started.connect(self._capture_begins)
        session.capture_ended.connect(self._capture_ended)

    def _capture_ended(self, _error: str) -> None:
        self.changed.emit()

    @property
    def is_running(self) -> bool:
        """Whether checks run."""
        return self._job.is_running

    @property
    def is_possible(self) -> bool:
        """Whether checks can be run: not while the capture is being written here, whose end a reader would hold up."""
        return self._session.watermark is not None and not self._session.is_capturing and not self.is_running

    def run(self) -> None:
        """Runs all checks, if that is possible now."""
        if not self.is_possible:
            return
        self._forget_question()
        self.error, self.doing, self.was_stopped = "", "", False
        self.number = self.of = self.so_far = 0
        command = ["check", str(self._session.path), "--progress", "json", "--stop-with-stdin", "--format", "jsonl"]
        self._job.run(command, self._told, self._ended)
        self.changed.emit()

    def stop(self) -> None:
        """Ends the run; what it found until then is kept."""
        if self.is_running:
            self.was_stopped = True
            self._job.finish()
            self.changed.emit()

    def leave(self) -> None:
        """Lets go of everything: nothing is heard any more."""
        self._job.stop()
        self._forget_question()

    def look(self) -> None:
        """Reads what is kept, unless checks run."""
        if not self.is_running and self._session.watermark is not None:
            self._question = self._session.work.run(shown, self._read, self._not_read, lane="findings")

    def look_once(self) -> None:
        """Reads what is kept, unless that was done or is under way."""
        if self.found is None and self._question is None:
            self.look()

    def _forget_question(self) -> None:
        if self._question is not None:
            self._session.work.cancel(self._question)
            self._question = None

    def _told(self, line: Mapping[str, Any]) -> None:
        if line.get("type") == "check":
            self.doing, self.number, self.of = str(line.get("title", "")), int(line.get("number", 0)), int(line.get("of", 0))
        elif "rule" in line:
            self.so_far += 1
            if self.so_far % 50 != 1:
                return
        self.changed.emit()

    def _ended(self, error: str) -> None:
        self.error = error
        self.look()
        self.changed.emit()

    def _capture_begins(self, _nothing: object) -> None:
        self.stop()
        self.changed.emit()

    def _read(self, found: Findings) -> None:
        self._question = None
        self.found = found
        self.changed.emit()

    def _not_read(self, error: str) -> None:
        self._question = None
        if error != "stopped":
            self.error = self.error or error
            self.changed.emit()
