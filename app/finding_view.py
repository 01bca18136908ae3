"""The list of findings: which columns there is room for; the details say what is left out. Knows no session.

Read `models.finding_table` for the rows, `panes.findings` for its use.
"""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent

from app.event_rows_view import RowsView
from app.models.finding_table import COUNT, RULE, WHERE, FindingTable

_SEVERITY_PX, _WHERE_PX, _COUNT_PX, _RULE_PX = 92, 200, 64, 116
_LEAST_PX = ((WHERE, 520), (COUNT, 420), (RULE, 760))
"""A column is shown in a list at least so wide."""


class FindingView(RowsView):
    """The rows of `table`."""

    def __init__(self, table: FindingTable) -> None:
        super().__init__(table, "Findings", [_SEVERITY_PX, 0, _WHERE_PX, _COUNT_PX, _RULE_PX])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out what there is no room for."""
        self._choose(event.size().width())
        super().resizeEvent(event)

    def _choose(self, width: int) -> None:
        widths = [_SEVERITY_PX, 0, _WHERE_PX, _COUNT_PX, _RULE_PX]
        for column, least in _LEAST_PX:
            self.setColumnHidden(column, width < least)
            # a hidden section keeps a width, which is none of the room there is
            widths[column] = widths[column] if width >= least else -1
        self.fit_columns(widths)

    def fit_columns(self, widths: list[int]) -> None:
        """Has columns of other widths, of which −1 is none."""
        self._widths = widths
        shown = [width for width in widths if width >= 0]
        share = (self.viewport().width() - sum(shown)) // max(shown.count(0), 1)
        for column, width in enumerate(widths):
            if width >= 0:
                self.horizontalHeader().resizeSection(column, width or max(share, 60))
