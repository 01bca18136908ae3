"""An event's own time: zones are never assumed, and what cannot be used is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import times
from inspector.event import MAX_TIME_US, MIN_TIME_US, TimeKind, format_time, parse_time
from tests.identify.records import RECORDED_US, event

EIGHT = parse_time("2026-11-23T08:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T08:00:00Z",
        "2026-11-23t08:00:00z",
        "2026-11-23 09:00:00+01:00",
        "2026-11-23T08:00:00.000000999Z",
        "2026-11-23T03:00:00-05:00",
    ],
)
def test_a_text_with_its_zone_is_the_events_time(text: str) -> None:
    found = event({"time": text})
    assert found.time_us == [EIGHT]
    assert found.time_kind == [TimeKind.event]
    assert found.extra == [None]


@pytest.mark.parametrize(
    "raw", ["2026-11-23T08:00:00", "yesterday", "2026-11-23", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", 17, -1.5]
)
def test_what_is_no_certain_time_is_kept_raw_and_the_records_time_stays(raw: object) -> None:
    found = event({"time": raw})
    assert found.time_us == [RECORDED_US]
    assert found.time_kind == [TimeKind.create]
    assert json.loads(found.extra[0] or "") == {"event_time": raw}


@pytest.mark.parametrize(("zone", "expected"), [("UTC", "08:00"), ("+02:00", "06:00"), ("Europe/Paris", "07:00"), ("-05:30", "13:30")])
def test_a_zone_that_a_rule_names_is_used_for_texts_without(zone: str, expected: str) -> None:
    profile = f'[[log]]\nname = "*"\ntime = {{ from = "data.time", zone = "{zone}" }}\n'
    assert event({"time": "2026-11-23T08:00:00"}, profile=profile).time_us == [parse_time(f"2026-11-23T{expected}:00Z")]
    assert event({"time": "2026-11-23T08:00:00Z"}, profile=profile).time_us == [EIGHT]


def test_a_zone_for_the_whole_log() -> None:
    profile = '[[log]]\nname = "*"\nzone = "+01:00"\ntime = ["data.at", "data.time"]\n'
    assert event({"time": "2026-11-23T09:00:00"}, profile=profile).time_us == [EIGHT]


@pytest.mark.parametrize("number", [EIGHT // 10**6, EIGHT // 10**3, EIGHT, EIGHT * 1000, str(EIGHT // 1000), EIGHT / 10**6])
def test_a_number_between_2001_and_2286_tells_its_own_unit(number: object) -> None:
    assert event({"timestamp": number}).time_us == [EIGHT]


@pytest.mark.parametrize(("unit", "number"), [("s", 5), ("ms", 5_000), ("us", 5_000_000), ("ns", 5_000_000_000), ("s", "5.0")])
def test_a_unit_that_a_rule_names_is_used(unit: str, number: object) -> None:
    profile = f'[[log]]\nname = "*"\ntime = {{ from = "data.t", unit = "{unit}" }}\n'
    assert event({"t": number}, profile=profile).time_us == [5_000_000]


def test_without_a_unit_a_number_is_no_time() -> None:
    profile = '[[log]]\nname = "*"\ntime = "data.t"\n'
    found = event({"t": EIGHT}, profile=profile)
    assert found.time_us == [RECORDED_US]
    assert json.loads(found.extra[0] or "") == {"event_time": EIGHT}


def test_a_nested_time_by_a_stores_rule() -> None:
    value = {"timestamp": {"_type_": "datetime_iso", "_data_": "2026-11-23T08:00:00+00:00"}}
    assert event(value, rules={"orders": {"time": "data.timestamp._data_"}}).time_us == [EIGHT]


def test_a_later_place_is_asked_when_the_first_holds_no_time() -> None:
    found = event({"occurredAt": "soon", "time": "2026-11-23T08:00:00Z"})
    assert found.time_us == [EIGHT]
    assert found.extra == [None]


@given(st.integers(MIN_TIME_US, MAX_TIME_US))
def test_every_time_is_read_as_written(time_us: int) -> None:
    assert times.times([format_time(time_us)], None, None) == [time_us]


@given(st.text(max_size=30) | st.integers() | st.floats() | st.booleans(), st.sampled_from([None, "guess", *times.UNITS]))
def test_no_value_raises_and_every_time_is_in_range(value: object, unit: str | None) -> None:
    (found,) = times.times([value], unit, None)
    assert found is None or MIN_TIME_US <= found <= MAX_TIME_US
