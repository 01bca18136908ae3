"""The planted faults: each is in the story exactly as its account declares, and nothing else is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.demo.codec import kafka_headers, kafka_value
from inspector.demo.day import DAY_US, HOUR_US
from inspector.demo.faults import (
    CLOCK_BACK,
    FAULTS,
    FRAUD_BURST,
    OVERSELL,
    STUCK,
    UNCOMPENSATED,
    UNDECODABLE,
    VERSION_GAP,
    Account,
    Fault,
    Place,
)  # fmt: skip
from inspector.demo.layout import STORE_LOG, Placed
from tests.demo.story import EVENING_US, account_of, by_saga, by_stream, placed, told

ANY_STORY = given(seed=st.integers(0, 2**32), live_us=st.integers(EVENING_US - DAY_US, EVENING_US), events=st.sampled_from([4_000, 6_000]))
FEW = settings(max_examples=15, deadline=None)

Address = tuple[str, int, int]


def _address(place: Place) -> Address:
    return place.log, place.partition, place.position


def _addresses(events: Sequence[Placed]) -> dict[Address, Placed]:
    return {(log, partition, position): event for event in events for _, log, partition, position in event.addresses()}


def _places(account: Account, fault: Fault, *roles: str) -> list[Place]:
    return [place for place in account.entry(fault).places if not roles or place.role in roles]


@FEW
@ANY_STORY
def test_each_fault_strikes_in_every_story(seed: int, live_us: int, events: int) -> None:
    account = account_of(placed(told(seed, live_us=live_us, events=events)))
    assert [fault.name for fault in FAULTS if not account.entry(fault).places] == []


@FEW
@ANY_STORY
def test_account_points_at_the_events_it_names(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    there = _addresses(story)
    for fault in FAULTS:
        for place in account_of(story).entry(fault).places:
            event = there[_address(place)].event
            assert (event.id, event.stream, event.version, event.type) == (place.event_id, place.stream, place.version, place.type)


@FEW
@ANY_STORY
def test_only_the_clock_makes_events_late(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    newest: dict[tuple[str, int], int] = {}
    late: set[Address] = set()
    for event in story:
        for _, log, partition, position in event.addresses():
            if event.event.time_us < newest.get((log, partition), 0):
                late.add((log, partition, position))
            newest[log, partition] = max(newest.get((log, partition), 0), event.event.time_us)
    declared = _places(account_of(story), CLOCK_BACK)
    assert late == {_address(place) for place in declared if place.late}
    assert any(place.log == STORE_LOG for place in declared if place.late)
    wrong = [event.event for event in story if event.event.time_us != event.event.at_us]
    assert len(wrong) == 12
    assert {event.at_us - event.time_us for event in wrong} == {HOUR_US}


@FEW
@ANY_STORY
def test_only_the_duplicate_is_delivered_twice_and_oversells(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    twice = [event_id for event_id, times in Counter(event.event.id for event in story).items() if times > 1]
    original, copy = (place for place in _places(account_of(story), OVERSELL, "original", "duplicate") if place.log == "shop.orders")
    assert twice == [original.event_id] == [copy.event_id]
    assert (copy.partition, copy.position) == (original.partition, original.position + 1)
    first, second = (_addresses(story)[_address(place)].event for place in (original, copy))
    assert (kafka_value(first), kafka_headers(first), first.time_us) == (kafka_value(second), kafka_headers(second), second.time_us)
    below = {event.event.stream for event in story if event.event.category.name == "stock" and event.event.data["available"] == -1}
    assert below == {"stock-teapot-1926"}
    (oversold, _) = _places(account_of(story), OVERSELL, "oversold")
    assert _addresses(story)[_address(oversold)].event.data["available"] == -1


@FEW
@ANY_STORY
def test_only_the_stuck_saga_does_not_end(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    old = {name: saga for name, saga in by_saga(event.event for event in story).items() if saga[0].at_us < live_us - 2 * HOUR_US}
    open_ended = [name for name, saga in old.items() if saga[-1].type not in {"OrderCompleted", "OrderCancelled"}]
    entry = account_of(story).entry(STUCK)
    assert open_ended == entry.correlation_ids
    assert old[open_ended[0]][-1].id == _places(account_of(story), STUCK, "last")[-1].event_id


@FEW
@ANY_STORY
def test_only_one_failed_payment_is_not_compensated(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    kept = []
    for name, saga in by_saga(event.event for event in story).items():
        kinds = Counter(event.type for event in saga)
        if kinds["PaymentFailed"] and kinds["OrderCancelled"] and kinds["StockReleased"] < kinds["StockReserved"]:
            kept.append(name)
    entry = account_of(story).entry(UNCOMPENSATED)
    assert kept == entry.correlation_ids
    assert {place.type for place in entry.places if place.role == "failure"} == {"PaymentFailed"}


@FEW
@ANY_STORY
def test_only_the_version_gap_lacks_a_row(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    rows = [event.row for event in story if event.row is not None]
    assert rows == list(range(1, len(rows) + 1))
    (removed,) = [event for event in story if event.event.removed]
    in_store, in_kafka = _places(account_of(story), VERSION_GAP)
    assert (in_store.log, in_store.position) == (STORE_LOG, removed.row)
    assert (in_kafka.log, in_kafka.position) == ("shop.orders", removed.offset)
    stream = by_stream(event.event for event in story)["order", removed.event.stream]
    assert removed.event.version > 1
    assert stream[removed.event.version - 1] == removed.event


@FEW
@ANY_STORY
def test_only_the_garbled_record_is_no_json(seed: int, live_us: int, events: int) -> None:
    story = placed(told(seed, live_us=live_us, events=events))
    bad = [event for event in story if not _is_json(kafka_value(event.event))]
    (place,) = [place for place in _places(account_of(story), UNDECODABLE) if place.source == "kafka"]
    assert [(event.event.category.topic, event.partition, event.offset) for event in bad] == [_address(place)]


def _is_json(value: bytes | None) -> bool:
    try:
        return value is None or isinstance(json.loads(value.decode()), dict)
    except ValueError:
        return False


@FEW
@ANY_STORY
def test_fraud_comes_in_one_burst_from_one_card(seed: int, live_us: int, events: int) -> None:
    story = [event.event for event in placed(told(seed, live_us=live_us, events=events))]
    burst = [event for event in story if event.type == "FraudScored" and event.mark and event.mark.fault == FRAUD_BURST.name]
    assert len(burst) > 20
    assert len({event.data["card"] for event in burst}) == 1
    assert burst[-1].at_us - burst[0].at_us <= 240 * 1_000_000
    refused = [event for event in burst if event.data["verdict"] == "refuse"]
    assert len(refused) > len(burst) / 2


def test_healthy_shop_has_an_empty_account() -> None:
    account = account_of(placed(told(faults=())))
    assert all(not account.entry(fault).places for fault in FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_account_for_machines_is_plain_json(fault: Fault) -> None:
    account = account_of(placed(told()))
    entries = json.loads(json.dumps(account.to_json()))
    (entry,) = [entry for entry in entries if entry["name"] == fault.name]
    assert entry["title"]
    assert entry["find"]
    assert {"source", "log", "partition", "position", "stream", "version", "event_id", "time", "role"} <= set(entry["places"][0])
