"""Captures with planted faults, and one without any, for tests of findings in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inspector.event import Flag
from tests.replay.captures import Log, Written, write

_START_US = 1_795_420_800_000_000
GAP = (40, 45)
"""Positions `[from, to)` of shop.orders/0 that hold nothing."""
ODD_ID = "e-10"
BAD = 60
"""The position of an undecodable value."""


def _events(count: int) -> list[Written]:
    return [
        Written(
            n,
            f'{{"order_id":"order-{n % 7}","n":{n}}}',
            f"order-{n % 7}",
            n // 7,
            _START_US + n * 2_000_000,
            "OrderPlaced",
            event_id=f"e-{n}",
        )
        for n in range(count)
    ]


def clean(path: Path) -> Path:
    """200 events with nothing wrong."""
    return write(path, [Log(_events(200), "shop.orders")])


def faulty(path: Path) -> Path:
    """A hole, an id borne by two different events, a value that is not read, times that go back."""
    events = [event for event in _events(200) if not GAP[0] <= event.position < GAP[1]]
    at = {event.position: place for place, event in enumerate(events)}
    events[at[120]] = replace(events[at[120]], event_id=ODD_ID)
    events[at[BAD]] = replace(events[at[BAD]], data="not json", flags=int(Flag.undecodable))
    events[at[150]] = replace(events[at[150]], time_us=_START_US)
    return write(path, [Log(events, "shop.orders")])
