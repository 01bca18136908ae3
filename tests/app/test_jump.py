"""What a jump means: the usual forms of times with their zone, offsets, versions, numbers; and what is said of others."""

from __future__ import annotations

import contextlib
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jump import AtNumber, AtOffset, AtTime, AtVersion, Here, target
from inspector.event import parse_time

_NOW = parse_time("2026-11-23T14:30:00Z")
_HERE = Here(UTC, "UTC", newest_us=_NOW)
_BERLIN = Here(ZoneInfo("Europe/Berlin"), "Europe/Berlin", day_us=_NOW, newest_us=_NOW)


@pytest.mark.parametrize(
    ("text", "start", "length_us"),
    [
        ("2026-11-23T14:03:07.250Z", "2026-11-23T14:03:07.250Z", 1_000),
        ("2026-11-23T15:03:07+01:00", "2026-11-23T14:03:07Z", 1_000_000),
        ("2026-11-23 14:03", "2026-11-23T14:03:00Z", 60_000_000),
        ("2026-11-23", "2026-11-23T00:00:00Z", 86_400_000_000),
        ("2026-11-23Z", "2026-11-23T00:00:00Z", 86_400_000_000),
        ("14:03", "2026-11-23T14:03:00Z", 60_000_000),
        (" 14:03:07 ", "2026-11-23T14:03:07Z", 1_000_000),
        ("14:03:07.250", "2026-11-23T14:03:07.250Z", 1_000),
        ("14:03:07,123456", "2026-11-23T14:03:07.123456Z", 1),
        ("14:03 UTC", "2026-11-23T14:03:00Z", 60_000_000),
        ("-15m", "2026-11-23T14:15:00Z", 60_000_000),
        ("-2h", "2026-11-23T12:30:00Z", 3_600_000_000),
    ],
)
def test_a_time_in_its_usual_forms(text: str, start: str, length_us: int) -> None:
    found = target(text, _HERE)
    assert isinstance(found, AtTime)
    assert (found.from_us, found.until_us - found.from_us) == (parse_time(start), length_us)


def test_a_time_without_a_zone_is_of_the_zone_shown_and_says_so() -> None:
    found = target("14:03", _BERLIN)
    assert isinstance(found, AtTime)
    assert found.from_us == parse_time("2026-11-23T13:03:00Z")
    assert found.text == "2026-11-23 14:03 Europe/Berlin"


def test_a_day_is_as_long_as_it_is_where_it_is() -> None:
    found = target("2026-10-25", _BERLIN)
    assert isinstance(found, AtTime)
    assert found.until_us - found.from_us == 25 * 3_600_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders/3:1234", AtOffset(1_234, "orders", 3)),
        ("a/b.c/0:1,234", AtOffset(1_234, "a/b.c", 0)),
        ("1234", AtOffset(1_234)),
        ("v12", AtVersion(12)),
        ("#77", AtNumber(77)),
        ("# 1,000,000", AtNumber(1_000_000)),
        ("9" * 26, AtOffset(2**63 - 1)),
    ],
)
def test_offsets_versions_and_numbers(text: str, expected: object) -> None:
    assert target(text, _HERE) == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-02-30", "14:60", "orders/x:1", "-15 fortnights", "2026-11-23T14:03:00+99:99"])
def test_anything_else_says_what_can_be_written(text: str) -> None:
    with pytest.raises(ValueError, match=r"write a time|no day and time|there is no zone"):
        target(text, _HERE)


def test_a_time_of_day_needs_a_day() -> None:
    with pytest.raises(ValueError, match="no day"):
        target("14:03", Here(UTC, "UTC"))
    with pytest.raises(ValueError, match="no event with a time"):
        target("-15m", Here(UTC, "UTC"))


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ValueError):
        target(text, _HERE)
