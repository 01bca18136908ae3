"""Export: the command `eventscope export` as a job of the window. No widget but the question where to.

Read `dialogs.save` for the bar that shows how it goes, `inspector.cli.export` for the command.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.child import Child
from app.models.wish import Wish
from inspector.event import format_time
from inspector.query.combine import combined

FORMS = {"JSON lines (*.jsonl)": ".jsonl", "CSV, safe for spreadsheets (*.csv)": ".csv", "Captures (*.evcap)": ".evcap"}


class ExportJob(QObject):
    """Writes what `arguments` ask for to `out`, replacing what is there: whoever asks has asked about that."""

    DOING, DONE = "Exporting", "Exported to"
    progressed = Signal(object, object)
    """`(bytes done, 0)`: nobody knows how many there will be."""
    ended = Signal(object, object)
    """`(path, error)`: written there; or None with a sentence; or None and empty when it was stopped."""

    def __init__(self, arguments: Sequence[str], out: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.out = out
        self._written: Path | None = None
        self.note = ""
        """What is to be said of what was written."""
        words = ["export", *arguments, "-o", str(out), "--replace"]
        self._child = Child([*words, "--progress", "json", "--stop-with-stdin"], self)
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

    def _told(self, line: Mapping[str, Any]) -> None:
        if line.get("type") == "progress":
            self.progressed.emit(line.get("bytes", 0), 0)
        elif line.get("type") == "exported":
            notes = [f"{int(line.get('events', 0)):,} events", *map(str, line.get("notes") or ())]
            self._written, self.note = self.out, "".join(f" · {note}" for note in notes)


def export_arguments(path: Path, wish: Wish, suffix: str) -> list[str]:
    """The command's arguments for what a list has, oldest first."""
    text = wish.filter
    for compare, time_us in zip((">=", "<"), wish.time_range or (), strict=False):
        if (bound := format_time(time_us)) is not None:
            text = combined(text, f'time {compare} timestamp("{bound}")')
    order = [] if suffix == ".evcap" else ["--order", wish.order]
    return [str(path), *order, *([f"--filter={text}"] if text else [])]


def choose_out(parent: QWidget, path: Path, folder: str = "") -> Path | None:
    """Where events are to go, asked of the user (also whether to replace what is there); the name says the form."""
    chosen, form = QFileDialog.getSaveFileName(parent, "Export what is listed", str(Path(folder) / path.stem), ";;".join(FORMS))
    if not chosen:
        return None
    return Path(chosen) if Path(chosen).suffix in FORMS.values() else Path(chosen + FORMS.get(form, ".jsonl"))
