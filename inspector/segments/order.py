"""Whether batches follow each other as they must: base offsets ascending, leader epochs never falling. Pure.

Nothing protects these fields, so a batch with a sound checksum may stand at a wrong offset. Which of two is wrong is told by
their neighbours: one batch is kept back until the next is seen. Read `survey` for who feeds this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from inspector.segments.framing import Frame
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


class Order:
    """Sees the sound batches of one partition in the order of its files; `accepted` is called for each that fits.

    `odd` says what is wrong with the others. `next` is the offset after the last that fits.
    """

    def __init__(self, start: int, accepted: Callable[[Step], None]) -> None:
        self.next = start
        self.odd: dict[Place, str] = {}
        self._accepted = accepted
        self._epoch = -1
        self._held: Step | None = None

    def take(self, new: Step) -> None:
        """The next batch."""
        held = self._held
        if held is None:
            self._held = new
            return
        wrong = self._wrong_offset(held, new)
        if wrong is new:
            self.odd[new.place] = f"its base offset {new.low} does not come after {held.high}, where the batch before it ends"
            return
        if wrong is held:
            self.odd[held.place] = (
                f"its base offset {held.low} stands between {self.next - 1} and {new.low}, where the batches around it are"
            )
            self._held = new
            return
        if 0 <= new.epoch < held.epoch:
            self._fallen(held, new)
        self._accept(held)
        self._held = new

    def finish(self) -> None:
        """No more comes."""
        if self._held is not None and self._held.low >= self.next:
            self._accept(self._held)
        elif self._held is not None:
            self.odd[self._held.place] = f"its base offset {self._held.low} does not come after {self.next - 1}"
        self._held = None

    @property
    def reaching(self) -> int:
        """The offset after the last batch that was seen, also one that is kept back."""
        return max(self.next, self._held.high + 1) if self._held is not None else self.next

    def _wrong_offset(self, held: Step, new: Step) -> Step | None:
        if held.low < self.next:
            return held
        if new.low > held.high:
            return None
        if new.low < self.next or (held.low == self.next and new.low != self.next):
            return new
        return held

    def _fallen(self, held: Step, new: Step) -> None:
        """The epoch falls: the held one was too high, or the new one is too low."""
        wrong = held if new.epoch >= self._epoch else new
        self.odd[wrong.place] = f"its leader epoch {wrong.epoch} does not fit: those around it are {self._epoch} and {new.epoch}"
        if wrong is new:
            self.odd[wrong.place] = f"its leader epoch {new.epoch} is below the {held.epoch} before it"

    def _accept(self, accepted: Step) -> None:
        if accepted.place not in self.odd and accepted.epoch >= 0:
            self._epoch = max(self._epoch, accepted.epoch)
        self._accepted(accepted)
        self.next = accepted.high + 1
