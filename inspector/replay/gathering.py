"""Whole streams gathered by one statement for many: the documents of each, and what tells whether they can be folded as they are.

That is a third of the time of reading event by event, and is done beside, for the next streams, while the last ones are folded.
Memory holds the documents of some pages of streams. Folds nothing; read `many` for who does, `stretches` for one long stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import orjson

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import UNFIT, StreamEvent, StreamInfo, names_of_types, stream_stretch
from inspector.errors import CaptureError
from inspector.reducers import FoldEvent
from inspector.replay.folding import LEFT_OUT
from inspector.replay.question import Moment
from inspector.replay.stretches import MARKED, ODD, Events, marked, new_mark

_FIRST_EVENTS, _MOST_EVENTS = 500, 4_000
_PAGE_CHARACTERS = 1024 * 1024
"""Streams of about so much JSON, and of at most so many events, are gathered at once."""
_LAST = "event.log_id, event.position, event.sub, event.time_us, event.type_id, event.flags, event.event_id, event.actor, event.recorded_us"
_STREAM = (
    # a version, or a position with a p before it; the columns of the last event are those of the row with the greatest number
    "SELECT '[[' || group_concat(coalesce(x.version, '\"p' || event.position || '\"')) || '],{which},[' "
    "|| coalesce(group_concat({document}), '') || '],' || json_array(max({seq}), {last}) || ',' || count(DISTINCT event.log_id) "
    f"|| ',' || count(*) FILTER (WHERE event.flags & {ODD | LEFT_OUT}) || ',' || count(*) FILTER (WHERE {UNFIT}) || ']' "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = j.value"
)
_PAGE = "SELECT group_concat(coalesce(({stream}), 'null'), char(10)) FROM json_each(:streams) j"
_MOST_TYPES = 10_000
_LIMITS = {
    "at": "event.time_us <= :at",
    "known": "coalesce(event.recorded_us, event.time_us) <= :known",
    "version": "coalesce(x.version <= :version, 1)",
}


def _sql(within: str | None) -> str:
    if within is None:
        stream = _STREAM.format(which="null", document=MARKED, seq="x.seq", last=_LAST)
    else:
        which = f"\"' || group_concat(coalesce({within}, 0), '') || '\""
        document, seq = f"CASE WHEN {within} THEN {MARKED} END", f"CASE WHEN {within} THEN x.seq END"
        stream = _STREAM.format(which=which, document=document, seq=seq, last=_LAST)
    return _PAGE.format(stream=stream)


class Gathered(NamedTuple):
    """What one stream has: of all its events, in the order of arrival, and the `documents` of those that are not after the moment.

    `places` are versions, or positions with a p before them where an event has none. `which` has 1 for each event up to the moment
    and 0 for each other, null where all are. `last` is the last event up to the moment, its type by number. `logs` is how many logs
    they are in, `odd` counts those that cannot be folded like this, `unfit` values of which no document was made though nothing went
    wrong.
    """

    places: list[int | str]
    which: str | None
    documents: list[object]
    last: list[Any]
    logs: int
    odd: int
    unfit: int
    is_marked: bool = False
    """Whether any of its documents is none."""

    @property
    def within(self) -> int | None:
        """How many of its events there are up to the moment; None when others stand before one of them."""
        if self.which is None:
            return len(self.places)
        count = self.which.count("1")
        return count if "1" not in self.which[count:] else None


class Page(NamedTuple):
    """What was gathered of some streams; a text for each, none of any where they cannot be had at once."""

    texts: Sequence[str]
    is_ordinary: bool = False
    characters: int = 0


Question = Callable[[CaptureReader], Page]


class Gatherer:
    """Gathers streams up to one moment."""

    def __init__(self, reader: CaptureReader, moment: Moment) -> None:
        self._reader = reader
        self._types: dict[int, str | None] = {}
        self._mark = new_mark()
        self._page_events = _FIRST_EVENTS
        asked = {"at": moment.time_us, "known": moment.known_us, "version": moment.version}
        limits = {name: value for name, value in asked.items() if value is not None}
        self._until_us = moment.time_us if moment.known_us is None else None
        self._bindings: dict[str, str | int] = {"mark": self._mark, **limits}
        self._is_whole = not limits
        within = f"({' AND '.join(_LIMITS[name] for name in limits)})" if limits else None
        self._whole, self._part = reader.shown(_sql(None)), reader.shown(_sql(within))

    def pages(self, streams: Iterable[StreamInfo]) -> Iterator[Sequence[StreamInfo]]:
        """The streams in pages that are gathered at once."""
        page, events = list[StreamInfo](), 0
        for stream in streams:
            if page and events + stream.events > self._page_events:
                yield page
                page, events = [], 0
            page.append(stream)
            events += stream.events
        if page:
            yield page

    def question(self, streams: Sequence[StreamInfo]) -> Question:
        """What is asked of a reader to gather a page."""
        bindings = {**self._bindings, "streams": orjson.dumps([stream.id for stream in streams]).decode()}
        return partial(_gathered, self._whole if all(map(self._is_over, streams)) else self._part, bindings)

    def _is_over(self, stream: StreamInfo) -> bool:
        """Whether no event of it is after the moment."""
        return self._is_whole or (self._until_us is not None and stream.last_us is not None and stream.last_us <= self._until_us)

    def took(self, page: Page, streams: Sequence[StreamInfo]) -> None:
        """Learns from a page how large the next ones may be."""
        events = sum(stream.events for stream in streams)
        self._page_events = max(1, min(_MOST_EVENTS, _PAGE_CHARACTERS * events // max(page.characters, 1)))

    def of(self, text: str, *, is_ordinary: bool) -> Gathered | None:
        """What one stream has. Raises ValueError where a document is no JSON."""
        found = values.parse_ordinary(text) if is_ordinary else values.parse(text)
        if not isinstance(found, list):
            return None
        is_marked = self._mark in text
        gathered = Gathered._make([*found, is_marked])
        if is_marked:
            marked(gathered.documents, self._mark)
        return gathered

    def last_event(self, gathered: Gathered, version: int | None) -> StreamEvent:
        """The last event within, of this version, without its document."""
        seq, log_id, position, sub, time_us, type_id, flags, event_id, actor, recorded_us = gathered.last
        return StreamEvent(seq, log_id, position, sub, time_us, version, self._type(type_id), flags, event_id, actor, None, recorded_us)

    def _type(self, type_id: int | None) -> str | None:
        if type_id is None:
            return None
        if type_id not in self._types:
            if len(self._types) >= _MOST_TYPES:
                self._types.clear()
            self._types[type_id] = names_of_types(self._reader, [type_id]).get(type_id)
        return self._types[type_id]

    def events(self, stream_id: int, gathered: Gathered, count: int) -> Sequence[FoldEvent]:
        """The `count` events within, read only when somebody looks at one."""
        last = gathered.last[0] or 0
        return Events(count, lambda: stream_stretch(self._reader, stream_id, 0, last))


def _gathered(sql: str, bindings: dict[str, str | int], reader: CaptureReader) -> Page:
    try:
        ((text,),) = reader.select(sql, bindings)
    except CaptureError:
        return Page(())  # too much for one text, or damaged: read event by event it is said what is wrong
    return Page(text.split("\n"), values.is_ordinary(text), len(text)) if text is not None else Page(())
