"""The states of all streams, one stream after the other: what one fold per stream gives, at the speed of one long fold.

Streams are read in runs by their number, since that is how a capture keeps their events together. Memory holds one run.
Read `folding` for the fold of one stream, to which everything out of the ordinary is left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, has_versions, stream_batches, stream_by_id
from inspector.event import Flag
from inspector.reducers import FoldBatch, FoldError, Reducer, batch_of, for_stream
from inspector.replay.folding import LEFT_OUT, Folded, Limits, fold

RUN_EVENTS = 2000
_PAGE_STREAMS = 2000
_ODD = LEFT_OUT | int(Flag.undecodable)

_EVENTS = (
    "SELECT x.stream_id, event.seq, event.log_id, event.position, event.sub, event.time_us, x.version, type.name, event.flags, "
    "event.event_id, event.actor, json(event.data) FROM event_stream x CROSS JOIN event ON event.seq = x.seq "
    "LEFT JOIN type ON type.id = event.type_id WHERE x.stream_id BETWEEN ? AND ? ORDER BY x.stream_id, x.seq"
)


class StreamState(NamedTuple):
    """One stream's state after all its events. `failed` is true when an event could not be folded."""

    stream_id: int
    state: object
    applied: int
    failed: bool = False


def states(
    reader: CaptureReader, reducer: Reducer, *, category: str | None = None, progress: Callable[[int], None] | None = None
) -> Iterator[StreamState]:
    """The state of every stream (of one category), by stream number.

    `progress` is called with the number of streams done after each run and may raise to end the work.
    """
    done = 0
    for first, last, wanted in _runs(reader, category):
        for state in _run(reader, reducer, first, last, wanted):
            done += 1
            yield state
        if progress is not None:
            progress(done)


def _runs(reader: CaptureReader, category: str | None) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Stretches of stream numbers that hold some `RUN_EVENTS` events, with the numbers that are wanted."""
    run: list[int] = []
    size = 0
    for stream_id, events in _numbered(reader, category):
        if run and size + events > RUN_EVENTS:
            yield run[0], run[-1], frozenset(run)
            run, size = [], 0
        run.append(stream_id)
        size += events
    if run:
        yield run[0], run[-1], frozenset(run)


def _numbered(reader: CaptureReader, category: str | None) -> Iterator[tuple[int, int]]:
    """(stream number, events) of the streams wanted, page by page."""
    after = 0
    while True:
        rows = reader.select(
            "SELECT stream.id, stream.events FROM stream JOIN category ON category.id = stream.category_id "
            "WHERE stream.id > ?1 AND (?2 IS NULL OR category.name = ?2) ORDER BY stream.id LIMIT ?3",
            (after, category, _PAGE_STREAMS),
        )
        yield from ((row[0], row[1]) for row in rows)
        if len(rows) < _PAGE_STREAMS:
            return
        after = rows[-1][0]


def _run(reader: CaptureReader, reducer: Reducer, first: int, last: int, wanted: frozenset[int]) -> Iterator[StreamState]:
    if len(wanted) == 1 or len(wanted) <= last - first:
        # one long stream, or others stand between: each by itself
        yield from (_alone(reader, reducer, stream_id) for stream_id in sorted(wanted))
        return
    rows = reader.select(reader.shown(_EVENTS), (first, last))
    events = [StreamEvent._make(row[1:]) for row in rows]
    try:
        documents = batch_of(events).documents
    except FoldError:
        yield from (_alone(reader, reducer, stream_id) for stream_id in sorted(wanted))
        return
    numbers = [row[0] for row in rows]
    start = 0
    while start < len(rows):
        end = bisect_right(numbers, numbers[start], start)
        yield _together(reader, reducer, numbers[start], FoldBatch(events[start:end], documents[start:end]))
        start = end


def _together(reader: CaptureReader, reducer: Reducer, stream_id: int, batch: FoldBatch) -> StreamState:
    """A stream of which all events are at hand, as they arrived; one that is out of the ordinary is folded by itself."""
    last = -1
    for event in batch.events:
        if event.version is None or event.version <= last or event.flags & _ODD:
            return _alone(reader, reducer, stream_id)
        last = event.version
    own = _own(reader, reducer, stream_id)
    try:
        return StreamState(stream_id, own.fold(own.initial(), batch), len(batch))
    except FoldError:
        return _alone(reader, reducer, stream_id)


def _alone(reader: CaptureReader, reducer: Reducer, stream_id: int) -> StreamState:
    limits = Limits(by_version=has_versions(reader, stream_id))
    folded: Folded = fold(lambda: stream_batches(reader, stream_id), _own(reader, reducer, stream_id), limits)
    return StreamState(stream_id, folded.state, folded.applied, folded.failure is not None)


def _own(reader: CaptureReader, reducer: Reducer, stream_id: int) -> Reducer:
    """The reducer for a stream: its name is looked up only for one that has to know it."""
    return for_stream(reducer, stream_by_id(reader, stream_id).name) if hasattr(reducer, "for_stream") else reducer
