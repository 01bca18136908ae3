"""Documents of whole stretches of a stream, each read as one JSON text while the one before is folded; no object for each event.

That is a third of the time of reading event by event, for reducers that look at documents alone. A stretch with anything out of
the ordinary is not given: it is read event by event, and there it is said what is wrong. Read `walk` for who asks, `gathering` for
whole streams at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, cast, overload

from inspector import values
from inspector.capture.beside import ahead
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import BATCH_CHARACTERS, stream_events
from inspector.errors import CaptureError
from inspector.event import Flag
from inspector.reducers import DELETED, NO_DOCUMENT, UNREADABLE, FoldBatch, FoldError, FoldEvent, batch_of
from inspector.replay.folding import LEFT_OUT, added_by
from inspector.replay.order import Order
from inspector.state_size import EVENT_BYTES

LEAST = 256
"""Fewer events are read one by one."""
MOST = 2_048
"""So many events are one stretch at most."""
ODD = int(UNREADABLE | Flag.duplicate_keys)
"""Flags of events whose documents are not simply read."""
_TOMBSTONE = str(int(Flag.tombstone))
MARKED = f"CASE WHEN event.data IS NULL THEN '\"' || :mark || (event.flags & {_TOMBSTONE}) || '\"' ELSE json(event.data) END"
"""An event's document, or what stands for it where it has none."""
_PARSED, _PARSED_CHARACTERS = 64, 1024 * 1024
"""So many documents, and so much JSON, are parsed at once where each is looked at by itself."""
_LINE = "\n"
"""No JSON text that SQLite writes holds one."""
_SQL = (
    f"SELECT count(*), count(*) FILTER (WHERE event.flags & {ODD}), group_concat({MARKED}, char(10)) "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq "
    "WHERE x.stream_id = :stream AND x.seq BETWEEN :first AND :last AND event.flags & :left_out = 0"
)


class Stretch:
    """Events that follow each other, with their documents where they were read at once."""

    def __init__(self, events: Sequence[FoldEvent], documents: list[object] | None = None, characters: int = 0) -> None:
        self.events, self._documents, self._characters = events, documents, characters

    def __len__(self) -> int:
        return len(self.events)

    @property
    def is_read(self) -> bool:
        """Whether its documents are there."""
        return self._documents is not None

    def part(self, start: int, stop: int) -> FoldBatch:
        """Those from one place to another. Raises FoldError for one whose document cannot be had."""
        events = self.events[start:stop]
        return batch_of(events) if self._documents is None else FoldBatch(events, self._documents[start:stop])

    def added(self, start: int, stop: int) -> int:
        """At most about so many bytes they add, with those before them, to a state that keeps all of them."""
        if self._documents is None:
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
    is_ordinary: bool = False


class Stretches:
    """Reads the events of one stream that count in an order."""

    def __init__(self, stream_id: int, order: Order) -> None:
        self._stream_id, self._order = stream_id, order
        self._mark = new_mark()

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
        return partial(_read, bindings)

    def _stretch(self, reader: CaptureReader, first: int, end: int, found: _Read) -> Stretch | None:
        if found.text is None or found.odd or found.events != end - first:
            return None
        try:
            given = _documents(found.text, is_ordinary=found.is_ordinary)
        except ValueError:
            return None
        if self._mark in found.text:
            marked(given, self._mark)
        events = Events(end - first, lambda: self.events(reader, range(first, end)))
        return Stretch(events, given, len(found.text)) if len(given) == end - first else None


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


def _read(bindings: dict[str, str | int], reader: CaptureReader) -> _Read:
    try:
        ((events, odd, text),) = reader.select(reader.shown(_SQL), bindings)
    except CaptureError:
        return _Read(0, 0, None)  # too much for one text, or damaged: read event by event it is said what is wrong
    return _Read(events, odd, text, text is not None and values.is_ordinary(text))
