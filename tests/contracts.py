"""What every plug-in must do, door by door: subclass a contract with your plug-in in its attributes.

Read the doors for the words: `inspector.sources`, `inspector.formats`, `inspector.decoders`, `inspector.reducers`.
"""

from __future__ import annotations

import io
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Protocol

import apsw
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, Decoded, Decoder
from inspector.errors import SourceError, UsageError
from inspector.event import FROM_VALUE, Flag
from inspector.formats import Chunk, Damage, DamagedInput, Format, Input, Place, Sample, Tally
from inspector.formats.recognise import format_named
from inspector.reducers import FoldBatch, FoldEvent, Reducer, batch_of
from inspector.sources import Batch, Bound, Request, Source
from tests.replay.stories import StoryEvent, event, tombstone

one_property_many_classes = settings(suppress_health_check=[HealthCheck.differing_executors])
"""A property inherited by several test classes is what a contract is; Hypothesis warns of it for other reasons."""


class DecoderContract:
    """What every decoder must do; subclass with `decoder` set and `examples` of values of its kind, read in `context`."""

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


@dataclass(frozen=True)
class Row:
    """One row that a format gave."""

    place: Place
    position: int
    time_us: int | None
    key: bytes | None
    value: bytes | None
    headers: str | None
    flags: int = 0
    error: str = ""
    extra: dict[str, object] = field(default_factory=dict)


@dataclass
class FileRead:
    """All that a format gave of a file."""

    rows: list[Row] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ends: dict[Place, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def told(self) -> list[tuple[bytes | None, bytes | None]]:
        """Keys and values."""
        return [(row.key, row.value) for row in self.rows]


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, as a pipe does, and says when it was asked again after its end was known."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        """Never more than `most` bytes."""
        return super().read(self._most if size is None or size < 0 else min(size, self._most))


def read_file(
    form: Format,
    data: bytes,
    given: Mapping[str, object] | None = None,
    *,
    name: str = "file",
    most: int = 1 << 30,
    stop: threading.Event | None = None,
) -> FileRead:
    """Reads `data` by a format, checking what every chunk must be."""
    read, seen = FileRead(), list[Place]()
    with tempfile.TemporaryDirectory() as folder:
        path = None
        if form.is_random_access:
            path = Path(folder) / "file"
            path.write_bytes(data)
        for chunk in form.read(Input(name, Trickle(data, most), path, stop or threading.Event(), len(data)), given or {}):
            assert list(chunk.places[: len(seen)]) == seen, "places only grow"
            seen = list(chunk.places)
            _take_chunk(read, chunk)
    return read


def _take_chunk(read: FileRead, chunk: Chunk) -> None:
    records = chunk.records
    read.tallies.update(chunk.tallies)
    columns: list[Sequence[object]] = [getattr(records, name) for name in ("log", "time_us", "time_kind", "key", "value", "headers")]
    columns += records.envelope.values()
    assert {len(column) for column in columns} <= {len(records)}
    assert all(0 <= row < len(records) for marked in (records.flags, records.error, records.extra) for row in marked)
    assert all(one.start >= 0 and (one.end is None or one.end > one.start) for one in chunk.damage)
    for row in range(len(records)):
        place = chunk.places[records.log[row]]
        assert records.position[row] >= (0 if place.is_claimed else 1)
        read.rows.append(
            Row(
                place,
                records.position[row],
                records.time_us[row],
                records.key[row],
                records.value[row],
                records.headers[row],
                int(records.flags.get(row, 0)),
                records.error.get(row, ""),
                dict(records.extra.get(row, {})),
            )
        )
        orjson.dumps(read.rows[-1].extra)
    read.damage += chunk.damage
    read.notes += chunk.notes
    read.ends.update({chunk.places[index]: end for index, end in chunk.ends.items()})


class FormatContract:
    """What every format must do; subclass with `form`, sound `examples` of whole files, and the settings they are read with."""

    form: ClassVar[Format]
    examples: ClassVar[Sequence[bytes]]
    asked: ClassVar[Mapping[str, object]] = {}

    def _guessed(self, data: bytes) -> Mapping[str, object]:
        guesses = self.form.guesses(Sample("file", data, is_whole=True))
        return {**(guesses[0].settings if guesses else {}), **self.asked}

    def test_it_is_registered_under_its_name(self) -> None:
        assert type(format_named(self.form.name)) is type(self.form)
        assert self.form.title
        assert self.form.loses.endswith(".")
        assert self.form.proves.endswith(".")

    def test_examples_are_recognised_and_read_without_damage(self) -> None:
        for example in self.examples:
            guesses = self.form.guesses(Sample("file", example, is_whole=True))
            assert guesses, example
            assert all(0 <= guess.score <= 1 and guess.why for guess in guesses)
            read = read_file(self.form, example, self._guessed(example))
            assert read.rows
            assert not read.damage
            assert not any(row.flags & Flag.damaged for row in read.rows)

    @one_property_many_classes
    @given(data=st.binary(max_size=200), is_whole=st.booleans())
    def test_guesses_never_raise(self, data: bytes, is_whole: bool) -> None:
        for guess in self.form.guesses(Sample("any", data, is_whole)):
            assert 0 <= guess.score <= 1

    @one_property_many_classes
    @given(noise=st.binary(max_size=60), place=st.integers(0, 2000), cut=st.integers(0, 60), number=st.integers(0, 20))
    def test_damaged_files_raise_nothing_but_what_is_documented(self, noise: bytes, place: int, cut: int, number: int) -> None:
        example = self.examples[number % len(self.examples)]
        place %= len(example) + 1
        damaged = example[:place] + noise + example[place + cut :]
        self.form.guesses(Sample("any", damaged, is_whole=True))
        with suppress(DamagedInput, UsageError):
            read_file(self.form, damaged, self._guessed(example))
        with suppress(DamagedInput, UsageError):
            read_file(self.form, noise, self._guessed(example))

    def test_row_numbers_and_offsets_are_claimed_once(self) -> None:
        for example in self.examples:
            rows = read_file(self.form, example, self._guessed(example)).rows
            assert len({(row.place, row.position) for row in rows}) == len(rows)

    def test_a_stream_that_trickles_gives_the_same(self) -> None:
        if self.form.is_random_access:
            return
        for example in self.examples:
            settings = self._guessed(example)
            whole = read_file(self.form, example, settings)
            for most in (1, 7):
                part = read_file(self.form, example, settings, most=most)
                assert (part.rows, part.damage) == (whole.rows, whole.damage)

    def test_what_is_before_a_cut_is_read_and_what_is_cut_is_said(self) -> None:
        for example in self.examples:
            whole = read_file(self.form, example, self._guessed(example)).rows
            try:
                read = read_file(self.form, example[: len(example) * 2 // 3], self._guessed(example))
            except DamagedInput:
                continue
            assert [row for row in read.rows if not row.flags & Flag.damaged][:-1] == whole[
                : max(0, sum(not row.flags & Flag.damaged for row in read.rows) - 1)
            ]

    def test_stop_ends_the_reading(self) -> None:
        stop = threading.Event()
        stop.set()
        for example in self.examples:
            with suppress(DamagedInput):
                assert len(read_file(self.form, example * 3, self._guessed(example), stop=stop).rows) <= len(example)
