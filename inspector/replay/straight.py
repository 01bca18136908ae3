"""Folding a stream from its start in whole stretches: the plain case of `folding.fold`, at a third of its time. Reads a capture.

It is for reducers that look at documents alone, up to a moment that is a place in the stream, with nothing left out and nothing
wrong on the way; any other case is for `folding.fold`, which gives the same here.
"""

from __future__ import annotations

from collections.abc import Callable

from inspector.capture.reader import CaptureReader
from inspector.capture.stream_columns import StreamColumns
from inspector.capture.streams import StreamInfo
from inspector.reducers import FoldError, Reducer, is_of_documents
from inspector.replay.folding import Folded, Limits
from inspector.replay.order import Order
from inspector.replay.stretches import Stretches, is_worth_it
from inspector.state_size import Growing

_PART = 512
"""So many events are folded at once."""


def fold_straight(
    reader: CaptureReader,
    stream: StreamInfo,
    reducer: Reducer,
    limits: Limits,
    progress: Callable[[int], None] | None = None,
    columns: StreamColumns | None = None,
) -> Folded | None:
    """The state at the limits' moment; None where it takes the other way. `progress` is as in `fold`; `columns`, where they are known."""
    if not is_worth_it(stream.events) or limits.without or limits.most is not None or limits.with_aborted or not is_of_documents(reducer):
        return None
    order = Order(columns or StreamColumns(reader, stream.id))
    choice = order.choice(limits.moment, by_version=limits.by_version)
    if not isinstance(choice.places, range) or not choice.places:
        return None
    stretches, end = Stretches(stream.id, order), len(choice.places)
    state, applied = reducer.initial(), 0
    growing = Growing(state)
    for stretch in stretches.each(reader, 0, end):
        for start in range(0, len(stretch), _PART):
            stop = min(start + _PART, len(stretch))
            try:
                state = reducer.fold(state, stretch.part(start, stop))
            except FoldError:
                return None
            if growing.is_too_large(state, stretch.added(start, stop)):
                return None
            applied += stop - start
            if progress is not None:
                progress(applied)
    if applied < end:
        return None
    tally = order.tally(end)
    return Folded(
        state,
        end,
        stretches.events(reader, [end - 1])[0],
        skipped_aborted=choice.aborted,
        duplicates=max(tally.repeated_versions, order.repeated_ids(choice.places)),
        is_reached=choice.is_reached,
        tally=tally,
    )
