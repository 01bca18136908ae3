"""What every plug-in must do, door by door: subclass a contract with your plug-in in its attributes.

Read the doors for the words: `inspector.sources`, `inspector.decoders`, `inspector.reducers`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import ClassVar, Protocol

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, Decoded, Decoder
from inspector.errors import SourceError
from inspector.event import FROM_VALUE, Flag
from inspector.reducers import FoldBatch, FoldEvent, Reducer, batch_of
from inspector.sources import Batch, Bound, Request, Source
from tests.replay.stories import StoryEvent, event, tombstone

one_property_many_classes = settings(suppress_health_check=[HealthCheck.differing_executors])
"""A property inherited by several test classes is what a contract is; Hypothesis warns of it for other reasons."""


class DecoderContract:
    """What every decoder must do; subclass with `decoder` set and `examples` of values of its kind; `context` has what they need."""

    decoder: ClassVar[Decoder]
    examples: ClassVar[Sequence[bytes]]
    context: ClassVar[Context] = Context()

    @one_property_many_classes
    @given(values=st.lists(st.none() | st.binary(max_size=64), max_size=8), asked=st.booleans())
    def test_arbitrary_bytes_never_raise_and_every_row_has_a_verdict(self, values: list[bytes | None], asked: bool) -> None:
        decoded = self.decoder.decode(values, [None] * len(values), replace(self.context, options={"asked": asked}))
        columns = (decoded.decoder, decoded.document, decoded.data, decoded.error, decoded.flags, decoded.schema)
        assert {len(column) for column in columns} == {len(values)}
        for row, value in enumerate(values):
            self._check_row(decoded, row, value)

    def _check_row(self, decoded: Decoded, row: int, value: bytes | None) -> None:
        refused = value is not None and decoded.decoder[row] is None
        if value is None:
            assert (decoded.decoder[row], decoded.data[row], decoded.error[row], decoded.flags[row]) == (None, None, None, 0)
        if refused or decoded.flags[row] & Flag.undecodable:
            assert decoded.error[row]
            assert decoded.data[row] is None
        if refused:
            assert decoded.flags[row] & Flag.undecodable
        text = (value or b"").decode() if decoded.data[row] is FROM_VALUE else decoded.data[row]
        if isinstance(text, str):
            assert apsw.Connection(":memory:").execute("SELECT json_valid(?, 1)", (text,)).get == 1

    @one_property_many_classes
    @given(value=st.binary(max_size=64))
    def test_priority_lies_between_nought_and_one(self, value: bytes) -> None:
        assert 0 <= self.decoder.priority(value, None, self.context) <= 1

    def test_examples_are_of_its_kind(self) -> None:
        for value in self.examples:
            assert self.decoder.priority(value, None, self.context) > 0, value
        decoded = self.decoder.decode(list(self.examples), [None] * len(self.examples), self.context)
        assert set(decoded.decoder) == {self.decoder.name}

    def test_a_null_among_values_moves_no_row(self) -> None:
        values = [None, *self.examples, None]
        decoded = self.decoder.decode(values, [None] * len(values), self.context)
        alone = self.decoder.decode(list(self.examples), [None] * len(self.examples), self.context)
        assert decoded.document[1:-1] == alone.document
        assert decoded.decoder[1:-1] == alone.decoder

    def test_it_is_registered_under_its_name(self) -> None:
        assert type(decoders.named(self.decoder.name)) is type(self.decoder)


class ReducerContract:
    """What every reducer must do; subclass with `reducer` giving a new one."""

    def reducer(self) -> Reducer:
        """The reducer under test."""
        raise NotImplementedError

    def _story(self) -> list[StoryEvent]:
        documents = [{"a": 1, "b": {"c": None, "d": [1]}}, {"b": {"d": None, "e": 2.5}}, [1, 2], {"a": {"f": {}}}, None, '"text"', {"g": 7}]
        story = [event(seq, document) for seq, document in enumerate(documents, start=1)]
        return [*story, tombstone(8), event(9, {"h": 1}), StoryEvent(10, data=None)]

    def _folded(self, events: Sequence[FoldEvent], size: int) -> object:
        reducer = self.reducer()
        state = reducer.initial()
        for start in range(0, len(events), size):
            state = reducer.fold(state, batch_of(events[start : start + size]))
        return state

    def test_how_events_are_batched_changes_nothing(self) -> None:
        story = self._story()
        for end in range(len(story) + 1):
            states = [self._folded(story[:end], size) for size in (1, 2, 3, 100)]
            assert all(state == states[0] for state in states), end

    def test_stepping_gives_what_folding_gives_and_keeps_the_states_before(self) -> None:
        story, reducer = self._story(), self.reducer()
        states = [reducer.initial()]
        for told in story:
            states.append(reducer.step(states[-1], told, batch_of([told]).documents[0]))
        for end, state in enumerate(states):
            assert state == self._folded(story[:end], 4), end

    def test_an_empty_batch_changes_nothing(self) -> None:
        reducer = self.reducer()
        state = reducer.fold(reducer.initial(), batch_of(self._story()[:2]))
        assert reducer.fold(state, FoldBatch([], [])) == state

    def test_each_fold_starts_from_a_state_of_its_own(self) -> None:
        reducer, story = self.reducer(), self._story()[:2]
        first = reducer.fold(reducer.initial(), batch_of(story))
        assert reducer.fold(reducer.initial(), batch_of(story)) == first


class SourceSubject(Protocol):
    """A source's log that a contract test can grow: it holds some records at the start."""

    log: str

    def open(self) -> Source:
        """A new source on it."""

    def append(self, count: int) -> None:
        """Adds records and returns once they can be read."""


class SourceContract:
    """What every source must do; subclass with a fixture `subject` giving a `SourceSubject` with at least one record."""

    def test_logs_are_listed_with_what_is_available(self, subject: SourceSubject) -> None:
        with closing(subject.open()) as source:
            (info,) = source.logs([subject.log])
            assert info.key.name == subject.log
            assert info.first < info.end
            assert info in source.logs()

    def test_plan_covers_what_is_available_and_reading_accounts_for_all_of_it(self, subject: SourceSubject) -> None:
        with closing(subject.open()) as source:
            request = Request(logs=[subject.log])
            plan = source.pin(request)
            assert plan.asked == [(span.start, span.end) for span in plan.spans]
            reached = {span.log: span.start for span in plan.spans}
            for batch in source.read(plan, request, threading.Event()):
                self._check_columns(batch)
                for log, position in batch.read_to.items():
                    assert position >= reached[log]
                    assert all(
                        reached[log] <= at < position for at, of in zip(batch.records.position, batch.records.log, strict=True) if of == log
                    )
                    reached[log] = position
            assert reached == {span.log: span.end for span in plan.spans}

    @staticmethod
    def _check_columns(batch: Batch) -> None:
        records = batch.records
        columns: list[Sequence[object]] = [records.log, records.position, records.time_us, records.time_kind, records.key, records.value]
        columns += records.envelope.values()
        assert {len(column) for column in columns} <= {len(records)}
        assert len(records.headers) in {0, len(records)}
        assert len(records) <= 20_000
        assert records.position == sorted(records.position) or len(set(records.log)) > 1

    def test_what_is_appended_after_pinning_is_not_read(self, subject: SourceSubject) -> None:
        with closing(subject.open()) as source:
            request = Request(logs=[subject.log])
            plan = source.pin(request)
            subject.append(2)
            read = [at for batch in source.read(plan, request, threading.Event()) for at in batch.records.position]
            assert all(at < (plan.spans[0].end or 0) for at in read)

    def test_following_gives_what_is_appended_and_empty_batches_between(self, subject: SourceSubject) -> None:
        with closing(subject.open()) as source:
            request = Request(logs=[subject.log], start=Bound(edge="latest"), follow=True)
            reading = source.read(source.pin(request), request, threading.Event())
            while len(next(reading).records):
                pass
            subject.append(3)
            deadline, found = time.monotonic() + 20, 0
            while found < 3 and time.monotonic() < deadline:
                found += len(next(reading).records)
            assert found == 3

    def test_stop_ends_following_within_a_second(self, subject: SourceSubject) -> None:
        with closing(subject.open()) as source:
            request, stop = Request(logs=[subject.log], follow=True), threading.Event()
            reading = source.read(source.pin(request), request, stop)
            next(reading)
            stop.set()
            before = time.monotonic()
            assert all(not len(batch.records) for batch in reading) or time.monotonic() - before < 1
            assert time.monotonic() - before < 1

    def test_unknown_log_is_refused(self, subject: SourceSubject) -> None:
        with closing(subject.open()) as source, pytest.raises(SourceError):
            source.pin(Request(logs=["no-such-log"]))

    def test_address_holds_no_secret_and_closing_twice_is_fine(self, subject: SourceSubject) -> None:
        source = subject.open()
        assert "@" not in source.info().uri
        source.close()
        source.close()
