"""Finds what the strip beside a list shows: asks workers for kinds and colours a piece at a time, and draws lines of them.

Kinds of events are looked at once a capture, a byte each; colours of some thousand events; matches are in the list already.
Knows no widget. Read `models.match_lines` for the numbers, `inspector.capture.strip` for the questions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.lister import Lister
from app.models.color_rules import Painted, colors_of
from app.models.event_table import EventTable
from app.models.match_lines import Lines, lines_of_matches, lines_of_rows, samples, spread
from app.models.rows import Listing, Span
from app.session import Session
from inspector.capture.asking import Watermark
from inspector.capture.looking import Ask
from inspector.capture.reader import CaptureReader
from inspector.capture.strip import LOOK_S, Kinds, axis_of, kinds_of

_LEAST_MS, _MOST_MS = 100, 2_000
_REST = 10
"""Lines are made at most one part in so many of the time, and at most ten times a second."""
_ASKED_AT_ONCE = 128
MOST_EVENTS = 200_000_000
"""A capture with more has no map: each takes a byte of memory, and a stranger's file may claim any number."""
_LANE = "match map"


class KindStore:
    """What was looked at: `kinds` of the events from `first_seq` on, followed by room in which all is 0."""

    def __init__(self) -> None:
        self.first_seq, self.until_seq = 1, 1
        self._kinds: Kinds = np.zeros(1, np.uint8)

    def follow(self, mark: Watermark) -> None:
        """Has room for all that is there; forgets what another capture had."""
        if mark.last_seq + 1 < self.until_seq or self.until_seq <= mark.first_seq:
            self.first_seq = self.until_seq = mark.first_seq
            self._kinds = np.zeros(1, np.uint8)
        if mark.last_seq - self.first_seq + 2 > len(self._kinds):
            known = self._kinds[mark.first_seq - self.first_seq : self.until_seq - self.first_seq]
            self._kinds = spread(known, mark.events * 5 // 4 + 1)
            self.first_seq = mark.first_seq

    def take(self, kinds: Kinds) -> None:
        """Puts the next ones behind those that are known."""
        at = self.until_seq - self.first_seq
        special = np.flatnonzero(kinds)  # memory that nothing was written to takes no room
        self._kinds[at + special] = kinds[special]
        self.until_seq += len(kinds)

    def known(self) -> Kinds:
        """What is known, and one more that is 0."""
        return self._kinds[: self.until_seq - self.first_seq + 1]


@dataclass(frozen=True, slots=True)
class _Question:
    """What one job is asked: everything it looks at, as it was then."""

    listed: Span | Listing
    count: int
    mark: Watermark
    store: KindStore
    noted: Sequence[int]
    rules: Sequence[Painted]
    colors: Mapping[int, int]
    ask: Ask | None
    """The filter's question when the lines are of all events; None: they are of the list's rows."""
    share: float
    is_due: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    kinds: Kinds | None = None
    colors: Mapping[int, int] = field(default_factory=dict)
    lines: Lines | None = None
    took_s: float = 0.0
    is_more: bool = False


class MatchMapper(QObject):
    """`drawn` gives the lines of a list whenever they became others. `count` is how many are wanted; 0: none, it costs nothing."""

    drawn = Signal(object)
    """`(Lines)`"""

    def __init__(self, session: Session, model: EventTable, lister: Lister, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._model, self._lister = session, model, lister
        self.count = 0
        self._store = KindStore()
        self._colors: dict[int, int] = {}
        self._turn = 0
        self._is_asking = self._is_stale = False
        self._made_s = 0.0
        self._soon = QTimer(self, singleShot=True, interval=_LEAST_MS)
        self._soon.timeout.connect(self._ask)
        for changed in (model.rowsInserted, model.rowsRemoved, model.layoutChanged, lister.progressed, session.notes.changed):
            changed.connect(self._changed)
        model.modelReset.connect(self._restart)
        model.rules_changed.connect(self._recolor)

    def want(self, count: int) -> None:
        """Another number of lines is wanted."""
        if count != self.count:
            self.count = count
            self._changed()

    # ---- when

    def _changed(self, *_what: object) -> None:
        if self._is_asking:
            self._is_stale = True
        elif self.count and not self._soon.isActive():
            self._soon.start()

    def _restart(self) -> None:
        """The list is another one: what is on its way is of the one before."""
        self._turn += 1
        self._is_asking = self._is_stale = False
        self.drawn.emit(Lines())
        if self.count:
            self._soon.start(0)

    def _recolor(self, _rules: object) -> None:
        self._colors = {}
        self._restart()

    # ---- asking

    def _ask(self) -> None:
        mark = self._session.watermark
        if mark is None or not 0 < mark.events <= MOST_EVENTS or not self.count:
            return
        self._store.follow(mark)
        self._is_asking, self._is_stale = True, False
        self._turn += 1
        turn, question = self._turn, self._question(mark)

        def answered(answer: _Answer) -> None:
            if turn == self._turn:
                self._take(answer)

        def failed(error: str) -> None:
            if turn == self._turn:
                self._is_asking = False
                if error == "stopped":
                    self._changed()

        self._session.work.run(lambda reader: _answer(reader, question), answered, failed, lane=_LANE)

    def _question(self, mark: Watermark) -> _Question:
        wish, listed = self._lister.wish, self._model.listed
        is_of_all = bool(wish.filter) and wish.order != "log" and isinstance(listed, Listing)
        ask = None
        if is_of_all:
            low, high = wish.time_range or (None, None)
            ask = Ask(wish.order, wish.newest_first, from_us=low, until_us=high)
        seqs = (note.seq for note in self._session.notes.all if note.seq is not None)
        noted = [seq for seq in seqs if mark.first_seq <= seq <= mark.last_seq]
        share = 1.0 if self._lister.is_looked_up or self._lister.is_done else self._lister.share
        is_due = time.monotonic() >= self._made_s
        return _Question(listed.copy(), self.count, mark, self._store, noted, self._model.rules, dict(self._colors), ask, share, is_due)

    def _take(self, answer: _Answer) -> None:
        self._is_asking = False
        if answer.kinds is not None:
            self._store.take(answer.kinds)
        self._colors.update(answer.colors)
        if answer.lines is not None:
            rest_ms = min(max(_REST * answer.took_s * 1_000, _LEAST_MS), _MOST_MS)
            self._made_s = time.monotonic() + rest_ms / 1_000
            self._soon.setInterval(int(rest_ms))
            self.drawn.emit(self._named(answer.lines))
        if answer.is_more:
            self._soon.start(0)
        elif self._is_stale or answer.lines is None:
            self._changed()

    def _named(self, lines: Lines) -> Lines:
        mark, store = self._session.watermark, self._store
        known, events = store.until_seq - store.first_seq, mark.events if mark is not None else 0
        return replace(lines, looked=min(known / max(events, 1), 1.0), names={rule.color: rule.words for rule in self._model.rules})


def _answer(reader: CaptureReader, question: _Question) -> _Answer:
    """One job: the next piece of what is to be looked at, then lines of what is known, if it is time for them."""
    if question.ask is not None:
        begun = time.monotonic()
        assert isinstance(question.listed, Listing)
        axis = axis_of(reader, question.ask, question.mark)
        lines = lines_of_matches(question.listed, question.count, axis, question.noted, question.share)
        return _Answer(lines=lines, took_s=time.monotonic() - begun)
    store, mark = question.store, question.mark
    before, until_seq = store.known(), store.until_seq
    kinds = kinds_of(reader, until_seq, mark.last_seq)
    found, is_colored = _colors(reader, question)
    is_more = until_seq + len(kinds) <= mark.last_seq or not is_colored
    if is_more and not question.is_due:
        return _Answer(kinds, found, is_more=True)
    begun = time.monotonic()
    known = spread(before[:-1], len(before) + len(kinds))
    special = np.flatnonzero(kinds)
    known[len(before) - 1 + special] = kinds[special]
    colors = {**question.colors, **found}
    lines = lines_of_rows(question.listed, question.count, known, store.first_seq, question.noted, colors)
    return _Answer(kinds, found, lines, time.monotonic() - begun, is_more)


def _colors(reader: CaptureReader, question: _Question) -> tuple[dict[int, int], bool]:
    """The colours of some of the samples that are not known yet, and whether these are all."""
    if not question.rules:
        return {}, True
    _, seqs = samples(question.listed)
    unknown = [seq for seq in seqs.tolist() if seq not in question.colors]
    found: dict[int, int] = {}
    until = time.monotonic() + LOOK_S
    for place in range(0, len(unknown), _ASKED_AT_ONCE):
        asked = unknown[place : place + _ASKED_AT_ONCE]
        painted = colors_of(reader, asked, question.rules)
        found.update({seq: painted[seq].color if seq in painted else 0 for seq in asked})
        if time.monotonic() >= until:
            break
    return found, len(found) == len(unknown)
