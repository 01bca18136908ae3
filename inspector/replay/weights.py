"""How much work the events of a stream are, by the size of their documents: what is kept and stepped over is bounded by that. Pure.

Weights are characters of JSON: reading one takes about 25 ns, and so does what is done with it. Read `walk` for who asks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

EVENT = 256
"""What an event weighs besides its document."""
SMALL = 4_096
"""Where no document is larger than this, sizes make no difference worth reading them."""
_STEP = 4
"""Making a state of its own out of a document, and finding what it changed, takes so many times as long as folding it."""
SHARED = 8
"""A step takes as long as reading this part of the state, though it shares what did not change."""


class Weights:
    """Of events in replay order. `largest` is the size of the largest of their documents."""

    def __init__(self, upto: Sequence[int], largest: int) -> None:
        """`upto` is what the first n of them weigh, for each n from 0 on."""
        self._upto, self.largest = upto, largest

    @classmethod
    def of_small(cls, total: int, largest: int = 0) -> Weights:
        """Of so many events whose documents are small enough to weigh alike."""
        return cls(range(0, (total + 1) * EVENT, EVENT), largest)

    @classmethod
    def of(cls, sizes: Iterable[int], largest: int) -> Weights:
        """Of events whose documents have so many characters or so (below 0: there is none)."""
        return cls(array("q", accumulate((EVENT + size if size > 0 else EVENT for size in sizes), initial=0)), largest)

    @property
    def total(self) -> int:
        """What all of them weigh."""
        return self._upto[-1]

    def between(self, start: int, stop: int) -> int:
        """What the events from one place to another weigh."""
        return self._upto[stop] - self._upto[start]

    def back(self, stop: int, room: int) -> int:
        """The first place from which on the events up to `stop` weigh no more than `room`."""
        return bisect_left(self._upto, self._upto[stop] - room, 0, stop)

    def next(self, place: int, every: int) -> int:
        """The first place after this one with which another multiple of the weight `every` is come to; beyond the end for none."""
        return bisect_left(self._upto, (self._upto[place] // every + 1) * every)

    def is_turn(self, place: int, every: int) -> bool:
        """Whether the event before this place is one with which another multiple of the weight `every` is come to."""
        return place > 0 and self._upto[place] // every > self._upto[place - 1] // every

    def of_steps(self, start: int, stop: int, size: int) -> int:
        """What it takes to make each state from one place to another, where a state has so many characters."""
        return self.between(start, stop) * _STEP + (stop - start) * (size // SHARED)
