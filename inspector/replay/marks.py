"""States kept along a stream, as JSON text, and who had set what there, each bounded in what it holds. Pure.

Read `walk` for who keeps them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass

from inspector import values
from inspector.reducers import ABSENT
from inspector.replay.blame import Blame
from inspector.replay.changes import same

FIRST_EVERY = 64
"""A state is kept after every so many events at first; twice as many whenever too much is kept."""
MOST_MARKS = 512
MOST_CHARACTERS = 32 * 1024 * 1024
"""So much JSON text, together, are the states kept along one stream at most."""
MOST_NODES = 400_000
"""So many marks of who set what are kept along one stream at most: some 100 MB, were none of them shared."""
_CHARACTERS_PER_EVENT = 256
"""A large state is kept only after so many events that writing it costs less than they did."""


def every_for(total: int) -> int:
    """After how many events a state is kept at first, in a stream of so many."""
    every = FIRST_EVERY
    while every * MOST_MARKS < total:
        every *= 2
    return every


@dataclass(frozen=True, slots=True)
class Frozen:
    """A state that nothing changes any more: its JSON text, or a copy where a text would not give it back."""

    text: str | None
    other: object = None
    characters: int = 64


def frozen(state: object) -> Frozen | None:
    """`state` as it can be kept; None for one that a user's reducer made and that is no JSON."""
    if state is ABSENT:
        return Frozen(None, ABSENT)
    try:
        text = values.to_json(state)
    except ValueError:
        return None
    if _is_alike(values.parse(text), state):
        return Frozen(text, characters=len(text) + 64)
    return Frozen(None, values.copied(state), len(text) * 8 + 64)


def thawed(kept: Frozen) -> object:
    """The state, as a value of its own that may be changed."""
    return values.copied(kept.other) if kept.text is None else values.parse(kept.text)


def size_of(state: object) -> int:
    """Roughly how much a state holds: the characters of its JSON text."""
    try:
        return len(values.to_json(state))
    except ValueError:  # ABSENT, or what a user's own reducer made
        return 64


def _is_alike(left: object, right: object) -> bool:
    try:
        return left == right
    except RecursionError:
        return same(left, right)


class StateMarks:
    """States at multiples of `every` events."""

    def __init__(self, every: int) -> None:
        self._every = every
        self.places: list[int] = []
        self.characters = 0
        self._kept: dict[int, Frozen] = {}

    def before(self, place: int) -> tuple[int, Frozen | None]:
        """The last place up to this one with a state, and that; 0 without one."""
        at = bisect_right(self.places, place)
        return (self.places[at - 1], self._kept[self.places[at - 1]]) if at else (0, None)

    def next(self, place: int) -> int:
        """The next place after this one where a state is wanted."""
        return (place // self._every + 1) * self._every

    def size(self, place: int) -> int:
        """Roughly how many characters a state near this place is."""
        _, kept = self.before(place)
        return 0 if kept is None else kept.characters

    def offer(self, place: int, state: object) -> None:
        """Keeps the state after `place` events, where one is wanted."""
        before, last = self.before(place)
        if place % self._every or before == place or (last and place - before < last.characters // _CHARACTERS_PER_EVENT):
            return
        kept = frozen(state)
        if kept is None:
            return
        insort(self.places, place)
        self._kept[place] = kept
        self.characters += kept.characters
        while len(self.places) > MOST_MARKS or (len(self.places) > 1 and self.characters > MOST_CHARACTERS):
            self._every *= 2
            self._drop([place for place in self.places if place % self._every])

    def cut(self, place: int) -> None:
        """Lets go of states after more than `place` events."""
        self._drop(self.places[bisect_right(self.places, place) :])

    def _drop(self, places: list[int]) -> None:
        for place in places:
            self.characters -= self._kept.pop(place).characters
            del self.places[bisect_left(self.places, place)]


class BlameMarks:
    """Who had set what at multiples of `every` events."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._kept: dict[int, tuple[Blame, int]] = {}
        self._nodes = 0

    def before(self, place: int) -> tuple[int, Blame]:
        """The last place up to this one of which it is known, and that; 0 without one."""
        found = max((kept for kept in self._kept if kept <= place), default=0)
        return found, self._kept[found][0] if found else Blame()

    def offer(self, place: int, blame: Blame) -> None:
        """Keeps what is known after `place` events, where that is wanted."""
        if place % self._every or place in self._kept:
            return
        nodes = blame.nodes()
        self._kept[place] = blame.snapshot(), nodes
        self._nodes += nodes
        while len(self._kept) > MOST_MARKS or (len(self._kept) > 1 and self._nodes > MOST_NODES):
            self._every *= 2
            self._drop([place for place in self._kept if place % self._every])

    def cut(self, place: int) -> None:
        """Lets go of what was known after more than `place` events."""
        self._drop([kept for kept in self._kept if kept > place])

    def _drop(self, places: list[int]) -> None:
        for place in places:
            self._nodes -= self._kept.pop(place)[1]
