"""What every decoder makes of one value, as rows: how sure it is, what came of it, where it stopped, which schema it went by. No I/O.

Read `inspector.capture.explaining` for what is told here, `app.dialogs.explain` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import style
from app.plain import tip
from inspector.capture.explaining import Tried
from inspector.text import shortened, visible

Index = QModelIndex | QPersistentModelIndex

HEADERS = ("decoder", "sure", "result", "stopped at", "schema")
RESULT, STOPPED = 2, 3
_NONE = QModelIndex()
_SHOWN_CHARACTERS = 300
_DISPLAY, _COLOR, _TIP, _ALIGNED = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
    )
)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class AttemptTable(QAbstractTableModel):
    """The decoders that were tried last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tried: Sequence[Tried] = ()

    def show_tried(self, tried: Sequence[Tried]) -> None:
        """Shows what was made of another value."""
        self.beginResetModel()
        self.tried = tried
        self.endResetModel()

    def rowCount(self, parent: Index = _NONE) -> int:
        """Decoders."""
        return 0 if parent.isValid() else len(self.tried)

    def columnCount(self, parent: Index = _NONE) -> int:
        """What is said of each."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and int(role) == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {_DISPLAY, _COLOR, _TIP, _ALIGNED} or not index.isValid():
            return None
        one, column = self.tried[index.row()], index.column()
        if role == _DISPLAY:
            return visible(shortened(_cell(one, column), _SHOWN_CHARACTERS))
        if role == _COLOR:
            return style.color(_tone(one, column))
        if role == _ALIGNED:
            return _RIGHT if column == 1 else None
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
