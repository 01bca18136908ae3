"""Documents of whole stretches of a stream, each read as one JSON text while the one before is folded; no object for each event.

That is a third of the time of reading event by event, for reducers that look at documents alone. A stretch with anything out of
the ordinary is not given: it is read event by event, and there it is said what is wrong. Read `walk` for who asks, `gathering` for
whole streams at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, cast, overload

import orjson

from inspector import values
from inspector.capture.beside import ahead
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import BATCH_CHARACTERS, StreamEvent, event_of, names_of_types, stream_events
from inspector.errors import CaptureError
from inspector.event import Flag
from inspector.reducers import DELETED, NO_DOCUMENT, UNREADABLE, FoldBatch, FoldError, FoldEvent, Looks, batch_of
from inspector.replay.folding import LEFT_OUT, SLICE, added_by
from inspector.replay.order import Order
from inspector.state_size import EVENT_BYTES

LEAST = 256
"""Fewer events are read one by one."""
MOST = 2_048
"""So many events are one stretch at most."""
_PART = 512
"""So many events, whose documents are there, are folded at once."""
_MOST_TYPES = 10_000
ODD = int(UNREADABLE | Flag.duplicate_keys)
"""Flags of events whose documents are not simply read."""
_TOMBSTONE = str(int(Flag.tombstone))
MARKED = f"CASE WHEN event.data IS NULL THEN '\"' || :mark || (event.flags & {_TOMBSTONE}) || '\"' ELSE json(event.data) END"
"""An event's document, or what stands for it where it has none."""
_PARSED, _PARSED_CHARACTERS = 64, 1024 * 1024
"""So many documents, and so much JSON, are parsed at once where each is looked at by itself."""
_LINE = "\n"
"""No JSON text that SQLite writes holds one."""
_COLUMNS = (
    "'[[' || group_concat(x.seq) || '],[' || group_concat(event.log_id) || '],[' || group_concat(event.position) || '],[' || "
    "group_concat(event.sub) || '],[' || group_concat(coalesce(event.time_us, 'null')) || '],[' || "
    "group_concat(coalesce(x.version, 'null')) || '],[' || group_concat(coalesce(event.type_id, 0)) || '],[' || "
    "group_concat(event.flags) || '],' || json_group_array(event.event_id) || ',' || json_group_array(event.actor) || ',[' || "
    "group_concat(coalesce(event.recorded_us, 'null')) || ']]'"
)
_SQL = (
    f"SELECT count(*), count(*) FILTER (WHERE event.flags & {ODD}), group_concat({MARKED}, char(10)), {{columns}} "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq "
    "WHERE x.stream_id = :stream AND x.seq BETWEEN :first AND :last AND event.flags & :left_out = 0"
)


class Stretch:
    """Events that follow each other, with their documents where they were read at once."""

    def __init__(self, events: Sequence[FoldEvent], documents: list[object] | None = None, characters: int | None = None) -> None:
        """`characters` is how much JSON text they have together, where nobody needs to look at the events for it."""
        self.events, self._documents, self._characters = events, documents, characters
        self.part_events = _PART if documents else SLICE
        """So many of them are folded at once."""

    def __len__(self) -> int:
        return len(self.events)

    def part(self, start: int, stop: int) -> FoldBatch:
        """Those from one place to another. Raises FoldError for one whose document cannot be had."""
        events = self.events[start:stop]
        return batch_of(events) if self._documents is None else FoldBatch(events, self._documents[start:stop])

    def added(self, start: int, stop: int) -> int:
        """At most about so many bytes they add, with those before them, to a state that keeps all of them."""
        if self._characters is None:
            return added_by(self.events[start:stop])
        return (stop - start) * EVENT_BYTES + (self._characters if start == 0 else 0)


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
        if isinstance(place, slice):
            return Events(len(range(*place.indices(self._count))), lambda: self._all()[place])
        return self._all()[place]

    def _all(self) -> Sequence[FoldEvent]:
        if self._found is None:
            self._found = self._read()
        return self._found


def each_document(events: Sequence[FoldEvent]) -> Iterator[object]:
    """Their documents in turn, parsed some at a time. Raises FoldError in the turn of one whose document cannot be had."""
    start = 0
    while start < len(events):
        stop, room = start, _PARSED_CHARACTERS
        while stop < min(len(events), start + _PARSED) and (stop == start or room > 0):
            room -= len(events[stop].data or "")
            stop += 1
        try:
            found = batch_of(events[start:stop]).documents
        except FoldError as error:
            yield from batch_of(events[start : start + error.place]).documents
            raise
        yield from found
        start = stop


def is_worth_it(events: int) -> bool:
    """Whether so many events are read in stretches."""
    return events >= LEAST


def new_mark() -> str:
    """What stands for an event without a document: nobody who writes one can know it."""
    return secrets.token_hex(16)


def marked(documents: list[object], mark: str) -> None:
    """Puts what is meant in the place of every mark."""
    for place, document in enumerate(documents):
        if isinstance(document, str) and document.startswith(mark):
            documents[place] = DELETED if document.removeprefix(mark) == _TOMBSTONE else NO_DOCUMENT


class _Read(NamedTuple):
    """What one statement tells of a stretch; `text` is None where it cannot be had at once."""

    events: int
    odd: int
    text: str | None
    columns: str | None = None
    is_ordinary: bool = False


class Stretches:
    """Reads the events of one stream that count in an order, for a reducer that `looks` at some of it."""

    def __init__(self, stream_id: int, order: Order, looks: Looks) -> None:
        self._stream_id, self._order, self._looks = stream_id, order, looks
        self._mark = new_mark()
        self._types: dict[int, str | None] = {}

    def events(self, reader: CaptureReader, places: Sequence[int]) -> Sequence[FoldEvent]:
        """The events at these places, as many from the first on as are not too large together."""
        order, end = self._order, len(places)
        if end * order.columns.facts.largest > BATCH_CHARACTERS:
            end = _fitting(places, order.columns.sizes, order.counted)
        return stream_events(reader, self._stream_id, [order.seqs[place] for place in places[:end]])

    def each(self, reader: CaptureReader, start: int, stop: int) -> Iterator[Stretch]:
        """The stretches between two places, in turn, up to one that has to be read event by event."""
        size = min(MOST, BATCH_CHARACTERS // max(self._order.columns.facts.largest, 1))
        if not is_worth_it(min(stop - start, size)) or not self._order.columns.is_by_arrival:
            return
        bounds = [(at, min(at + size, stop)) for at in range(start, stop, size)]
        for (first, end), found in zip(bounds, ahead(reader, [self._question(*one) for one in bounds]), strict=True):
            stretch = self._stretch(reader, first, end, found)
            if stretch is None:
                return
            yield stretch

    def _question(self, first: int, end: int) -> Callable[[CaptureReader], _Read]:
        seqs = self._order.seqs
        bindings: dict[str, str | int] = {
            "mark": self._mark,
            "stream": self._stream_id,
            "first": seqs[first],
            "last": seqs[end - 1],
            "left_out": 0 if self._order.with_aborted else LEFT_OUT,
        }
        sql = _SQL.format(columns="NULL" if self._looks is Looks.DOCUMENTS else _COLUMNS)
        return partial(_read, sql, bindings, self._looks is not Looks.EVENTS)

    def _stretch(self, reader: CaptureReader, first: int, end: int, found: _Read) -> Stretch | None:
        count = end - first
        if found.text is None or found.odd or found.events != count:
            return None
        try:
            given = [] if self._looks is Looks.EVENTS else _documents(found.text, is_ordinary=found.is_ordinary)
            if found.columns is None:
                events: Sequence[FoldEvent] = Events(count, lambda: self.events(reader, range(first, end)))
            else:
                events = self._told(reader, found.columns, found.text.split(_LINE))
        except ValueError:
            return None
        if given and self._mark in found.text:
            marked(given, self._mark)
        is_whole = len(events) == count and (self._looks is Looks.EVENTS or len(given) == count)
        return Stretch(events, given, len(found.text)) if is_whole else None

    def _told(self, reader: CaptureReader, columns: str, texts: list[str]) -> list[StreamEvent]:
        """The events of a stretch, out of their columns. Raises ValueError where these do not fit."""
        seqs, logs, positions, subs, times, versions, types, flags, ids, actors, recorded = orjson.loads(columns)
        names = map(self._names(reader, set(types)).__getitem__, types)
        data = [None if text.startswith(f'"{self._mark}') else text for text in texts]
        rows = zip(seqs, logs, positions, subs, times, versions, names, flags, ids, actors, data, recorded, strict=True)
        return list(map(event_of, rows))

    def _names(self, reader: CaptureReader, types: Collection[int]) -> Mapping[int, str | None]:
        """The names of types by their numbers, 0 being none."""
        missing = [number for number in types if number not in self._types]
        if missing:
            found = dict.fromkeys(missing) | names_of_types(reader, missing)
            self._types = found | (self._types if len(self._types) < _MOST_TYPES else {})
        return self._types


def _documents(text: str, *, is_ordinary: bool) -> list[object]:
    """The values of JSON texts, one on each line. Raises ValueError when one is no JSON."""
    if is_ordinary:
        return cast("list[object]", values.parse_ordinary(f"[{text.replace(_LINE, ',')}]"))
    return values.parse_all(text.split(_LINE))


def _fitting(places: Sequence[int], sizes: Sequence[int], counted: Sequence[int]) -> int:
    """How many of the first places have events that are not too large together."""
    room = BATCH_CHARACTERS
    for end, place in enumerate(places, start=1):
        room -= max(sizes[counted[place]], 0)
        if room < 0:
            return end
    return len(places)


def _read(sql: str, bindings: dict[str, str | int], with_documents: bool, reader: CaptureReader) -> _Read:
    try:
        ((events, odd, text, columns),) = reader.select(reader.shown(sql), bindings)
    except CaptureError:
        return _Read(0, 0, None)  # too much for one text, or damaged: read event by event it is said what is wrong
    return _Read(events, odd, text, columns, with_documents and text is not None and values.is_ordinary(text))
