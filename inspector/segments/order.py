"""Whether batches follow each other as they must: base offsets ascending, leader epochs never falling. Pure.

Nothing protects these fields, so a batch with a sound checksum may stand at a wrong offset. Which ones are wrong is told by the
name of the file, which bounds them, and by their neighbours: the longest ascending chain of some batches is believed.
Read `survey` for who feeds this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from inspector.segments.framing import MOST_POSITION, Frame
from inspector.segments.transactions import Place


class Step(NamedTuple):
    """What of a batch must be in order; `low` is its first offset or, where only unpacking tells, its last."""

    place: Place
    low: int
    high: int
    epoch: int
    records: int
    is_whole: bool
    """Whether `low` is its first offset and every offset is counted (v2)."""


def step(place: Place, frame: Frame) -> Step:
    """The step that a batch is."""
    low = frame.base if frame.base >= 0 else frame.last
    return Step(place, low, frame.last, frame.leader_epoch, frame.records, frame.magic == 2)


_WINDOW = 16
"""So many batches are looked at together."""
MOST_IN_FILE = 1 << 31
"""No segment goes further above its base offset: its index has 32 bits for that."""
_MOST_ODD = 100_000
"""So many batches of one file may stand wrong; then nothing of what follows in it is believed."""
_GIVEN_UP = f"{_MOST_ODD:,} batches before it in the file do not fit either"


class Order:
    """Sees the sound batches of one partition in the order of its files; `accepted` is called for each that fits.

    `odd` says what is wrong with the others. `next` is the offset after the last that fits, once `settle` was called.
    """

    def __init__(self, start: int, accepted: Callable[[Step], None]) -> None:
        self.next = start
        self.odd: dict[Place, str] = {}
        self._accepted = accepted
        self._odd_before = 0
        self._given_up: dict[int, int] = {}
        """Number of a file → from which byte on nothing is believed."""
        self._floor, self._ceiling = 0, MOST_POSITION + 1
        self._window: list[Step] = []
        self._doubtful = 0
        """So many of the window's first batches lie before one that goes backwards."""
        self._last: Step | None = None
        self._epoch = -1

    def enter(self, base: int, next_base: int | None) -> None:
        """Another file begins, whose name says `base` (below 0: nothing), and the one after it `next_base`."""
        self.settle()
        self._floor = max(base, 0)
        self._ceiling = MOST_POSITION + 1 if base < 0 else min(base + MOST_IN_FILE, MOST_POSITION + 1)
        self._odd_before = len(self.odd)
        if next_base is not None:
            self._ceiling = min(self._ceiling, next_base)

    def take(self, new: Step) -> None:
        """The next batch of the file."""
        if len(self.odd) - self._odd_before >= _MOST_ODD:
            self._given_up.setdefault(*new.place)
            return
        if not self._floor <= new.low <= new.high < self._ceiling:
            self.odd[new.place] = f"its offsets {new.low} to {new.high} cannot be in a file that begins at {self._floor}"
            return
        if self._window and new.low <= self._window[-1].high:
            self._doubtful = len(self._window)
        self._window.append(new)
        if len(self._window) > _WINDOW:
            self._decide_first()

    def oddness(self, place: Place) -> str:
        """What is wrong with the place of the batch there; empty for nothing."""
        if place in self.odd:
            return self.odd[place]
        given_up = self._given_up.get(place[0])
        return _GIVEN_UP if given_up is not None and place[1] >= given_up else ""

    def settle(self) -> None:
        """No more comes of this file."""
        while self._window:
            self._decide_first()

    def _decide_first(self) -> None:
        first = self._window[0]
        fits = first.low >= self.next if not self._doubtful else first in chain(self._window, self.next)
        del self._window[0]
        self._doubtful = max(self._doubtful - 1, 0)
        if fits:
            self._accept(first)
        else:
            self.odd[first.place] = f"its base offset {first.low} does not fit: the batch before it ends at {self.next - 1}"

    def _accept(self, step: Step) -> None:
        if step.epoch >= 0:
            self._check_epoch(step)
        self._accepted(step)
        self.next = step.high + 1

    def _check_epoch(self, new: Step) -> None:
        """Where the epoch falls, the one before was too high if the new one fits to what was before that, else the new one is too low."""
        last = self._last
        if last is None or new.epoch >= last.epoch:
            self._epoch = self._epoch if last is None else last.epoch
        elif new.epoch >= self._epoch:
            assert last is not None
            self.odd[last.place] = f"its leader epoch {last.epoch} does not fit: the batch after it has {new.epoch}"
        else:
            self.odd[new.place] = f"its leader epoch {new.epoch} does not fit: the batch before it has {last.epoch}"
            return
        self._last = new


def chain(steps: Sequence[Step], start: int) -> list[Step]:
    """The longest ascending part of `steps` from `start` on; of equal ones the one whose gaps the steps left out would fill best."""
    ends = [0, *accumulate(one.high - one.low + 1 for one in steps)]
    best: list[tuple[float, int | None]] = []
    for number, new in enumerate(steps):
        score, before = (1.0 + _likelihood(new.low - start, ends[number])) if new.low >= start else 0.0, None
        for earlier, old in enumerate(steps[:number]):
            gained = best[earlier][0] + 1.0 + _likelihood(new.low - old.high - 1, ends[number] - ends[earlier + 1])
            if best[earlier][0] and new.low > old.high and gained > score:
                score, before = gained, earlier
        best.append((score, before))
    at: int | None = max(range(len(steps)), key=lambda number: best[number][0])
    found = []
    while at is not None and best[at][0]:
        found.append(steps[at])
        at = best[at][1]
    return found[::-1]


def _likelihood(gap: int, left_out: int) -> float:
    """How well a gap of so many offsets is explained by steps left out that have so many; under 1, so that length goes first."""
    return 0.03 if gap == left_out else 0.01 / (1 + abs(gap - left_out))
