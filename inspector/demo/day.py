"""How busy the shop is at a moment: a curve over the hours of the day, and arrivals that follow it. No clock, no I/O.

The curve has the mean 1.0 over a day, so that a rate times the curve is still that rate on average.
Read `shop` next for who asks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US

_ORDERS_AT_HOUR = (9, 5, 3, 2, 2, 4, 10, 20, 31, 38, 42, 47, 58, 52, 43, 41, 46, 57, 70, 79, 82, 67, 41, 20)
_MEAN = sum(_ORDERS_AT_HOUR) / 24
PEAK = max(_ORDERS_AT_HOUR) / _MEAN
"""The largest value `busyness` takes."""


def busyness(time_us: int) -> float:
    """How busy the shop is at `time_us` against its daily mean of 1.0; quiet at 4 in the morning, busiest at 20 UTC."""
    hour, past_us = divmod(time_us % DAY_US, HOUR_US)
    here, after = _ORDERS_AT_HOUR[hour], _ORDERS_AT_HOUR[(hour + 1) % 24]
    return (here + (after - here) * past_us / HOUR_US) / _MEAN


@dataclass(frozen=True, slots=True)
class Pace:
    """Arrivals per second over time: a daily mean before `live_us`; from then on `live_per_s`, following the hours from there."""

    live_us: int
    history_per_s: float
    live_per_s: float

    def next_arrival_us(self, rng: random.Random, now_us: int) -> int | None:
        """The first arrival after `now_us` of a Poisson process with this pace; None where nothing comes any more."""
        while now_us < self.live_us:
            if not self.history_per_s:
                now_us = self.live_us
                break
            step_us = _step_us(rng, self.history_per_s * PEAK)
            if now_us + step_us > self.live_us:
                now_us = self.live_us
                break
            now_us += step_us
            if rng.random() * PEAK < busyness(now_us):
                return now_us
        return self._next_live_us(rng, now_us)

    def _next_live_us(self, rng: random.Random, now_us: int) -> int | None:
        if not self.live_per_s:
            return None
        at_start = busyness(self.live_us)
        while True:
            now_us += _step_us(rng, self.live_per_s * PEAK / at_start)
            if rng.random() * PEAK < busyness(now_us):
                return now_us


def _step_us(rng: random.Random, rate_per_s: float) -> int:
    return 1 + round(rng.expovariate(rate_per_s) * SECOND_US)
