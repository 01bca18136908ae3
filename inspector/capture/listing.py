"""The numbers of a capture's events in the order of a list, a piece at a time: for lists of millions, with a filter or without.

A pass is a value: `advance` gives what was found and the pass that goes on from there, so a search can be stopped, resumed or
forgotten at any point and nothing is lost. No Qt. Read `looking` for the statements, `merging`
for events that arrive later, `reader` for single events.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from inspector.capture import looking
from inspector.capture.asking import Watermark
from inspector.capture.looking import NONE, Ask, Numbers, keyed, keyed_of, log_ranks, look, look_at_log, ordered
from inspector.capture.lookups import candidates
from inspector.capture.reader import CaptureReader

_BLOCK_EVENTS = 16_384
ADVANCE_S = 0.06
"""One `advance` takes about so long: an answer comes often, and others get their turn between."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one piece of a pass gave. `share` is how much of the capture the pass went by so far, 0 to 1."""

    seqs: Numbers
    """In the list's order, following those found before."""
    looked: int = 0
    """Events within the time range that were looked at."""
    not_applicable: int = 0
    """Of these, the ones the filter cannot be asked of."""
    share: float = 0.0
    is_looked_up: bool = False
    """Found through an index: all the others were not asked, so what is not applicable is not counted."""


class Pass(Protocol):
    """The rest of a walk through a capture."""

    def step(self, reader: CaptureReader) -> tuple[Found, Pass | None]:
        """The next piece, and what is left of the walk; None at its end."""
        ...


def begin(reader: CaptureReader, ask: Ask, mark: Watermark) -> Pass | None:
    """A walk through the events up to `mark` in the order asked for; None when there are none."""
    if not mark.last_seq:
        return None
    if ask.condition is not None and (found := candidates(reader, ask.condition.lookups, mark)) is not None:
        return _LookupPass(ask, found[:: ask.sign], log_ranks(reader))
    if ask.order == "log":
        logs = tuple(int(row[0]) for row in reader.select("SELECT id FROM log ORDER BY name, partition, id"))
        return _LogPass(ask, mark, logs[:: ask.sign]) if logs else None
    if ask.order == "time":
        return _time_pass(reader, ask, mark)
    spans: tuple[tuple[int, int], ...] = ((mark.first_seq, mark.last_seq),)
    if ask.has_range:
        spans = tuple((first, last) for first, last, *_ in blocks_of(reader, ask, mark))
    return _ArrivalPass(ask, spans[:: ask.sign], sum(last - first + 1 for first, last in spans)) if spans else None


def advance(reader: CaptureReader, walk: Pass, *, budget_s: float = ADVANCE_S, is_parallel: bool = False) -> tuple[Found, Pass | None]:
    """As many pieces as `budget_s` seconds allow, at least one, as one; `is_parallel`: two at a time where that can be."""
    until = time.monotonic() + budget_s
    pieces: list[Found] = []
    left: Pass | None = walk
    while left is not None:
        if is_parallel and isinstance(left, _ArrivalPass) and left.ask.condition is not None:
            found, left = left.two_steps(reader)
        else:
            found, left = left.step(reader)
        pieces.append(found)
        if time.monotonic() >= until:
            break
    is_looked_up = any(piece.is_looked_up for piece in pieces)
    whole = Found(
        np.concatenate([piece.seqs for piece in pieces]),
        sum(piece.looked for piece in pieces),
        sum(piece.not_applicable for piece in pieces),
        pieces[-1].share if left is not None else 1.0,
        is_looked_up,
    )
    return whole, left


@dataclass(frozen=True, slots=True)
class _ArrivalPass:
    """By number. `spans` are stretches of numbers in reading order; `at` says how far the first of them is done."""

    ask: Ask
    spans: tuple[tuple[int, int], ...]
    total: int
    passed: int = 0
    place: int = 0
    at: int | None = None
    where: str = ""

    def step(self, reader: CaptureReader) -> tuple[Found, Pass | None]:
        """The next page of numbers."""
        low, high, share, left = self.page()
        return self._look(reader, low, high, share), left

    def two_steps(self, reader: CaptureReader) -> tuple[Found, Pass | None]:
        """The next two pages, the second one on another thread meanwhile."""
        low, high, share, following = self.page()
        if following is None:
            return self._look(reader, low, high, share), None
        next_low, next_high, next_share, left = following.page()
        later = reader.beside().run(lambda other: self._look(other, next_low, next_high, next_share))
        first, second = self._look(reader, low, high, share), later.result()
        seqs = np.concatenate([first.seqs, second.seqs])
        return Found(seqs, first.looked + second.looked, first.not_applicable + second.not_applicable, second.share), left

    def page(self) -> tuple[int, int, float, _ArrivalPass | None]:
        """(first number, last number, how much is passed with it, the walk after it) of the next page."""
        first, last = self.spans[self.place]
        if self.ask.newest_first:
            last = last if self.at is None else self.at
            low, high = max(first, last - looking.PAGE + 1), last
        else:
            first = first if self.at is None else self.at
            low, high = first, min(last, first + looking.PAGE - 1)
        passed = self.passed + high - low + 1
        share = passed / max(self.total, 1)
        if (low, high) != (first, last):
            return low, high, share, replace(self, passed=passed, at=low - 1 if self.ask.newest_first else high + 1)
        is_over = self.place + 1 == len(self.spans)
        return low, high, share, None if is_over else replace(self, passed=passed, place=self.place + 1, at=None)

    def _look(self, reader: CaptureReader, low: int, high: int, share: float) -> Found:
        seqs, looked, not_applicable = look(reader, self.ask, low, high, self.where)
        return Found(seqs[:: self.ask.sign], looked, not_applicable, share)


@dataclass(frozen=True, slots=True)
class _LogPass:
    """By log, partition, position. `at` is the position, and its part, of the last event seen of the first log left."""

    ask: Ask
    mark: Watermark
    logs: tuple[int, ...]
    passed: int = 0
    place: int = 0
    at: tuple[int, int] | None = None

    def step(self, reader: CaptureReader) -> tuple[Found, Pass | None]:
        """The next page of one log's positions."""
        seqs, looked, not_applicable, count, at = look_at_log(reader, self.ask, self.mark, self.logs[self.place], self.at)
        passed = self.passed + count
        found = Found(seqs, looked, not_applicable, min(passed / self.mark.events, 1.0))
        if count == looking.PAGE:
            return found, replace(self, passed=passed, at=at)
        is_over = self.place + 1 == len(self.logs)
        return found, None if is_over else replace(self, passed=passed, place=self.place + 1, at=None)


@dataclass(frozen=True, slots=True)
class _TimePass:
    """By time, then log, partition, position. Blocks come by their earliest time; what may still be preceded waits."""

    ask: Ask
    blocks: tuple[tuple[int, int, int, int], ...]
    """(first, last, earliest, latest), in reading order."""
    untimed: _ArrivalPass | None
    ranks: tuple[Numbers, Numbers]
    place: int = 0
    waiting: tuple[Numbers, ...] = ()
    """Sorted keys (see `keyed`) of the blocks read, without what was given already."""

    def step(self, reader: CaptureReader) -> tuple[Found, Pass | None]:
        """Reads one block, and gives what no later block can precede."""
        first, last, *_ = self.blocks[self.place]
        keys, looked, not_applicable = keyed(reader, self.ask, first, last, self.ranks, " AND event.time_us IS NOT NULL")
        following = self.blocks[self.place + 1] if self.place + 1 < len(self.blocks) else None
        ready, waiting = _part(self.waiting, keys, self._bound(following))
        found = Found(ready, looked, not_applicable, (self.place + 1) / len(self.blocks))
        if following is None:
            return found, self.untimed
        return found, replace(self, place=self.place + 1, waiting=waiting)

    def _bound(self, following: tuple[int, int, int, int] | None) -> int | None:
        if following is None:
            return None
        return -following[3] if self.ask.newest_first else following[2]


@dataclass(frozen=True, slots=True)
class _LookupPass:
    """The events that an index found, by number in pieces, by log or time in one."""

    ask: Ask
    seqs: Numbers
    """In the order in which they are looked at."""
    ranks: tuple[Numbers, Numbers]
    place: int = 0
    waiting: tuple[tuple[Numbers, ...], Numbers] = ((), NONE)
    """Keys (see `keyed_of`), and the numbers of events without a time in a list by time."""

    def step(self, reader: CaptureReader) -> tuple[Found, Pass | None]:
        """The next page of what the index found."""
        page, place = self.seqs[self.place : self.place + looking.PAGE], self.place + looking.PAGE
        is_timed, is_over = self.ask.order == "time", place >= len(self.seqs)
        keys, *_ = keyed_of(reader, self.ask, page, self.ranks, " AND event.time_us IS NOT NULL" if is_timed else "")
        share = 1.0 if is_over else place / len(self.seqs)
        if self.ask.order == "arrival":
            found = Found(np.sort(keys[-1])[:: self.ask.sign], share=share, is_looked_up=True)
            return found, None if is_over else replace(self, place=place)
        untimed = self.waiting[1]
        if is_timed:
            rest, *_ = keyed_of(reader, self.ask, page, self.ranks, " AND event.time_us IS NULL")
            untimed = np.concatenate([untimed, rest[-1]])
        waiting = ((*self.waiting[0], keys), untimed)
        if not is_over:
            return Found(NONE, share=share, is_looked_up=True), replace(self, place=place, waiting=waiting)
        timed = ordered(np.concatenate(waiting[0], axis=1)[0 if is_timed else 1 :])[-1]
        return Found(np.concatenate([timed, np.sort(untimed)[:: self.ask.sign]]), is_looked_up=True), None


def _time_pass(reader: CaptureReader, ask: Ask, mark: Watermark) -> Pass | None:
    found = blocks_of(reader, ask, mark)
    timed = [(first, last, low, high) for first, last, low, high, _ in found if low is not None and high is not None]
    timed.sort(key=lambda block: -block[3] if ask.newest_first else block[2])
    spans = tuple((first, last) for first, last, _, _, untimed in found if untimed)[:: ask.sign] if not ask.has_range else ()
    rest = None
    if spans:
        rest = _ArrivalPass(ask, spans, sum(last - first + 1 for first, last in spans), where=" AND event.time_us IS NULL")
    return _TimePass(ask, tuple(timed), rest, log_ranks(reader)) if timed else rest


def blocks_of(reader: CaptureReader, ask: Ask, mark: Watermark) -> list[tuple[int, int, int | None, int | None, int]]:
    """The runs of numbers that may hold an event of the time range, by number; small neighbours are joined."""
    rows = reader.select(
        "SELECT max(first_seq, ?1), min(last_seq, ?2), min_us, max_us, untimed FROM block WHERE last_seq >= ?1 AND first_seq <= ?2 "
        "AND (?3 IS NULL OR max_us >= ?3) AND (?4 IS NULL OR min_us < ?4) ORDER BY first_seq",
        (mark.first_seq, mark.last_seq, ask.from_us, ask.until_us),
    )
    joined: list[tuple[int, int, int | None, int | None, int]] = []
    for first, last, low, high, untimed in rows:
        if joined and first == joined[-1][1] + 1 and last - joined[-1][0] < _BLOCK_EVENTS:
            before = joined[-1]
            lows, highs = ([time_us for time_us in pair if time_us is not None] for pair in ((low, before[2]), (high, before[3])))
            joined[-1] = (before[0], last, min(lows, default=None), max(highs, default=None), untimed + before[4])
        else:
            joined.append((first, last, low, high, untimed))
    return joined


def _part(waiting: tuple[Numbers, ...], keys: Numbers, bound: int | None) -> tuple[Numbers, tuple[Numbers, ...]]:
    """The numbers of all keys before `bound`, in order, and the keys that wait on; no bound: all are ready."""
    whole = [*waiting, keys] if keys.shape[1] else list(waiting)
    cuts = [part.shape[1] if bound is None else int(np.searchsorted(part[0], bound)) for part in whole]
    ready = [part[:, :cut] for part, cut in zip(whole, cuts, strict=True) if cut]
    left = tuple(part[:, cut:] for part, cut in zip(whole, cuts, strict=True) if cut < part.shape[1])
    return (ordered(np.concatenate(ready, axis=1))[-1] if ready else NONE), left
