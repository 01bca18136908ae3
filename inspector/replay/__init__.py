"""Replay: the state of one stream at a version or a time, who set what, and how sure one may be of it.

    with CaptureReader(path) as reader:
        answer = Replay(reader, Question("order-4711", moment=at_version(7))).answer()

Reads a capture and nothing else; no Qt. Read `question` for what can be asked, `folding` for the fold, `history` for
the verdict on completeness, `process` for the process that the window asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from inspector import plugins
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, StreamInfo, find_stream, has_versions, stream_batches
from inspector.errors import ExitStatus, UsageError
from inspector.event import format_time
from inspector.reducers import ABSENT, FoldEvent, Reducer, named
from inspector.reducers.rules import ByRules
from inspector.replay import choices, evidence
from inspector.replay.blame import Blame
from inspector.replay.changes import Change, changes
from inspector.replay.folding import Folded, Limits, Step, fold, steps
from inspector.replay.history import WHOLE, Verdict, judge
from inspector.replay.question import NOW, Moment, Question, after_events, at_either, at_event, at_time, at_version
from inspector.user_code import is_code
from inspector.user_code.codes import Codes
from inspector.values import to_json

Progress = Callable[[int], None]
"""Called with the number of events applied after each batch; raises to end the work."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One replay's result. `state` may be `ABSENT`; `version` is the count of events where the stream has no versions."""

    stream: StreamInfo
    question: Question
    reducer: str
    folded: Folded
    version: int | None
    verdict: Verdict
    absent: list[str]
    stopped: str
    is_complete: bool
    log_labels: Mapping[int, str] = field(default_factory=dict)
    diff: Sequence[Change] | None = None
    blame: Mapping[str, FoldEvent] | None = None
    step: Sequence[Change] | None = None
    """What the last event changed, where `blame` was asked."""
    reducer_why: str | None = None
    """Why this reducer, where it was neither asked for nor the default."""

    @property
    def exit_status(self) -> ExitStatus:
        """FINDINGS when an event failed."""
        return ExitStatus.FINDINGS if self.folded.failure else ExitStatus.OK

    def to_dict(self) -> dict[str, object]:
        """The object that is printed; its state holds exact values (see `values.to_json`)."""
        folded = self.folded
        printed: dict[str, object] = {
            "stream": self.stream.name,
            "category": self.stream.category,
            "source": self.stream.source,
            "state": None if folded.state is ABSENT else folded.state,
            "version": self.version,
            "applied": folded.applied,
            "duplicates": folded.duplicates,
            "skipped_aborted": folded.skipped_aborted,
            "last": self._said(folded.last),
            "as_of": self._as_of(),
            "missing": folded.tally.missing,
            "failed_at": None if folded.failure is None else {**(self._said(folded.failure.event) or {}), "reason": folded.failure.reason},
            "reducer": self.reducer,
            "history": self.verdict.history,
            "scope": self._scope(),
        }
        if self.reducer_why is not None:
            printed["reducer_why"] = self.reducer_why
        if self.question.without:
            printed["counterfactual"] = {"without": [self._said(event) for event in folded.left_out]}
        if self.diff is not None:
            printed["diff"] = [change.to_dict() for change in self.diff]
        if self.blame is not None:
            printed["blame"] = {path: self._said(event) for path, event in self.blame.items()}
        return printed

    def _as_of(self) -> str | None:
        """The time asked for, else that of the last event applied."""
        asked = self.question.moment.time_us
        return format_time(asked if asked is not None else self.folded.last.time_us if self.folded.last else None)

    def _scope(self) -> dict[str, object]:
        return {
            "asked": self.question.moment.text,
            "read": self.stream.events,
            "absent": self.absent,
            "complete": self.is_complete,
            "stopped": self.stopped,
        }

    def _said(self, event: FoldEvent | None) -> dict[str, object] | None:
        return None if event is None else said(event, self.log_labels)


def said(event: FoldEvent, log_labels: Mapping[int, str]) -> dict[str, object]:
    """An event in few words: where it is, what it is, whose it is."""
    label = log_labels.get(event.log_id) if isinstance(event, StreamEvent) else None
    return {
        "seq": event.seq,
        "log": label,
        "position": event.position,
        "version": event.version,
        "type": event.type,
        "time": format_time(event.time_us),
        "id": event.event_id,
        "actor": event.actor,
    }


class Replay:
    """One question put to one capture. Raises UsageError for a stream that is unknown or ambiguous, or an unknown reducer."""

    def __init__(
        self,
        reader: CaptureReader,
        question: Question,
        progress: Progress | None = None,
        *,
        stream: StreamInfo | None = None,
        codes: Codes | None = None,
    ) -> None:
        self._reader = reader
        self._progress = progress
        self._codes = codes or Codes()
        self.reducer_why: str | None = None
        """Why this reducer, where it was neither asked for nor the default."""
        self.question = question
        self.stream = stream or find_stream(reader, question.stream, question.source)
        self._logs = evidence.logs_of(reader, self.stream)
        self.has_versions = has_versions(reader, self.stream.id)
        self._with_values = evidence.stores_values(reader)
        self.reducer = self._chosen_reducer()
        self.log_labels = {log.id: log.label for log in self._logs}

    def answer(self) -> Answer:
        """Folds the stream and says how sure the result is. Raises UsageError when `without` names no event of it."""
        folded = self._fold(self.question.moment)
        self._check_without(folded)
        blame, step = self._blame(folded) if self.question.blame else (None, None)
        return replace(self.judged(folded), diff=self._diff(folded), blame=blame, step=step)

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
        self._logs = evidence.logs_of(reader, self.stream)
        self.question = replace(self.question, moment=moment)
        return self

    def steps(self) -> Iterator[Step]:
        """Every event that the answer applies, with the changes it makes."""
        for done, step in enumerate(steps(self._batches, self.reducer, self._limits(self.question.moment)), start=1):
            if self._progress is not None:
                self._progress(done)
            yield step

    # ---- the fold

    def _batches(self) -> Iterator[Sequence[FoldEvent]]:
        return stream_batches(self._reader, self.stream.id)

    def _limits(self, moment: Moment) -> Limits:
        return Limits(moment, by_version=self.has_versions, without=frozenset(self.question.without))

    def _fold(self, moment: Moment) -> Folded:
        return fold(self._batches, self.reducer, self._limits(moment), self._progress)

    def _diff(self, folded: Folded) -> list[Change] | None:
        """From the earlier of the two moments to the later one, the earlier being that with fewer events."""
        if self.question.diff is None:
            return None
        other = self._fold(self.question.diff)
        earlier, later = (other, folded) if other.applied <= folded.applied else (folded, other)
        return changes(earlier.state, later.state)

    def _blame(self, folded: Folded) -> tuple[dict[str, FoldEvent], list[Change]]:
        blame, last = Blame(), list[Change]()
        for step in self.steps():
            blame.add(step.event, step.changes)
            last = step.changes
        return dict(blame.leaves(folded.state)), last

    # ---- which reducer

    def _chosen_reducer(self) -> Reducer:
        asked, terms, is_named = self.question.reducer, self.question.terms, True
        if asked is None and (choice := choices.chosen(self.stream.source, self.stream.category)) is not None:
            asked, terms, is_named = choice.reducer, replace(terms, python_path=choice.python_path), False
            self.reducer_why = f"remembered for category {self.stream.category}"
        if asked is None or asked == choices.DEFAULT:
            asked = self._default_reducer()
        if is_code(asked):
            return self._codes.reducer(asked, terms, self.stream.name, is_named=is_named)
        if asked.endswith(".toml"):
            return ByRules(Path(asked))
        if not self._with_values:
            raise UsageError("the capture holds no values (--no-values): only a reducer of your own (FILE.py) has something to fold")
        return named(asked)

    def _default_reducer(self) -> str:
        for log in self._logs:
            # only what is installed here: a capture never names code to run
            if (by_rule := log.rules.get("reducer")) in plugins.names("reducers"):
                return str(by_rule)
        if is_change_event(evidence.first_document(self._reader, self.stream)):
            return "debezium"
        return "latest" if any(log.compacted for log in self._logs) else "merge"

    # ---- how sure it is

    def _verdict(self, folded: Folded) -> Verdict:
        last_log = folded.last.log_id if isinstance(folded.last, StreamEvent) else None
        known = evidence.accounts(self._reader, self._logs, folded.last, last_log)
        return judge(folded.tally, known, base_version=evidence.base_version(self._reader, self.stream))

    def _further_absent(self, folded: Folded) -> list[str]:
        moment = self.question.moment
        absent = []
        if folded.tally.passed_over:
            absent.append(f"{folded.tally.passed_over:,} events after the time asked, or without a time, stand before the last one applied")
        if self._with_values and (unfit := sum(log.without_document for log in self._logs)):
            absent.append(f"{unfit:,} of its events have a value that is no document (text or bytes): they change nothing")
        if moment.version is not None and self._highest(folded) < moment.version and not folded.failure:
            absent.append(f"version {moment.version} is not in the capture")
        if not self._is_reached(folded):
            absent += evidence.unread_tails(self._reader, self._logs, moment.time_us)
        return absent

    def _is_reached(self, folded: Folded) -> bool:
        """Whether the moment is a place in the stream and was come to: what follows it does not matter then."""
        version = self.question.moment.version
        return self._highest(folded) >= version if version is not None else folded.is_reached

    def _highest(self, folded: Folded) -> int:
        """The last version that is there up to the moment, applied or left out on purpose."""
        if not self.has_versions:
            return folded.applied + len(folded.left_out)
        there = [event.version for event in (*folded.left_out, folded.last) if event is not None and event.version is not None]
        return max(there, default=0)

    def _version(self, folded: Folded) -> int | None:
        """The last version applied; without versions, the number of events."""
        if self.has_versions:
            return folded.last.version if folded.last else None
        return folded.applied

    def _stopped(self, folded: Folded) -> str:
        if folded.failure:
            return f"event {folded.failure.event.seq} could not be folded: {folded.failure.reason}"
        moment = self.question.moment
        if moment.time_us is None and self._is_reached(folded):
            return f"reached {moment.text}"
        return f"reached the end of the stream ({self.stream.events:,} events in the capture)"

    def _check_without(self, folded: Folded) -> None:
        found = {text for event in folded.left_out for text in (str(event.seq), event.event_id)}
        for text in self.question.without:
            if text not in found:
                raise UsageError(
                    f"--without {text}: the stream {self.question.stream!r} has no such event up to {self.question.moment.text}"
                )


def is_change_event(document: object) -> bool:
    """Whether a document looks like a Debezium change event, with or without its schema around it."""
    inner = document.get("payload", document) if isinstance(document, dict) else None
    return isinstance(inner, dict) and {"op", "source"} <= inner.keys() and bool({"before", "after"} & inner.keys())


__all__ = [
    "NOW",
    "Answer",
    "Moment",
    "Progress",
    "Question",
    "Replay",
    "Step",
    "after_events",
    "at_either",
    "at_event",
    "at_time",
    "at_version",
    "is_change_event",
    "said",
    "to_json",
]
