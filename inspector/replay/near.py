"""The states of a stream just before the one asked last, so that going back costs nothing. Read `walk` for who keeps them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from inspector.replay.blame import Blame
from inspector.replay.marks import size_of
from inspector.replay.stand import Stand

NEAR = 64
"""So many states are kept just before the one asked last."""
NEAR_CHARACTERS = 8 * 1024 * 1024
"""So much JSON text are those at most, were each alone; they share what did not change."""


class NearStands(OrderedDict[int, Stand]):
    """Place → what is known there, those used last at the end; at most `most` of them."""

    def __init__(self, most: int = NEAR) -> None:
        super().__init__()
        self.most = max(most, 1)

    def keep(self, stand: Stand) -> None:
        """Keeps one that stands for all events up to it."""
        if stand.last is not None and stand.failure is None:
            self[stand.place] = stand
            self.move_to_end(stand.place)

    def thin(self, stand: Stand) -> Stand:
        """Keeps no more than may be, and gives the newest one with its size where that matters."""
        if stand.size is None or stand.size * self.most > NEAR_CHARACTERS:
            stand = replace(stand, size=size_of(stand.state))
            if (kept := self.get(stand.place)) is not None:
                self[stand.place] = replace(kept, size=stand.size)
        most = max(2, min(self.most, NEAR_CHARACTERS // max(stand.size or 0, 1)))
        while len(self) > most:
            self.popitem(last=False)
        return stand

    def blamed_before(self, place: int) -> tuple[int, Blame]:
        """The last place up to this one of which it is known who set what, and that; 0 where none is."""
        known = {at: stand.blame for at, stand in self.items() if at <= place and stand.blame is not None}
        last = max(known, default=0)
        return last, known.get(last) or Blame()

    def cut(self, same: int) -> None:
        """Forgets what lies after the first `same` events."""
        for place in [place for place in self if place > same]:
            del self[place]
