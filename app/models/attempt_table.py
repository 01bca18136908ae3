"""What every decoder makes of one value, as rows: how sure it is, what came of it, where it stopped, which schema it went by. No I/O.

Read `inspector.capture.explaining` for what is told here, `app.dialogs.explain` for the view.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from app import style
from app.models.list_table import ListTable
from app.models.roles import ALIGNED, COLOR, DISPLAY, TIP, Index
from app.plain import tip
from inspector.capture.explaining import Tried
from inspector.text import shortened, visible

HEADERS = ("decoder", "sure", "result", "stopped at", "schema")
RESULT, STOPPED = 2, 3
_SHOWN_CHARACTERS = 300


class AttemptTable(ListTable[Tried]):
    """The decoders that were tried last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(HEADERS, parent, right=(1,))

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, COLOR, TIP, ALIGNED} or not index.isValid():
            return None
        one, column = self.rows[index.row()], index.column()
        if role == DISPLAY:
            return visible(shortened(_cell(one, column), _SHOWN_CHARACTERS))
        if role == COLOR:
            return style.color(_tone(one, column))
        if role == ALIGNED:
            return self.side(column)
        return tip(_cell(one, column))


def result_words(one: Tried) -> str:
    """What came of it, with a sign."""
    return f"✕ {one.error}" if one.error else "✓ reads it"


def _cell(one: Tried, column: int) -> str:
    if column == 0:
        return f"{one.decoder} (used)" if one.is_used else one.decoder
    if column == 1:
        return "not asked" if one.sureness <= 0 else f"{one.sureness:.0%}"
    if column == RESULT:
        return result_words(one)
    if column == STOPPED:
        return "" if one.stopped_at is None else f"byte {one.stopped_at:,}"
    return one.schema


def _tone(one: Tried, column: int) -> str:
    if column == RESULT:
        return "bad" if one.error and one.sureness > 0 else "dim" if one.error else "ok"
    if column == STOPPED:
        return "accent"
    return "text" if one.sureness > 0 and column == 0 else "dim"
