"""Streams of server-sent events, kept as they came: blocks of `event:`, `id:` and `data:` lines with an empty line behind each.

The data is the value; where it says the topic, partition and offset that it had upstream (Wikimedia's streams do), it stands there.
Fields are those of the HTML standard. Read `joining` for lines that belong together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings, lines
from inspector.formats.kafka_rows import MOST_PARTITION, MOST_POSITION, Places, add_line, add_row, damage
from inspector.formats.lines import mark_cut

_FIELDS = (b"event", b"id", b"data", b"retry")
_SHARE = 0.9
_MESSAGE = "message"
"""The event's name where none is told."""


@dataclass(slots=True)
class _Event:
    """The lines of one event so far."""

    start: int = 0
    data: list[bytes] = field(default_factory=list)
    size: int = 0
    name: str = ""
    id: str = ""


class EventStream:
    """A dump of server-sent events, such as `curl` makes of an event stream."""

    name = "event-stream"
    title = "server-sent events"
    loses = "A stream tells nothing of what came before it was listened to, or while the connection was lost."
    proves = "Positions that events claim are those of the log they come from; a gap between them may be an event of another stream."
    is_random_access = False
    takes: tuple[str, ...] = ()

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good where all lines are fields of events, some of them data."""
        found = sample.lines()
        good = [line for line in found if _field(line) is not None]
        if not any(line.startswith(b"data:") for line in good) or len(good) < _SHARE * len(found):
            return []
        has_name = any(line.startswith((b"event:", b"id:")) for line in good)
        return [Guess(0.9 if has_name else 0.6, f"{len(good)} of the first {len(found)} lines are fields of server-sent events")]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        del settings
        stream = _Stream()
        for block in lines.lines(source):
            yield stream.chunk(block)
        yield stream.end()


def _field(line: bytes) -> tuple[bytes, bytes] | None:
    """Name and value of a field, an empty name for a comment; None for another line."""
    name, _, value = line.partition(b":")
    return (name, value.removeprefix(b" ")) if name in _FIELDS or line.startswith(b":") else None


class _Stream:
    """Events as their lines come."""

    def __init__(self) -> None:
        self._places = Places()
        self._event = _Event()
        self._count = 0

    def chunk(self, block: lines.Lines) -> Chunk:
        """The events that end within a block."""
        records, start = RecordBatch(), block.start
        for index, raw in enumerate(block.texts):
            line = raw.removesuffix(b"\r")
            found = _field(line)
            if index in block.cut or (line and found is None):
                row = self._refuse(records, block.first + index, start, line)
                if index in block.cut:
                    mark_cut(records, row, block.cut[index])
            elif found is not None:
                self._take(start, *found)
            elif self._event.data:
                self._add(records, is_whole=True)
            start += (block.cut[index].size_bytes if index in block.cut else len(raw)) + 1
        return Chunk(records, self._places.found)

    def end(self) -> Chunk:
        """The last event, which no empty line ends: it may have been cut off."""
        records = RecordBatch()
        if self._event.data:
            self._add(records, is_whole=False)
        return Chunk(records, self._places.found)

    def _refuse(self, records: RecordBatch, number: int, start: int, line: bytes) -> int:
        self._count += 1
        row = add_line(records, number, start, line, "no field of a server-sent event")
        records.position[row] = self._count
        return row

    def _take(self, start: int, name: bytes, value: bytes) -> None:
        event = self._event
        if name == b"data":
            if event.size + len(value) > lines.MOST_LINE_BYTES:
                return
            event.start = event.start if event.data else start
            event.data.append(value)
            event.size += len(value) + 1
        elif name == b"event":
            event.name = value.decode("utf-8", "replace")
        elif name == b"id":
            event.id = value.decode("utf-8", "replace")

    def _add(self, records: RecordBatch, *, is_whole: bool) -> None:
        event, self._event = self._event, _Event()
        self._count += 1
        value = b"\n".join(event.data)
        place = _place(value)
        log = self._places.number(place[0], place[1]) if place else 0
        row = add_row(records, log=log, position=place[2] if place else self._count, value=value)
        told = {name: text for name, text in (("sse_event", event.name), ("sse_id", event.id)) if text and text != _MESSAGE}
        if told:
            records.extra.setdefault(row, {}).update(told)
        if not is_whole:
            damage(records, row, f"byte {event.start:,}: no empty line ends this event: the file may have been cut off")


def _place(value: bytes) -> tuple[str, int, int] | None:
    """Topic, partition and offset that the data says it had."""
    try:
        meta = orjson.loads(value).get("meta")
        topic, partition, offset = (meta.get(name) for name in ("topic", "partition", "offset"))
    except (ValueError, AttributeError):
        return None
    if not isinstance(topic, str) or not topic or type(partition) is not int or type(offset) is not int:
        return None
    return (topic, partition, offset) if 0 <= partition <= MOST_PARTITION and 0 <= offset <= MOST_POSITION else None
