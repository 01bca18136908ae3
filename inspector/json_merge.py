"""Many merge patches merged into one object at once, by columns: of each member only what the last patches say is done. Pure.

Gives what merging them one after the other gives, the order of members too. Documents with the same members in the same order are
one group, as those of one type mostly are: their values of a member are one column. Read `reducers.merge` for the reducer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, repeat
from operator import itemgetter
from typing import cast

LEAST = 12
"""Fewer patches are merged one after the other, as are those of too many kinds."""
_DEEPEST = 20
"""Patches that nest deeper are merged one after the other there."""
_GONE = object()
_LOOKED_AT = frozenset({dict, type(None)})
"""Values that do more than take the place of another."""

Object = dict[str, object]
Place = tuple[int, int]
"""A member of a patch: which patch, and where in it."""


_Column = tuple[str, Sequence[object], Sequence[int] | None]
"""What patches say of one member, in turn: its name, its value in each, and which patches these are (None: all of them)."""


def merge_all(target: Object, patches: Sequence[Object], depth: int = 0) -> None:
    """Changes `target` by each of `patches` in turn. No object of a patch becomes part of it, other values do."""
    if _are_plain(patches):
        deque(map(target.update, patches), maxlen=0)
        return
    columns = _columns(patches) if len(patches) >= LEAST and depth < _DEEPEST else None
    if columns is None:
        for patch in patches:
            merge_into(target, patch)
        return
    fresh: list[tuple[Place, str, object]] = []
    for name, values, of in columns:
        value, came = _last(values, target.get(name, _GONE), depth)
        if value is _GONE:
            target.pop(name, None)
        elif came is None:
            target[name] = value
        else:
            target.pop(name, None)
            at = came if of is None else of[came]
            fresh.append(((at, list(patches[at]).index(name)), name, value))
    # a member that came, or was gone and came again, stands where it came
    fresh.sort(key=itemgetter(0))
    target.update((name, value) for _, name, value in fresh)


def _are_plain(patches: Sequence[Object]) -> bool:
    """Whether every value just takes the place of another. Looks at the first patch before it looks at all of them."""
    if not patches or not _LOOKED_AT.isdisjoint(map(type, patches[0].values())):
        return False
    return _LOOKED_AT.isdisjoint(map(type, chain.from_iterable(map(dict.values, patches))))


def _columns(patches: Sequence[Object]) -> list[_Column] | None:
    """A column for each member; None where the patches are of too many kinds."""
    names = list(patches[0])
    if len(names) > 1 and set(map(len, patches)) == {len(names)}:
        with suppress(KeyError):
            return list(zip(names, zip(*map(itemgetter(*names), patches), strict=True), repeat(None)))
    groups: dict[tuple[str, ...], list[int]] = {}
    for at, patch in enumerate(patches):
        groups.setdefault(tuple(patch), []).append(at)
    return list(_woven(patches, groups)) if len(groups) * 4 <= len(patches) else None


def _woven(patches: Sequence[Object], groups: Mapping[tuple[str, ...], Sequence[int]]) -> Iterator[_Column]:
    """The columns of patches in groups of the same members."""
    parts: dict[str, list[tuple[Sequence[int], Sequence[object]]]] = {}
    for names, at in groups.items():
        for name, values in zip(names, zip(*map(dict.values, map(patches.__getitem__, at)), strict=True), strict=True):
            parts.setdefault(name, []).append((at, values))
    for name, found in parts.items():
        if len(found) == 1:
            yield name, found[0][1], found[0][0]
        else:
            told = sorted(chain.from_iterable(zip(*part, strict=True) for part in found), key=itemgetter(0))
            yield name, [value for _, value in told], [patch for patch, _ in told]


def _last(values: Sequence[object], before: object, depth: int) -> tuple[object, int | None]:
    """A member's value after all of a column, and with which of it the member came; None where it has been there since before."""
    value = values[-1]
    if value is None:
        return _GONE, None
    came = _after_last(values, lambda one: one is None) if None in values else 0
    if type(value) is dict:
        is_all = came == 0 and set(map(type, values)) == {dict}
        start = 0 if is_all else _after_last(values, lambda one: type(one) is not dict)
        value = before if start == 0 and type(before) is dict else {}
        merge_all(value, cast("Sequence[Object]", values[start:]), depth + 1)
    return value, None if came == 0 and before is not _GONE else came


def _after_last(values: Sequence[object], is_so: Callable[[object], bool]) -> int:
    """The place after the last of the values of which something is so."""
    place = len(values)
    while place and not is_so(values[place - 1]):
        place -= 1
    return place


def merge_into(target: Object, patch: Object) -> None:
    """Changes `target` by one patch; never recurses."""
    into, change = target, patch
    waiting: list[tuple[Object, Object]] = []
    while True:
        for name, value in change.items():
            if type(value) is dict:
                inner = into.get(name)
                if type(inner) is not dict:
                    inner = into[name] = {}
                waiting.append((inner, value))
            elif value is None:
                into.pop(name, None)
            else:
                into[name] = value
        if not waiting:
            return
        into, change = waiting.pop()
