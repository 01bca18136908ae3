"""Deciding what was aborted, with the answers of a cluster written down: what no broker can be made to do at a given moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from inspector.event import Flag, LogKey
from inspector.sources import kafka_isolation
from inspector.sources.kafka_again import Again
from inspector.sources.kafka_client import Clients, Partition, TopicNow
from inspector.sources.kafka_isolation import Undecided
from inspector.sources.kafka_runs import Runs

PLACE: Partition = ("t", 0)


@dataclass
class Log:
    """One partition as a cluster would tell of it: what is there, what of it is committed, and its two ends."""

    there: list[int]
    committed: list[int]
    end: int
    stable: int
    first: int = 0
    is_compacted: bool = False
    topic_id: str = "one"
    again: list[tuple[int, int, bool]] = field(default_factory=list)

    def ends(self, _partitions: Iterable[Partition], *, committed: bool = False, timeout_s: float = 0) -> dict[Partition, int]:
        return {PLACE: self.stable if committed else self.end}

    def compacted(self, topics: Sequence[str], _timeout_s: float = 0, *, if_unknown: bool = False) -> list[str]:
        return list(topics) if self.is_compacted else []

    def topics_now(self, names: Iterable[str], _timeout_s: float = 0) -> dict[str, TopicNow | None]:
        return {name: TopicNow(self.topic_id, 1) for name in names}

    def read_again(
        self, _clients: Clients, spans: Mapping[Partition, tuple[int, int]], _is_over: Callable[[], bool], *, committed: bool
    ) -> dict[Partition, Again]:
        found = {}
        for partition, (start, end) in spans.items():
            self.again.append((start, end, committed))
            runs = Runs()
            runs.add([at for at in (self.committed if committed else self.there) if max(start, self.first) <= at < end])
            found[partition] = Again(max(start, self.first), end, runs, is_complete=True)
        return found


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> Callable[[Log], tuple[Undecided, list[str]]]:
    def made(log: Log) -> tuple[Undecided, list[str]]:
        monkeypatch.setattr(kafka_isolation, "read_again", log.read_again)
        notes: list[str] = []
        subject = Undecided(cast("Clients", log), notes)
        subject.start(0, LogKey("t", 0, "one"), 0)
        return subject, notes

    return made


Made = Callable[[Log], tuple[Undecided, list[str]]]


def read(subject: Undecided, positions: Sequence[int], up_to: int) -> None:
    subject.read(0, list(positions))
    subject.reached(0, up_to)


def test_without_a_gap_up_to_the_end_nothing_is_read_twice(undecided: Made) -> None:
    log = Log([0, 1, 2], [0, 1, 2], end=3, stable=3)
    subject, notes = undecided(log)
    read(subject, [0, 1, 2], 3)
    decision = subject.decide(threading.Event(), is_last=True)
    assert (decision.changes, decision.stretches, notes, log.again) == ([], [(0, 0, 3)], [], [])


def test_while_following_a_marker_that_may_be_ahead_is_waited_for(undecided: Made) -> None:
    log = Log([0, 1, 3], [3], end=4, stable=4)
    subject, _ = undecided(log)
    read(subject, [0, 1], 2)  # the marker at 2 is not read yet
    assert subject.decide(threading.Event()).stretches == []
    read(subject, [3], 4)
    decision = subject.decide(threading.Event())
    assert [(change.positions, change.set) for change in decision.changes] == [([0, 1], int(Flag.aborted))]
    assert decision.stretches == [(0, 0, 4)]


def test_at_the_end_what_is_ahead_is_looked_at(undecided: Made) -> None:
    log = Log([0, 1, 3], [3], end=4, stable=4)
    subject, _ = undecided(log)
    read(subject, [0, 1], 2)
    decision = subject.decide(threading.Event(), is_last=True)
    assert [change.positions for change in decision.changes] == [[0, 1]]
    assert log.again == [(2, 4, False), (0, 2, True)]


def test_what_compaction_took_between_the_passes_is_not_called_aborted(undecided: Made) -> None:
    log = Log([2, 4, 6], [2, 6], end=7, stable=7, is_compacted=True)
    subject, notes = undecided(log)
    read(subject, [0, 2, 4, 6], 7)  # 0 was there when it was read, 4 is aborted
    decision = subject.decide(threading.Event(), is_last=True)
    assert [change.positions for change in decision.changes] == [[4]]
    assert decision.stretches == [(0, 1, 7)]
    assert notes == [
        "t partition 0: positions 0 to 1: which of the records were aborted cannot be told: compaction removed some of them meanwhile"
    ]


def test_another_topic_of_the_name_tells_nothing(undecided: Made) -> None:
    log = Log([0], [], end=3, stable=3, topic_id="two")
    subject, notes = undecided(log)
    read(subject, [0, 2], 3)
    decision = subject.decide(threading.Event(), is_last=True)
    assert (decision.changes, decision.stretches) == ([], [])
    assert notes == ["t partition 0: positions 0 to 3: which of the records were aborted cannot be told: the topic was deleted"]


def test_open_records_are_said_once_and_decided_later(undecided: Made) -> None:
    log = Log([0, 1, 3], [0, 1, 3], end=2, stable=1)
    subject, _ = undecided(log)
    read(subject, [0, 1], 2)
    decision = subject.decide(threading.Event())
    assert [(change.positions, change.set) for change in decision.changes] == [([1], int(Flag.open))]
    assert decision.stretches == [(0, 0, 1)]
    assert subject.decide(threading.Event()).changes == []
    log.end = log.stable = 4
    read(subject, [3], 4)
    assert subject.decide(threading.Event()).stretches == [(0, 1, 4)]


def test_a_million_records_without_a_gap_take_the_memory_of_one_run(undecided: Made) -> None:
    log = Log([], [], end=2_000_000, stable=2_000_000)
    subject, _ = undecided(log)
    for start in range(0, 1_000_000, 20_000):
        read(subject, range(start, start + 20_000), start + 20_000)
    assert subject.is_much()
    assert subject.decide(threading.Event()).stretches == []
    assert not subject.is_much()
