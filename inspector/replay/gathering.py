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
from inspector.capture.streams import StreamEvent, StreamInfo, stream_stretch
from inspector.event import Flag
from inspector.reducers import DELETED, NO_DOCUMENT, UNREADABLE, FoldEvent
from inspector.replay.evidence import SAYS_WHY
from inspector.replay.folding import LEFT_OUT
from inspector.replay.question import Moment

_ODD = int(LEFT_OUT | UNREADABLE | Flag.duplicate_keys)
_TOMBSTONE = str(int(Flag.tombstone))
_GATHERED = (
    # a version, or a position with a p before it
    "SELECT group_concat(coalesce(x.version, 'p' || event.position)), {which}, group_concat({document}), max({seq}), "
    "min(event.log_id), max(event.log_id), {facts} "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = :stream"
)
_PLAIN_FACTS = f"count(*) FILTER (WHERE event.flags & {_ODD} OR event.data IS NULL OR event.time_us IS NULL), 0, 0"
_ALL_FACTS = (
    f"0, count(*) FILTER (WHERE event.flags & {_ODD}), "
    f"count(*) FILTER (WHERE event.data IS NULL AND event.value_bytes > 0 AND event.flags & {SAYS_WHY} = 0)"
)
_LAST = (
    "SELECT event.seq, event.log_id, event.position, event.sub, event.time_us, event.type_id, event.flags, event.event_id, event.actor, "
    "event.recorded_us FROM event WHERE event.seq = ?"
)
_MARKED = f"CASE WHEN event.data IS NULL THEN '\"' || :mark || (event.flags & {_TOMBSTONE}) || '\"' ELSE json(event.data) END"
_MOST_TYPES = 10_000
_LIMITS = {
    "at": "event.time_us <= :at",
    "known": "coalesce(event.recorded_us, event.time_us) <= :known",
    "version": "coalesce(x.version <= :version, 1)",
}


def _sql(document: str, facts: str, within: str | None) -> str:
    if within is None:
        return _GATHERED.format(which="NULL", document=document, seq="x.seq", facts=facts)
    which, of_those = f"group_concat(coalesce({within}, 0), '')", f"CASE WHEN {within} THEN {document} END"
    return _GATHERED.format(which=which, document=of_those, seq=f"CASE WHEN {within} THEN x.seq END", facts=facts)


class Gathered(NamedTuple):
    """What one stream has: of all its events, in the order of arrival, and the `documents` of those that are not after the moment.

    `places` are versions, or positions with a p before them where an event has none, joined by commas, as the documents are. `which`
    has 1 for each event up to the moment and 0 for each other, null where all are. `last` is the number of the last event up to the
    moment. `unusual` counts events for which all has to be looked at, `odd` those that cannot be folded like this, `unfit` values of
    which no document was made though nothing went wrong.
    """

    places: str | None
    which: str | None
    documents: str | None
    last: int | None
    first_log: int
    last_log: int
    unusual: int
    odd: int
    unfit: int

    @property
    def is_one_log(self) -> bool:
        """Whether all its events are in one log."""
        return self.first_log == self.last_log

    def within(self, events: int) -> int | None:
        """How many of its events there are up to the moment; None when others stand before one of them."""
        if self.which is None:
            return events
        count = self.which.count("1")
        return count if "1" not in self.which[count:] else None


class Gatherer:
    """Gathers streams up to one moment."""

    def __init__(self, reader: CaptureReader, moment: Moment) -> None:
        self._reader = reader
        self._types: dict[int, str | None] = {}
        # stands for an event without a document: nobody who writes one can know it
        self._mark = secrets.token_hex(16)
        asked = {"at": moment.time_us, "known": moment.known_us, "version": moment.version}
        limits = {name: value for name, value in asked.items() if value is not None}
        within = f"({' AND '.join(_LIMITS[name] for name in limits)})" if limits else None
        self._until_us = moment.time_us if moment.known_us is None else None
        self._bindings: dict[str, str | int] = {"mark": self._mark, **limits}
        self._plain_whole = reader.shown(_sql("json(event.data)", _PLAIN_FACTS, None))
        self._plain = reader.shown(_sql("json(event.data)", _PLAIN_FACTS, within))
        self._last = reader.shown(_LAST)
        self._all = reader.shown(_sql(_MARKED, _ALL_FACTS, within))

    def of(self, stream: StreamInfo) -> Gathered:
        """What a stream has."""
        bindings = {**self._bindings, "stream": stream.id}
        is_whole = self._until_us is not None and stream.last_us is not None and stream.last_us <= self._until_us
        (row,) = self._reader.select(self._plain_whole if is_whole else self._plain, bindings)
        found = Gathered._make(row)
        if not found.unusual:
            return found
        (row,) = self._reader.select(self._all, bindings)
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

    def last_event(self, gathered: Gathered, version: int | None) -> StreamEvent:
        """The last event within, of this version, without its document."""
        ((seq, log_id, position, sub, time_us, type_id, flags, event_id, actor, recorded_us),) = self._reader.select(
            self._last, (gathered.last,)
        )
        return StreamEvent(seq, log_id, position, sub, time_us, version, self._type(type_id), flags, event_id, actor, None, recorded_us)

    def _type(self, type_id: int | None) -> str | None:
        if type_id is None:
            return None
        if type_id not in self._types:
            if len(self._types) >= _MOST_TYPES:
                self._types.clear()
            rows = self._reader.select(self._reader.shown("SELECT type.name FROM type WHERE type.id = ?"), (type_id,))
            self._types[type_id] = rows[0][0] if rows else None
        return self._types[type_id]

    def events(self, stream_id: int, gathered: Gathered, count: int) -> Sequence[FoldEvent]:
        """The `count` events within, read only when somebody looks at one."""
        last = gathered.last or 0
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
