"""How the cells of the list of events look: their texts where room is short, colours, fonts, tooltips. Knows no row's place.

Read `event_table` for the use, `event_columns` for what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, tzinfo

from PySide6.QtGui import QBrush, QColor, QFont

from app import style
from app.models.event_columns import COLUMNS, KEY, STATE, TIME, VALUE, Columns
from app.models.event_rows import EMPTY, NULL, SERIOUS, STRUCK, Row
from app.models.roles import LEFT, RIGHT
from app.plain import tip

_TIMES = frozenset(place for place, column in enumerate(COLUMNS) if column.is_time)
_SPECIAL = _TIMES | {STATE, VALUE}
_ABSENT = {"null", "tombstone", "empty"}
_KEY_WORDS = {NULL: "null: there is no key", EMPTY: "empty: the key has 0 bytes"}


def zone_name(zone: tzinfo) -> str:
    """The zone as headers and boxes say it, such as `UTC` or `Europe/Berlin`."""
    return "UTC" if zone is UTC else str(zone)


class CellLook:
    """The looks of one list. `narrow` are columns with no room for their whole text; `day` is the newest day among the rows."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.narrow: frozenset[int] = frozenset()
        self.day = ""
        self.is_dimmed = False
        self.arrow: tuple[int, str] = (-1, "")
        """The column whose header says the order, and the arrow."""
        self._fixed = style.fixed_font()
        self._struck = {fixed: _struck(self._fixed if fixed else QFont()) for fixed in (False, True)}
        self._colors: dict[str, QColor] = {}
        self.refresh()

    def refresh(self) -> None:
        """Takes the colours of the tokens anew."""
        self._colors = {name: style.color(name) for name in ("text", "dim", "faint", "warn", "bad")}
        self._washes = [None, *(QBrush(wash) for wash in style.rule_washes())]

    def take_days(self, rows: Iterable[Row]) -> None:
        """Notes the newest day, which short times leave out."""
        self.day = max(self.day, max((row.cells[TIME][:10] for row in rows), default=""))

    def text(self, row: Row, column: int) -> str:
        """The text of a cell."""
        if column not in _SPECIAL:
            return row.cells[column]
        cell = row.cells[column]
        if column == STATE:
            return cell if STATE in self.narrow or not cell else f"{cell} {row.word}"
        if column == VALUE:
            return self._value(row, cell)
        return self._short_time(cell) if column in self.narrow else cell

    def _value(self, row: Row, cell: str) -> str:
        """Where the state has room for its sign only, its word stands before the value."""
        if row.word == "empty":
            return "empty"
        if STATE not in self.narrow or not row.word:
            return cell
        return row.word if row.word in _ABSENT or not cell else f"{row.word} · {cell}"

    def _short_time(self, text: str) -> str:
        """The time of day to the millisecond; on another day than the newest, the day and the minute."""
        if text[:10] == self.day:
            return text[11:23]
        return text[5:16] if text[:4] == self.day[:4] else text[:10]

    def color(self, row: Row | None, column: int) -> QColor:
        """The colour of a cell's text."""
        if self.is_dimmed:
            return self._colors["faint"]
        if row is not None:
            if column == STATE:
                return self._colors["bad" if row.flags & SERIOUS else "warn" if row.flags else "dim"]
            if row.flags & STRUCK or (column == VALUE and row.word in _ABSENT):
                return self._colors["faint"]
        return self._colors["dim" if self._columns[column].is_dim else "text"]

    def background(self, row: Row | None) -> QBrush | None:
        """What a colour rule paints under a row."""
        return self._washes[row.color] if row is not None and row.color else None

    def font(self, row: Row | None, column: int) -> QFont | None:
        """The font of a cell; None for the table's own."""
        is_fixed = self._columns[column].is_fixed
        if row is not None and row.flags & STRUCK and column != STATE:
            return self._struck[is_fixed]
        return self._fixed if is_fixed else None

    def alignment(self, column: int) -> int:
        """Numbers stand right."""
        return RIGHT if self._columns[column].is_number else LEFT

    def words(self, row: Row, column: int) -> str:
        """What a screen reader says of a cell: whole, and the state in words."""
        if column == STATE:
            return row.tip
        if column == KEY and row.cells[KEY] in _KEY_WORDS:
            return _KEY_WORDS[row.cells[KEY]]
        return self.text(row, column) if column == VALUE else row.cells[column]

    def tip(self, row: Row, column: int) -> str:
        """The tooltip of a cell."""
        words = self.words(row, column)
        if row.rule:
            words = f"{words}\ncolour {row.color}: {row.rule}".lstrip("\n")
        if row.unread_before:
            words = f"{words}\n{row.unread_before:,} positions before this one were not read".lstrip("\n")
        return tip(f"{words}\n{row.tip}" if column == VALUE and row.tip and STATE in self.narrow else words)

    def header(self, column: int, zone: tzinfo) -> str:
        """The header of a column: times have their zone there, and the order its arrow."""
        name = self._columns[column].header
        whole = f"{name} ({zone_name(zone)})" if self._columns[column].is_time else name
        return f"{whole} {self.arrow[1]}" if self.arrow[0] == column else whole


def _struck(font: QFont) -> QFont:
    struck = QFont(font)
    struck.setStrikeOut(True)
    return struck
