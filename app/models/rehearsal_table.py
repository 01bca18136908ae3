"""What a rule of identity would do, as rows: an event, what stands at the rule's place, the field now and then. Holds 20 events; no I/O.

Read `inspector.capture.rehearsal` for where they come from, `dialogs.this_field` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from PySide6.QtCore import QObject

from app import style
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.list_table import ListTable
from app.models.roles import COLOR, DISPLAY, FONT, SPOKEN, TIP, Index
from app.plain import tip
from inspector.capture.rehearsal import Case, Value
from inspector.text import visible

EVENT, THERE, NOW, THEN, WHY_NOT = range(5)
NOTHING = "–"
_MOST_CHARACTERS = 300


class RehearsalTable(ListTable[Case]):
    """The cases that were tried last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_headers(""), parent)
        self._is_time = False
        self._zone: tzinfo = UTC
        self._fixed = style.fixed_font()

    def show_cases(self, cases: Sequence[Case], *, is_time: bool = False, zone: tzinfo = UTC) -> None:
        """Shows other cases; `is_time` says that the field is a time, which is shown in `zone`."""
        self._is_time, self._zone = is_time, zone
        self.headers = _headers(f" ({zone_name(zone)})" if is_time else "")
        self.show_rows(cases)

    @property
    def has_reasons(self) -> bool:
        """Whether the rule finds nothing somewhere."""
        return any(case.why_not for case in self.rows)

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if not index.isValid() or role not in {DISPLAY, FONT, COLOR, TIP, SPOKEN}:
            return None
        case, column = self.rows[index.row()], index.column()
        if role == FONT:
            return None if column == WHY_NOT else self._fixed
        if role == COLOR:
            return style.color(_tone(case, column))
        text = self._cell(case, column)
        return tip(text) if role == TIP else text

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


def _headers(zone: str) -> tuple[str, ...]:
    return "event", "what stands there", f"now{zone}", f"then{zone}", "why not"


def _tone(case: Case, column: int) -> str:
    if column == WHY_NOT:
        return "warn"
    if column == THEN:
        return "faint" if case.then is None else "text" if case.then == case.now else "accent"
    return "dim" if column in {EVENT, NOW} else "text"
