"""What two clocks disagree about: events of a time that were recorded after it, and the other way round. Pure.

"What was true at T" goes by the events' own times, "what was known at T" by when they were recorded. Read `order` for the
events that either chooses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.capture.stream_columns import NONE
from inspector.event import TimeKind, format_time
from inspector.replay.order import Order
from inspector.replay.question import Moment

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is to be said of the clocks at one moment. `later` and `ahead` count events, `named` are numbers of the first of each.

    `stood_in` events have no record of when they came, so that their own time stands in; of `by_producer` events the record's
    time is that of the producer's clock; `untimed` ones have no time at all.
    """

    later: int = 0
    ahead: int = 0
    stood_in: int = 0
    by_producer: int = 0
    untimed: int = 0
    named: dict[str, list[int]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, object]:
        """The object that is printed."""
        counts = {name: getattr(self, name) for name in ("later", "ahead", "stood_in", "by_producer", "untimed")}
        return {**counts, "later_events": self.named.get("later", []), "ahead_events": self.named.get("ahead", []), "words": self.words}


def clocks(order: Order, moment: Moment) -> Clocks | None:
    """What the clocks disagree about at a moment; None for one that no time decides."""
    if not moment.is_timed:
        return None
    true_us = moment.time_us if moment.time_us is not None else moment.known_us
    known_us = moment.known_us if moment.known_us is not None else moment.time_us
    assert true_us is not None
    assert known_us is not None
    later, ahead = _apart(order, true_us, known_us)
    columns = order.columns
    stood_in = sum(1 for at in order.counted if columns.recorded_us[at] == NONE != columns.times_us[at])
    create = int(TimeKind.create)
    by_producer = sum(1 for at in order.counted if columns.recorded_kinds[at] == create and columns.recorded_us[at] != NONE)
    counts = {"later": len(later), "ahead": len(ahead), "stood_in": stood_in, "by_producer": by_producer}
    untimed = sum(1 for known in order.known_us if known == NONE)
    words = _words(moment, format_time(true_us) or "", format_time(known_us) or "", counts, untimed)
    return Clocks(**counts, untimed=untimed, named={"later": later[:_NAMED], "ahead": ahead[:_NAMED]}, words=words)


def _apart(order: Order, true_us: int, known_us: int) -> tuple[list[int], list[int]]:
    """The numbers of events that were true by then and recorded later, and of those recorded by then of a later time."""
    later, ahead = list[int](), list[int]()
    if true_us == known_us and order.times_us == order.known_us:
        return later, ahead
    for seq, time_us, came_us in zip(order.seqs, order.times_us, order.known_us, strict=True):
        if NONE in (time_us, came_us):
            continue
        if time_us <= true_us and came_us > known_us:
            later.append(seq)
        elif came_us <= known_us and time_us > true_us:
            ahead.append(seq)
    return later, ahead


def _words(moment: Moment, true: str, known: str, counts: dict[str, int], untimed: int) -> list[str]:
    words = []
    goes_by_record = moment.known_us is not None
    if later := counts["later"]:
        done = "left out" if goes_by_record else "applied"
        words.append(f"{_events(later)} with a time up to {true} {_was(later)} recorded after {known}: {done}")
    if ahead := counts["ahead"]:
        done = "applied" if moment.time_us is None else "left out"
        words.append(f"{_events(ahead)} recorded up to {known} {_has(ahead)} a later time than {true}: {done}")
    if goes_by_record and (stood_in := counts["stood_in"]):
        words.append(
            f"nothing says when {_events(stood_in)} {_was(stood_in)} recorded: {'its' if stood_in == 1 else 'their'} own time stands in"
        )
    if goes_by_record and (by_producer := counts["by_producer"]):
        words.append(f"the time of {by_producer:,} {'record is' if by_producer == 1 else 'records is'} that of the producer's clock")
    if untimed:
        words.append(f"{_events(untimed)} {_has(untimed)} no time: left out")
    return words


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"
