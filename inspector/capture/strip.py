"""What a picture of a whole list needs: which events are undecodable or late, and where an event stands among all in the list's order.

Read-only, a piece at a time. No Qt. Read `listing` for the orders, `app.models.match_lines` for the picture's numbers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from inspector.capture.asking import Watermark
from inspector.capture.listing import blocks_of
from inspector.capture.looking import Ask, Numbers
from inspector.capture.reader import CaptureReader
from inspector.event import Flag

Kinds = NDArray[np.uint8]
UNDECODABLE, LATE = 1, 2
"""The bits of a kind; an event may have both."""
_FLAGS = {UNDECODABLE: int(Flag.undecodable | Flag.damaged), LATE: int(Flag.late)}
_PIECE_EVENTS = 16_384
_Stretch = tuple[int, int, int | None, int | None]
LOOK_S = 0.05
"""One `kinds_of` takes about so long; a million events take 0.3 s in all, ten million 3 s, once."""


def kinds_of(reader: CaptureReader, first_seq: int, last_seq: int, *, budget_s: float = LOOK_S) -> Kinds:
    """The kinds of the events from `first_seq` on, a byte each, of as many as the time allows; at least of one piece."""
    until, at = time.monotonic() + budget_s, first_seq
    pieces: list[Kinds] = [np.empty(0, np.uint8)]
    while at <= last_seq:
        high = min(at + _PIECE_EVENTS - 1, last_seq)
        pieces.append(_kinds(reader, at, high))
        at = high + 1
        if time.monotonic() >= until:
            break
    return np.concatenate(pieces)


def _kinds(reader: CaptureReader, low: int, high: int) -> Kinds:
    found = np.zeros(high - low + 1, np.uint8)
    ((*texts,),) = reader.select(
        "SELECT json_group_array(seq) FILTER (WHERE flags & :undecodable), json_group_array(seq) FILTER (WHERE flags & :late) "
        "FROM event WHERE seq BETWEEN :low AND :high",
        {"undecodable": _FLAGS[UNDECODABLE], "late": _FLAGS[LATE], "low": low, "high": high},
    )
    for kind, text in zip((UNDECODABLE, LATE), texts, strict=True):
        found[np.array(orjson.loads(text), dtype=np.int64) - low] |= kind
    return found


@dataclass(frozen=True, slots=True)
class Axis:
    """The stretches of numbers that a list goes through, by number; `before` says how many events its order has before each.

    In a list by time a stretch is a batch or some, so a place is right to as many events.
    """

    first: Numbers
    last: Numbers
    before: Numbers
    order: str
    newest_first: bool

    @property
    def total(self) -> int:
        """How many events there are."""
        return int((self.last - self.first + 1).sum())

    def places(self, seqs: Numbers) -> Numbers:
        """How many events come before each of these in the list's order, whether listed or not."""
        at = np.maximum(np.searchsorted(self.first, seqs, side="right") - 1, 0) if len(self.first) > 1 else 0
        inside = np.minimum(seqs, self.last[at])
        return self.before[at] + (self.last[at] - inside if self.newest_first else np.maximum(inside - self.first[at], 0))

    def searched(self, share: float) -> float:
        """The part of all events, from the top of the list, that a search went by which says it is so far."""
        if self.order != "time" or not len(self.first):
            return share
        ends = np.sort(self.before + self.last - self.first + 1)
        done = min(round(share * len(ends)), len(ends))
        return int(ends[done - 1]) / self.total if done else 0.0


def axis_of(reader: CaptureReader, ask: Ask, mark: Watermark) -> Axis:
    """The axis of a list by arrival or time of the events up to `mark`, within the time range asked for."""
    if ask.order != "time" and not ask.has_range:
        spans: list[_Stretch] = [(mark.first_seq, mark.last_seq, 0, 0)]
    else:
        spans = [(first, last, low, high) for first, last, low, high, _ in blocks_of(reader, ask, mark)]
    ordered = sorted(range(len(spans)), key=lambda place: _rank(ask, spans[place]))
    first, last = (np.array([span[side] for span in spans], dtype=np.int64) for side in (0, 1))
    lengths = (last - first + 1)[ordered]
    before = np.zeros(len(spans), np.int64)
    before[ordered] = np.cumsum(lengths) - lengths
    return Axis(first, last, before, ask.order, ask.newest_first)


def _rank(ask: Ask, span: _Stretch) -> tuple[bool, int]:
    """Where a stretch comes in the list's order; what has no time at all comes last in a list by time."""
    first, _, low, high = span
    if ask.order != "time":
        return False, first * ask.sign
    time_us = high if ask.newest_first else low
    return time_us is None, (time_us or 0) * ask.sign
