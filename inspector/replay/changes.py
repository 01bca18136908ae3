"""What differs between two states, as a list of `op path from to`. Pure; any depth, no recursion.

The operations are those of RFC 6902 that need no more than a value: applied in order, `add`, `remove` and `replace` turn
the one state into the other. Read `blame` for who made each change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from inspector.reducers import ABSENT
from inspector.values import copied, escape


@dataclass(frozen=True, slots=True)
class Change:
    """One operation at JSON pointer `path`. `old` is None for an `add`, `new` for a `remove`.

    `shifts` is true when an array's later elements move by it.
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


def _changes(before: object, after: object) -> Iterator[Change]:
    if before is ABSENT or after is ABSENT:
        if before is not after:
            yield Change("add", "", None, after) if before is ABSENT else Change("remove", "", before)
        return
    waiting: list[Change | tuple[str, object, object]] = [("", before, after)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Change):
            yield item
            continue
        path, old, new = item
        if old is new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            waiting.extend(reversed(_in_object(path, old, new)))
        elif isinstance(old, list) and isinstance(new, list):
            waiting.extend(reversed(_in_array(path, old, new)))
        elif not same(old, new):
            yield Change("replace", path, old, new)


def _in_object(path: str, old: dict[str, object], new: dict[str, object]) -> list[Change | tuple[str, object, object]]:
    found: list[Change | tuple[str, object, object]] = []
    for name, value in old.items():
        other = new.get(name, ABSENT)
        if other is ABSENT:
            found.append(Change("remove", f"{path}/{escape(name)}", value))
        elif other is not value:
            found.append((f"{path}/{escape(name)}", value, other))
    if not new.keys() <= old.keys():
        found.extend(Change("add", f"{path}/{escape(name)}", None, value) for name, value in new.items() if name not in old)
    return found


def _in_array(path: str, old: list[object], new: list[object]) -> list[Change | tuple[str, object, object]]:
    """Equal heads and tails are left out; between them elements are compared in pairs, then added or removed."""
    head = _equal_run(old, new)
    tail = _equal_run(old[head:][::-1], new[head:][::-1])
    old_end, new_end = len(old) - tail, len(new) - tail
    both = min(old_end, new_end)
    found: list[Change | tuple[str, object, object]] = [(f"{path}/{place}", old[place], new[place]) for place in range(head, both)]
    found.extend(Change("remove", f"{path}/{place}", old[place], shifts=True) for place in reversed(range(both, old_end)))
    found.extend(Change("add", f"{path}/{place}", None, new[place], shifts=True) for place in range(both, new_end))
    return found


def _equal_run(old: Sequence[object], new: Sequence[object]) -> int:
    """How many elements from the start are the same in both."""
    count = 0
    for left, right in zip(old, new, strict=False):
        if not same(left, right):
            break
        count += 1
    return count


def same(left: object, right: object) -> bool:
    """Whether two states are one value: `1` and `1.0` are, `1` and `true` are not. Any depth."""
    waiting = [(left, right)]
    while waiting:
        old, new = waiting.pop()
        if old is new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            if old.keys() != new.keys():
                return False
            waiting.extend((value, new[name]) for name, value in old.items())
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) != len(new):
                return False
            waiting.extend(zip(old, new, strict=True))
        elif not _same_scalar(old, new):
            return False
    return True


def _same_scalar(old: object, new: object) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, (int, float, Decimal)) and isinstance(new, (int, float, Decimal)):
        return old == new
    return type(old) is type(new) and old == new
