"""The list's model against a plain list: growth, eviction, orders, late rows, pages late, stale or refused, as Hypothesis likes."""

from __future__ import annotations

import os
import random

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from app.event_view import EventView
from app.models.durations import Reference, exact
from app.models.event_columns import COLUMNS, SINCE_ABOVE, SINCE_REFERENCE
from app.models.event_table import EventTable
from app.models.page_cache import PageRequest
from app.models.rows import Span
from inspector.capture.asking import Watermark
from tests.app.models.test_event_table import page

_MOST_ROWS = 320
_CACHE_BYTES = 3_000
_NUMBER = 3


class EventTableMachine(RuleBasedStateMachine):
    """`self.plain` is what the list should hold, row by row. A cell is empty or right, never wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.application = QApplication.instance() or QApplication([])
        self.model = EventTable(cache_bytes=_CACHE_BYTES, most_rows=_MOST_ROWS)
        self.watch()
        self.view = EventView(self.model)
        self.requests: list[PageRequest] = []
        self.model.page_wanted.connect(self.requests.append)
        self.plain: list[int] = []
        self.first, self.last = 1, 0
        self.told = 0
        self.model.rowsRemoved.connect(lambda _parent, first, last: self._count(first - last - 1))
        self.model.rowsInserted.connect(lambda _parent, first, last: self._count(last - first + 1))
        self.model.modelReset.connect(self._reset)
        self.chosen: tuple[int, QPersistentModelIndex] | None = None

    def watch(self) -> None:
        """Nobody else watches here, which is quick."""

    def _count(self, rows: int) -> None:
        self.told += rows

    def _reset(self) -> None:
        self.told = self.model.rows
        self.chosen = None

    @property
    def is_everything(self) -> bool:
        """Whether the list is all events as they arrived."""
        return isinstance(self.model.listed, Span)

    def _follow(self, first: int, last: int) -> None:
        """The capture holds `first` to `last`."""
        self.first, self.last = first, last
        self.model.set_watermark(Watermark(first, last))
        if isinstance(self.model.listed, Span):
            shown = range(self.model.listed.first_seq, last + 1)
            assert shown.start >= first
            assert shown.start == first or last - first + 1 > _MOST_ROWS // 2
            self.plain = list(shown)[:: -1 if self.model.listed.newest_first else 1]
        else:
            self.plain = [seq for seq in self.plain if seq >= first]
        if self.chosen is not None and self.chosen[0] not in self.plain:
            self.chosen = None

    @rule(count=st.integers(0, 150))
    def grow(self, count: int) -> None:
        """Events come."""
        if self.last + count:
            self._follow(self.first, self.last + count)

    @precondition(lambda self: self.last)
    @rule(gone=st.integers(0, 200), count=st.integers(0, 150))
    def grow_with_a_keep_limit(self, gone: int, count: int) -> None:
        """Events come and the oldest go, perhaps all that were there."""
        last = self.last + count
        self._follow(min(self.first + gone, last), last)

    @precondition(lambda self: self.is_everything and self.last > 1)
    @rule(part=st.floats(0, 0.99))
    def be_replaced(self, part: float) -> None:
        """Another capture, shorter, took the file's place."""
        self.chosen = None
        self._follow(1, max(1, min(self.last - 1, int(self.last * part))))

    @rule(newest_first=st.booleans())
    def show_everything(self, *, newest_first: bool) -> None:
        """Another order: as it arrived."""
        self.model.show_everything(Watermark(self.first, self.last) if self.last else None, newest_first=newest_first)
        self._follow(self.first, self.last)

    @rule(seed=st.integers(0, 5), share=st.floats(0, 1))
    def show_a_listing(self, seed: int, share: float) -> None:
        """Another order, or a filter: some of the events, in any order, in pieces."""
        chance = random.Random(seed)
        there = list(range(self.first, self.last + 1))
        self.plain = chance.sample(there, int(min(len(there), 250) * share))
        self.model.show_listing()
        for start in range(0, len(self.plain), 100):
            self.model.append(np.array(self.plain[start : start + 100], dtype=np.int64))

    @precondition(lambda self: not self.is_everything)
    @rule(seed=st.integers(0, 5), count=st.integers(0, 40))
    def put_late_rows(self, seed: int, count: int) -> None:
        """Events that came later belong in many places of the list."""
        chance = random.Random(seed)
        there = set(self.plain)
        fresh = [seq for seq in range(self.last + 1, self.last + count + 1) if seq not in there]
        self.last += count
        runs: dict[int, list[int]] = {}
        for seq in fresh:
            runs.setdefault(chance.randint(0, len(self.plain)), []).append(seq)
        self.model.insert([(row, np.array(runs[row], dtype=np.int64)) for row in sorted(runs)])
        for row in sorted(runs, reverse=True):
            self.plain[row:row] = runs[row]

    @precondition(lambda self: self.plain)
    @rule(part=st.floats(0, 1))
    def look(self, part: float) -> None:
        """Some rows are painted."""
        top = int(part * (len(self.plain) - 1))
        for row in range(top, min(top + 40, len(self.plain))):
            self.model.data(self.model.index(row, _NUMBER))
        self.application.processEvents()

    @precondition(lambda self: self.plain)
    @rule(part=st.floats(0, 1))
    def choose(self, part: float) -> None:
        """A row becomes the chosen one."""
        row = int(part * (len(self.plain) - 1))
        self.view.is_all_selected = False
        self.chosen = self.plain[row], QPersistentModelIndex(self.model.index(row, 0))

    @rule()
    def choose_all(self) -> None:
        """Everything is chosen, without a look at any row."""
        asked = len(self.requests)
        self.view.selectAll()
        assert self.view.is_all_selected
        assert not self.view.selectionModel().selectedIndexes()
        assert len(self.requests) == asked

    @precondition(lambda self: self.requests)
    @rule(newest=st.booleans())
    def answer(self, *, newest: bool) -> None:
        """A page comes: perhaps of an older life, perhaps after its rows went or moved."""
        request = self.requests.pop(-1 if newest else 0)
        self.model.supply(request, page(request.seqs))

    @precondition(lambda self: self.requests)
    @rule()
    def answer_twice(self) -> None:
        """A page comes again, with other content: the second answer is not taken."""
        request = self.requests.pop()
        self.model.supply(request, page(request.seqs))
        self.model.supply(request, page(request.seqs, time="wrong"))

    @precondition(lambda self: self.requests)
    @rule()
    def refuse(self) -> None:
        """A page cannot be read."""
        self.model.refuse(self.requests.pop(0))

    @invariant()
    def rows_are_those_of_the_list(self) -> None:
        """As many rows as the list has, each with its number, and Qt was told of each change."""
        assert self.model.rowCount() == len(self.plain) == self.told
        assert self.model.listed.part(0, len(self.plain) - 1) == self.plain
        for row in {0, len(self.plain) // 2, len(self.plain) - 1} if self.plain else set():
            assert self.model.seq_of(row) == self.plain[row]
            assert self.model.row_of(self.plain[row]) == row

    @invariant()
    def what_was_chosen_is_chosen(self) -> None:
        """The chosen event's row moves with it."""
        if self.chosen is not None:
            seq, index = self.chosen
            assert index.isValid()
            assert self.plain[index.row()] == seq

    @invariant()
    def what_is_shown_is_right(self) -> None:
        """A cell is that of its row, or empty while its page is not there."""
        for row in range(0, len(self.plain), 23):
            known = self.model.known(row)
            assert known is None or known.cells == (str(self.plain[row]),) * len(COLUMNS)

    @rule(seq=st.integers(0, 400))
    def refer(self, seq: int) -> None:
        """Times are told relative to another event, in the list or not, or to none."""
        self.model.set_reference(Reference(seq, seq * 1_000) if seq else None)

    @invariant()
    def lengths_of_time_are_right(self) -> None:
        """A length is that of its row, or empty while one of the two pages is not there."""
        reference = self.model.reference
        for row in range(0, len(self.plain), 29):
            since, above = (str(self.model.data(self.model.index(row, column))) for column in (SINCE_REFERENCE, SINCE_ABOVE))
            seq = self.plain[row]
            if reference is None:
                assert since == ""
            else:
                assert since in {"", "reference" if seq == reference.seq else exact((seq - reference.seq) * 1_000)}
            assert above in {"", exact((seq - self.plain[row - 1]) * 1_000) if row else ""}

    @invariant()
    def memory_is_bounded(self) -> None:
        """The cache keeps to its bytes, and few questions are open."""
        cache = self.model.cache
        assert cache.size_bytes == sum(kept.size_bytes for kept in cache.pages.values())
        assert cache.size_bytes <= _CACHE_BYTES or len(cache.pages) == 1
        assert len(cache.asked) <= 2

    def teardown(self) -> None:
        """Everything wanted comes in the end."""
        if self.plain:
            self._settle()
        self.view.deleteLater()

    def _settle(self) -> None:
        bottom = len(self.plain) - 1
        for _ in range(20):
            if self.model.data(self.model.index(bottom, _NUMBER)) == str(self.plain[-1]):
                return
            self.application.processEvents()
            while self.requests:
                request = self.requests.pop(0)
                self.model.supply(request, page(request.seqs))
        raise AssertionError("the last row never came")


class WatchedMachine(EventTableMachine):
    """The same with Qt's own tester on the model, which looks at every cell after every change."""

    def watch(self) -> None:
        """Every change is checked."""
        self.tester = QAbstractItemModelTester(self.model, QAbstractItemModelTester.FailureReportingMode.Fatal)


TestEventTableStates = EventTableMachine.TestCase
TestEventTableStates.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestWatchedStates = WatchedMachine.TestCase
TestWatchedStates.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
