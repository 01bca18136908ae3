"""Replay: the state of one stream at a version or a time, who set what, and how sure one may be of it.

    with CaptureReader(path) as reader:
        answer = Replay(reader, Question("order-4711", moment=at_version(7))).answer()

Reads a capture and nothing else; no Qt. Read `question` for what can be asked, `folding` for the fold, `history` for
the verdict on completeness, `process` for the process that the window asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from inspector.capture.reader import CaptureReader
from inspector.capture.stream_columns import StreamColumns
from inspector.capture.streams import (
    StreamEvent,
    StreamFacts,
    StreamInfo,
    event_named,
    events_named,
    find_stream,
    has_versions,
    stream_batches,
)
from inspector.errors import UsageError
from inspector.reducers import FoldEvent, Reducer, for_stream
from inspector.replay import evidence
from inspector.replay.answer import Answer, said
from inspector.replay.blame import Blame
from inspector.replay.changes import Change, changes
from inspector.replay.choosing import Wish, default_reducer, is_change_event, reducer_named, wished
from inspector.replay.clocks import Clocks, clocks
from inspector.replay.folding import Folded, Limits, Step, steps
from inspector.replay.history import WHOLE, Verdict, judge
from inspector.replay.order import Order
from inspector.replay.question import (
    NOW,
    Moment,
    Question,
    after_events,
    at_either,
    at_event,
    at_time,
    at_version,
    before_event,
    known_at,
)
from inspector.replay.straight import fold_stream
from inspector.user_code import is_code
from inspector.user_code.codes import Codes
from inspector.values import to_json

Progress = Callable[[int], None]
"""Called with the number of events applied after each batch; raises to end the work."""


class Known(NamedTuple):
    """What a replay has to know of a stream before it folds it; `many` knows it of many at once."""

    logs: Sequence[evidence.LogFacts]
    has_versions: bool
    with_values: bool
    reducer: Reducer


class Replay:
    """One question put to one capture. Raises UsageError for a stream that is unknown or ambiguous, or an unknown reducer."""

    def __init__(
        self,
        reader: CaptureReader,
        question: Question,
        progress: Progress | None = None,
        *,
        stream: StreamInfo | None = None,
        known: Known | None = None,
        codes: Codes | None = None,
        columns: StreamColumns | None = None,
    ) -> None:
        """`stream`, `known` and `columns`, where they are known already."""
        self._reader = reader
        self._progress = progress
        self._columns = columns
        self._codes = codes or Codes()
        self.reducer_why: str | None = None
        """Why this reducer, where it was neither asked for nor the default."""
        self._wish: Wish | None = None
        self.stream = stream or find_stream(reader, question.stream, question.source)
        self.question = question
        known = known or self._known()
        self._logs, self.has_versions, self._with_values, self.reducer = known
        diff = None if question.diff is None else self.resolved(question.diff)
        self.question = replace(question, moment=self.resolved(question.moment), diff=diff)
        self.log_labels = {log.id: log.label for log in self._logs}

    def answer(self) -> Answer:
        """Folds the stream and says how sure the result is. Raises UsageError when `without` names no event of it."""
        folded = self._fold(self.question.moment)
        self._check_without(folded)
        blame, step = self._blame(folded) if self.question.blame else (None, None)
        return self._with_diff(replace(self.judged(folded), blame=blame, step=step, clocks=self._clocks()))

    def resolved(self, moment: Moment) -> Moment:
        """`moment` with the event that it names looked up. Raises UsageError when the stream has no such event."""
        if moment.event is None:
            return moment
        named = event_named(self._reader, self.stream.id, moment.event)
        if named is None:
            raise UsageError(f"the stream {self.stream.name!r} has no event {moment.event}")
        return replace(moment, event=None, seq=named)

    def _clocks(self) -> Clocks | None:
        moment = self.question.moment
        if not moment.is_timed:
            return None
        columns = self._columns or StreamColumns(self._reader, self.stream.id)
        return clocks(Order(columns, with_aborted=self.question.with_aborted), moment)

    def judged(self, folded: Folded) -> Answer:
        """What was folded up to the moment asked, with how sure it is."""
        verdict = self._verdict(folded)
        absent = [*verdict.absent, *self._further_absent(folded)]
        complete = verdict.history == WHOLE and not absent and folded.failure is None
        return Answer(
            self.stream,
            self.question,
            self.reducer.name,
            folded,
            self._version(folded),
            verdict,
            absent,
            self._stopped(folded),
            complete,
            self.log_labels,
            reducer_why=self.reducer_why,
        )

    def turn_to(self, reader: CaptureReader, moment: Moment, progress: Progress | None = None) -> Replay:
        """Asks the same for another moment, of a capture whose stream has not changed since; its logs may have."""
        self._reader, self._progress = reader, progress
        self._logs = evidence.logs_of(reader, self.stream, self._facts)
        self.question = replace(self.question, moment=moment)
        return self

    def steps(self) -> Iterator[Step]:
        """Every event that the answer applies, with the changes it makes."""
        for done, step in enumerate(steps(self._batches, self.reducer, self._limits(self.question.moment)), start=1):
            if self._progress is not None:
                self._progress(done)
            yield step

    def code_digest(self) -> str:
        """That of the code that folds as its files are now; empty for another reducer. Raises as `Codes.read`."""
        wish = self._wish
        if wish is None or wish.reducer is None or not is_code(wish.reducer):
            return ""
        return self._codes.read(wish.reducer, wish.terms, is_named=wish.why is None).digest

    # ---- the fold

    def _batches(self) -> Iterator[Sequence[FoldEvent]]:
        return stream_batches(self._reader, self.stream.id)

    def _limits(self, moment: Moment) -> Limits:
        without = frozenset(seq for text in self.question.without for seq in events_named(self._reader, self.stream.id, text))
        return Limits(moment, by_version=self.has_versions, without=without, with_aborted=self.question.with_aborted)

    def _fold(self, moment: Moment) -> Folded:
        return fold_stream(self._reader, self.stream, self.reducer, self._limits(moment), self._progress, self._columns)

    def _with_diff(self, answer: Answer) -> Answer:
        """The answer with what changed from the earlier of the two moments to the later one, the earlier being that with fewer events."""
        moment = self.question.diff
        if moment is None:
            return answer
        asked, self.question = self.question, replace(self.question, moment=moment)
        answer = replace(answer, other=self.judged(self._fold(moment)))
        self.question = asked
        earlier, later = answer.in_order()
        return replace(answer, diff=changes(earlier.folded.state, later.folded.state))

    def _blame(self, folded: Folded) -> tuple[dict[str, FoldEvent], list[Change]]:
        blame, last = Blame(), list[Change]()
        for step in self.steps():
            blame.add(step.event, step.changes)
            last = step.changes
        return dict(blame.leaves(folded.state)), last

    def _known(self) -> Known:
        reader, stream = self._reader, self.stream
        logs, with_values = evidence.logs_of(reader, stream, self._facts), evidence.stores_values(reader)
        self._wish = wish = wished(self.question, stream)
        self.reducer_why = wish.why
        name = wish.reducer or default_reducer(logs, lambda: is_change_event(evidence.first_document(reader, stream)))
        reducer = for_stream(reducer_named(name, self._codes, wish, with_values=with_values), stream.name)
        versions = has_versions(reader, stream.id) if self._columns is None else self._columns.has_versions
        return Known(logs, versions, with_values, reducer)

    @property
    def _facts(self) -> StreamFacts | None:
        return None if self._columns is None else self._columns.facts

    # ---- how sure it is

    def _verdict(self, folded: Folded) -> Verdict:
        last_log = folded.last.log_id if isinstance(folded.last, StreamEvent) else None
        known = evidence.accounts(self._reader, self._logs, folded.last, last_log)
        return judge(folded.tally, known, base_version=evidence.base_version(self._reader, self.stream))

    def _further_absent(self, folded: Folded) -> list[str]:
        moment = self.question.moment
        absent = []
        if folded.tally.passed_over:
            late = "of a later time or recorded later" if moment.known_us is not None else "after the time asked"
            absent.append(f"{folded.tally.passed_over:,} events {late}, or without a time, stand before the last one applied")
        if included := folded.included_aborted:
            absent.append(
                f"includes {included:,} aborted {'event' if included == 1 else 'events'}, which no reader of committed records sees"
            )
        if self._with_values and (unfit := sum(log.without_document for log in self._logs)):
            absent.append(f"{unfit:,} of its events have a value that is no document (text or bytes): they change nothing")
        if moment.version is not None and self._highest(folded) < moment.version and not folded.failure:
            absent.append(f"{moment.text} is not in the capture")
        if not self._is_reached(folded):
            absent += evidence.unread_tails(self._reader, self._logs, moment.time_us)
        return absent

    def _is_reached(self, folded: Folded) -> bool:
        """Whether the moment is a place in the stream and was come to, or an event failed: what follows does not matter then."""
        if folded.failure is not None:
            return True
        version = self.question.moment.version
        return self._highest(folded) >= version if version is not None else folded.is_reached

    def _highest(self, folded: Folded) -> int:
        """The last version that is there up to the moment, applied or left out on purpose."""
        if not self.has_versions:
            return folded.applied + len(folded.left_out)
        there = [event.version for event in (*folded.left_out, folded.last) if event is not None and event.version is not None]
        return max(*there, folded.aborted_version or 0, 0)

    def _version(self, folded: Folded) -> int | None:
        """The last version applied; without versions, the number of events."""
        if self.has_versions:
            return folded.last.version if folded.last else None
        return folded.applied

    def _stopped(self, folded: Folded) -> str:
        if folded.failure:
            return f"event {folded.failure.event.seq} could not be folded: {folded.failure.reason}"
        moment = self.question.moment
        if not moment.is_timed and self._is_reached(folded):
            is_aborted = moment.version is not None and self.has_versions and moment.version == folded.aborted_version
            is_left_out = is_aborted and (folded.last is None or folded.last.version != moment.version)
            return f"reached {moment.text}" + (", which is that of an aborted event: it is left out" if is_left_out else "")
        return f"reached the end of the stream ({self.stream.events:,} events in the capture)"

    def _check_without(self, folded: Folded) -> None:
        found = {event.seq for event in folded.left_out}
        for text in self.question.without:
            if found.isdisjoint(events_named(self._reader, self.stream.id, text)):
                raise UsageError(
                    f"--without {text}: the stream {self.question.stream!r} has no such event up to {self.question.moment.text}"
                )


__all__ = [
    "NOW",
    "Answer",
    "Known",
    "Moment",
    "Progress",
    "Question",
    "Replay",
    "Step",
    "Wish",
    "after_events",
    "at_either",
    "at_event",
    "at_time",
    "at_version",
    "before_event",
    "default_reducer",
    "is_change_event",
    "known_at",
    "reducer_named",
    "said",
    "to_json",
    "wished",
]
