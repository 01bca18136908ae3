"""Going to and fro in one stream: the state after any number of its events, from states kept on the way. No I/O of its own.

A state is reached from the nearest one kept before it, by folding whole slices; who set what takes a step for each event,
and is found when it is asked for. Read `folding` for the fold that gives the same from the start, `story` for the
capture's side, `marks` for what is kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from inspector.event import Flag
from inspector.reducers import FoldError, FoldEvent, Reducer, batch_of, is_memoryless
from inspector.replay.blame import Blame
from inspector.replay.folding import SLICE, Failure, added_by
from inspector.replay.interruptions import StoppedError, begun_again
from inspector.replay.marks import BlameMarks, StateMarks, every_for, frozen, size_of, thawed
from inspector.replay.near import NEAR, NearStands
from inspector.replay.stand import Changed, Stand, bare, straight
from inspector.replay.stretches import Stretch, each_document
from inspector.replay.weights import EVENT, SHARED, Weights
from inspector.state_size import TOO_LARGE, Growing

_STEPPED_CHARACTERS = 256 * 1024
"""The states just before the one asked, and their events, are so much JSON text at most when they are made by steps."""
_FETCHED = 2_000
"""So many events are read at once, if they are not too large."""
_GONE_THROUGH = 16 * 1024 * 1024
"""Events are gone through one by one from a state on from which it takes no longer than reading so much JSON text."""
INLINE = 64
"""Who set what is said at once where no more than so many events are between it and what is known, ..."""
_INLINE_WEIGHT = 4 * 1024 * 1024
"""... and they take no longer than reading so much JSON text."""

Fetch = Callable[[Sequence[int]], Sequence[FoldEvent]]
"""The events at these places of a stream, in this order, as many from the first on as are not too large together."""
Read = Callable[[int, int], Iterable[Stretch]]
"""Stretches from one place on towards another whose documents are had at once, up to the first that is to be fetched."""
Progress = Callable[[int], None]


class Walk:
    """The states of a stream of `total` events under one reducer.

    `progress`, everywhere, is called with the place come to, and may raise to end the work; what was kept stays.
    """

    def __init__(
        self,
        total: int,
        fetch: Fetch,
        reducer: Reducer,
        *,
        every: int | None = None,
        near: int = NEAR,
        weights: Weights | None = None,
        unreadable: Callable[[], Sequence[int]] | None = None,
        read: Read | None = None,
    ) -> None:
        """`weights` are those of its events; without them all are small. A state is kept after about `every` small ones at first.

        `read` is a quicker way than `fetch`, where there is one. `unreadable` gives the places of events that may have no document
        though they should; without it: any of them.
        """
        self.total = total
        self.failure: Failure | None = None
        """The event beyond which no state is, once it was met."""
        self.fetch, self.reducer = fetch, reducer
        self._weights = weights or Weights.of_small(total)
        self._every = every * EVENT if every else every_for(self._weights)
        self._states, self._blames = StateMarks(self._every, self._weights), BlameMarks(self._every, self._weights)
        self._read = read
        self._find_unreadable = unreadable or (lambda: range(self.total))
        self._unreadable: Sequence[int] | None = None
        self._near = NearStands(near)
        self._aside: tuple[Sequence[int], Stand] | None = None
        self._end = total

    @property
    def kept(self) -> int:
        """How many states are kept."""
        return len(self._states.places) + len(self._near)

    @property
    def held(self) -> int:
        """How many bytes the states kept along the stream are."""
        return self._states.held

    def forget(self) -> None:
        """Lets go of all states; the next one is folded from the start."""
        self._states, self._blames = StateMarks(self._every, self._weights), BlameMarks(self._every, self._weights)
        self._aside = None
        self._near.clear()

    def grown(self, total: int, same: int, weights: Weights | None = None) -> None:
        """The stream has `total` events now, of which the first `same` are those of before."""
        self.total, self._aside, self._unreadable = total, None, None
        self._weights = self._states.weights = self._blames.weights = weights or Weights.of_small(total)
        if self.failure is None or same <= self._end:
            self.failure, self._end = None, total
        self._states.cut(same)
        self._blames.cut(same)
        self._near.cut(same)

    def begin_before(self, place: int, progress: Progress | None = None, *, by_steps: bool = False) -> Stand:
        """A state of its own at an earlier place, from which the events up to this one can be gone through in a short time.

        `by_steps` says that they will be by making a state after each of them.
        """
        each = self._states.size(place) // SHARED if by_steps else 0
        most = min(_FETCHED, max(1, _GONE_THROUGH // max(each, 1)))
        begun = self._folded_to(max(0, place - most, min(self._weights.back(place, _GONE_THROUGH), place - 1)), progress)
        return begun or Stand(0, self.reducer.initial())

    @begun_again
    def stand(self, place: int, progress: Progress | None = None) -> Stand:
        """The state after `place` events, or before the event that cannot be folded."""
        found = self._reached(max(0, place), progress)
        return replace(found, failure=self.failure) if place > found.place else found

    @begun_again
    def blamed(self, place: int, progress: Progress | None = None) -> Stand:
        """The same, with who set what."""
        wanted = self.stand(place, progress)
        if wanted.blame is None:
            wanted = replace(self._blamed(wanted, progress), failure=wanted.failure)
        return wanted

    def is_blame_near(self, place: int) -> bool:
        """Whether who set what is known, or nearly, after so many events."""
        near = self._near.get(place)
        if near is not None and near.blame is not None:
            return True
        place = min(place, self._end)
        before, _ = self._blame_before(place)
        return place - before <= INLINE and self._weights.of_steps(before, place, self._states.size(place)) <= _INLINE_WEIGHT

    @begun_again
    def along(self, places: Sequence[int], progress: Progress | None = None, *, with_blame: bool = False) -> Stand:
        """The state after only the events at these places, which ascend."""
        so_far = straight(places)
        if so_far == len(places):
            return self.blamed(so_far, progress) if with_blame else self.stand(so_far, progress)
        base = self._beside(places, so_far, with_blame=with_blame)
        if base is None:
            base = self.blamed(so_far, progress) if with_blame else self.stand(so_far, progress)
        if base.failure is None:
            base = self._on(base, places, progress, with_blame=with_blame)
            self._aside = places, base
        return base

    # ---- reaching a state

    def _reached(self, wanted: int, progress: Progress | None) -> Stand:
        while (wanted := min(wanted, self._end)) > 0:
            if wanted in self._near:
                self._near.move_to_end(wanted)
                return self._near[wanted]
            stand = self._stand_before(wanted, progress)
            if stand is None:
                continue  # an event before cannot be folded
            for after in self._steps(stand, range(stand.place, wanted), progress):
                self._near.keep(after)
                stand = after
            if stand.place < wanted:
                self.failure, self._end = stand.failure, stand.place
                continue
            return self._near.thin(stand)
        return Stand(0, self.reducer.initial(), Blame())

    def _first_step(self, wanted: int, size: int) -> int:
        """From where on each state up to the wanted one is made by a step, where a state has so many characters."""
        steps = max(1, min(self._near.most, _STEPPED_CHARACTERS // max(size, 1)))
        return max(0, wanted - steps, min(self._weights.back(wanted, _STEPPED_CHARACTERS), wanted - 1))

    def _stand_before(self, wanted: int, progress: Progress | None) -> Stand | None:
        """A state some steps before the one wanted; None when an event on the way cannot be folded."""
        size = self._states.size(wanted)
        target = self._first_step(wanted, size)
        if near := self._near_before(wanted, target, size):
            return replace(near, blame=None)
        return self._folded_to(target, progress)

    def _folded_to(self, target: int, progress: Progress | None) -> Stand | None:
        """The state after `target` events, as a value of its own; None when an event on the way cannot be folded."""
        place, kept = self._states.before(target)
        if (shortcut := self._shortcut(place, target)) > place:
            place, kept = shortcut, None
        state = self.reducer.initial() if kept is None else thawed(kept)
        growing = Growing(state, None if kept is None else kept.characters)
        for stretch in self._stretches(place, target):
            state = self._folded(place, state, stretch, growing, progress)
            if self._end < target:
                return None
            place += len(stretch)
        if place < target:
            self._end = place
            return None
        return Stand(place, state, size=growing.upto)

    def _near_before(self, wanted: int, target: int, size: int) -> Stand | None:
        """The last state made lately, where coming from it by steps takes less than folding to `target`."""
        near = max((place for place in self._near if wanted - self._near.most <= place < wanted), default=None)
        if near is None:
            return None
        folded = 0 if is_memoryless(self.reducer) else size + self._weights.between(self._states.before(target)[0], target)
        by_folding = folded + self._weights.of_steps(target, wanted, size)
        return self._near[near] if near >= target or self._weights.of_steps(near, wanted, size) <= by_folding else None

    def _stretches(self, place: int, target: int) -> Iterator[Stretch]:
        """What is between two places, in turn, up to where it goes on no more."""
        while place < target:
            for stretch in self._read(place, target) if self._read is not None else ():
                yield stretch
                place += len(stretch)
            if place < target:
                fetched = Stretch(self.fetch(range(place, min(place + _FETCHED, target))))
                if not fetched:
                    return
                yield fetched
                place += len(fetched)

    def _folded(self, place: int, state: object, stretch: Stretch, growing: Growing, progress: Progress | None) -> object:
        """The state after a stretch, which stands at `place`; without meaning when an event of it cannot be folded."""
        done = 0
        while done < len(stretch):
            most = self._states.next(place) - place
            end = min(done + min(stretch.part_events, most), len(stretch))
            try:
                state = self.reducer.fold(state, stretch.part(done, end))
            except FoldError as error:
                self.failure, self._end = Failure(bare(stretch.events[done + error.place]), error.reason), place + error.place
                return state
            if growing.is_too_large(state, stretch.added(done, end)):
                self.failure, self._end = Failure(bare(stretch.events[done]), TOO_LARGE), place
                return state
            done, place = end, place + end - done
            self._states.offer(place, state)
            if progress is not None:
                progress(place)
        return state

    def _shortcut(self, place: int, target: int) -> int:
        """A place from which on the state is as if folded from `place`, since a document after it says all; else `place`."""
        if not is_memoryless(self.reducer) or self._is_any_unreadable(place, target):
            return place
        end = target
        while end > place:
            start = max(end - self._near.most, min(self._weights.back(end, _STEPPED_CHARACTERS), end - 1))
            if start <= place:
                break
            if any(event.data is not None or event.flags & Flag.tombstone for event in self.fetch(range(start, end))):
                return start
            end = start
        return place

    def _is_any_unreadable(self, start: int, stop: int) -> bool:
        if self._unreadable is None:
            self._unreadable = self._find_unreadable()
        return bisect_left(self._unreadable, start) < bisect_left(self._unreadable, stop)

    def _steps(self, stand: Stand, places: Sequence[int], progress: Progress | None = None, blame: Blame | None = None) -> Iterator[Stand]:
        """The states after each of the events at `places`, from `stand` on; one that cannot be folded ends them, with `stand` again.

        `blame` is added to, and is that of each state until the next one.
        """
        done, growing = 0, Growing(stand.state, stand.size)
        while done < len(places) and (events := self.fetch(places[done : done + SLICE])):
            documents = each_document(events)
            for event in events:
                try:
                    after = self.reducer.step(stand.state, event, next(documents))
                except FoldError as error:
                    yield replace(stand, failure=Failure(bare(event), error.reason))
                    return
                if growing.is_too_large(after, added_by([event])):
                    yield replace(stand, failure=Failure(bare(event), TOO_LARGE))
                    return
                changed, said = Changed(stand.state, after), bare(event)
                if blame is not None:
                    blame.add(said, changed)
                stand = Stand(stand.place + 1, after, blame, said, changed, size=growing.upto)
                yield stand
                if progress is not None:
                    progress(stand.place)
            done += len(events)

    # ---- who set what

    def _blame_before(self, place: int) -> tuple[int, Blame]:
        marked, blame = self._blames.before(place)
        return max((marked, blame), self._near.blamed_before(place), key=lambda known: known[0])

    def _blamed(self, wanted: Stand, progress: Progress | None) -> Stand:
        place, known = self._blame_before(wanted.place)
        blame = known.snapshot()
        keep_from = self._first_step(wanted.place, size_of(wanted.state) if wanted.size is None else wanted.size)
        stand = self._near.get(place) or self._folded_to(place, progress)
        assert stand is not None, "it was come to before"
        for after in self._steps(stand, range(place, wanted.place), progress, blame):
            stand = after
            self._blames.offer(stand.place, blame)
            if stand.place > keep_from:
                self._near.keep(replace(stand, blame=blame.snapshot()))
        return replace(self._near.thin(stand), blame=blame)

    # ---- beside the straight way

    def _beside(self, places: Sequence[int], straight: int, *, with_blame: bool) -> Stand | None:
        """The state that was found last beside the way, when it is on the way to this one."""
        if self._aside is None:
            return None
        before, stand = self._aside
        is_before = straight < len(before) <= len(places) and list(places[: len(before)]) == list(before)
        return stand if is_before and (stand.blame is not None or not with_blame) else None

    def _on(self, base: Stand, places: Sequence[int], progress: Progress | None, *, with_blame: bool) -> Stand:
        blame = base.blame.snapshot() if with_blame and base.blame is not None else None
        failure: Failure | None = None
        stand = base
        kept = frozen(base.state) if blame is None else None
        while kept is not None and stand.place < len(places) - 1:
            try:
                stand = self._folded_on(base.place, thawed(kept), places, progress)
                break
            except StoppedError as stopped:
                failure, places = stopped.failure, places[: stopped.place]
        for after in self._steps(stand, places[stand.place :], progress, blame):
            stand = after
        if stand.failure is not None and stand.last is None and stand.place > base.place:
            # the last one cannot be folded: the event before it, and what that changed, is known by stepping to it
            return replace(self._on(base, places[: stand.place], progress, with_blame=with_blame), failure=stand.failure)
        if blame is not None:
            stand = replace(stand, blame=blame.snapshot())
        return replace(stand, failure=stand.failure or failure)

    def _folded_on(self, place: int, state: object, places: Sequence[int], progress: Progress | None) -> Stand:
        """The state before the last of `places`."""
        while place < len(places) - 1 and (events := self.fetch(places[place : min(place + SLICE, len(places) - 1)])):
            try:
                state = self.reducer.fold(state, batch_of(events))
            except FoldError as error:
                raise StoppedError(place + error.place, Failure(bare(events[error.place]), error.reason)) from error
            place += len(events)
            if progress is not None:
                progress(place)
        return Stand(place, state)
