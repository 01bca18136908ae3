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
    """One place in the state: the event that set it as a whole, the places below it that were set later, and the last event of all.

    A node belongs to the blame that made it, which alone may change it.
    """

    __slots__ = ("below", "event", "latest", "owner")

    def __init__(self, owner: object, event: FoldEvent | None = None) -> None:
        self.owner = owner
        self.event = self.latest = event
        self.below = _NOTHING

    def owned_by(self, owner: object) -> _Node:
        """This node when it is the owner's, else a copy that is."""
        if self.owner is owner:
            return self
        node = _Node(owner, self.event)
        node.latest, node.below = self.latest, dict(self.below) if self.below else _NOTHING
        return node

    def put(self, step: str, node: _Node) -> None:
        """Sets what lies below under a name."""
        if self.below is _NOTHING:
            self.below = {}
        self.below[step] = node


_NOTHING: dict[str, _Node] = {}
"""Below a leaf. Nothing is ever put into it: most places are leaves, and an empty object for each took as much room as they do."""


class Blame:
    """Takes the changes of one event after the other; `leaves` then says who set what."""

    def __init__(self) -> None:
        self._owner = object()
        self._root = _Node(self._owner)

    def snapshot(self) -> Blame:
        """What is known now, untouched by what is added later. Costs nothing: what is added copies what it changes."""
        taken = Blame()
        taken._root, self._owner = self._root, object()
        return taken

    def add(self, event: FoldEvent, changed: Iterable[Change]) -> None:
        """Notes that `event` made these changes."""
        for change in changed:
            if change.path == "":
                self._root = _Node(self._owner, event)
                continue
            *parents, last = change.path[1:].split("/")
            node = self._root = self._root.owned_by(self._owner)
            node.latest = event
            for step in parents:
                known = node.below.get(step)
                below = _Node(self._owner) if known is None else known.owned_by(self._owner)
                if below is not known:
                    node.put(step, below)
                node = below
                node.latest = event
            if change.shifts:
                _shift(node, int(last), 1 if change.op == "add" else -1)
            if change.op == "remove":
                if not change.shifts and last in node.below:
                    del node.below[last]
            else:
                node.put(last, _Node(self._owner, event))

    def nodes(self) -> int:
        """How many places it holds, those shared with others too."""
        count, waiting = 0, [self._root]
        while waiting:
            count += 1
            waiting.extend(waiting.pop().below.values())
        return count

    def setter(self, path: str, *, is_inside: bool = False) -> FoldEvent | None:
        """The event that last changed the value at JSON pointer `path`, as `leaves` has it.

        With `is_inside`, for a container that is not empty: the last one that changed anything in it.
        """
        node: _Node | None = self._root
        event = self._root.event
        for step in path.split("/")[1:]:
            node = None if node is None else node.below.get(step)
            if node is None:
                return event
            event = node.event or event
        # a container that was emptied was last changed by what took the last of it out
        return node.latest or event if node is not None and (is_inside or not node.below) else event

    def leaves(self, state: object) -> Iterator[tuple[str, FoldEvent]]:
        """JSON pointer of each scalar and empty container in `state`, in its order, with the event that last changed it."""
        waiting: list[tuple[str, object, _Node | None, FoldEvent | None]] = []
        if state is not ABSENT:
            waiting.append(("", state, self._root, None))
        while waiting:
            path, value, node, inherited = waiting.pop()
            event = node.event if node is not None and node.event is not None else inherited
            inner = list(_inner(value))
            setter = (node.latest if node is not None else None) or event
            if not inner and setter is not None:
                yield path, setter
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
