"""Arrivals: none before their time, none without a rate, and the live part never before its start."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from inspector.demo.day import DAY_US, Pace, busyness
from tests.demo.story import EVENING_US


@given(seed=st.integers(0, 2**32), now_us=st.integers(EVENING_US - DAY_US, EVENING_US + DAY_US))
def test_next_arrival_is_later(seed: int, now_us: int) -> None:
    next_us = Pace(EVENING_US, 0.5, 2.0).next_arrival_us(random.Random(seed), now_us)
    assert next_us is not None
    assert next_us > now_us


@given(seed=st.integers(0, 2**32))
def test_nobody_comes_before_the_live_part_without_a_history(seed: int) -> None:
    next_us = Pace(EVENING_US, 0.0, 2.0).next_arrival_us(random.Random(seed), EVENING_US - DAY_US)
    assert next_us is not None
    assert next_us > EVENING_US


def test_nobody_comes_to_a_shop_that_is_not_live() -> None:
    assert Pace(EVENING_US, 0.5, 0.0).next_arrival_us(random.Random(1), EVENING_US) is None
    assert Pace(EVENING_US, 0.0, 0.0).next_arrival_us(random.Random(1), EVENING_US - DAY_US) is None


@given(st.integers(0, 2**53))
def test_busyness_repeats_every_day(time_us: int) -> None:
    assert busyness(time_us) == busyness(time_us + DAY_US) > 0
