"""Folding a stream of a capture from its start: the plain case in whole stretches, any other batch by batch. Reads a capture.

The plain case is a moment that is a place in the stream, with nothing left out and nothing out of the ordinary on the way; it takes a
third of the time. Read `folding` for the other, which gives the same, and `stretches` for how events are read.
"""

from __future__ import annotations

from collections.abc import Callable

from inspector.capture.reader import CaptureReader
from inspector.capture.stream_columns import StreamColumns
from inspector.capture.streams import StreamInfo, stream_batches
from inspector.reducers import FoldError, Reducer, looks_at
from inspector.replay.folding import Failure, Folded, Limits, Stopped, fold
from inspector.replay.order import Choice, Order
from inspector.replay.stretches import Stretches, is_worth_it
from inspector.state_size import Growing

Progress = Callable[[int], None]


def fold_stream(
    reader: CaptureReader,
    stream: StreamInfo,
    reducer: Reducer,
    limits: Limits,
    progress: Progress | None = None,
    columns: StreamColumns | None = None,
) -> Folded:
    """The state of a stream at the limits' moment, as `fold` gives it; `columns`, where they are known."""
    found = _straight(reader, stream, reducer, limits, progress, columns)
    if isinstance(found, Folded):
        return found
    return fold(lambda: stream_batches(reader, stream.id), reducer, limits, progress, found)


def _straight(
    reader: CaptureReader,
    stream: StreamInfo,
    reducer: Reducer,
    limits: Limits,
    progress: Progress | None,
    columns: StreamColumns | None,
) -> Folded | Stopped | None:
    """What came of the plain way; None where it cannot be taken."""
    if not is_worth_it(stream.events) or limits.without or limits.most is not None or limits.with_aborted:
        return None
    order = Order(columns or StreamColumns(reader, stream.id))
    choice = order.choice(limits.moment, by_version=limits.by_version)
    end = len(choice.places)
    if not isinstance(choice.places, range) or not end:
        return None
    stretches = Stretches(stream.id, order, looks_at(reducer))
    state, applied = reducer.initial(), 0
    growing = Growing(state)
    for stretch in stretches.each(reader, 0, end):
        for start in range(0, len(stretch), stretch.part_events):
            stop = min(start + stretch.part_events, len(stretch))
            try:
                state = reducer.fold(state, stretch.part(start, stop))
            except FoldError as error:
                return Stopped(Failure(stretch.events[start + error.place], error.reason), applied + error.place)
            if growing.is_too_large(state, stretch.added(start, stop)):
                return None
            applied += stop - start
            if progress is not None:
                progress(applied)
    return _told(reader, stretches, order, choice, state, limits) if applied == end else None


def _told(reader: CaptureReader, stretches: Stretches, order: Order, choice: Choice, state: object, limits: Limits) -> Folded:
    end, version = len(choice.places), limits.moment.version
    tally = order.tally(end)
    return Folded(
        state,
        end,
        stretches.events(reader, [end - 1])[0],
        skipped_aborted=choice.aborted,
        duplicates=max(tally.repeated_versions, order.repeated_ids(choice.places)),
        is_reached=choice.is_reached,
        aborted_version=order.aborted_version(version) if version is not None and limits.by_version else None,
        tally=tally,
    )
