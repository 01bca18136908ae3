"""Finds which events a list has: walks the capture by pieces on a worker, with a filter or without, and keeps up as it grows.

Fills an `EventTable`; knows no view. An answer to an older question is never taken. Read `inspector.capture.listing` for
the walk, `inspector.capture.merging` for what comes later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.models.event_table import EventTable
from app.models.rows import Listing
from app.models.wish import Wish
from app.session import Session
from inspector.capture.asking import Watermark
from inspector.capture.listing import Found, Pass, advance, begin
from inspector.capture.looking import Ask, Numbers
from inspector.capture.merging import Late, late
from inspector.capture.reader import CaptureReader
from inspector.errors import QueryError
from inspector.query import condition

T = TypeVar("T")
_FIRST_S = 0.02
_DIM_MS = 200
_LATE_EVENTS = 4_096
"""So many of the events that came since are looked at in one job."""
_LANE = "list"


@dataclass(frozen=True, slots=True)
class _Begun:
    """The answer to a new question."""

    ask: Ask
    found: Found | None
    left: Pass | None


class Lister(QObject):
    """Keeps `model` what `wish` asks for. Numbers say how far it is; `error` why it stopped, if it did by itself.

    `wanted` is what was asked for last: it becomes the `wish` when its first rows are there, unless it is refused.
    """

    progressed = Signal()
    """Some of the numbers changed."""
    listed = Signal(object, object)
    """`(row, numbers)`: rows were put at the end of the list while it is being made."""
    grew = Signal(object)
    """`(count)`: events that arrived since are in the list now."""
    refused = Signal(object)
    """`(QueryError)`: the filter is wrong; the list is what it was."""
    accepted = Signal()
    """The wish is in force, and its first rows are there."""

    def __init__(self, session: Session, model: EventTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._model = session, model
        self.wish = self.wanted = Wish()
        self._mark: Watermark | None = None
        self._is_asking = False
        self._turn = 0
        self._clear()
        self._late = QTimer(self, singleShot=True, interval=_DIM_MS)
        self._late.timeout.connect(lambda: model.set_dimmed(on=True))

    def _clear(self) -> None:
        self.looked = self.not_applicable = 0
        self.share = 0.0
        self.error = ""
        self.is_stopped = self._is_merging = self.is_looked_up = False
        self._walk: Pass | None = None
        self._ask: Ask | None = None
        self._listed_to = self._first_seq = 0

    @property
    def is_searching(self) -> bool:
        """Whether a walk is under way."""
        return self._walk is not None and not self.is_stopped

    @property
    def is_done(self) -> bool:
        """Whether everything that was there when the question was asked was looked at."""
        return self._walk is None and not self.is_stopped

    # ---- asking

    def _run(self, fn: Callable[[CaptureReader], T], done: Callable[[T], None]) -> None:
        """Asks a worker; what was asked before is forgotten, even an answer that is on its way here."""
        self._turn += 1
        turn = self._turn

        def answered(result: T) -> None:
            if turn == self._turn:
                done(result)

        def failed(error: str) -> None:
            if turn == self._turn:
                self._failed(error)

        self._session.work.run(fn, answered, failed, lane=_LANE)

    def _forget(self) -> None:
        """No answer to anything asked so far is taken."""
        self._run(lambda _reader: None, lambda _nothing: None)

    def show(self, wish: Wish) -> None:
        """Lists something else. A wrong filter is `refused` and changes nothing."""
        mark, self.wanted = self._mark, wish
        if wish.is_arithmetic or mark is None or not mark.last_seq:
            self._forget()
            if wish.filter:
                self._check(wish)
                return
            self._accept(wish)
            return
        self._late.start()
        self._is_asking = True

        def ask(reader: CaptureReader) -> _Begun | QueryError:
            try:
                asked = _asked(wish)
            except QueryError as error:
                return error
            walk = begin(reader, asked, mark)
            found, left = advance(reader, walk, budget_s=_FIRST_S) if walk is not None else (None, None)
            return _Begun(asked, found, left)

        self._run(ask, lambda begun: self._begun(wish, mark, begun))

    def _check(self, wish: Wish) -> None:
        """There is nothing to search yet: only whether the filter can be read is asked."""

        def check(_reader: CaptureReader) -> QueryError | None:
            try:
                _asked(wish)
            except QueryError as error:
                return error
            return None

        def checked(error: QueryError | None) -> None:
            if error is not None:
                self._refuse(error)
            elif self._mark is not None and self._mark.last_seq:
                self.show(wish)  # events came while it was asked
            else:
                self._accept(wish)

        self._run(check, checked)

    def _accept(self, wish: Wish) -> None:
        """What needs no search is there at once."""
        self._undim()
        self._clear()
        self.wish = wish
        if wish.is_arithmetic:
            self._model.show_everything(self._mark, newest_first=wish.newest_first)
        else:
            self._model.show_listing()
        self.accepted.emit()
        self.progressed.emit()

    def _undim(self) -> None:
        self._is_asking = False
        self._late.stop()
        self._model.set_dimmed(on=False)

    def _begun(self, wish: Wish, mark: Watermark, begun: _Begun | QueryError) -> None:
        self._undim()
        if isinstance(begun, QueryError):
            self._refuse(begun)
            return
        self._clear()
        self.wish, self._ask, self._walk, self._listed_to = wish, begun.ask, begun.left, mark.last_seq
        self._model.show_listing()
        if begun.found is not None:
            self._take(begun.found)
        self.share = begun.found.share if begun.found is not None else 1.0
        self.accepted.emit()
        self.progressed.emit()
        self._go()

    def _refuse(self, error: QueryError) -> None:
        """The list stays what it is, and goes on."""
        self.wanted = self.wish
        self.refused.emit(error)
        if not self.is_stopped:
            self._is_merging = False
            self._go()

    # ---- walking

    def _go(self) -> None:
        """Asks for the next piece, or for what came since; nothing while another question is being asked, which would be lost."""
        if self._is_asking:
            return
        if self._walk is None:
            self._catch_up()
        elif not self.is_stopped:
            walk = self._walk
            is_parallel = not self._session.is_capturing  # then the other processor has enough to do
            self._run(lambda reader: advance(reader, walk, is_parallel=is_parallel), self._walked)

    def _walked(self, answer: tuple[Found, Pass | None]) -> None:
        found, self._walk = answer
        self._take(found)
        self.share = found.share
        if self._model.room <= 0 and self._walk is not None:
            self.is_stopped, self.error = True, "a list cannot be longer"
        self.progressed.emit()
        self._go()

    def _take(self, found: Found) -> None:
        self.looked += found.looked
        self.not_applicable += found.not_applicable
        self.is_looked_up |= found.is_looked_up
        seqs = self._still_there(found.seqs)[: max(self._model.room, 0)]
        if len(seqs):
            row = self._model.rows
            self._model.append(seqs)
            self.listed.emit(row, seqs)

    def _still_there(self, seqs: Numbers) -> Numbers:
        first = self._mark.first_seq if self._mark is not None else 0
        return seqs[seqs >= first]

    def stop(self) -> None:
        """Stops searching; what was found stays. What is just being asked for instead is not stopped."""
        if self.is_searching and not self._is_asking:
            self._forget()
            self.is_stopped = True
            self.progressed.emit()

    def go_on(self) -> None:
        """Searches on from where it stopped, or asks for what could not be asked."""
        if self.is_stopped:
            self.is_stopped, self.error = False, ""
            self.progressed.emit()
            if self.wanted == self.wish:
                self._go()
            else:
                self.show(self.wanted)

    def _failed(self, error: str) -> None:
        was_asking = self._is_asking
        self._undim()
        self._is_merging = False
        if error == "stopped":  # interrupted by a reader that was closed, not by us
            if was_asking:
                self.show(self.wanted)
            else:
                self._go()
            return
        self.is_stopped, self.error = True, error
        self._session.messages.say("warning", f"the list could not be read: {error}")
        self.progressed.emit()

    # ---- keeping up

    def follow(self, mark: Watermark) -> None:
        """Takes how far the capture is."""
        before, self._mark = self._mark, mark
        if before is not None and mark.last_seq < before.last_seq:
            self._model.restart()
            self._clear()
            self._model.show_listing()
            self.show(self.wanted)
            return
        if self.wish.is_arithmetic:
            self._model.set_watermark(mark)
        elif self._ask is None:
            if not self._is_asking:
                self.show(self.wish)
        elif not self._is_merging:
            self._let_go(mark)
            self._catch_up()

    def _let_go(self, mark: Watermark) -> None:
        """Takes away what the keep limit removed."""
        if mark.first_seq > self._first_seq:
            self._first_seq = mark.first_seq
            self._model.set_watermark(mark)

    def _catch_up(self) -> None:
        mark, ask = self._mark, self._ask
        if mark is None or ask is None or not self.is_done or self._is_merging or self._is_asking or mark.last_seq <= self._listed_to:
            return
        listed = self._model.listed
        assert isinstance(listed, Listing)
        rows = listed.copy()
        first = max(self._listed_to + 1, mark.first_seq)
        last = min(mark.last_seq, first + _LATE_EVENTS - 1)
        self._is_merging = True

        def merge(reader: CaptureReader) -> Late:
            return late(reader, ask, first, last, len(rows), rows.at)

        self._run(merge, lambda found: self._merged(last, found))

    def _merged(self, last: int, found: Late) -> None:
        self._is_merging = False
        if found.is_stale:
            self.show(self.wish)
            return
        self._listed_to = last
        self.looked += found.looked
        self.not_applicable += found.not_applicable
        self._model.insert(found.runs)
        if self._mark is not None:
            self._let_go(self._mark)
        if count := sum(len(seqs) for _, seqs in found.runs):
            self.grew.emit(count)
        self.progressed.emit()
        self._catch_up()


def _asked(wish: Wish) -> Ask:
    """The wish with its filter compiled. Raises QueryError with the column of a mistake."""
    ask = Ask(order=wish.order, newest_first=wish.newest_first)
    if wish.filter:
        ask = replace(ask, condition=condition(wish.filter))
    if wish.time_range is not None:
        ask = replace(ask, from_us=wish.time_range[0], until_us=wish.time_range[1])
    return ask
