"""The door for reducers: a fold step `(state, event) -> state`, taken in batches. No I/O, no capture.

A reducer is one file and one entry point in `eventscope.reducers`. Read `merge` for the most used one, `user_code`
for the ones that users write, and `replay` for who folds.

A state is a JSON value (dict with text keys, list, str, int, float, Decimal, bool, None), or `ABSENT` before the first
event and after a deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, cast

from inspector import plugins, values
from inspector.errors import UsageError
from inspector.event import Flag


class _Mark:
    """A value that is told apart by identity."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ABSENT = _Mark("ABSENT")
"""The state of a stream without a first event, or whose last event deleted it; printed as null."""
NO_DOCUMENT = _Mark("NO_DOCUMENT")
"""The document of an event that carries none and is no deletion (an empty value, plain text): there is nothing to apply."""
DELETED = _Mark("DELETED")
"""The document of a tombstone."""


UNREADABLE = int(Flag.undecodable | Flag.encrypted | Flag.too_deep | Flag.damaged | Flag.oversize)
"""Flags of events whose document is there but out of reach: folding past them would give a wrong state."""


_MOST_REASON = 1_200
_DUPLICATE_KEYS = int(Flag.duplicate_keys)


class FoldEvent(Protocol):
    """What a reducer may know of an event besides its document. Times are microseconds since 1970 UTC."""

    @property
    def seq(self) -> int:
        """The event's address in the capture."""

    @property
    def position(self) -> int:
        """Where it stood in its log."""

    @property
    def time_us(self) -> int | None:
        """Its time, None when unknown."""

    @property
    def version(self) -> int | None:
        """Its version in the stream, None when unknown."""

    @property
    def type(self) -> str | None:
        """Its type's name."""

    @property
    def flags(self) -> int:
        """Bits of `Flag`."""

    @property
    def event_id(self) -> str | None:
        """Its own id."""

    @property
    def actor(self) -> str | None:
        """Who caused it."""

    @property
    def data(self) -> str | None:
        """Its document as JSON text with the numbers' own digits."""


@dataclass(slots=True)
class FoldBatch:
    """Events of one stream in replay order, with `documents[i]` being the value of `events[i].data`.

    A document may also be `DELETED` or `NO_DOCUMENT`. Each document is given once: a reducer may keep and change it.
    """

    events: Sequence[FoldEvent]
    documents: list[object]

    def __len__(self) -> int:
        return len(self.events)


class FoldError(Exception):
    """The event at `place` of a batch cannot be folded, for `reason`. What the state has become is undefined.

    A reason that quotes a long text of the event is cut, since it is said in one line; halves of characters in it are escaped.
    """

    def __init__(self, place: int, reason: str) -> None:
        said = reason if len(reason) <= _MOST_REASON else f"{reason[:_MOST_REASON]}…"
        self.place, self.reason = place, said.encode("utf-8", "backslashreplace").decode()
        super().__init__(self.reason)


class StateGoneError(Exception):
    """The object that a state stands for is no longer kept by the reducer: fold again from the first event."""


class Reducer(Protocol):
    """One way to fold. `step` and `fold` give equal states for the same events."""

    name: str

    def initial(self) -> object:
        """The state before the first event, a new one at each call."""

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The state after all of `batch`; `state` is given away and may be changed. Raises FoldError."""

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """The state after one event; `state` is left as it was, and parts of it may be shared. Raises FoldError."""


def batch_of(events: Sequence[FoldEvent]) -> FoldBatch:
    """`events` with their documents read exactly. Raises FoldError for the first one whose document cannot be had."""
    texts = [event.data for event in events]
    if None not in texts and not any(event.flags & _DUPLICATE_KEYS for event in events):
        return FoldBatch(events, _parsed(cast("list[str]", texts), [], range(len(texts))))
    documents: list[object] = []
    places: list[int] = []
    repeated: list[int] = []
    for place, (event, text) in enumerate(zip(events, texts, strict=True)):
        if text is None:
            if event.flags & UNREADABLE:
                raise FoldError(place, _unreadable(event.flags))
            documents.append(DELETED if event.flags & Flag.tombstone else NO_DOCUMENT)
            continue
        if event.flags & Flag.duplicate_keys:
            repeated.append(len(places))
        documents.append(text)
        places.append(place)
    parsed = _parsed([cast("str", documents[place]) for place in places], repeated, places)
    for place, value in zip(places, parsed, strict=True):
        documents[place] = value
    return FoldBatch(events, documents)


def _unreadable(flags: int) -> str:
    """Why an event with a value has no document."""
    if flags & Flag.undecodable:
        return "its value could not be decoded"
    return f"its value could not be read: {', '.join(Flag.names(flags & UNREADABLE)).replace('_', ' ')}"


def _parsed(texts: Sequence[str], repeated: Sequence[int], places: Sequence[int]) -> list[object]:
    """The values of `texts`, which stand at `places` of their batch."""
    try:
        return values.parse_all(texts, repeated_keys=repeated)
    except ValueError:
        for place, text in zip(places, texts, strict=True):
            try:
                values.parse_exactly(text)
            except ValueError as error:
                raise FoldError(place, f"its document cannot be read: {error}") from error
        raise


def for_stream(reducer: Reducer, name: str) -> Reducer:
    """The reducer for the stream of this name: most fold all streams alike, an aggregate class has to know whose events they are."""
    made = getattr(reducer, "for_stream", None)
    return cast("Reducer", made(name)) if made is not None else reducer


def is_memoryless(reducer: Reducer) -> bool:
    """Whether a state rests on the last document alone: a reducer that says so with `is_memoryless = True`."""
    return getattr(reducer, "is_memoryless", False) is True


class Looks(Enum):
    """What a reducer looks at in a batch: the rest need not be read."""

    DOCUMENTS = "documents"
    EVENTS = "events"
    BOTH = "both"


def looks_at(reducer: Reducer) -> Looks:
    """What a reducer says by its `looks_at`; both, where it says nothing."""
    found = getattr(reducer, "looks_at", Looks.BOTH)
    return found if isinstance(found, Looks) else Looks.BOTH


def named(name: str) -> Reducer:
    """The reducer registered as `name`. Raises UsageError listing the known ones."""
    try:
        factory = plugins.load("reducers", name)
    except LookupError as error:
        raise UsageError(f"{error}; or name a file that ends in .py") from None
    return cast("Callable[[], Reducer]", factory)()
