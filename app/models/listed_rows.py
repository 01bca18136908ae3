"""Which event stands in which row of a list: everything as it arrived, or a list that was searched. Rows come and go; no texts.

No I/O, no SQL. Read `rows` for how the numbers are held, `event_table` for what the rows look like.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QObject

from app import style
from app.models.roles import NO_INDEX
from app.models.rows import Listing, Span
from inspector.capture.asking import Watermark
from inspector.capture.looking import Numbers

MOST_ROWS = (2**31 - 1) // style.ROW_PX - 2**20
"""Qt hangs when the rows together are 2³¹ pixels high."""
_MOST_RUNS = 32
"""So many insertions or removals are told to Qt one by one, at 0.7 ms each; more are told as one rearrangement, if that is quicker."""
_REARRANGED_IN_A_RUN = 14_000
"""Rows that are rearranged in the time that one insertion takes."""
_EVICTED_AT_ONCE = 1 << 20


class ListedRows(QAbstractTableModel):
    """Either everything as it arrived (`show_everything`, `set_watermark`), or a list (`show_listing`, `append`, `insert`)."""

    def __init__(self, parent: QObject | None, most_rows: int) -> None:
        super().__init__(parent)
        self.listed: Span | Listing = Span()
        self._most_rows = most_rows

    def _shifted(self) -> None:
        """Rows are others than they were."""

    def restart(self) -> None:
        """Another capture took the file's place: nothing that was read is valid."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.listed)

    @property
    def _most_runs(self) -> int:
        return max(_MOST_RUNS, self.rows // _REARRANGED_IN_A_RUN)

    @property
    def room(self) -> int:
        """How many rows more a view can show."""
        return self._most_rows - self.rows

    def show_everything(self, mark: Watermark | None, *, newest_first: bool = False) -> None:
        """Lists all events as they arrived, from now on by `set_watermark`."""
        span = Span(newest_first)
        if mark is not None and mark.last_seq:
            span = Span(newest_first, self._cap_first(mark.first_seq, mark.last_seq), mark.last_seq)
        self._begin(span)

    def show_listing(self) -> None:
        """Lists nothing; rows come by `append` and `insert`."""
        self._begin(Listing())

    def _begin(self, listed: Span | Listing) -> None:
        self.beginResetModel()
        self.listed = listed
        self._shifted()
        self.endResetModel()

    def set_watermark(self, mark: Watermark) -> None:
        """Follows the capture: the oldest go, and (of everything) the new ones come by one insert."""
        if isinstance(self.listed, Listing):
            self._remove_runs(self.listed.runs_below(mark.first_seq))
            return
        if mark.last_seq < self.listed.last_seq:
            self._begin(Span(self.listed.newest_first))
            self.restart()
        if not mark.last_seq:
            return
        span = self.listed
        if not self.rows:
            span.first_seq, span.last_seq = mark.first_seq, mark.first_seq - 1
        first = self._cap_first(max(mark.first_seq, span.first_seq), mark.last_seq)
        self._evict(span, min(first, span.last_seq + 1))
        if not self.rows:
            span.first_seq, span.last_seq = first, first - 1
        if (count := mark.last_seq - span.last_seq) > 0:
            row = 0 if span.newest_first else self.rows
            self.beginInsertRows(NO_INDEX, row, row + count - 1)
            span.last_seq = mark.last_seq
            self._shifted()
            self.endInsertRows()

    def _cap_first(self, first_seq: int, last_seq: int) -> int:
        """The first number to show when not all rows fit; moved in blocks, so that it moves seldom."""
        if last_seq - first_seq + 1 <= self._most_rows:
            return first_seq
        return last_seq - self._most_rows + 1 + min(_EVICTED_AT_ONCE, self._most_rows // 4)

    def _evict(self, span: Span, first_seq: int) -> None:
        if (gone := first_seq - span.first_seq) > 0:
            row = self.rows - gone if span.newest_first else 0
            self.beginRemoveRows(NO_INDEX, row, row + gone - 1)
            span.first_seq = first_seq
            self._shifted()
            self.endRemoveRows()

    def append(self, seqs: Numbers) -> None:
        """Puts rows at the end of the list."""
        self.insert([(self.rows, seqs)])

    def insert(self, runs: Sequence[tuple[int, Numbers]]) -> None:
        """Puts each run before a row of the list as it is now; runs come in the order of their rows."""
        assert isinstance(self.listed, Listing)
        if len(runs) > self._most_runs:
            whole, count = self.listed.whole(), self.rows
            self.insert([(count, np.concatenate([seqs for _, seqs in runs]))])
            at = np.concatenate([np.full(len(seqs), row) for row, seqs in runs])
            self._rearrange(np.insert(whole, at, np.concatenate([seqs for _, seqs in runs])))
            return
        for row, seqs in reversed(runs):
            if len(seqs):
                self.beginInsertRows(NO_INDEX, row, row + len(seqs) - 1)
                self.listed.insert(row, seqs)
                self._shifted()
                self.endInsertRows()

    def _remove_runs(self, runs: Sequence[tuple[int, int]]) -> None:
        """Takes stretches of rows away, the last first."""
        assert isinstance(self.listed, Listing)
        if len(runs) > self._most_runs:
            whole = self.listed.whole()
            gone = np.zeros(len(whole), bool)
            for row, count in runs:
                gone[row : row + count] = True
            self._rearrange(np.concatenate([whole[~gone], whole[gone]]))
            runs = [(int((~gone).sum()), int(gone.sum()))]
        for row, count in runs:
            self.beginRemoveRows(NO_INDEX, row, row + count - 1)
            self.listed.remove(row, count)
            self._shifted()
            self.endRemoveRows()

    def _rearrange(self, seqs: Numbers) -> None:
        """Gives the same rows another order; what is selected stays selected."""
        assert isinstance(self.listed, Listing)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [self.listed.at(index.row()) for index in before]
        self.listed.take_all(seqs)
        self._shifted()
        after = [self.index(self.listed.row_of(seq), index.column()) for seq, index in zip(kept, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def seq_of(self, row: int) -> int:
        """The number of the event in a row; 0 for no such row."""
        return self.listed.at(row) if 0 <= row < self.rows else 0

    def row_of(self, seq: int) -> int:
        """The row of an event, −1 when it is not in the list."""
        return self.listed.row_of(seq)
