"""How sure one may be of the states of many streams: the verdict that each one's replay gives, worked out once for all that are alike.

A verdict rests on which logs a stream is in, how far its last event is, and what its versions say; most streams of a category
share these. Read `history` for the verdict, `evidence` for what is known of logs, `many` for who asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, StreamInfo
from inspector.reducers import Reducer, for_stream
from inspector.replay import Known, Question, Replay, Wish, default_reducer, evidence, is_change_event, reducer_named, wished
from inspector.replay.choices import DEFAULT
from inspector.replay.evidence import LogFacts
from inspector.replay.folding import Folded
from inspector.user_code.codes import Codes


@dataclass(frozen=True, slots=True)
class Sure:
    """What history a state rests on, and whether nothing at all is absent."""

    history: str
    is_complete: bool


class Verdicts:
    """What is known of a capture's logs, asked about one stream after the other. `own` has a stream's logs (see `logs_among`)."""

    def __init__(self, reader: CaptureReader, question: Question, codes: Codes) -> None:
        self._reader, self._question, self._codes = reader, question, codes
        self._with_values = evidence.stores_values(reader)
        self._rows: dict[int, evidence.SourceLogs] = {}
        self._bases: dict[int, int | None] = {}
        self._points: dict[int, list[int]] = {}
        self._known: dict[object, Sure] = {}
        self._reducers: dict[str, Reducer] = {}
        self._defaults: dict[object, Reducer] = {}
        self._wishes: dict[tuple[str, str], Wish] = {}
        if question.reducer not in {None, DEFAULT}:
            self._named(str(question.reducer), Wish(question.reducer, question.terms))

    # ---- which reducer

    @property
    def is_chosen(self) -> bool:
        """Whether one reducer was asked for, whatever the stream."""
        return self._question.reducer not in {None, DEFAULT}

    def reducer(self, stream: StreamInfo, own: Mapping[int, int], first_document: Callable[[], object]) -> Reducer:
        """The reducer for one stream; `first_document` gives the first of its documents to arrive."""
        wish = self._wish(stream)
        if wish.reducer is not None:
            return for_stream(self._named(wish.reducer, wish), stream.name)
        is_change = is_change_event(first_document())
        key = (stream.source_id, frozenset(own), is_change)
        found = self._defaults.get(key)
        if found is None:
            found = self._defaults[key] = self._named(default_reducer(self._logs(stream, own), lambda: is_change), wish)
        return found

    def _wish(self, stream: StreamInfo) -> Wish:
        key = stream.source, stream.category
        if key not in self._wishes:
            self._wishes[key] = wished(self._question, stream)
        return self._wishes[key]

    def _named(self, name: str, wish: Wish) -> Reducer:
        if name not in self._reducers:
            self._reducers[name] = reducer_named(name, self._codes, wish, with_values=self._with_values)
        return self._reducers[name]

    # ---- how sure

    def of(self, stream: StreamInfo, own: Mapping[int, int], reducer: Reducer, folded: Folded, *, has_versions: bool) -> Sure:
        """The verdict on what was folded of a stream by `reducer`."""
        key = self._key(stream, own, folded, has_versions)
        found = self._known.get(key)
        if found is None:
            known = Known(self._logs(stream, own), has_versions, self._with_values, reducer)
            answer = Replay(self._reader, self._question, stream=stream, known=known).judged(folded)
            found = self._known[key] = Sure(answer.verdict.history, answer.is_complete)
        return found

    def _key(self, stream: StreamInfo, own: Mapping[int, int], folded: Folded, has_versions: bool) -> object:
        """All that a verdict depends on."""
        tally, last = folded.tally, folded.last
        last_log = last.log_id if isinstance(last, StreamEvent) else None
        place = 0 if last is None or last_log is None else bisect_left(self._turning_points(stream, own, last_log), last.position + 1)
        starts = tally.first_version is not None and tally.first_version > (1 if (base := self._base(stream)) is None else base)
        versions = (tally.has_all_versions, tally.first_version is None, starts, tally.missing_count > 0)
        highest = max((last.version if last is not None else None) or 0, folded.aborted_version or 0) if has_versions else folded.applied
        wanted = self._question.moment.version
        reached = folded.is_reached if wanted is None else highest >= wanted
        doubts = (tally.passed_over > 0, any(own.values()), folded.failure is not None, reached)
        return stream.source_id, stream.category, frozenset(own), last_log, place, versions, doubts

    def _turning_points(self, stream: StreamInfo, own: Mapping[int, int], log_id: int) -> list[int]:
        found = self._points.get(log_id)
        if found is None:
            log = next(log for log in self._logs(stream, own) if log.id == log_id)
            found = self._points[log_id] = evidence.turning_points(self._reader, log)
        return found

    def _base(self, stream: StreamInfo) -> int | None:
        if stream.source_id not in self._bases:
            self._bases[stream.source_id] = evidence.base_version(self._reader, stream)
        return self._bases[stream.source_id]

    def _logs(self, stream: StreamInfo, own: Mapping[int, int]) -> list[LogFacts]:
        if stream.source_id not in self._rows:
            self._rows[stream.source_id] = evidence.source_logs(self._reader, stream.source_id)
        return evidence.logs_among(self._rows[stream.source_id], own, stream.category)
