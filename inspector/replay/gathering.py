"""A stream's events gathered by one statement: their documents as one JSON text, and what tells whether they can be folded as they are.

That is half the time of reading event by event. Memory holds one stream's documents. Folds nothing; read `many` for who does.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast, overload

import orjson

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, stream_stretch
from inspector.event import Flag
from inspector.reducers import DELETED, NO_DOCUMENT, UNREADABLE, FoldEvent
from inspector.replay.evidence import SAYS_WHY
from inspector.replay.folding import LEFT_OUT
from inspector.replay.question import Moment

_ODD = int(LEFT_OUT | UNREADABLE | Flag.duplicate_keys)
_TOMBSTONE = str(int(Flag.tombstone))
_GATHERED = (
    "SELECT count(*), count(x.version), group_concat(coalesce(x.version, event.position)), count(*) * sum(event.log_id * event.log_id) = "
    f"sum(event.log_id) * sum(event.log_id), count(*) FILTER (WHERE event.flags & {_ODD}), "
    f"count(*) FILTER (WHERE event.data IS NULL AND event.value_bytes > 0 AND event.flags & {SAYS_WHY} = 0), {{}}, "
    # beside one max() these are of the row that has it
    "event.log_id, event.position, event.sub, event.time_us, x.version, event.type_id, event.flags, event.event_id, event.actor "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = :stream"
)
_DOCUMENT = f"CASE WHEN event.data IS NULL THEN '\"' || :mark || (event.flags & {_TOMBSTONE}) || '\"' ELSE json(event.data) END"
_ALL = f"NULL, group_concat({_DOCUMENT}), max(x.seq)"
_UNTIL = "group_concat(coalesce({0}, 0), ''), " + f"group_concat(CASE WHEN {{0}} THEN {_DOCUMENT} END), max(CASE WHEN {{0}} THEN x.seq END)"
_MOST_TYPES = 10_000


class Gathered(NamedTuple):
    """What one stream has: of all its events, in the order of arrival, and from `within` on of those that are not after the moment.

    `places` are versions, or positions where an event has none, joined by commas, as the `documents` are. `odd` counts events that
    cannot be folded like this, `unfit` values of which no document was made though nothing went wrong. `which` has 1 for each event
    up to the moment and 0 for each other, null where there is no moment. From `seq` on it is the last event up to the moment.
    """

    events: int
    versioned: int
    places: str | None
    is_one_log: int | None
    odd: int
    unfit: int
    which: str | None
    documents: str | None
    seq: int | None
    log_id: int
    position: int
    sub: int
    time_us: int | None
    version: int | None
    type_id: int | None
    flags: int
    event_id: str | None
    actor: str | None

    @property
    def within(self) -> int | None:
        """How many events there are up to the moment; None when others stand before one of them."""
        if self.which is None:
            return self.events
        count = self.which.count("1")
        return count if "1" not in self.which[count:] else None


class Gatherer:
    """Gathers streams up to one moment."""

    def __init__(self, reader: CaptureReader, moment: Moment) -> None:
        self._reader = reader
        self._types: dict[int, str | None] = {}
        # stands for an event without a document: nobody who writes one can know it
        self._mark = secrets.token_hex(16)
        within = "1"
        if moment.time_us is not None:
            within = "(event.time_us <= :until)"
        elif moment.version is not None:
            within = "coalesce(x.version <= :until, 1)"
        until = moment.time_us if moment.time_us is not None else moment.version
        self._bindings: dict[str, str | int] = {"mark": self._mark} | ({} if until is None else {"until": until})
        self._sql = reader.shown(_GATHERED.format(_ALL if until is None else _UNTIL.format(within)))

    def of(self, stream_id: int) -> Gathered:
        """What the stream of this number has."""
        (row,) = self._reader.select(self._sql, {**self._bindings, "stream": stream_id})
        return Gathered._make(row)

    def documents(self, gathered: Gathered) -> list[object]:
        """The documents of what is within, exactly. Raises ValueError when one is no JSON."""
        text = gathered.documents or ""
        (found,) = values.parse_all([f"[{text}]"])
        documents = cast("list[object]", found)
        if self._mark in text:
            for place, document in enumerate(documents):
                if isinstance(document, str) and document.startswith(self._mark):
                    documents[place] = DELETED if document.removeprefix(self._mark) == _TOMBSTONE else NO_DOCUMENT
        return documents

    def last_event(self, gathered: Gathered) -> StreamEvent:
        """The last event within, without its document."""
        found = gathered
        type_ = self._type(found.type_id)
        return StreamEvent(
            found.seq or 0,
            found.log_id,
            found.position,
            found.sub,
            found.time_us,
            found.version,
            type_,
            found.flags,
            found.event_id,
            found.actor,
            None,
        )

    def _type(self, type_id: int | None) -> str | None:
        if type_id is None:
            return None
        if type_id not in self._types:
            if len(self._types) >= _MOST_TYPES:
                self._types.clear()
            rows = self._reader.select(self._reader.shown("SELECT type.name FROM type WHERE type.id = ?"), (type_id,))
            self._types[type_id] = rows[0][0] if rows else None
        return self._types[type_id]

    def events(self, stream_id: int, gathered: Gathered) -> Sequence[FoldEvent]:
        """The events within, read only when somebody looks at one."""
        count, last = gathered.within or 0, gathered.seq or 0
        return Events(count, lambda: stream_stretch(self._reader, stream_id, 0, last))


class Events(Sequence[FoldEvent]):
    """Events that are read when the first of them is looked at."""

    def __init__(self, count: int, read: Callable[[], Sequence[FoldEvent]]) -> None:
        self._count, self._read = count, read
        self._found: Sequence[FoldEvent] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> FoldEvent: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[FoldEvent]: ...

    def __getitem__(self, place: int | slice) -> FoldEvent | Sequence[FoldEvent]:
        if self._found is None:
            self._found = self._read()
        return self._found[place]


def numbers(joined: str | None) -> list[int]:
    """The numbers of a text that joins them by commas."""
    return cast("list[int]", orjson.loads(f"[{joined or ''}]"))
