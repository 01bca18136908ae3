"""What differs between two states, as a list of `op path from to`. Pure; any depth, no recursion.

The operations are those of RFC 6902 that need no more than a value: applied in order, `add`, `remove` and `replace` turn
the one state into the other. Read `blame` for who made each change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import is_not
from typing import NamedTuple

from inspector.reducers import ABSENT
from inspector.replay.sameness import Compared, equal_run, same, told_quickly
from inspector.values import copied, escape

_CONTAINERS = frozenset({dict, list})
_QUICK = 8
"""Down to this depth parts are compared as wholes before they are looked into: at every depth it would take its square."""
_Part = tuple[str, object, object, int]
"""What may differ: its path, both values, and how deep it is."""


class Change(NamedTuple):
    """One operation at JSON pointer `path`. `old` is None for an `add`, `new` for a `remove`.

    `shifts` is true when an array's later elements move by it. A named tuple, because two large states differ in many: 70,000 take
    0.05 s, as frozen dataclasses 0.2 s.
    """

    op: str
    path: str
    old: object = None
    new: object = None
    shifts: bool = False

    def to_dict(self) -> dict[str, object]:
        """The object that is printed."""
        return {"op": self.op, "path": self.path, "from": self.old, "to": self.new}


def changes(before: object, after: object) -> list[Change]:
    """What turns `before` into `after`. Numbers are compared by value; parts that are one object are not looked into."""
    return list(_changes(before, after))


def changes_along(before: object, after: object, steps: Sequence[str]) -> list[Change]:
    """Those of `changes` at the place that these keys lead to, above it and inside it; nothing else is looked into."""
    return list(_changes(before, after, steps))


def applied(state: object, changed: Iterable[Change]) -> object:
    """What `changed` turns `state` into; `state` stays as it was. Raises LookupError or ValueError where they do not fit."""
    root: list[object] = [copied(state)]
    for change in changed:
        if change.path == "":
            root[0] = ABSENT if change.op == "remove" else copied(change.new)
            continue
        holder = root[0]
        *parents, last = [step.replace("~1", "/").replace("~0", "~") for step in change.path[1:].split("/")]
        for step in parents:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step] if isinstance(holder, dict) else _nothing(change)
        if isinstance(holder, list):
            _apply_to_array(holder, int(last), change)
        elif isinstance(holder, dict):
            if change.op == "remove":
                del holder[last]
            else:
                holder[last] = copied(change.new)
        else:
            _nothing(change)
    return root[0]


def _apply_to_array(holder: list[object], place: int, change: Change) -> None:
    if change.op == "remove":
        del holder[place]
    elif change.op == "add":
        holder.insert(place, copied(change.new))
    else:
        holder[place] = copied(change.new)


def _nothing(change: Change) -> object:
    raise LookupError(f"nothing at {change.path}")


def _changes(before: object, after: object, along: Sequence[str] = ()) -> Iterator[Change]:
    if before is ABSENT or after is ABSENT:
        if before is not after:
            yield Change("add", "", None, after) if before is ABSENT else Change("remove", "", before)
        return
    compared = Compared()
    waiting: list[Change | _Part] = [("", before, after, 0)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Change):
            yield item
            continue
        path, old, new, depth = item
        if old is new:
            continue
        step = along[depth] if depth < len(along) else None
        if isinstance(old, dict) and isinstance(new, dict):
            waiting.extend(reversed(_in_object(path, _only(old, step), _only(new, step), depth)))
        elif isinstance(old, list) and isinstance(new, list):
            found, wanted = _in_array(path, old, new, depth, compared), f"{path}/{step}"
            waiting.extend(part for part in reversed(found) if step is None or _path_of(part) == wanted)
        elif not same(old, new):
            yield Change("replace", path, old, new)


def _only(container: dict[str, object], step: str | None) -> dict[str, object]:
    """The one part of an object that is looked into, where one is."""
    return container if step is None else {step: container[step]} if step in container else {}


def _path_of(part: Change | _Part) -> str:
    return part.path if isinstance(part, Change) else part[0]


def _in_object(path: str, old: dict[str, object], new: dict[str, object], depth: int) -> list[Change | _Part]:
    names, others = list(old), list(new)
    if others[: len(names)] == names:
        unlike: Iterable[str] = compress(names, map(is_not, old.values(), new.values()))
        added = others[len(names) :]
    else:
        unlike = [name for name, value in old.items() if new.get(name, ABSENT) is not value]
        added = [name for name in others if name not in old]
    found = _among(path, ((name, old[name], new.get(name, ABSENT)) for name in unlike), depth)
    found.extend(Change("add", f"{path}/{escape(name)}", None, new[name]) for name in added)
    return found


def _in_array(path: str, old: list[object], new: list[object], depth: int, compared: Compared) -> list[Change | _Part]:
    """Equal heads and tails are left out; between them elements are compared in pairs, then added or removed."""
    head = tail = 0
    if len(old) != len(new) or depth < _QUICK:
        head = _equal_run(old, new, depth, compared)
        tail = _equal_run(old[head:][::-1], new[head:][::-1], depth, compared)
    old_end, new_end = len(old) - tail, len(new) - tail
    both = min(old_end, new_end)
    unlike = (place for place in range(head, both) if old[place] is not new[place])
    found = _among(path, ((str(place), old[place], new[place]) for place in unlike), depth)
    found.extend(Change("remove", f"{path}/{place}", old[place], shifts=True) for place in reversed(range(both, old_end)))
    found.extend(Change("add", f"{path}/{place}", None, new[place], shifts=True) for place in range(both, new_end))
    return found


def _among(path: str, parts: Iterable[tuple[str, object, object]], depth: int) -> list[Change | _Part]:
    """What differs among the parts of one container: the name of each, and what it was and is; `ABSENT` for one that went."""
    found: list[Change | _Part] = []
    for name, value, other in parts:
        kind = type(value)
        if kind is type(other) and kind not in _CONTAINERS:
            if value != other:
                found.append(Change("replace", f"{path}/{escape(name)}", value, other))
        elif other is ABSENT:
            found.append(Change("remove", f"{path}/{escape(name)}", value))
        elif kind is not type(other) or depth >= _QUICK or not told_quickly(value, other):
            found.append((f"{path}/{escape(name)}", value, other, depth + 1))
    return found


def _equal_run(old: Sequence[object], new: Sequence[object], depth: int, compared: Compared) -> int:
    """How many elements from the start are the same in both."""
    if depth < _QUICK and (run := equal_run(old, new)) is not None:
        return run
    pairs = zip(old, new, strict=False)
    return next((place for place, pair in enumerate(pairs) if not compared.same(*pair)), min(len(old), len(new)))
