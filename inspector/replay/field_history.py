"""Every event that changed the value at one place of a state, newest first. No I/O of its own.

The stream is gone through backwards from one kept state to the one before, so that the newest changes are there at once.
Read `blame` for the last one only, of every place at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldEvent
from inspector.replay.changes import Change, same
from inspector.replay.walk import Progress, Walk
from inspector.values import index_in


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One change of the value; `old` and `new` are `ABSENT` where there was none.

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
    value = state
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list) and (place := index_in(value, step)) is not None:
            value = value[place]
        else:
            return ABSENT
    return value


def segments(walk: Walk, path: str, end: int, progress: Progress | None = None) -> Iterator[tuple[int, list[FieldChange]]]:
    """The changes of each stretch of the stream up to `end`, the newest first: where it starts, and what is in it.

    Changes of a stretch come newest first. The first stretch is that before `end`; the last one starts with 0.
    """
    steps = steps_of(path)
    for start in reversed(walk.marks(end)):
        found = []
        for before, after in walk.steps(start, end, progress):
            old, new = value_at(before.state, steps), value_at(after.state, steps)
            if old is not new and (old is ABSENT or new is ABSENT or not same(old, new)):
                assert after.last is not None
                found.append(FieldChange(after.place, after.last, _op(path, after.changed, old, new), old, new))
        yield start, found[::-1]
        end = start


def _op(path: str, changed: Sequence[Change], old: object, new: object) -> str:
    if new is ABSENT:
        return "remove" if any(change.op != "add" and _is_above(change.path, path) for change in changed) else "moved"
    if not any(change.op != "remove" and (_is_above(change.path, path) or _is_above(path, change.path)) for change in changed):
        removed_inside = any(change.op == "remove" and change.path != path and _is_above(path, change.path) for change in changed)
        return "replace" if removed_inside else "moved"
    return "add" if old is ABSENT else "replace"


def _is_above(upper: str, lower: str) -> bool:
    """Whether one place is the other, or holds it."""
    return upper == lower or lower.startswith(f"{upper}/")
