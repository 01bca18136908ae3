"""Going to and fro in one stream: the state after any number of its events, from states kept on the way. No I/O of its own.

A state is reached from the nearest one kept before it, so that a step costs a few events and not the whole stream; who
set what and what the last event changed come along. Read `folding` for the fold that gives the same from the start,
`story` for the capture's side.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from inspector.reducers import FoldError, FoldEvent, Reducer, StateGoneError, batch_of
from inspector.replay.blame import Blame
from inspector.replay.changes import Change, changes
from inspector.replay.folding import SLICE, Failure
from inspector.values import to_json

FIRST_EVERY = 64
"""A state is kept after every so many events at first; twice as many whenever too much is kept."""
MOST_MARKS = 512
MOST_CHARACTERS = 16 * 1024 * 1024
"""So much JSON text, together, are the states kept along the stream at most."""
NEAR = 64
"""So many states are kept just before the one asked last, so that going back costs nothing."""
NEAR_CHARACTERS = 8 * 1024 * 1024

Fetch = Callable[[int, int], Sequence[FoldEvent]]
"""`(from, to)`: the events of a stream that count, from one place to another (exclusive), in replay order."""


@dataclass(frozen=True, slots=True)
class Stand:
    """The state after `place` events; `last` is the last of them, and `changed` is what it changed."""

    place: int
    state: object
    blame: Blame
    last: FoldEvent | None = None
    changed: Sequence[Change] = ()


class Walk:
    """The states of a stream of `total` events under one reducer."""

    def __init__(self, total: int, fetch: Fetch, reducer: Reducer, *, every: int = FIRST_EVERY, near: int = NEAR) -> None:
        self.total = total
        self.failure: Failure | None = None
        """The event beyond which no state is, once it was met."""
        self._fetch, self._reducer = fetch, reducer
        self._start = Stand(0, reducer.initial(), Blame())
        self._every, self._most_near = every, max(near, 1)
        self._marks: dict[int, Stand] = {}
        self._sizes: dict[int, int] = {}
        self._near: OrderedDict[int, Stand] = OrderedDict()
        self._end = total

    @property
    def kept(self) -> int:
        """How many states are kept."""
        return len(self._marks) + len(self._near)

    def grown(self, total: int, same: int) -> None:
        """The stream has `total` events now, of which the first `same` are those of before."""
        self.total = total
        if self.failure is None or same <= self._end:
            self.failure, self._end = None, total
        for place in [place for place in self._marks if place > same]:
            del self._marks[place], self._sizes[place]
        for place in [place for place in self._near if place > same]:
            del self._near[place]

    def stand(self, place: int, progress: Callable[[int], None] | None = None) -> Stand:
        """The state after `place` events, or before the event that cannot be folded, which is `failure` then.

        `progress` is called with the place come to every `SLICE` events and may raise to end the work; what was kept stays.
        """
        try:
            return self._stand(place, progress)
        except StateGoneError:  # a process that held what the states stand for has ended
            self._begin_again()
            return self._stand(place, progress)

    def _begin_again(self) -> None:
        for kept in (self._marks, self._sizes, self._near):
            kept.clear()
        self._start = Stand(0, self._reducer.initial(), Blame())

    def _stand(self, place: int, progress: Callable[[int], None] | None) -> Stand:
        wanted = max(0, min(place, self._end))
        reached = self._nearest(wanted)
        if reached.place < wanted:
            for stand in self._on(reached, wanted, progress):
                reached = stand
                if wanted - stand.place < self._most_near:
                    self._near[stand.place] = stand
                    self._near.move_to_end(stand.place)
            self._thin_near(reached)
        return reached

    def _nearest(self, place: int) -> Stand:
        marks = sorted(self._marks)
        at = bisect_right(marks, place)
        best = self._marks[marks[at - 1]] if at else self._start
        near = max((found for found in self._near if found <= place), default=-1)
        return self._near[near] if near > best.place else best

    def _on(self, base: Stand, wanted: int, progress: Callable[[int], None] | None) -> Iterator[Stand]:
        """The states after `base` that are worth keeping, up to the one wanted or the last before a failure."""
        state, blame, place, last, changed = base.state, base.blame.snapshot(), base.place, base.last, base.changed
        while place < wanted and (events := self._fetch(place, min(place + SLICE, wanted))):
            for event in events:
                try:
                    after = self._reducer.step(state, event, batch_of([event]).documents[0])
                except FoldError as error:
                    self.failure, self._end = Failure(event, error.reason), place
                    if place > base.place:
                        yield self._made(Stand(place, state, blame.snapshot(), last, changed))
                    return
                last, changed = event, changes(state, after)
                blame.add(event, changed)
                state, place = after, place + 1
                if place % self._every == 0 or wanted - place < self._most_near:
                    yield self._made(Stand(place, state, blame.snapshot(), last, changed))
            if progress is not None:
                progress(place)

    def _made(self, stand: Stand) -> Stand:
        if stand.place % self._every == 0 and stand.place not in self._marks:
            self._marks[stand.place], self._sizes[stand.place] = stand, _size(stand.state)
            while len(self._marks) > MOST_MARKS or (len(self._marks) > 1 and sum(self._sizes.values()) > MOST_CHARACTERS):
                self._thin()
        return stand

    def _thin(self) -> None:
        """Keeps every other state."""
        self._every *= 2
        for place in [place for place in self._marks if place % self._every]:
            del self._marks[place], self._sizes[place]

    def _thin_near(self, stand: Stand) -> None:
        most = max(2, min(self._most_near, NEAR_CHARACTERS // max(_size(stand.state), 1)))
        while len(self._near) > most:
            self._near.popitem(last=False)


def _size(state: object) -> int:
    """Roughly how much a state holds: the characters of its JSON text."""
    try:
        return len(to_json(state))
    except ValueError:  # ABSENT, or what a user's own reducer made
        return 64
