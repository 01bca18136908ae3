"""The shop's whole story as one iterator of events: a pure function of a seed and of times. No I/O, no real clock.

A history of one day leads up to `live_us`, with the faults planted in it; the live part follows without end.
Read `trade` and `sagas` for what happens, `layout` for where it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from inspector.demo.day import DAY_US, SECOND_US, Pace
from inspector.demo.faults import FAULTS, Fault, Plants
from inspector.demo.model import ShopEvent
from inspector.demo.trade import open_shop
from inspector.demo.world import World

EVENTS_PER_ORDER = 12.9
"""What an order comes to on average (measured)."""
_BESIDE_ORDERS = 500
"""Events of a day's history beside those of ordinary orders: the opening, prices, the burst of fraud (measured)."""
LEAST_HISTORY = 4_000
"""A shorter history leaves the faults too few orders to strike."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Which story: the history begins at `start_us` and ends at `live_us`; rates are events per second, as daily means."""

    seed: int
    start_us: int
    live_us: int
    history_per_s: float
    live_per_s: float
    faults: Sequence[Fault] = FAULTS


def scenario(seed: int, live_us: int, *, history: int = 20_000, live_per_s: float = 0.0, faults: Sequence[Fault] = FAULTS) -> Scenario:
    """A day of about `history` events that ends at `live_us`, then `live_per_s` events a second.

    With no history the shop has just opened, and nothing is planted.
    """
    start_us = live_us - DAY_US if history else live_us - SECOND_US
    history_per_s = max(history - _BESIDE_ORDERS, 0) / (DAY_US / SECOND_US)
    return Scenario(seed, start_us, live_us, history_per_s, live_per_s, tuple(faults) if history else ())


def events(story: Scenario) -> Iterator[ShopEvent]:
    """What happens in the shop, in the order of `at_us`; without end when there is live traffic or prices change."""
    world = World(story.seed, story.start_us, story.live_us, Plants(story.start_us, story.live_us, story.faults))
    pace = Pace(story.live_us, story.history_per_s / EVENTS_PER_ORDER, story.live_per_s / EVENTS_PER_ORDER)
    world.start(open_shop(world, pace))
    yield from world.run()


def history(story: Scenario) -> Iterator[ShopEvent]:
    """The part of `events` before the live part."""
    return takewhile(lambda event: event.at_us < story.live_us, events(story))
