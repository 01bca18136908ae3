"""States kept along a stream, as JSON text, and who had set what there, each bounded in what it holds. Pure.

Read `walk` for who keeps them, `weights` for how far they are apart.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass

from inspector import values
from inspector.reducers import ABSENT
from inspector.replay.blame import Blame
from inspector.replay.sameness import same
from inspector.replay.weights import EVENT, Weights

FIRST_EVERY = 64
"""A state is kept after every so many small events at first; twice as many whenever too much is kept."""
MOST_MARKS = 512
MOST_BYTES = 32 * 1024 * 1024
"""So many bytes, together, are the states kept along one stream at most."""
MOST_NODES = 400_000
"""So many marks of who set what are kept along one stream at most: some 50 MB, were none of them shared."""
_PACKED_FROM = 64 * 1024
"""Texts of so many bytes are packed: a state of 5 MB takes 0.03 s for that, a tenth of folding as much, and a sixth of the room."""
_OVERHEAD = 64


def every_for(weights: Weights) -> int:
    """The weight after which a state is kept at first."""
    every = FIRST_EVERY * EVENT
    while every * MOST_MARKS < weights.total:
        every *= 2
    return every


@dataclass(frozen=True, slots=True)
class Frozen:
    """A state that nothing changes any more: its JSON text, or a copy where a text would not give it back.

    `characters` is about the length of its text, `held` how many bytes are kept of it.
    """

    text: bytes | None
    other: object = None
    characters: int = _OVERHEAD
    held: int = _OVERHEAD


def frozen(state: object) -> Frozen | None:
    """`state` as it can be kept; None for one that a user's reducer made and that is no JSON."""
    if state is ABSENT:
        return Frozen(None, ABSENT)
    text = values.quick_json(state)
    if text is None:
        try:
            text = values.to_json(state).encode()
        except ValueError:
            return None
        if not same(values.parse(text.decode()), state):
            return Frozen(None, values.copied(state), len(text), len(text) * 8)
    packed = zlib.compress(text, 1) if len(text) >= _PACKED_FROM else text
    return Frozen(packed, None, len(text) + _OVERHEAD, len(packed) + _OVERHEAD)


def thawed(kept: Frozen) -> object:
    """The state, as a value of its own that may be changed."""
    if kept.text is None:
        return values.copied(kept.other)
    return values.parse((zlib.decompress(kept.text) if kept.characters - _OVERHEAD >= _PACKED_FROM else kept.text).decode())


def size_of(state: object) -> int:
    """Roughly how much a state holds: the bytes of its JSON text."""
    try:
        text = values.quick_json(state)
        return len(values.to_json(state) if text is None else text)
    except ValueError:  # ABSENT, or what a user's own reducer made
        return _OVERHEAD


class StateMarks:
    """States after events with which a multiple of the weight `every` is come to."""

    def __init__(self, every: int, weights: Weights) -> None:
        self._every, self.weights = every, weights
        self.places: list[int] = []
        self.held = 0
        self._kept: dict[int, Frozen] = {}

    def before(self, place: int) -> tuple[int, Frozen | None]:
        """The last place up to this one with a state, and that; 0 without one."""
        at = bisect_right(self.places, place)
        return (self.places[at - 1], self._kept[self.places[at - 1]]) if at else (0, None)

    def next(self, place: int) -> int:
        """The next place after this one where a state is wanted."""
        return self.weights.next(place, self._every)

    def size(self, place: int) -> int:
        """Roughly how many characters a state near this place is: as the last one kept, else as the largest document."""
        _, kept = self.before(place)
        return self.weights.largest if kept is None else kept.characters

    def offer(self, place: int, state: object) -> None:
        """Keeps the state after `place` events, where one is wanted and writing it costs less than coming here from the last one did."""
        before, last = self.before(place)
        if before == place or not self.weights.is_turn(place, self._every):
            return
        if last is not None and self.weights.between(before, place) < last.characters:
            return
        kept = frozen(state)
        if kept is None:
            return
        insort(self.places, place)
        self._kept[place] = kept
        self.held += kept.held
        while len(self.places) > MOST_MARKS or (len(self.places) > 1 and self.held > MOST_BYTES):
            self._every *= 2
            self._drop([one for one in self.places if one != place and not self.weights.is_turn(one, self._every)])

    def cut(self, place: int) -> None:
        """Lets go of states after more than `place` events."""
        self._drop(self.places[bisect_right(self.places, place) :])

    def _drop(self, places: list[int]) -> None:
        for place in places:
            self.held -= self._kept.pop(place).held
            del self.places[bisect_left(self.places, place)]


class BlameMarks:
    """Who had set what after events with which a multiple of the weight `every` is come to."""

    def __init__(self, every: int, weights: Weights) -> None:
        self._every, self.weights = every, weights
        self._kept: dict[int, tuple[Blame, int]] = {}
        self._nodes = 0

    def before(self, place: int) -> tuple[int, Blame]:
        """The last place up to this one of which it is known, and that; 0 without one."""
        found = max((kept for kept in self._kept if kept <= place), default=0)
        return found, self._kept[found][0] if found else Blame()

    def offer(self, place: int, blame: Blame) -> None:
        """Keeps what is known after `place` events, where that is wanted."""
        if place in self._kept or not self.weights.is_turn(place, self._every):
            return
        nodes = blame.nodes()
        self._kept[place] = blame.snapshot(), nodes
        self._nodes += nodes
        while len(self._kept) > MOST_MARKS or (len(self._kept) > 1 and self._nodes > MOST_NODES):
            self._every *= 2
            self._drop([one for one in self._kept if one != place and not self.weights.is_turn(one, self._every)])

    def cut(self, place: int) -> None:
        """Lets go of what was known after more than `place` events."""
        self._drop([kept for kept in self._kept if kept > place])

    def _drop(self, places: list[int]) -> None:
        for place in places:
            self._nodes -= self._kept.pop(place)[1]
