"""Which events were looked at, one after the other, with a way back and forth. Belongs to a `Selection`; knows no pane."""

from __future__ import annotations

import time
from collections.abc import Callable

_STAYED_S = 0.4
"""An event that was current for a shorter time was only passed by."""
_MOST = 500


class Visited:
    """The events that stayed current for a moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seqs: list[int] = []
        self._place = -1
        self._seq = 0
        self._since_s = 0.0

    def pass_by(self, seq: int) -> None:
        """Another event is current; 0 for none."""
        now_s = self._clock()
        if now_s - self._since_s >= _STAYED_S:
            self._keep()
        self._seq, self._since_s = seq, now_s

    def _keep(self) -> None:
        """The current event was looked at."""
        if self._seq and not (self._place >= 0 and self._seqs[self._place] == self._seq):
            self._seqs = [*self._seqs[: self._place + 1][-_MOST:], self._seq]
            self._place = len(self._seqs) - 1

    def back(self) -> int:
        """The event that was looked at before, which is the one to be made current; 0 for none."""
        if not self._seq:
            return self._go(self._place)
        self._keep()
        return self._go(self._place - 1)

    def forward(self) -> int:
        """The event that `back` left; 0 for none."""
        is_there = self._place >= 0 and self._seqs[self._place] == self._seq
        return self._go(self._place + 1) if is_there else 0

    def _go(self, place: int) -> int:
        if not 0 <= place < len(self._seqs):
            return 0
        self._place = place
        self._seq, self._since_s = self._seqs[place], self._clock()
        return self._seq
