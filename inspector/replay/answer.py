"""One replay's result, and the object that is printed of it. Pure.

Read the package for how it comes about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inspector.capture.streams import StreamEvent, StreamInfo
from inspector.errors import ExitStatus
from inspector.event import format_time
from inspector.reducers import ABSENT, FoldEvent
from inspector.replay.changes import Change
from inspector.replay.clocks import Clocks
from inspector.replay.folding import Folded
from inspector.replay.history import Verdict
from inspector.replay.question import Question


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
    other: Answer | None = None
    """The other moment of the `diff`, with how sure that is; the diff goes from the one with fewer events to the one with more."""
    blame: Mapping[str, FoldEvent] | None = None
    step: Sequence[Change] | None = None
    """What the last event changed, where `blame` was asked."""
    reducer_why: str | None = None
    """Why this reducer, where it was neither asked for nor the default."""
    clocks: Clocks | None = None
    """What the two clocks disagree about, where a time was asked for."""

    @property
    def exit_status(self) -> ExitStatus:
        """FINDINGS when an event failed, up to either moment."""
        failed = self.folded.failure or (self.other is not None and self.other.folded.failure)
        return ExitStatus.FINDINGS if failed else ExitStatus.OK

    @property
    def is_all_complete(self) -> bool:
        """Whether nothing is absent from all that was asked."""
        return self.is_complete and (self.other is None or self.other.is_complete)

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
            "failed_at": self._failed(),
            "reducer": self.reducer,
            "history": self.verdict.history,
            "scope": self._scope(),
        }
        if self.reducer_why is not None:
            printed["reducer_why"] = self.reducer_why
        if self.clocks is not None:
            printed["clocks"] = self.clocks.to_dict()
        if self.question.with_aborted:
            printed["includes_aborted"] = folded.included_aborted
        if self.question.without:
            printed["counterfactual"] = {"without": [self._said(event) for event in folded.left_out]}
        if self.diff is not None:
            printed["diff"] = [change.to_dict() for change in self.diff]
        if self.other is not None:
            first, second = self.in_order()
            printed["diff_from"], printed["diff_to"] = first.honestly_asked(), second.honestly_asked()
        if self.blame is not None:
            printed["blame"] = {path: self._said(event) for path, event in self.blame.items()}
        return printed

    def _failed(self) -> dict[str, object] | None:
        failure = self.folded.failure
        return None if failure is None else {**(self._said(failure.event) or {}), "reason": failure.reason}

    def _as_of(self) -> str | None:
        """The time asked for, else that of the last event applied."""
        moment = self.question.moment
        asked = moment.time_us if moment.time_us is not None else moment.known_us
        return format_time(asked if asked is not None else self.folded.last.time_us if self.folded.last else None)

    def in_order(self) -> tuple[Answer, Answer]:
        """This and the other moment, the one with fewer events first."""
        assert self.other is not None
        return (self.other, self) if self.other.folded.applied <= self.folded.applied else (self, self.other)

    def honestly_asked(self) -> dict[str, object]:
        """What was asked for, and how sure it is."""
        return {"asked": self.question.moment.text, "applied": self.folded.applied, **self.honest()}

    def honest(self) -> dict[str, object]:
        """How sure one may be of it, in short: what every answer made of a replay says."""
        folded = self.folded
        return {
            "history": self.verdict.history,
            "missing": folded.tally.missing,
            "absent": self.absent,
            "complete": self.is_complete,
            "skipped_aborted": folded.skipped_aborted,
            "includes_aborted": folded.included_aborted,
            "left_out": len(folded.left_out),
            "failed_at": self._failed(),
        }

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
