"""One stream under one reducer, asked about again and again: its order, its states kept, and how sure each is.

The capture's side of `walk`. It notices when the stream grew, or lost its start, and keeps what still holds. No Qt.
Read `process` for who asks, `order` for places.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from inspector.capture.reader import CaptureReader
from inspector.capture.stream_columns import StreamColumns
from inspector.capture.streams import (
    events_named,
    stream_by_id,
    stream_events,
    stream_extent,
    stream_facts,
)
from inspector.errors import UsageError
from inspector.reducers import ABSENT, UNREADABLE, FoldEvent, looks_at
from inspector.replay import Answer, Moment, Progress, Question, Replay
from inspector.replay.clocks import Clocks, clocks
from inspector.replay.field_history import FieldChange
from inspector.replay.folding import Folded
from inspector.replay.order import Choice, Order
from inspector.replay.stand import Stand
from inspector.replay.stretches import Stretch, Stretches
from inspector.replay.walk import Walk
from inspector.replay.weights import SMALL, Weights
from inspector.user_code import USUAL, Terms
from inspector.user_code.codes import Codes

_WALKS = 4
"""So many ways through a stream (without some events, or up to a time) are remembered with their states."""
_MEANWHILE = 5_000
"""Of a stream of more events facts are read on another thread meanwhile."""
_STRAIGHT: tuple[tuple[int, ...], Moment | None] = ((), None)


@dataclass(frozen=True, slots=True)
class Found:
    """A state at a moment. `stand.place` counts the events applied, `place` those that happened up to the moment.

    `last_place` is the place after the last event applied.
    """

    moment: Moment
    choice: Choice
    stand: Stand
    without: tuple[int, ...]
    last_place: int

    @property
    def place(self) -> int:
        """How many events of the stream the moment is; where it skips some, the place after the last one applied."""
        return len(self.choice.places) if isinstance(self.choice.places, range) else self.last_place


class Story:
    """The states of one stream. `stream_id` is its number in the capture, `reducer` and `terms` are as in `Question`."""

    def __init__(
        self,
        reader: CaptureReader,
        stream_id: int,
        reducer: str | None,
        terms: Terms = USUAL,
        codes: Codes | None = None,
        *,
        with_aborted: bool = False,
    ) -> None:
        self.reader = reader
        self._terms, self._codes = terms, codes
        self.stream_id, self._asked_reducer, self.with_aborted = stream_id, reducer, with_aborted
        self._extent, self.replay, self.order = self._begun(reader)
        self.code_digest = self.replay.code_digest()
        """That of the code that folds, where code does."""
        self._stretches = Stretches(stream_id, self.order, looks_at(self.replay.reducer))
        self._walks: OrderedDict[tuple[tuple[int, ...], Moment | None], Walk] = OrderedDict()
        self.kept: dict[object, object] = {}
        """What was found of the whole stream, by what was asked; forgotten when it grows."""

    def _begun(self, reader: CaptureReader) -> tuple[tuple[int, int, int], Replay, Order]:
        """What is there now, how it is folded, and in which order."""
        extent, stream = stream_extent(reader, self.stream_id), stream_by_id(reader, self.stream_id)
        later = reader.beside().run(lambda other: stream_facts(other, self.stream_id)) if extent[0] > _MEANWHILE else None
        columns = StreamColumns(reader, self.stream_id)
        columns.facts = stream_facts(reader, self.stream_id) if later is None else later.result()
        question = Question(stream.name, stream.source, reducer=self._asked_reducer, with_aborted=self.with_aborted, terms=self._terms)
        replay = Replay(reader, question, stream=stream, codes=self._codes, columns=columns)
        return extent, replay, Order(columns, with_aborted=self.with_aborted)

    def _reload(self, reader: CaptureReader) -> None:
        """Reads the order and what the verdict rests on again; states of an unchanged start are kept."""
        before = self.order, self.replay.reducer.name
        self._extent, self.replay, self.order = self._begun(reader)
        self._stretches = Stretches(self.stream_id, self.order, looks_at(self.replay.reducer))
        straight = self._walks.get(_STRAIGHT)
        self._walks.clear()
        self.kept.clear()
        if straight is not None and self.replay.reducer.name == before[1]:
            straight.grown(len(self.order), before[0].same_start(self.order), self._weights(range(len(self.order))))
            self._walks[_STRAIGHT] = straight

    def refresh(self, reader: CaptureReader) -> None:
        """Looks at what the capture has now. Raises UsageError when the stream is gone."""
        self.reader = self.order.columns.reader = reader
        if stream_extent(reader, self.stream_id) != self._extent:
            self._reload(reader)

    @property
    def total(self) -> int:
        """How many events count."""
        return len(self.order)

    @property
    def held(self) -> int:
        """How many bytes the states kept are."""
        return sum(walk.held for walk in self._walks.values())

    # ---- events

    def events(self, places: Sequence[int]) -> Sequence[FoldEvent]:
        """The events at these places, as many from the first on as are not too large together."""
        return self._stretches.events(self.reader, places)

    def _stretches_between(self, start: int, stop: int) -> Iterator[Stretch]:
        return self._stretches.each(self.reader, start, stop)

    def said_events(self, places: Sequence[int]) -> dict[int, FoldEvent]:
        """The events at these places, without their documents."""
        found = stream_events(self.reader, self.stream_id, [self.order.seqs[place] for place in places])
        return {place: event._replace(data=None) for place, event in zip(places, found, strict=False)}

    def left_out(self, texts: Sequence[str]) -> tuple[int, ...]:
        """The places of the events that these numbers or ids name. Raises UsageError for one that names none."""
        places = set[int]()
        for text in texts:
            seqs = events_named(self.reader, self.stream_id, text)
            if not seqs:
                raise UsageError(f"the stream {self.replay.stream.name!r} has no event {text}: nothing can be left out by that name")
            places.update(place for seq in seqs if (place := self._counted_place(seq)) is not None)
        return tuple(sorted(places))

    def _counted_place(self, seq: int) -> int | None:
        place = self.order.place_of(seq)
        return place if place < self.total and self.order.seqs[place] == seq else None

    def resolved(self, moment: Moment) -> Moment:
        """`moment` with an event that it names looked up. Raises UsageError for one that is not in the stream."""
        return self.replay.resolved(moment)

    # ---- states

    def walk(self, without: tuple[int, ...] = ()) -> Walk:
        """The states without the events at some places."""
        if not without:
            return self._kept_walk((without, None), range(self.total))
        skipped = set(without)
        return self._kept_walk((without, None), lambda: [place for place in range(self.total) if place not in skipped])

    def walk_of(self, found: Found) -> Walk:
        """The states on the way to one, which a moment found."""
        if isinstance(found.choice.places, range):
            return self.walk(found.without)
        return self._kept_walk((found.without, found.moment), lambda: self.applied(found))

    def _kept_walk(self, key: tuple[tuple[int, ...], Moment | None], places: range | Callable[[], Sequence[int]]) -> Walk:
        walk = self._walks.get(key)
        if walk is None:
            walk = self._walks[key] = self._walk_along(places if isinstance(places, range) else places())
        self._walks.move_to_end(key)
        while len(self._walks) > _WALKS:
            del self._walks[next(other for other in self._walks if other != _STRAIGHT)]
        return walk

    def _walk_along(self, places: Sequence[int]) -> Walk:
        if isinstance(places, range):
            weights, read = self._weights(places), self._stretches_between
            return Walk(len(places), self.events, self.replay.reducer, weights=weights, unreadable=self._unreadable, read=read)
        kept = array("q", places)
        wanted_events = partial(self._events_among, kept)
        return Walk(len(kept), wanted_events, self.replay.reducer, weights=self._weights(kept))

    def _events_among(self, places: Sequence[int], wanted: Sequence[int]) -> Sequence[FoldEvent]:
        return self.events([places[place] for place in wanted])

    def _weights(self, places: Sequence[int]) -> Weights:
        columns, counted = self.order.columns, self.order.counted
        if columns.facts.largest <= SMALL:
            return Weights.of_small(len(places), columns.facts.largest)
        return Weights.of((columns.sizes[counted[place]] for place in places), columns.facts.largest)

    def _unreadable(self) -> Sequence[int]:
        """The places of events whose document may be out of reach."""
        counted = self.order.counted
        at_all = [at for at, flags in self.order.columns.flagged if flags & UNREADABLE]
        places = ((bisect_left(counted, at), at) for at in at_all)
        return [place for place, at in places if place < len(counted) and counted[place] == at]

    def forget_states(self) -> None:
        """Lets go of the states kept along the stream."""
        self._walks.clear()
        self.kept.clear()

    def choice(self, moment: Moment) -> Choice:
        """The events up to a moment. Raises UsageError for an event that is not in the stream."""
        return self.order.choice(self.resolved(moment), by_version=self.replay.has_versions)

    def find(self, moment: Moment, progress: Progress | None = None, *, without: tuple[int, ...] = (), quick: bool = False) -> Found:
        """The state at a moment, without the events at some places; with who set what unless it is to be `quick` and that takes long."""
        moment = self.resolved(moment)
        choice = self.order.choice(moment, by_version=self.replay.has_versions)
        walk, places = self.walk(without), _without(choice.places, without)
        straight = isinstance(places, range)
        with_blame = not quick or (straight and walk.is_blame_near(len(places)))
        if straight:
            stand = walk.blamed(len(places), progress) if with_blame else walk.stand(len(places), progress)
        else:
            stand = walk.along(places, progress, with_blame=with_blame)
        last = _with(places[stand.place - 1], without) + 1 if stand.place else 0
        return Found(moment, choice, stand, without, last)

    def with_blame(self, found: Found, progress: Progress | None = None) -> Found:
        """The same with who set what."""
        return found if found.stand.blame is not None else self.find(found.moment, progress, without=found.without)

    def unfolded(self, moment: Moment, *, without: tuple[int, ...] = ()) -> Found:
        """What a moment means, without its state."""
        moment = self.resolved(moment)
        choice = self.order.choice(moment, by_version=self.replay.has_versions)
        places = _without(choice.places, without)
        last = _with(places[-1], without) if len(places) else None
        event = None if last is None else self.said_events([last]).get(last)
        return Found(moment, choice, Stand(len(places), ABSENT, last=event), without, 0 if last is None else last + 1)

    def applied(self, found: Found) -> Sequence[int]:
        """The places of the events applied."""
        places = found.choice.places
        if not found.without:
            return places[: found.stand.place]
        skipped = set(found.without)
        return [place for place in places if place not in skipped][: found.stand.place]

    def placed(self, found: Found, changed: list[FieldChange]) -> list[FieldChange]:
        """The same changes, their places being those of what happened."""
        if isinstance(found.choice.places, range) and not found.without:
            return changed
        places = self.applied(found)
        return [replace(one, place=places[one.place - 1] + 1) for one in changed]

    def folded(self, found: Found, *, counts_ids: bool = True) -> Folded:
        """What a fold from the start would have told of this state; repeated ids are not looked for without `counts_ids`."""
        stand, choice, order = found.stand, found.choice, self.order
        applied = self.applied(found)
        tally = order.tally(found.last_place)
        before = bisect_left(found.without, found.last_place)
        tally.passed_over = found.last_place - stand.place - (before if isinstance(choice.places, range) else self._chosen_before(found))
        aborted = choice.aborted
        if stand.failure is not None:
            aborted = order.skipped_within(found.moment, order.counted[found.last_place - 1]) if found.last_place else 0
        return Folded(
            state=stand.state,
            applied=stand.place,
            last=stand.last,
            failure=stand.failure,
            skipped_aborted=aborted,
            left_out=list(self.said_events(self._left_out_of(found)).values()),
            included_aborted=self._included(applied),
            duplicates=max(tally.repeated_versions, order.repeated_ids(applied) if counts_ids else 0),
            is_reached=choice.is_reached and stand.failure is None,
            aborted_version=self._aborted_version(found.moment),
            tally=tally,
        )

    def _aborted_version(self, moment: Moment) -> int | None:
        return self.order.aborted_version(moment.version) if moment.version is not None and self.replay.has_versions else None

    def _included(self, applied: Sequence[int]) -> int:
        order = self.order
        if not (order.with_aborted and order.aborted_at):
            return 0
        if isinstance(applied, range):
            return bisect_left(order.aborted_at, len(applied))
        return len(set(order.aborted_at).intersection(applied))

    def _left_out_of(self, found: Found) -> list[int]:
        places = found.choice.places
        if isinstance(places, range):
            return [place for place in found.without if place < len(places)]
        chosen = set(places) if found.without else set[int]()
        return [place for place in found.without if place in chosen]

    def _chosen_before(self, found: Found) -> int:
        return sum(1 for place in self._left_out_of(found) if place < found.last_place)

    def clocks(self, moment: Moment) -> Clocks | None:
        """What the clocks disagree about at a moment; None for one that no time decides."""
        return clocks(self.order, moment)

    def judged(self, found: Found, progress: Progress | None = None) -> Answer:
        """How sure one may be of a state."""
        replay = self.replay.turn_to(self.reader, found.moment, progress)
        without = tuple(str(self.order.seqs[place]) for place in found.without)
        replay.question = replace(replay.question, without=without)
        return replace(replay.judged(self.folded(found)), clocks=self.clocks(found.moment))


def _without(places: Sequence[int], without: tuple[int, ...]) -> Sequence[int]:
    """The same places as they are counted without some; those are left out."""
    if not without:
        return places
    if isinstance(places, range):
        return range(len(places) - bisect_left(without, len(places)))
    skipped = set(without)
    return array("q", [place - bisect_left(without, place) for place in places if place not in skipped])


def _with(place: int, without: tuple[int, ...]) -> int:
    """The place in what happened of one that is counted without some."""
    for skipped in without:
        if skipped > place:
            break
        place += 1
    return place
