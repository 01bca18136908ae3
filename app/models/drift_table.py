"""Differences as rows, one for each field: which row of the model, what the events say, what the model has. No I/O.

Read `inspector.drift.difference` for what a difference is, `panes.drift` for the view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from PySide6.QtCore import QObject, Qt

from app import style
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.list_table import ListTable
from app.models.roles import ALIGNED, COLOR, DISPLAY, SPOKEN, TIP, Index
from app.plain import tip
from inspector.event import parse_time
from inspector.text import shortened, visible

TONES = {"missing": "bad", "extra": "warn", "different": "accent"}
SIGNS = {"missing": "−", "extra": "+", "different": "≠"}
NO_ROW = "no row"
_SHOWN_CHARACTERS = 300
_MOST_SEQS = 200


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One field of one difference; None where there is no row that could have it."""

    difference: Mapping[str, Any]
    field: str
    ours: str | None
    theirs: str | None

    @property
    def verdict(self) -> str:
        """`missing`, `extra` or `different`."""
        return str(self.difference["verdict"])

    @property
    def seqs(self) -> list[int]:
        """The events that made the row; where there are none, those of the same key that do not count."""
        return [int(seq) for seq in self.difference["events"] or self.difference["left_out"]]

    @property
    def count(self) -> int:
        """How many these are in all."""
        return int(self.difference["events_count"] or self.difference["left_out_count"])

    @property
    def is_left_out(self) -> bool:
        """Whether its events are some that do not count: they were aborted, or came later."""
        return not self.difference["events_count"] and self.count > 0

    def filter(self) -> str:
        """The filter that names its events one by one; empty for none."""
        seqs = self.seqs[-_MOST_SEQS:]
        return f"seq in [{', '.join(map(str, seqs))}]" if len(seqs) > 1 else f"seq == {seqs[0]}" if seqs else ""


class DriftTable(ListTable[DriftRow]):
    """The columns are verdict, window where there are any, each label, field, ours, model and events."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(("verdict", "field", "ours", "model", "events"), parent)
        self.labels = 0
        """How many columns tell the rows of the model apart."""
        self._zone: tzinfo = UTC

    def set_zone(self, zone: tzinfo) -> None:
        """Shows the beginnings of windows in this zone."""
        self._zone = zone
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.headers) - 1))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.headers) - 1)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names; that of a time says its zone."""
        found = super().headerData(section, orientation, role)
        is_window = section == 1 and self.rows and self.rows[0].difference["window"] is not None
        return f"{found} ({zone_name(self._zone)})" if is_window and int(role) == DISPLAY and found else found

    def show_differences(self, columns: Sequence[str], differences: Sequence[Mapping[str, Any]]) -> None:
        """Shows others; `columns` are those of the command's table."""
        named = tuple(columns[: columns.index("field")]) if "field" in columns else ("verdict",)
        self.beginResetModel()
        self.labels = len(named) - 1
        self.headers = tuple(visible(name) for name in (*named, "field", "ours", "model", "events"))
        self.right = frozenset({len(self.headers) - 1})
        self.rows = [DriftRow(one, str(name), ours, theirs) for one in differences for name, ours, theirs in one["fields"]]
        self.endResetModel()

    def at(self, index: Index) -> DriftRow | None:
        """The row at an index."""
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def cells(self, one: DriftRow) -> list[str]:
        """The texts of a row, uncut."""
        window, key = one.difference["window"], one.difference["key"]
        place = [*([] if window is None else [shown_time(parse_time(str(window)), self._zone).removesuffix(".000000")]), *map(str, key)]
        behind = f"{one.count:,} left out" if one.is_left_out else f"{one.count:,}"
        values = [NO_ROW if value is None else value for value in (one.ours, one.theirs)]
        return [f"{SIGNS.get(one.verdict, '?')} {one.verdict}", *place, one.field, *values, behind]

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role, one = int(role), self.at(index)
        if one is None:
            return None
        column = index.column()
        if role == ALIGNED:
            return self.side(column)
        if role in {DISPLAY, SPOKEN}:
            return visible(shortened(self.cells(one)[column], _SHOWN_CHARACTERS))
        if role == COLOR:
            return style.color(self._tone(one, column))
        return tip(self.cells(one)[column]) if role == TIP else None

    def _tone(self, one: DriftRow, column: int) -> str:
        if column == 0:
            return TONES.get(one.verdict, "dim")
        field = self.labels + 1
        absent = {field + 1: one.ours is None, field + 2: one.theirs is None}
        return "dim" if column in {field, field + 3} or absent.get(column) else "text"
