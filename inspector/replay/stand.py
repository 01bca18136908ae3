"""A state and where in its stream it stands. Pure.

Read `walk` for how states are reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from inspector.capture.streams import StreamEvent
from inspector.reducers import FoldEvent
from inspector.replay.blame import Blame
from inspector.replay.changes import Change, changes
from inspector.replay.folding import Failure


@dataclass(frozen=True, slots=True)
class Stand:
    """The state after `place` events; `last` is the last of them, and `changed` is what it changed.

    `blame` is None where it was not asked for. `failure` is the event that cannot be folded, where more was asked for.
    `size` is about how many bytes of JSON the state is at most, where that is known.
    """

    place: int
    state: object
    blame: Blame | None = None
    last: FoldEvent | None = None
    changed: Sequence[Change] = ()
    failure: Failure | None = None
    size: int | None = None


class Changed(Sequence[Change]):
    """What turns one state into another, found when it is first looked at: most of the states on a way are only passed."""

    __slots__ = ("_after", "_before", "_found")

    def __init__(self, before: object, after: object) -> None:
        self._before, self._after = before, after
        self._found: Sequence[Change] | None = None

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, place: int) -> Change: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Change]: ...

    def __getitem__(self, place: int | slice) -> Change | Sequence[Change]:
        return self._all()[place]

    def _all(self) -> Sequence[Change]:
        if self._found is None:
            self._found = changes(self._before, self._after)
            self._before = self._after = None
        return self._found


def straight(places: Sequence[int]) -> int:
    """How many of the first `places` are 0, 1, 2, …"""
    low, high = 0, len(places)
    while low < high:
        middle = (low + high) // 2
        if places[middle] == middle:
            low = middle + 1
        else:
            high = middle
    return low


def bare(event: FoldEvent) -> FoldEvent:
    """`event` without its document, where it can be had without: what is kept long does not hold documents."""
    return event._replace(data=None) if isinstance(event, StreamEvent) else event
