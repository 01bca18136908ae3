"""Ranges of time as they are typed."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jump import Here
from app.time_range import range_text, time_range

_DAY_US = 1_795_392_000_000_000  # 2026-11-23, the start of the day, UTC
_NOW_US = _DAY_US + 15 * 3_600_000_000
HERE = Here(UTC, "UTC", _DAY_US + 1, _NOW_US)
HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("last 15 min", _NOW_US + 1 - 900_000_000, _NOW_US + 1),
        ("Last 2 hours", _NOW_US + 1 - 2 * HOUR_US, _NOW_US + 1),
        ("-15m", _NOW_US + 1 - 900_000_000, _NOW_US + 1),
        ("-250 ms", _NOW_US + 1 - 250_000, _NOW_US + 1),
        ("14:00 – 14:30", _DAY_US + 14 * HOUR_US, _DAY_US + 14 * HOUR_US + 1_800_000_000),
        ("14:00 - 14:30", _DAY_US + 14 * HOUR_US, _DAY_US + 14 * HOUR_US + 1_800_000_000),
        ("14:00..14:00:00.250", _DAY_US + 14 * HOUR_US, _DAY_US + 14 * HOUR_US + 250_000),
        ("2026-11-23T14:00:00Z to 2026-11-23T15:00:00+00:00", _DAY_US + 14 * HOUR_US, _DAY_US + 15 * HOUR_US),
        ("2026-11-23", _DAY_US, _DAY_US + 24 * HOUR_US),
        ("14:03", _DAY_US + 14 * HOUR_US + 180_000_000, _DAY_US + 14 * HOUR_US + 240_000_000),
    ],
)
def test_what_is_typed_is_a_range(text: str, low: int, high: int) -> None:
    assert time_range(text, HERE) == (low, high)


def test_nothing_is_all_and_open_ends_are_far() -> None:
    assert time_range(" ", HERE) is time_range("all", HERE) is None
    found = time_range("14:00 –", HERE)
    assert found is not None
    assert found[0] == _DAY_US + 14 * HOUR_US
    assert found[1] > _NOW_US


@pytest.mark.parametrize("text", ["tomorrow", "1234", "v3", "14:30 – 14:00", "25:00", "14:00 – x", "last min", "–x"])
def test_what_is_no_range_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|before|no day"):
        time_range(text, HERE)


@given(st.integers(-(10**15), 10**16), st.integers(1, 10**13), st.sampled_from(["UTC", "Asia/Kolkata", "Pacific/Kiritimati"]))
def test_a_range_reads_as_it_is_written(low: int, length: int, name: str) -> None:
    zone = UTC if name == "UTC" else ZoneInfo(name)
    here = Here(zone, name, None, None)
    assert time_range(range_text((low, low + length), zone), here) == (low, low + length)
