"""A reducer out of a user's function: `def reduce(state, event)`, and `def initial()` if nothing is not None.

The event it is given has `seq version type time_us time id actor flags position data`, `data` being the document (None
for a tombstone or none). Read `inspector.reducers` for what a state may be, `child` for where it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.event import Flag, format_time
from inspector.reducers import DELETED, NO_DOCUMENT, FoldEvent, batch_of
from inspector.values import copied


@dataclass(frozen=True, slots=True)
class UserEvent:
    """One event as a user's function sees it."""

    seq: int
    position: int
    version: int | None
    type: str | None
    time_us: int | None
    id: str | None
    actor: str | None
    flags: tuple[str, ...]
    data: object

    @property
    def time(self) -> str | None:
        """The event's time as RFC 3339 in UTC."""
        return format_time(self.time_us)


class ByFunction:
    """Folds with `reduce`. Raises whatever the user's functions raise."""

    def __init__(self, reduce: Callable[[object, UserEvent], object], initial: Callable[[], object] = lambda: None) -> None:
        self._reduce, self._initial = reduce, initial

    def initial(self) -> object:
        """The state before the first event."""
        return self._initial()

    def prepared(self, events: Sequence[FoldEvent]) -> list[UserEvent]:
        """The events as the function is given them. Raises FoldError for one without a readable document."""
        return [_shown(event, document) for event, document in zip(events, batch_of(events).documents, strict=True)]

    def apply(self, state: object, event: UserEvent) -> object:
        """The state after one event; `state` may be changed."""
        return self._reduce(state, event)

    def copied(self, state: object) -> object:
        """A state of its own."""
        return copied(state)

    def shown(self, state: object) -> object:
        """The state as a JSON value."""
        return state


def _shown(event: FoldEvent, document: object) -> UserEvent:
    nothing = document is DELETED or document is NO_DOCUMENT
    return UserEvent(
        event.seq,
        event.position,
        event.version,
        event.type,
        event.time_us,
        event.event_id,
        event.actor,
        tuple(Flag.names(event.flags)) if event.flags else (),
        None if nothing else document,
    )
