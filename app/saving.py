"""Commands that write one file, as jobs of the window: `eventscope save` and `report` here. No widget.

Read `child` for processes, `dialogs.save` for the bar that shows how it goes, `exporting` for the other commands.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.child import Child
from app.models.captures import size_text

_IN_CLEAR = " · what is masked is stored in it: whoever has the file can take the masks off"


class FileJob(QObject):
    """Runs a command that writes `out`, replacing what is there: whoever asks has asked about that."""

    DOING, DONE = "Writing", "Written to"
    WRITTEN = ""
    """The type of the line by which the command says that the file is there."""
    progressed = Signal(object, object, object)
    """`(words, done, in all)`; 0 in all where nobody knows."""
    ended = Signal(object, object)
    """`(path, error)`: written there; or None with a sentence; or None and empty when it was stopped."""

    def __init__(self, words: Sequence[str], out: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.out = out
        self._written: Path | None = None
        self.note = ""
        """What is to be said of what was written."""
        self._child = Child([*words, "--replace", "--progress", "json", "--stop-with-stdin"], self)
        self._child.progressed.connect(self._told)
        self._child.ended.connect(lambda error: self.ended.emit(self._written, "" if self._written else error))
        self.command = f"eventscope {shlex.join(words)}"
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

    def said_of(self, line: Mapping[str, Any]) -> str:
        """The note, from the line that says that the file is there; none here."""
        del line
        return ""

    def progress_of(self, line: Mapping[str, Any]) -> tuple[str, int, int]:
        """How far it is: in words, and how much of how much is done; here by bytes."""
        done, total = int(line.get("bytes", 0)), int(line.get("total", 0))
        return f"{size_text(done)} of {size_text(total)}" if total else size_text(done), done, total

    def _told(self, line: Mapping[str, Any]) -> None:
        if line.get("type") == "progress":
            self.progressed.emit(*self.progress_of(line))
        elif line.get("type") == self.WRITTEN:
            self._written, self.note = self.out, self.said_of(line)


class SaveJob(FileJob):
    """Saves the capture at `path` as `out`."""

    DOING, DONE, WRITTEN = "Saving", "Saved as", "saved"

    def __init__(self, path: Path, out: Path, parent: QObject | None = None) -> None:
        super().__init__(["save", str(path), str(out)], out, parent)

    def said_of(self, line: Mapping[str, Any]) -> str:
        """Whether what is masked is in the file."""
        return _IN_CLEAR if line.get("masked") is True else ""


class ReportJob(FileJob):
    """Writes the coverage statement of the capture at `path` to `out`; `options` say what is hidden."""

    DOING, DONE, WRITTEN = "Writing the coverage statement", "Coverage statement written to", "reported"

    def __init__(self, path: Path, options: Sequence[str], out: Path, parent: QObject | None = None) -> None:
        super().__init__(["report", str(path), *options, "-o", str(out)], out, parent)
