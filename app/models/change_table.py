"""The differences of two events as rows: sign and place, what stands in A, what in B. Holds one comparison; no I/O.

Read `models.compared` for the rows, `app.event_compare` for the view.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from app import style
from app.models.compared import Difference
from app.models.list_table import ListTable
from app.models.roles import COLOR, DISPLAY, FONT, TIP, Index
from app.plain import tip
from inspector.text import visible

HEADERS = ("place", "A", "B")
SIGNS = {"add": "+", "replace": "~", "remove": "−"}
WORDS = {"add": "only in B", "replace": "differs", "remove": "only in A"}
_TONES = {"add": "ok", "replace": "warn", "remove": "bad"}
_SHOWN_CHARACTERS, _TIP_CHARACTERS = 300, 2_000


class ChangeTable(ListTable[Difference]):
    """The comparison that was shown last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(HEADERS, parent)
        self._fixed = style.fixed_font()

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, FONT, COLOR, TIP} or not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == FONT:
            return self._fixed
        if role == COLOR:
            return style.color(_TONES[row.op] if column == 0 else "text")
        text = (f"{SIGNS[row.op]} {row.path}", row.before, row.after)[column]
        if role == TIP:
            return tip(f"{row.path}\n{WORDS[row.op]}" if column == 0 else text[:_TIP_CHARACTERS])
        return visible(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text):,} characters)")


def line(row: Difference) -> str:
    """A difference as one line of text, for copying."""
    arrow = " → ".join(part for part in (row.before, row.after) if part)
    return f"{SIGNS[row.op]} {row.path}: {arrow}"
