"""Export: the command `eventscope export` as a job of the window. No widget but the question where to.

Read `dialogs.save` for the bar that shows how it goes, `inspector.cli.export` for the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.models.wish import Wish
from app.saving import FileJob
from inspector.event import format_time
from inspector.query.combine import combined

FORMS = {
    "JSON lines (*.jsonl)": ".jsonl",
    "CSV, safe for spreadsheets (*.csv)": ".csv",
    "Parquet (*.parquet)": ".parquet",
    "Captures (*.evcap)": ".evcap",
}


class ExportJob(FileJob):
    """Writes what `arguments` ask for to `out`."""

    DOING, DONE, WRITTEN = "Exporting", "Exported to", "exported"

    def __init__(self, arguments: Sequence[str], out: Path, parent: QObject | None = None) -> None:
        super().__init__(["export", *arguments, "-o", str(out)], out, parent)

    def said_of(self, line: Mapping[str, Any]) -> str:
        """How many events, and what was changed for the form."""
        notes = [f"{int(line.get('events', 0)):,} events", *map(str, line.get("notes") or ())]
        return "".join(f" · {note}" for note in notes)


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
