"""Save as: the command `eventscope save` as a job of the window. No widget; read `child` for processes, `dialogs.save` for the bar."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.child import Child

_IN_CLEAR = " · what is masked is stored in it: whoever has the file can take the masks off"


class SaveJob(QObject):
    """Saves the capture at `path` as `out`, replacing what is there: whoever asks has asked about that."""

    DOING, DONE = "Saving", "Saved as"
    progressed = Signal(object, object)
    """`(bytes done, bytes in all)`"""
    ended = Signal(object, object)
    """`(path, error)`: saved there; or None with a sentence; or None and empty when it was stopped."""

    def __init__(self, path: Path, out: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.out = out
        self._saved: Path | None = None
        self.note = ""
        """What is to be said of what was saved."""
        self._child = Child(["save", str(path), str(out), "--replace", "--progress", "json", "--stop-with-stdin"], self)
        self._child.progressed.connect(self._told)
        self._child.ended.connect(lambda error: self.ended.emit(self._saved, "" if self._saved else error))
        self.command = f"eventscope {shlex.join(['save', str(path), str(out)])}"
        """The same, for a shell."""

    def start(self) -> None:
        """Begins."""
        self._child.start()

    def stop(self) -> None:
        """Ends it; nothing is left under the new name."""
        self._child.stop()

    def end(self) -> None:
        """Ends it and waits: the window closes."""
        self._child.end(3_000)

    def _told(self, line: Mapping[str, Any]) -> None:
        if line.get("type") == "progress":
            self.progressed.emit(line.get("bytes", 0), line.get("total", 0))
        elif line.get("type") == "saved":
            self._saved, self.note = self.out, _IN_CLEAR if line.get("masked") is True else ""
