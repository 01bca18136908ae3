"""The faults planted in the shop's history: what they are, when they strike, and where they ended up. No I/O.

`FAULTS` says what an auditor should find; `Plants` strikes at the right moment; `Account` notes the exact places, so that
a check can be tested against them. Read `sagas` for how the shop goes wrong, `layout` for what a place is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

from inspector.demo.day import HOUR_US
from inspector.demo.layout import Placed
from inspector.demo.model import ORDER, PAYMENT, Mark, ShopEvent
from inspector.event import format_time


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault. `at` is the moment it strikes, as a fraction of the history; `find` is what a good audit says."""

    name: str
    title: str
    at: float
    find: str


CLOCK_BACK = Fault(
    "clock-back",
    "A clock that jumps back",
    0.30,
    "The payment service's clock went back one hour for twelve events: their times lie below times already seen in the same log.",
)
OVERSELL = Fault(
    "duplicate-oversell",
    "A duplicate event that oversells an article",
    0.42,
    "OrderPlaced was delivered twice (same event id, same bytes, next offset); stock was reserved for both, "
    "and the article's `available` fell to -1.",
)
STUCK = Fault(
    "stuck-saga",
    "A stuck saga",
    0.49,
    "The order was paid for and its shipment requested, and then nothing more ever happened; all its contemporaries have ended.",
)
UNCOMPENSATED = Fault(
    "missing-compensation",
    "A failed payment without its compensation",
    0.56,
    "The payment failed after stock had been reserved, the order was cancelled, and no StockReleased ever followed.",
)
VERSION_GAP = Fault(
    "version-gap",
    "A version gap in the store",
    0.63,
    "One row was deleted from the store: the stream lacks a version in its middle and the store a position; Kafka still has the event.",
)
UNDECODABLE = Fault(
    "undecodable-record",
    "An undecodable record",
    0.70,
    "One record's value is cut off and ends in bytes that are no text; the store still has the event.",
)
FRAUD_BURST = Fault(
    "fraud-burst",
    "A burst of fraud",
    0.93,
    "Within two minutes one card paid for dozens of orders of vouchers, nearly all scored as fraud and refused.",
)

FAULTS = (CLOCK_BACK, OVERSELL, STUCK, UNCOMPENSATED, VERSION_GAP, UNDECODABLE, FRAUD_BURST)
_CLOCK_EVENTS = 12
_CLOCK_BACK_US = HOUR_US


class Plants:
    """Strikes each fault once, when its moment in `[start_us, live_us)` has come; a healthy shop has none."""

    def __init__(self, start_us: int, live_us: int, faults: Iterable[Fault]) -> None:
        self._due_us = {fault: start_us + round((live_us - start_us) * fault.at) for fault in faults if start_us < live_us}
        self._wrong_clocks = _CLOCK_EVENTS

    def due_us(self, fault: Fault) -> int | None:
        """When `fault` is going to strike; None when it will not, or has."""
        return self._due_us.get(fault)

    def strike(self, fault: Fault, now_us: int) -> bool:
        """True once: the first time this is asked after the fault's moment."""
        due_us = self._due_us.get(fault)
        if due_us is None or now_us < due_us:
            return False
        del self._due_us[fault]
        return True

    def alter(self, event: ShopEvent) -> ShopEvent:
        """`event` as a fault on its way to the logs leaves it; nearly always unchanged."""
        if event.mark is not None:
            return event
        if event.category is PAYMENT and self._clock_is_wrong(event.at_us):
            return replace(event, time_us=event.time_us - _CLOCK_BACK_US, mark=Mark(CLOCK_BACK.name, "an hour early"))
        if event.category is ORDER and event.kind == "Confirmed" and self.strike(VERSION_GAP, event.at_us):
            return replace(event, removed=True, mark=Mark(VERSION_GAP.name, "removed"))
        if event.category is PAYMENT and event.kind == "Captured" and self.strike(UNDECODABLE, event.at_us):
            return replace(event, garbled=True, mark=Mark(UNDECODABLE.name, "garbled"))
        return event

    def _clock_is_wrong(self, now_us: int) -> bool:
        due_us = self._due_us.get(CLOCK_BACK)
        if due_us is None or now_us < due_us or not self._wrong_clocks:
            return False
        self._wrong_clocks -= 1
        return True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a marked event is: `source` is "store" or "kafka". `role` says what it is to the fault.

    `late` says that its time lies below one already seen in its partition. `time` is RFC 3339.
    """

    source: str
    log: str
    partition: int
    position: int
    stream: str
    version: int
    type: str
    event_id: str
    correlation_id: str
    time: str | None
    role: str
    late: bool


@dataclass(slots=True)
class Entry:
    """What became of one fault: the sagas it belongs to and the places of its events, in the order of writing."""

    fault: Fault
    correlation_ids: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """The entry for machines: name, title, what to find, correlation_ids and places."""
        return {
            "name": self.fault.name,
            "title": self.fault.title,
            "find": self.fault.find,
            "correlation_ids": self.correlation_ids,
            "places": [asdict(place) for place in self.places],
        }


class Account:
    """The exact places of every planted fault, gathered while events are placed."""

    def __init__(self, faults: Iterable[Fault] = FAULTS) -> None:
        self._entries = {fault.name: Entry(fault) for fault in faults}
        self._newest_us: dict[tuple[str, int], int] = {}

    def add(self, placed: Placed) -> None:
        """Takes note of one event; events must come in the order of writing."""
        event = placed.event
        for source, log, partition, position in placed.addresses():
            newest_us = self._newest_us.get((log, partition), event.time_us)
            self._newest_us[log, partition] = max(newest_us, event.time_us)
            if event.mark:
                self._note(event, event.mark, (source, log, partition, position), late=event.time_us < newest_us)

    def _note(self, event: ShopEvent, mark: Mark, address: tuple[str, str, int, int], *, late: bool) -> None:
        entry = self._entries[mark.fault]
        if event.correlation_id not in entry.correlation_ids:
            entry.correlation_ids.append(event.correlation_id)
        source, log, partition, position = address
        entry.places.append(
            Place(
                source, log, partition, position, event.stream, event.version, event.type,
                event.id, event.correlation_id, format_time(event.time_us), mark.role, late,
            )
        )  # fmt: skip

    def entry(self, fault: Fault) -> Entry:
        """What became of `fault` so far; no places when it has not struck."""
        return self._entries[fault.name]

    def to_json(self) -> list[dict[str, object]]:
        """All entries, in the order of `FAULTS`."""
        return [entry.to_json() for entry in self._entries.values()]
