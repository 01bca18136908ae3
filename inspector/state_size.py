"""How much a state may take, whatever folds it, and measuring one as if nothing in it were shared. Pure; any depth.

Copies inside a state share what they copy, so that twenty doublings take no memory until somebody prints, compares or keeps it. Read
`values` for what a state is, `json_patch` and `reducers.rules` for who copies, `replay.folding` for states that grow event by event.
"""

from __future__ import annotations

MOST_STATE_BYTES = 64 * 1024 * 1024
"""About so many bytes a state may take as JSON."""
MOST_STATE_DEPTH = 10_000
"""A state nests no deeper than this where it is copied into itself."""
_VALUE, _NUMBER = 2, 8
_LEAST = 1
"""No part of a container takes less."""


class StateTooLargeError(ValueError):
    """A state would take more than it may."""


def size_up_to(value: object, most: int = MOST_STATE_BYTES) -> tuple[int, int]:
    """About the bytes that a value takes as JSON, and how deep it nests; both end where the first is over `most`."""
    size, depth = 0, 0
    level: list[object] = [value]
    while level and size <= most:
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict | list | tuple) and size + len(one) * _LEAST > most:
                size += len(one) * _LEAST
            elif isinstance(one, dict):
                size += sum(len(name) + _VALUE if isinstance(name, str) else _NUMBER for name in one) + _VALUE
                inner.extend(one.values())
            elif isinstance(one, list | tuple):
                size += len(one) + _VALUE
                inner.extend(one)
            else:
                size += len(one) + _VALUE if isinstance(one, str) else _NUMBER
            if size > most:
                break
        depth += bool(inner)
        level = inner
    return size, depth


def check_copy(state: object, value: object, path: int) -> None:
    """Whether `value`, out of `state`, may stand in it a second time, so many steps down. Raises StateTooLargeError."""
    size, depth = size_up_to(value)
    if path + depth > MOST_STATE_DEPTH:
        raise StateTooLargeError(f"the state would nest more than {MOST_STATE_DEPTH:,} deep")
    if size > MOST_STATE_BYTES or size + size_up_to(state)[0] > MOST_STATE_BYTES:
        raise StateTooLargeError(f"the state would take more than {MOST_STATE_BYTES:,} bytes")


class Growing:
    """Whether a state that grows event by event takes too much; it is measured only where the events' own bytes could make it so."""

    def __init__(self, state: object, size: int | None = None) -> None:
        """`size` is what the state takes at most, where that is known."""
        self.upto = size_up_to(state)[0] if size is None else size
        """So much it takes at most by now."""

    def is_too_large(self, state: object, added: int) -> bool:
        """After events of so many bytes together."""
        self.upto += added
        if self.upto > MOST_STATE_BYTES:
            self.upto = size_up_to(state)[0]
        return self.upto > MOST_STATE_BYTES


TOO_LARGE = f"with it the state takes more than {MOST_STATE_BYTES // 1024 // 1024} MB, which is the most that a state may take"
"""Why an event is not folded any more."""
EVENT_BYTES = 200
"""What a reducer may keep of an event besides its document."""
