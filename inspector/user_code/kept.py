"""Which states a process holds objects for, and under which numbers: bounded, the oldest use going first. Pure."""

from __future__ import annotations

from collections import OrderedDict

_MOST = 2_000
_MOST_CHARACTERS = 16 * 1024 * 1024
_FEW = 2
"""So many are kept where a state can be sent again."""


class KeptStates:
    """States by their identity, each with the number it has in the process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[object, int, int]] = OrderedDict()
        self._characters = 0
        self._dropped: list[int] = []

    def add(self, state: object, number: int, characters: int, *, few: bool) -> None:
        """Keeps `state`, whose JSON text is so long; others may go."""
        self.forget(state, drop=True)
        self._kept[id(state)] = state, number, characters
        self._characters += characters
        while len(self._kept) > (_FEW if few else _MOST) or (self._characters > _MOST_CHARACTERS and len(self._kept) > _FEW):
            self.forget(next(iter(self._kept.values()))[0], drop=True)

    def number_of(self, state: object) -> int | None:
        """The number that this very state has; None when it has none any more."""
        found = self._kept.get(id(state))
        if found is None:
            return None
        self._kept.move_to_end(id(state))
        return found[1]

    def forget(self, state: object, *, drop: bool = False) -> None:
        """The state has no number any more; with `drop` the process is told."""
        found = self._kept.pop(id(state), None)
        if found is not None:
            self._characters -= found[2]
            if drop:
                self._dropped.append(found[1])

    def drop(self, number: int) -> None:
        """The process is told that nobody wants this one."""
        self._dropped.append(number)

    def drops(self) -> list[int]:
        """The numbers to be told to the process now."""
        dropped, self._dropped = self._dropped, []
        return dropped
