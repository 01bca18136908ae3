"""Every event that changed the value at one place of a state, newest first. No I/O of its own.

The stream is gone through backwards from one kept state to the one before, so that the newest changes are there at once, and in
parts: what was found stays when a part ends. Only the one place is looked at. Read `blame` for the last change of every place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldBatch, FoldError, FoldEvent, StateGoneError
from inspector.replay.changes import Change, changes_along
from inspector.replay.folding import SLICE
from inspector.replay.sameness import same
from inspector.replay.stand import bare
from inspector.replay.stretches import each_document
from inspector.replay.walk import Progress, Walk
from inspector.state_size import size_up_to
from inspector.values import copied, escape, index_in

Keeping = Callable[[object], object]
Hidden = Callable[[Sequence[object]], bool]

_LIGHT_BYTES = 2_000
"""A value no larger than this is copied before each event, which then may change the state itself; else each event makes a new state."""
_PAGE_BYTES = 16 * 1024 * 1024
"""The values of one page are so much JSON at most, but for one change."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One change of the value; `old` and `new` are `ABSENT` where there was none, else what is kept of them.

    `op` is add, remove or replace, and `moved` where an array's element came there or went because others came or went.
    """

    place: int
    event: FoldEvent
    op: str
    old: object
    new: object

    def to_dict(self) -> dict[str, object]:
        """What is printed of it beside its event."""
        return {
            "place": self.place,
            "op": self.op,
            "from": None if self.old is ABSENT else self.old,
            "to": None if self.new is ABSENT else self.new,
        }


def steps_of(path: str) -> list[str]:
    """The keys on the way to a JSON pointer. Raises UsageError for what is none."""
    if path and not path.startswith("/"):
        raise UsageError(f"{path!r} is no path: write it as /customer/email, with ~1 for a slash in a name and ~0 for a tilde")
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def value_at(state: object, steps: Sequence[str]) -> object:
    """The value at the end of these keys; `ABSENT` where there is none."""
    return _found(state, steps)[0]


def _found(state: object, steps: Sequence[str]) -> tuple[object, bool]:
    """The same, and whether an array is on the way."""
    value, is_in_array = state, False
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list):
            is_in_array = True
            place = index_in(value, step)
            value = ABSENT if place is None else value[place]
        else:
            return ABSENT, is_in_array
    return value, is_in_array


class FieldRun:
    """One page of a field's history: at most `limit` changes up to a place of a walk, newest first, as far as they were found."""

    def __init__(
        self, walk: Walk, path: str, end: int, limit: int, kept: Keeping = lambda value: value, is_hidden: Hidden | None = None
    ) -> None:
        """`kept` makes of a value, or of `ABSENT`, what is kept of it; `is_hidden` says whether something in values is.

        Raises UsageError for a path that is none.
        """
        self.changes: list[FieldChange] = []
        self.looked, self.total = 0, end
        """How many events were looked at, and how many there are up to the place."""
        self.is_done, self.is_any_hidden = end <= 0, False
        self.following: int | None = None
        """Once it is done: changes before that of this place are on the next page; None where all was looked at."""
        self._walk, self._steps, self._kept, self._hidden = walk, steps_of(path), kept, is_hidden
        self._end, self._limit, self._bytes = end, max(limit, 1), _PAGE_BYTES
        self._stretch: _Stretch | None = None
        self._going: Iterator[int] | None = None
        self._is_heavy = True

    def go_on(self, progress: Progress | None = None, pause: Progress | None = None) -> None:
        """Until it is done, or until one of these raises. `progress` is called again and again, `pause` only where it can go on later, with
        how many events were looked at."""
        while not self.is_done:
            try:
                self._look_at_stretch(progress, pause or progress)
            except StateGoneError:
                self._walk.forget()
                self._stretch = self._going = None

    def _look_at_stretch(self, progress: Progress | None, pause: Progress | None) -> None:
        stretch, going = self._stretch, self._going
        if stretch is None:
            begun = self._walk.begin_before(self._end, progress, by_steps=self._is_heavy)
            room = self._limit - len(self.changes)
            stretch = self._stretch = _Stretch(
                self._walk, self._steps, begun.place, begun.state, _Newest(room, self._bytes, self._kept, self._hidden)
            )
        going = going or stretch.events(self._end)
        self._going = None  # one that was broken off within an event is begun again
        for done in going:
            self.looked = self.total - self._end + done
            if pause is not None:
                self._going = going
                pause(self.looked)
                self._going = None
        self._stretch, self._going, self._is_heavy = None, None, not stretch.is_light
        self._close(stretch.start, stretch.found)

    def _close(self, start: int, found: _Newest) -> None:
        """The stretch from `start` on was looked at."""
        self.changes += reversed(found.changes)
        self._bytes -= found.bytes
        self.is_any_hidden = self.is_any_hidden or found.is_any_hidden
        is_full = found.is_any_left_out or (bool(start and found.changes) and (len(self.changes) >= self._limit or self._bytes <= 0))
        self._end = start
        self.is_done = is_full or not start
        self.following = self.changes[-1].place if is_full else None


class _Newest:
    """The newest changes of those that it is given, oldest first: at most so many, and of so many bytes, though one."""

    def __init__(self, most: int, most_bytes: int, kept: Keeping, is_hidden: Hidden | None) -> None:
        self.changes: deque[FieldChange] = deque()
        self.bytes = 0
        self.is_any_left_out = self.is_any_hidden = False
        self._sizes: deque[int] = deque()
        self._most, self._most_bytes, self._kept, self._hidden = most, most_bytes, kept, is_hidden

    def add(self, place: int, event: FoldEvent, op: str, old: object, new: object) -> None:
        """A change of a value."""
        self.is_any_hidden = self.is_any_hidden or (self._hidden is not None and self._hidden([old, new]))
        old, new = self._kept(old), self._kept(new)
        self.changes.append(FieldChange(place, bare(event), op, old, new))
        self._sizes.append(sum(size_up_to(value)[0] for value in (old, new)))
        self.bytes += self._sizes[-1]
        while len(self.changes) > self._most or (len(self.changes) > 1 and self.bytes > self._most_bytes):
            self.changes.popleft()
            self.bytes -= self._sizes.popleft()
            self.is_any_left_out = True


class _Stretch:
    """The events from a kept state on, each looked at for what it does to one value. `found` is what they changed so far."""

    def __init__(self, walk: Walk, steps: Sequence[str], start: int, state: object, found: _Newest) -> None:
        """`state` is that after `start` events, and is changed."""
        self.start, self.found = start, found
        self._walk, self._reducer, self._steps = walk, walk.reducer, steps
        self._path = "".join(f"/{escape(step)}" for step in steps)
        self._place, self._state = start, state
        self.is_light = True
        self._note()

    def events(self, end: int) -> Iterator[int]:
        """Goes on to `end`, or to an event that cannot be folded; gives how many were looked at by now after each of them."""
        while self._place < end and (events := self._walk.fetch(range(self._place, min(end, self._place + SLICE)))):
            documents = each_document(events)
            for event in events:
                try:
                    self._take(event, next(documents))
                except FoldError:
                    return
                self._place += 1
                yield self._place - self.start

    def _note(self) -> None:
        """Keeps the value as it is now. Once it was large, or in an array, it is part of the state, which is not changed any more."""
        value, is_in_array = _found(self._state, self._steps)
        is_light = not isinstance(value, dict | list) or size_up_to(value, _LIGHT_BYTES)[0] <= _LIGHT_BYTES
        self.is_light = self.is_light and is_light and not is_in_array
        self._value = copied(value) if self.is_light else value

    def _take(self, event: FoldEvent, document: object) -> None:
        """Looks at what an event does. Raises FoldError for one that cannot be folded."""
        if self.is_light:
            after = self._reducer.fold(self._state, FoldBatch([event], [document]))
        else:
            after = self._reducer.step(self._state, event, document)
        old, new = self._value, value_at(after, self._steps)
        if old is not new and not same(old, new):
            changed = None if self.is_light else changes_along(self._state, after, self._steps)
            op = _op(self._path, changed, old, new)
            self.found.add(self._place + 1, event, op, old, copied(new) if self.is_light else new)
        self._state = after
        self._note()


def _op(path: str, changed: Sequence[Change] | None, old: object, new: object) -> str:
    """What was done to a value; without `changed`, where no array is on the way, and nothing can have moved."""
    if changed is None:
        return "remove" if new is ABSENT else "add" if old is ABSENT else "replace"
    if new is ABSENT:
        return "remove" if any(change.op != "add" and _is_above(change.path, path) for change in changed) else "moved"
    if not any(change.op != "remove" and (_is_above(change.path, path) or _is_above(path, change.path)) for change in changed):
        removed_inside = any(change.op == "remove" and change.path != path and _is_above(path, change.path) for change in changed)
        return "replace" if removed_inside else "moved"
    return "add" if old is ABSENT else "replace"


def _is_above(upper: str, lower: str) -> bool:
    """Whether one place is the other, or holds it."""
    return upper == lower or lower.startswith(f"{upper}/")
