"""What a rule of identity would do, as rows: an event, what stands at the rule's place, the field now and then. Holds 20 events; no I/O.

Read `inspector.capture.rehearsal` for where they come from, `dialogs.this_field` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import style
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.plain import tip
from inspector.capture.rehearsal import Case, Value
from inspector.text import visible

Index = QModelIndex | QPersistentModelIndex

EVENT, THERE, NOW, THEN, WHY_NOT = range(5)
NOTHING = "–"
_NONE = QModelIndex()
_MOST_CHARACTERS = 300
_DISPLAY, _FONT, _COLOR, _TIP, _NAME = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)


class RehearsalTable(QAbstractTableModel):
    """The cases that were tried last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cases: Sequence[Case] = ()
        self._is_time = False
        self._zone: tzinfo = UTC
        self._fixed = style.fixed_font()

    def show_cases(self, cases: Sequence[Case], *, is_time: bool = False, zone: tzinfo = UTC) -> None:
        """Shows other cases; `is_time` says that the field is a time, which is shown in `zone`."""
        self.beginResetModel()
        self.cases, self._is_time, self._zone = cases, is_time, zone
        self.endResetModel()

    @property
    def has_reasons(self) -> bool:
        """Whether the rule finds nothing somewhere."""
        return any(case.why_not for case in self.cases)

    def rowCount(self, parent: Index = _NONE) -> int:
        """One a case."""
        return 0 if parent.isValid() else len(self.cases)

    def columnCount(self, parent: Index = _NONE) -> int:
        """Event, what is there, now, then, why not."""
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names; times with their zone."""
        if orientation is not Qt.Orientation.Horizontal or role != _DISPLAY:
            return None
        zone = f" ({zone_name(self._zone)})" if self._is_time else ""
        return ("event", "what stands there", f"now{zone}", f"then{zone}", "why not")[section]

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if not index.isValid() or role not in {_DISPLAY, _FONT, _COLOR, _TIP, _NAME}:
            return None
        case, column = self.cases[index.row()], index.column()
        if role == _FONT:
            return None if column == WHY_NOT else self._fixed
        if role == _COLOR:
            return style.color(_tone(case, column))
        text = self._cell(case, column)
        return tip(text) if role == _TIP else text

    def _cell(self, case: Case, column: int) -> str:
        if column == EVENT:
            return f"{case.partition}:{case.position:,}"
        if column == THERE:
            return NOTHING if case.there is None else visible(case.there)
        return case.why_not if column == WHY_NOT else self._value(case.now if column == NOW else case.then)

    def _value(self, value: Value) -> str:
        if value is None:
            return NOTHING
        if self._is_time and isinstance(value, int):
            return shown_time(value, self._zone)
        return visible(str(value)[:_MOST_CHARACTERS])


def _tone(case: Case, column: int) -> str:
    if column == WHY_NOT:
        return "warn"
    if column == THEN:
        return "faint" if case.then is None else "text" if case.then == case.now else "accent"
    return "dim" if column in {EVENT, NOW} else "text"
