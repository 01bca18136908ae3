"""What can be done with a cell of the list of events: filter by it, exclude it, replay, copy. Asks; does nothing by itself.

Read `panes.events` for who does it.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.filter_menu import add_joins
from app.models.event_columns import NAMES, SINCE
from app.models.event_rows import Row
from app.selection import Selection
from inspector.text import visible

_MOST_CHARACTERS = 40
_FOLLOWED = (
    ("Follow this stream\tAlt+S", "stream"),
    ("Follow this key\tAlt+K", "key"),
    ("Follow this correlation id\tAlt+C", "correlation_id"),
)
_COPIES = (("As JSON lines", "lines"), ("Key", "key"), ("Value", "value"), ("Position", "position"))


class EventMenu(QMenu):
    """The menu of one cell. Every signal is for the event it was opened on."""

    filter_wanted = Signal(object)
    """`(exclude)`: filter by this value, or leave it out."""
    replay_wanted = Signal()
    copy_wanted = Signal(object)
    """`(what)`: a name of `models.copied.KINDS`."""
    command_wanted = Signal()
    follow_wanted = Signal(object)
    """`(what)`: `stream`, `key` or `correlation_id` of this event."""
    neighbour_wanted = Signal(object)
    """`(forward)`"""
    explain_wanted = Signal()
    """What else the value may be is wanted, or why it does not decode."""
    reference_wanted = Signal()
    """Times are to be told relative to this event, or no longer."""

    def __init__(self, parent: QWidget, row: Row | None, column: int, header: str, *, is_reference: bool = False) -> None:
        super().__init__(parent)
        self.setAccessibleName("What to do with this event")
        has_stream = row is not None and bool(row.cells[NAMES.index("stream")])
        said = _value(row, column, header)
        self._add(f"Filter by {said}\t=", lambda: self.filter_wanted.emit(False), on=column not in SINCE)
        self._add(f"Exclude {said}\t!", lambda: self.filter_wanted.emit(True), on=column not in SINCE)
        self.joins = self.addMenu("As filter")
        self.joins.setEnabled(False)
        self.addSeparator()
        self._add("Replay this stream to here", self.replay_wanted.emit, on=has_stream)
        for words, what in _FOLLOWED:
            has_any = row is not None and bool(row.cells[NAMES.index(what)])
            self._add(words, lambda _on=False, what=what: self.follow_wanted.emit(what), on=has_any)
        self._add("Next event of this stream\tCtrl+.", lambda: self.neighbour_wanted.emit(True), on=has_stream)
        self._add("Previous event of this stream\tCtrl+,", lambda: self.neighbour_wanted.emit(False), on=has_stream)
        has_time = row is not None and row.time_us is not None
        words = "No longer the time reference\tT" if is_reference else "Make this the time reference\tT"
        self._add(words, self.reference_wanted.emit, on=has_time or is_reference)
        self.addSeparator()
        self._add("What else may this be …", self.explain_wanted.emit, on=row is not None)
        copy = self.addMenu("Copy")
        for words, what in _COPIES:
            copy.addAction(words).triggered.connect(lambda _checked, what=what: self.copy_wanted.emit(what))
        copy.addAction("Command that lists the same").triggered.connect(lambda _checked: self.command_wanted.emit())

    def show_filters(self, selection: Selection, same: str, other: str) -> None:
        """The ways to make a filter of the cell, once its texts are known; none for a cell that makes no filter."""
        if same:
            add_joins(self.joins, selection, same, other)
            self.joins.setEnabled(True)

    def _add(self, words: str, act: object, *, on: bool = True) -> None:
        action = self.addAction(words)
        action.setEnabled(on)
        action.triggered.connect(act)


def _value(row: Row | None, column: int, header: str) -> str:
    """The cell as the menu says it: its column and the beginning of its text; `&` would be a key to press."""
    text = row.word if row is not None and column == 0 else row.cells[column] if row is not None else ""
    cut = f"{text[:_MOST_CHARACTERS]}…" if len(text) > _MOST_CHARACTERS else text
    return f"{visible(header)} {visible(cut)}".replace("&", "&&").replace("\t", " ").strip()
