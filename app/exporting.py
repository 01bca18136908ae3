"""Exports: the commands `eventscope export` and `states -o` as jobs of the window. No widget but the question where to.

Read `dialogs.save` for the bar that shows how it goes, `inspector.cli.export` and `inspector.cli.states` for the commands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.models.wish import StatesWish, Wish
from app.saving import FileJob
from inspector.event import format_time
from inspector.query.combine import combined

_EXACT = "CSV, exactly as it is (*.csv)"
TABLES = {"JSON lines (*.jsonl)": ".jsonl", "CSV, safe for spreadsheets (*.csv)": ".csv", _EXACT: ".csv", "Parquet (*.parquet)": ".parquet"}
"""The forms of rows, and how a file's name ends that has one."""
FORMS = {**TABLES, "Captures (*.evcap)": ".evcap"}
"""The forms of events."""


class Target(NamedTuple):
    """Where an export goes, and what more the command is told of its form."""

    out: Path
    options: list[str]


class ExportJob(FileJob):
    """Writes the events that `arguments` ask for."""

    DOING, DONE, WRITTEN = "Exporting", "Exported to", "exported"
    COMMAND, ROWS = "export", "events"

    def __init__(self, arguments: Sequence[str], target: Target, parent: QObject | None = None) -> None:
        super().__init__([self.COMMAND, *arguments, *target.options, "-o", str(target.out)], target.out, parent)

    def said_of(self, line: Mapping[str, Any]) -> str:
        """How many rows, and what is to be known of them."""
        notes = [f"{int(line.get(self.ROWS, 0)):,} {self.ROWS}", *map(str, line.get("notes") or ())]
        return "".join(f" · {note}" for note in notes)


class StatesJob(ExportJob):
    """Writes the table of states that `arguments` ask for."""

    COMMAND, ROWS = "states", "rows"

    def progress_of(self, line: Mapping[str, Any]) -> tuple[str, int, int]:
        """By aggregates looked at; then, where they were put in an order, by rows written."""
        if found := int(line.get("found", 0)):
            rows = int(line["rows"])
            return f"{rows:,} of {found:,} rows written", rows, found
        looked_at, streams = int(line.get("looked_at", 0)), int(line.get("streams", 0))
        return f"{looked_at:,} of {streams:,} aggregates looked at", looked_at, streams


def export_arguments(path: Path, wish: Wish, suffix: str) -> list[str]:
    """The command's arguments for what a list has, oldest first."""
    text = wish.filter
    for compare, time_us in zip((">=", "<"), wish.time_range or (), strict=False):
        if (bound := format_time(time_us)) is not None:
            text = combined(text, f'time {compare} timestamp("{bound}")')
    order = [] if suffix == ".evcap" else ["--order", wish.order]
    return [str(path), *order, *([f"--filter={text}"] if text else [])]


def states_arguments(path: Path, wish: StatesWish) -> list[str]:
    """The arguments of `eventscope states` for what a table of states has."""
    chosen = [f"--{wish.clock.replace('_', '-')}={wish.time}"] if wish.time else []
    chosen += [f"--filter={wish.filter}"] if wish.filter else []
    chosen += [f"--show={place}" for place in wish.places]
    chosen += [f"--sort={wish.sort}", *(["--reverse"] if wish.is_reversed else [])] if wish.sort else []
    return [str(path), f"--category={wish.category}", *chosen]


def choose_out(parent: QWidget, title: str, name: Path, forms: Mapping[str, str]) -> Target | None:
    """Where rows are to go, asked of the user (also whether to replace what is there); the ending says the form."""
    chosen, form = QFileDialog.getSaveFileName(parent, title, str(name), ";;".join(forms))
    if not chosen:
        return None
    out = Path(chosen) if Path(chosen).suffix in forms.values() else Path(chosen + forms.get(form, ".jsonl"))
    return Target(out, ["--csv", "exact"] if form == _EXACT and out.suffix == ".csv" else [])
