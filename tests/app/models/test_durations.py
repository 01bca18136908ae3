"""Lengths of time as text: every digit is there, and the text can be read back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.durations import exact, short, step_text

_SIZES = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000, "µs": 1}
_LENGTHS = st.one_of(st.integers(-(10**7), 10**7), st.integers(-(2**62), 2**62))


def read_back(text: str) -> int:
    """The microseconds that a text says."""
    sign = -1 if text.startswith("−") else 1
    total = 0
    for whole, part, unit in re.findall(r"([\d,]+)(?:\.(\d+))? (d|h|min|s|ms|µs)", text):
        size = _SIZES[unit]
        total += int(whole.replace(",", "")) * size
        total += int(part or 0) * size // 10 ** len(part)
    return sign * total


@pytest.mark.parametrize(
    ("length_us", "text"),
    [
        (0, "0 s"),
        (1, "+1 µs"),
        (-204, "−204 µs"),
        (1_204, "+1.204 ms"),
        (1_204_000, "+1.204 s"),
        (-59_999_999, "−59.999999 s"),
        (60_000_000, "+1 min"),
        (67_250_000, "+1 min 07.25 s"),
        (-7_380_000_000, "−2 h 03 min"),
        (7_200_000_001, "+2 h 00 min 00.000001 s"),
        (86_400_000_000, "+1 d"),
        (1_000 * 86_400_000_000 + 500_000, "+1,000 d 00 h 00 min 00.5 s"),
    ],
)
def test_a_length_of_time_has_sensible_units(length_us: int, text: str) -> None:
    assert exact(length_us) == text


@pytest.mark.parametrize(
    ("length_us", "text"),
    [(59_999_999, "+59.999999 s"), (67_250_000, "+1 min 07 s"), (-7_387_250_000, "−2 h 03 min"), (90_000_000_000, "+1 d 01 h")],
)
def test_a_short_one_has_two_units(length_us: int, text: str) -> None:
    assert short(length_us) == text


@given(_LENGTHS)
def test_every_microsecond_can_be_read_back(length_us: int) -> None:
    assert read_back(exact(length_us)) == length_us


@given(_LENGTHS)
def test_a_short_one_cuts_off_and_never_adds(length_us: int) -> None:
    said = read_back(short(length_us))
    assert abs(said) <= abs(length_us)
    assert abs(length_us) - abs(said) < 3_600_000_000
    assert said * length_us >= 0


def test_a_step_is_in_its_largest_whole_unit() -> None:
    assert [step_text(us) for us in (20, 5_000, 1_000_000, 90_000_000, 3_600_000_000)] == ["20 µs", "5 ms", "1 s", "90 s", "1 h"]
