"""Whether two states, or parts of them, are one value. Pure; any depth, no recursion.

Python's own `==` answers quickly, but takes 1 for true and stops at some depth; what it cannot tell is gone through here.
Read `changes` for what differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import compress, count
from operator import ne

from inspector.values import quick_json

_Pair = tuple[object, object]


def same(left: object, right: object) -> bool:
    """Whether two states are one value: `1` and `1.0` are, `1` and `true` are not. Any depth."""
    if left is right:
        return True
    told = told_quickly(left, right)
    return Compared().same(left, right) if told is None else told


def told_quickly(left: object, right: object) -> bool | None:
    """The same; None where it takes longer to tell."""
    try:
        if left != right:
            return False
    except RecursionError:
        return None
    if not isinstance(left, dict | list):
        return _same_scalar(left, right)
    return _is_written_alike(left, right) or None


def equal_run(left: Sequence[object], right: Sequence[object]) -> int | None:
    """How many elements from the start are the same in both lists; None where it takes longer to tell."""
    try:
        run = next(compress(count(), map(ne, left, right)), min(len(left), len(right)))
    except RecursionError:
        return None
    return run if _is_written_alike(left[:run], right[:run]) else None


def _is_written_alike(left: object, right: object) -> bool:
    """Whether two equal values are without doubt the same: 1 and true are not written alike."""
    text = quick_json(left)
    return text is not None and text == quick_json(right)


def _same_scalar(old: object, new: object) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, (int, float, Decimal)) and isinstance(new, (int, float, Decimal)):
        return old == new
    return type(old) is type(new) and old == new


class Compared:
    """Compares parts of the same two states over and over, each pair of containers once. Nothing of them may change or go meanwhile."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def same(self, left: object, right: object) -> bool:
        """As `same`."""
        opened: list[tuple[tuple[int, int], Iterator[_Pair]]] = []
        pair: _Pair | None = (left, right)
        while pair is not None:
            inner = self._inner(*pair)
            if inner is False:
                self._known.update((key, False) for key, _ in opened)
                return False
            if not isinstance(inner, bool):
                opened.append(((id(pair[0]), id(pair[1])), inner))
            pair = None
            while opened and (pair := next(opened[-1][1], None)) is None:
                self._known[opened.pop()[0]] = True
        return True

    def _inner(self, old: object, new: object) -> bool | Iterator[_Pair]:
        """Whether they are the same, or the pairs that have to be."""
        if old is new:
            return True
        if (known := self._known.get((id(old), id(new)))) is not None:
            return known
        if isinstance(old, dict) and isinstance(new, dict):
            return ((value, new[name]) for name, value in old.items()) if old.keys() == new.keys() else False
        if isinstance(old, list) and isinstance(new, list):
            return zip(old, new, strict=True) if len(old) == len(new) else False
        return _same_scalar(old, new)
