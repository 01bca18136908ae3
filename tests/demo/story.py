"""Stories told for the tests: a fixed evening as the live moment, and helpers that look at what was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from inspector.demo.faults import FAULTS, Account, Fault
from inspector.demo.layout import Placed, place
from inspector.demo.model import ShopEvent
from inspector.demo.shop import history, scenario
from inspector.event import parse_time

EVENING_US = parse_time("2026-11-23T20:00:00Z")


def told(seed: int = 7, *, events: int = 6_000, live_us: int = EVENING_US, faults: Sequence[Fault] = FAULTS) -> list[ShopEvent]:
    """The history of a day."""
    return list(history(scenario(seed, live_us, history=events, faults=faults)))


def placed(events: Iterable[ShopEvent]) -> list[Placed]:
    """The events with their places."""
    return list(place(events))


def account_of(events: Iterable[Placed]) -> Account:
    """The account of the faults in them."""
    account = Account()
    for event in events:
        account.add(event)
    return account


def by_stream(events: Iterable[ShopEvent]) -> dict[tuple[str, str], list[ShopEvent]]:
    """The events of each (category, stream), redeliveries left out."""
    streams: defaultdict[tuple[str, str], list[ShopEvent]] = defaultdict(list)
    for event in events:
        if not event.redelivery:
            streams[event.category.name, event.stream].append(event)
    return streams


def by_saga(events: Iterable[ShopEvent]) -> dict[str, list[ShopEvent]]:
    """The events of each correlation that begins with an order, redeliveries left out."""
    sagas: defaultdict[str, list[ShopEvent]] = defaultdict(list)
    for event in events:
        if not event.redelivery and (event.type == "OrderPlaced" or event.correlation_id in sagas):
            sagas[event.correlation_id].append(event)
    return sagas
