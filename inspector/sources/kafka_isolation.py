"""Which records were aborted, and which are undecided: what reading all and reading committed records differ in.

The client hides transactions, so both isolation levels are read and compared: a record that only the uncommitted reading
saw is aborted below the last stable offset, and open at or above it. The end of a transaction takes an offset of its own:
where the offsets have no gap, up to the end that the log had when it was asked what is stable, no transaction ended, and
nothing is read twice. Read `kafka_read` for the reading this follows, `kafka_again` for reading stretches again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.event import Flag, LogKey
from inspector.sources import FlagChange
from inspector.sources.kafka_again import Again, IsOver, read_again
from inspector.sources.kafka_client import Clients, Partition
from inspector.sources.kafka_runs import Runs

_MANY_RUNS = 20_000
_MANY_POSITIONS = 500_000
"""So much undecided is not left for the end of a reading: memory stays small, and a stop waits for little."""
_SHORT = 10_000
_AFTER_STOP_S = 0.7
"""So long what has begun may go on when the reading is to end: most stretches are short."""
_ASK_S = 2.0


@dataclass(slots=True)
class Decision:
    """Marks that can be set now, and the stretches (log, from, to) of which nothing is left to be decided."""

    changes: list[FlagChange] = field(default_factory=list)
    stretches: list[tuple[int, int, int]] = field(default_factory=list)
    is_answered: bool = True
    """Whether every partition had a leader that said what is stable."""


@dataclass(slots=True)
class _Log:
    """What the uncommitted reading delivered of one partition: `start` up to `top` is undecided, below `marked` marked open.

    `asked` is (last stable offset, end) of the log at an earlier time: what is stable has its marker below that end.
    """

    key: LogKey
    start: int
    top: int
    marked: int
    asked: tuple[int, int] | None = None
    runs: Runs = field(default_factory=Runs)

    @property
    def partition(self) -> Partition:
        return self.key.name, self.key.partition

    @property
    def bound(self) -> int:
        """What lies below is stable."""
        return self.start if self.asked is None else max(self.start, min(self.asked[0], self.top))

    @property
    def ahead(self) -> tuple[int, int]:
        """What is not read, and may hold the marker of what is."""
        return (self.top, self.top) if self.asked is None else (self.top, max(self.top, self.asked[1]))

    def has_gap(self, end: int) -> bool:
        """Whether something between the records below `end` was not delivered."""
        return not self.runs.covers(self.start, end)


@dataclass(slots=True)
class _Found:
    """Of one log, up to the bound of the stable records: the aborted ones, and from where on that is known."""

    known_from: int
    aborted: list[int] = field(default_factory=list)


class Undecided:
    """What the uncommitted reading delivered and is not decided yet, per log of the plan. `notes` are for the user."""

    def __init__(self, clients: Clients, notes: list[str]) -> None:
        self._clients = clients
        self._notes = notes
        self._logs: dict[int, _Log] = {}
        self._rewritten: dict[str, bool] = {}
        self._waiting = 0
        self._compared: list[_Log] = []
        """Logs that were read again in the decision under way."""

    def start(self, place: int, key: LogKey, position: int) -> None:
        """A log's reading starts at `position`."""
        self._logs[place] = _Log(key, position, position, position)

    def read(self, place: int, positions: Sequence[int]) -> None:
        """Records of a log were delivered, in order."""
        self._logs[place].runs.add(positions)

    def reached(self, place: int, position: int) -> None:
        """A log is read up to `position`."""
        log = self._logs[place]
        self._waiting += max(0, position - log.top)
        log.top = max(log.top, position)

    def skip(self, place: int, start: int, end: int) -> None:
        """The reading goes on at `end`: nothing is asked for or to be had in `[start, end)`, so that is no gap."""
        self._logs[place].runs.add(range(start, end))
        self._logs[place].top = max(self._logs[place].top, end)

    def forget(self, place: int) -> None:
        """The log is gone: nothing more can be decided."""
        log = self._logs.pop(place, None)
        if log is not None and log.has_gap(log.top):
            self._cannot_tell(log, log.start, log.top, "the topic was deleted")

    def is_much(self) -> bool:
        """Whether so much is undecided that it should not wait for the end of the reading."""
        return self._waiting > _MANY_POSITIONS or (self._waiting > 0 and sum(len(log.runs) for log in self._logs.values()) > _MANY_RUNS)

    def decide(self, stop: threading.Event, *, is_last: bool = False) -> Decision:
        """What can be told now; the rest is left for the next time, or said when there is none.

        Raises KafkaException when the cluster does not answer.
        """
        begun_s, self._waiting = time.monotonic(), 0
        waiting = {place: log for place, log in self._logs.items() if log.top > log.start}
        stable = self._ask(waiting.values())
        self._compared.clear()
        found = self._found(waiting, lambda: stop.is_set() and time.monotonic() - begun_s > _AFTER_STOP_S, is_last=is_last)
        others = self._others(self._compared)
        decision = Decision(is_answered=all(log.partition in stable for log in waiting.values()))
        for place, log in waiting.items():
            if log.key.name in others:
                self._cannot_tell(log, log.start, log.top, "the topic was deleted")
                log.start = log.marked = log.top
                continue
            if place in found:
                _decide(decision, place, log, found[place])
            elif is_last and log.has_gap(log.top):
                self._cannot_tell(log, log.start, log.top, "the reading ended before the broker had said it; capturing again tells")
            if log.partition in stable:
                _mark_open(decision, place, log, stable[log.partition])
        return decision

    def _ask(self, logs: Iterable[_Log]) -> dict[Partition, int]:
        """Partition → what is stable now. Logs of which that is not known yet keep it, with an end asked for afterwards."""
        stable = self._clients.ends([log.partition for log in logs], committed=True, timeout_s=_ASK_S)
        new = [log for log in logs if log.asked is None and log.partition in stable]
        ends = self._clients.ends([log.partition for log in new], timeout_s=_ASK_S)
        for log in new:
            if log.partition in ends:
                log.asked = stable[log.partition], ends[log.partition]
        return stable

    def _found(self, logs: Mapping[int, _Log], is_over: IsOver, *, is_last: bool) -> dict[int, _Found]:
        """Per log the delivered positions below its bound that a committed reading does not see; without those not answered."""
        stable = {place: log for place, log in logs.items() if log.bound > log.start}
        gapped = {place: log for place, log in stable.items() if log.has_gap(min(log.top, log.ahead[1]))}
        waiting = {place: log for place, log in stable.items() if place not in gapped and log.ahead[0] < log.ahead[1]}
        gapped.update(self._with_gaps_ahead(waiting, is_over) if is_last else {})
        found = {place: _Found(log.start) for place, log in stable.items() if place not in gapped and (is_last or place not in waiting)}
        self._compared.extend(gapped.values())
        spans = {log.partition: (log.start, log.bound) for log in gapped.values()}
        committed = read_again(self._clients, spans, is_over, committed=True)
        for place, log in gapped.items():
            seen = committed[log.partition]
            if seen.is_complete:
                found[place] = _Found(seen.first, log.runs.missing_from(seen.runs, seen.first, log.bound))
                if log.runs.missing_from(Runs(), log.start, min(log.bound, seen.first)):
                    self._cannot_tell(log, log.start, min(log.bound, seen.first), "retention removed the records meanwhile")
        return self._confirmed(logs, found, is_over)

    def _with_gaps_ahead(self, logs: Mapping[int, _Log], is_over: IsOver) -> dict[int, _Log]:
        """The logs where a transaction may have ended in what is ahead: looked at where that is less than comparing all."""
        short = {place: log for place, log in logs.items() if log.ahead[1] - log.ahead[0] <= max(_SHORT, log.bound - log.start)}
        again = read_again(self._clients, {log.partition: log.ahead for log in short.values()}, is_over, committed=False)
        clear = {
            place
            for place, log in short.items()
            if again[log.partition].is_complete and again[log.partition].first == log.top and again[log.partition].runs.covers(*log.ahead)
        }
        return {place: log for place, log in logs.items() if place not in clear}

    def _confirmed(self, logs: Mapping[int, _Log], found: dict[int, _Found], is_over: IsOver) -> dict[int, _Found]:
        """Without those that are not there any more: what compaction took between two readings tells nothing of transactions."""
        doubtful = {place: item for place, item in found.items() if item.aborted and self._may_be_rewritten(logs[place].key.name)}
        spans = {logs[place].partition: (item.aborted[0], item.aborted[-1] + 1) for place, item in doubtful.items()}
        again = read_again(self._clients, spans, is_over, committed=False)
        for place, item in doubtful.items():
            seen = again[logs[place].partition]
            if not seen.is_complete:
                del found[place]
                continue
            self._keep_those_there(logs[place], item, seen)
        return found

    def _keep_those_there(self, log: _Log, item: _Found, again: Again) -> None:
        there = set(again.runs.within(item.aborted[0], item.aborted[-1] + 1))
        sure = [position for position in item.aborted if position in there]
        if len(sure) < len(item.aborted):
            gone = [position for position in item.aborted if position not in there]
            self._cannot_tell(log, gone[0], gone[-1] + 1, "compaction removed some of them meanwhile")
            item.aborted = sure
            item.known_from = max(item.known_from, gone[-1] + 1)

    def _may_be_rewritten(self, topic: str) -> bool:
        if topic not in self._rewritten:
            self._rewritten[topic] = topic in self._clients.compacted([topic], _ASK_S, if_unknown=True)
        return self._rewritten[topic]

    def _others(self, logs: Iterable[_Log]) -> set[str]:
        """Topics that are gone or made again: what was read of them for comparison says nothing of our records."""
        ids = {log.key.name: log.key.incarnation for log in logs if log.key.incarnation}
        now = self._clients.topics_now(ids, _ASK_S)
        return {name for name, topic in now.items() if topic is None or topic.topic_id != ids[name]}

    def _cannot_tell(self, log: _Log, start: int, end: int, why: str) -> None:
        where = f"{log.key.name} partition {log.key.partition}: positions {start} to {end}"
        self._notes.append(f"{where}: which of the records were aborted cannot be told: {why}")


def _decide(decision: Decision, place: int, log: _Log, found: _Found) -> None:
    """Aborted ones are marked so, and all that lies below the bound is decided."""
    if found.aborted:
        decision.changes.append(FlagChange(place, found.aborted, set=int(Flag.aborted), clear=int(Flag.open)))
    if found.known_from < log.bound:
        decision.stretches.append((place, found.known_from, log.bound))
    log.runs.forget_below(log.bound)
    log.start, log.asked = log.bound, None


def _mark_open(decision: Decision, place: int, log: _Log, stable: int) -> None:
    undecided = list(log.runs.within(max(stable, log.marked, log.start), log.top))
    if undecided:
        decision.changes.append(FlagChange(place, undecided, set=int(Flag.open)))
    log.marked = max(log.marked, log.top)
    if log.bound == log.start:
        log.asked = None
