"""Which event last changed each part of a state. Pure; any depth, no recursion.

A mark is put where a change happened; what lies below it and has no mark of its own was set by the same event.
Read `changes` for where changes come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inspector.reducers import ABSENT, FoldEvent
from inspector.replay.changes import Change
from inspector.values import escape


class _Node:
    """One place in the state: the event that set it as a whole, and the places below it that were set later."""

    __slots__ = ("below", "event")

    def __init__(self, event: FoldEvent | None = None) -> None:
        self.event = event
        self.below: dict[str, _Node] = {}


class Blame:
    """Takes the changes of one event after the other; `leaves` then says who set what."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, event: FoldEvent, changed: Iterable[Change]) -> None:
        """Notes that `event` made these changes."""
        for change in changed:
            if change.path == "":
                self._root = _Node(event)
                continue
            *parents, last = change.path[1:].split("/")
            node = self._root
            for step in parents:
                node = node.below.setdefault(step, _Node())
            if change.shifts:
                _shift(node, int(last), 1 if change.op == "add" else -1)
            if change.op == "remove":
                if not change.shifts:
                    node.below.pop(last, None)
            else:
                node.below[last] = _Node(event)

    def leaves(self, state: object) -> Iterator[tuple[str, FoldEvent]]:
        """JSON pointer of each scalar and empty container in `state`, in its order, with the event that last changed it."""
        waiting: list[tuple[str, object, _Node | None, FoldEvent | None]] = []
        if state is not ABSENT:
            waiting.append(("", state, self._root, None))
        while waiting:
            path, value, node, inherited = waiting.pop()
            event = node.event if node is not None and node.event is not None else inherited
            inner = list(_inner(value))
            if not inner and event is not None:
                yield path, event
            for step, part in reversed(inner):
                waiting.append((f"{path}/{step}", part, None if node is None else node.below.get(step), event))


def _shift(node: _Node, place: int, by: int) -> None:
    """Moves the marks of an array's elements from `place` on; with `by` -1 the one at `place` goes."""
    moved = {}
    for step, below in node.below.items():
        at = int(step)
        if at < place:
            moved[step] = below
        elif by > 0 or at > place:
            moved[str(at + by)] = below
    node.below = moved


def _inner(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((escape(name), part) for name, part in value.items())
    elif isinstance(value, list):
        yield from ((str(place), part) for place, part in enumerate(value))
