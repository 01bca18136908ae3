"""One stream under one reducer, asked about again and again: its order, its states kept, and how sure each is.

The capture's side of `walk`. It notices when the stream grew, or lost its start, and keeps what still holds. No Qt.
Read `process` for who asks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamMark, stream_by_id, stream_events, stream_extent, stream_marks
from inspector.errors import UsageError
from inspector.reducers import FoldEvent
from inspector.replay import NOW, Answer, Moment, Progress, Question, Replay
from inspector.replay.folding import LEFT_OUT, Folded
from inspector.replay.tally import Tally
from inspector.replay.walk import Stand, Walk
from inspector.user_code import USUAL, Terms
from inspector.user_code.codes import Codes

_TALLY_EVERY = 2_000


@dataclass(slots=True)
class Order:
    """The events of a stream that count, in replay order, as columns; and at which place the others stand.

    `aborted` and `repeated` hold the number of counted events before each aborted one, and up to each repeated id.
    """

    seqs: list[int] = field(default_factory=list)
    times_us: list[int | None] = field(default_factory=list)
    versions: list[int | None] = field(default_factory=list)
    aborted: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def tally(self, place: int) -> Tally:
        """The facts about the first `place` events."""
        at = place // _TALLY_EVERY
        tally = self.tallies[at].copied()
        tally.add_versions(self.versions[at * _TALLY_EVERY : place])
        return tally

    def same_start(self, other: Order) -> int:
        """How many events from the start are the same in both."""
        if self.seqs == other.seqs[: len(self.seqs)]:
            return len(self.seqs)
        return next((place for place, pair in enumerate(zip(self.seqs, other.seqs, strict=False)) if pair[0] != pair[1]), len(other.seqs))


def order_of(marks: Sequence[StreamMark]) -> Order:
    """The order of a stream from its events' marks."""
    order, ids, tally = Order(), set[str](), Tally()
    for mark in marks:
        if mark.flags & LEFT_OUT:
            order.aborted.append(len(order.seqs))
            continue
        order.seqs.append(mark.seq)
        order.times_us.append(mark.time_us)
        order.versions.append(mark.version)
        if mark.event_id is not None and mark.event_id in ids:
            order.repeated.append(len(order.seqs))
        elif mark.event_id is not None:
            ids.add(mark.event_id)
    for start in range(0, len(order.seqs) + 1, _TALLY_EVERY):
        order.tallies.append(tally.copied())
        tally.add_versions(order.versions[start : start + _TALLY_EVERY])
    return order


class Story:
    """The states of one stream. `stream_id` is its number in the capture; `reducer` and `terms` as in `Question`."""

    def __init__(
        self, reader: CaptureReader, stream_id: int, reducer: str | None, terms: Terms = USUAL, codes: Codes | None = None
    ) -> None:
        self.reader = reader
        self._terms, self._codes = terms, codes
        self._stream_id, self._asked_reducer = stream_id, reducer
        self._extent = stream_extent(reader, stream_id)
        self.replay = self._asked(reader)
        self.order = order_of(stream_marks(reader, stream_id))
        self.walk = Walk(len(self.order.seqs), self._fetch, self.replay.reducer)

    def _asked(self, reader: CaptureReader) -> Replay:
        stream = stream_by_id(reader, self._stream_id)
        question = Question(stream.name, stream.source, reducer=self._asked_reducer, terms=self._terms)
        return Replay(reader, question, stream=stream, codes=self._codes)

    def _reload(self, reader: CaptureReader) -> None:
        """Reads the order and what the verdict rests on again; states of an unchanged start are kept."""
        before, order = self.replay.reducer.name, order_of(stream_marks(reader, self._stream_id))
        self._extent, self.replay = stream_extent(reader, self._stream_id), self._asked(reader)
        if self.replay.reducer.name == before:
            self.walk.grown(len(order.seqs), self.order.same_start(order))
        else:
            self.walk = Walk(len(order.seqs), self._fetch, self.replay.reducer)
        self.order = order

    def _fetch(self, start: int, stop: int) -> Sequence[FoldEvent]:
        return stream_events(self.reader, self._stream_id, self.order.seqs[start:stop])

    def refresh(self, reader: CaptureReader) -> None:
        """Looks at what the capture has now. Raises UsageError when the stream is gone."""
        self.reader = reader
        if stream_extent(reader, self._stream_id) != self._extent:
            self._reload(reader)

    @property
    def total(self) -> int:
        """How many events count."""
        return len(self.order.seqs)

    def place_of(self, moment: Moment) -> int | None:
        """How many events the moment is; None for a time in whose past the stream's order has later events.

        Raises UsageError for an event that is not in the stream.
        """
        if moment.seq is not None:
            return self._place_of_event(moment.seq)
        if moment.count is not None or (moment.version is not None and not self.replay.has_versions):
            return min(moment.count if moment.count is not None else moment.version or 0, self.total)
        if moment.version is not None:
            version = moment.version
            return bisect_right(self.order.versions, version, key=lambda found: -1 if found is None else found)
        if moment.time_us is not None:
            return self._place_of_time(moment.time_us)
        return self.total

    def _place_of_event(self, seq: int) -> int:
        if seq in self.order.seqs:
            return self.order.seqs.index(seq) + 1
        marks = stream_marks(self.reader, self._stream_id)
        for place, mark in enumerate(marks):
            if mark.seq == seq:  # an aborted event: the state is that before it
                return sum(1 for before in marks[:place] if not before.flags & LEFT_OUT)
        raise UsageError(f"event {seq} is not in this stream any more")

    def _place_of_time(self, time_us: int) -> int | None:
        within = [found is not None and found <= time_us for found in self.order.times_us]
        count = sum(within)
        return count if all(within[:count]) else None

    def stand(self, place: int, progress: Progress | None = None) -> Stand:
        """The state after `place` events; before the one that cannot be folded, if there is one on the way."""
        return self.walk.stand(place, progress)

    def folded(self, stand: Stand, asked: int) -> Folded:
        """What a fold from the start would have told of this state."""
        order, place = self.order, stand.place
        tally = order.tally(place)
        failure = self.walk.failure if asked > place else None
        return Folded(
            state=stand.state,
            applied=place,
            last=stand.last,
            failure=failure,
            skipped_aborted=len(order.aborted) if place == self.total else bisect_left(order.aborted, place),
            duplicates=max(tally.repeated_versions, bisect_right(order.repeated, place)),
            is_reached=asked < self.total,
            tally=tally,
        )

    def judged(self, moment: Moment, stand: Stand, asked: int, progress: Progress | None = None) -> Answer:
        """How sure one may be of a state."""
        at_end = asked >= self.total and moment.time_us is None
        return self.replay.turn_to(self.reader, NOW if at_end else moment, progress).judged(self.folded(stand, asked))

    def folded_anew(self, moment: Moment, progress: Progress | None = None, *, with_blame: bool = False) -> Answer:
        """The answer for a time that is no place in the stream: folded from the start."""
        replay = self.replay.turn_to(self.reader, moment, progress)
        replay.question = replace(replay.question, blame=with_blame)
        return replay.answer()
