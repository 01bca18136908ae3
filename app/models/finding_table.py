"""Findings as rows: how much each matters, its sentence, where it is and how many. No I/O.

Read `finding_words` for what is said, `panes.findings` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from app import style
from app.models.finding_words import TONES, by_severity, matching, place_words, severity_words, short_text
from app.models.list_table import ListTable
from app.models.roles import ALIGNED, COLOR, DISPLAY, SPOKEN, TIP, Index
from app.plain import tip
from inspector.capture.findings import Kept
from inspector.text import shortened, visible

HEADERS = ("severity", "finding", "where", "count", "check")
SEVERITY, SENTENCE, WHERE, COUNT, RULE = range(5)
_SHOWN_CHARACTERS = 300


class FindingTable(ListTable[Kept]):
    """All findings of a capture, or those that hold the words typed; errors first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(HEADERS, parent, right=(COUNT,))
        self.all: Sequence[Kept] = ()
        self.words = ""

    def show_findings(self, findings: Sequence[Kept]) -> None:
        """Shows other findings, of which those are listed that hold the words."""
        self.all = by_severity(findings)
        self._list()

    def narrow(self, words: str) -> None:
        """Lists those that hold these words."""
        self.words = words
        self._list()

    def _list(self) -> None:
        listed = matching(self.all, self.words)
        if listed != self.rows:
            self.show_rows(listed)

    def at(self, index: Index) -> Kept | None:
        """The finding of a row."""
        return self.rows[index.row()] if index.isValid() and index.row() < len(self.rows) else None

    def row_of(self, one: Kept) -> int:
        """Where it stands; −1 when it is not listed. What it says is what it is: it may have been found again."""
        same = (one.rule, one.text)
        return next((row for row, other in enumerate(self.rows) if (other.rule, other.text) == same), -1)

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        one = self.at(index)
        if one is None:
            return None
        column = index.column()
        if role in {DISPLAY, SPOKEN}:
            text = short_text(one) if role == DISPLAY and column == SENTENCE else _cell(one, column)
            return visible(shortened(text, _SHOWN_CHARACTERS))
        if role == COLOR:
            return style.color(TONES.get(one.severity, "dim") if column == SEVERITY else "text" if column == SENTENCE else "dim")
        if role == ALIGNED:
            return self.side(column)
        return tip(_cell(one, column)) if role == TIP else None


def _cell(one: Kept, column: int) -> str:
    cells = (severity_words(one), one.text, place_words(one), f"{one.count:,}", one.rule)
    return cells[column]
