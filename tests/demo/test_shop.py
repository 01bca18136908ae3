"""The shop's story: repeatable, realistic over the day, and sound where nothing is planted."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.demo import shop
from inspector.demo.day import DAY_US, HOUR_US, PEAK, busyness
from inspector.demo.model import CATEGORIES, ShopEvent
from inspector.demo.shop import scenario
from tests.demo.story import EVENING_US, by_saga, by_stream, told

STORIES = given(seed=st.integers(0, 2**32), live_us=st.integers(EVENING_US - DAY_US, EVENING_US), events=st.sampled_from([4_000, 6_000]))
FEW = settings(max_examples=12, deadline=None)


def test_same_seed_and_time_tell_the_same_story() -> None:
    assert told(3) == told(3)


def test_another_seed_tells_another_story() -> None:
    assert told(3)[:200] != told(4)[:200]


def test_live_part_goes_on_from_the_same_history() -> None:
    quiet = scenario(5, EVENING_US, history=4_000)
    busy = scenario(5, EVENING_US, history=4_000, live_per_s=50)
    past = list(shop.history(quiet))
    assert list(shop.history(busy)) == past
    assert next(islice(shop.events(busy), len(past), None)).at_us >= EVENING_US


def test_live_rate_is_about_what_was_asked() -> None:
    story = scenario(5, EVENING_US, history=4_000, live_per_s=20)
    live = takewhile(lambda event: event.at_us < EVENING_US + 600_000_000, shop.events(story))
    events = sum(event.at_us >= EVENING_US + 60_000_000 for event in live)  # the first minute's parcels are still being packed
    assert events / 540 == pytest.approx(20, rel=0.25)


def test_rate_follows_the_hour() -> None:
    placed = Counter(event.at_us % DAY_US // HOUR_US for event in told(events=20_000) if event.type == "OrderPlaced" and not event.mark)
    assert placed[19] + placed[18] > 8 * (placed[3] + placed[4])


def test_busyness_has_mean_one_and_a_known_peak() -> None:
    values = [busyness(minute * 60_000_000) for minute in range(24 * 60)]
    assert sum(values) / len(values) == pytest.approx(1.0)
    assert max(values) == pytest.approx(PEAK)


@pytest.mark.parametrize("events", [4_000, 20_000])
def test_history_has_about_as_many_events_as_asked(events: int) -> None:
    assert len(told(events=events)) == pytest.approx(events, rel=0.15)


def test_no_history_only_opens_the_shop() -> None:
    kinds = {event.type for event in told(events=0)}
    assert kinds == {"StockReceived", "ProductPriced"}


def test_every_category_and_schema_version_occurs() -> None:
    story = told()
    assert {event.category for event in story} == set(CATEGORIES)
    orders = [event for event in story if event.type == "OrderPlaced"]
    assert {event.schema_version for event in orders} == {1, 2, 3}
    assert orders[0].schema_version == 1
    assert orders[-1].schema_version == 3
    shapes = {event.schema_version: frozenset(event.data) for event in orders}
    assert len(set(shapes.values())) >= 2
    assert {event.schema_version for event in story if event.type != "OrderPlaced"} == {1}


@FEW
@STORIES
def test_times_never_fall_and_ids_are_unique_without_faults(seed: int, live_us: int, events: int) -> None:
    story = told(seed, live_us=live_us, events=events, faults=())
    assert all(before.at_us <= after.at_us for before, after in pairwise(story))
    assert all(event.time_us == event.at_us and event.mark is None for event in story)
    assert len({event.id for event in story}) == len(story)


@FEW
@STORIES
def test_versions_are_contiguous_from_one(seed: int, live_us: int, events: int) -> None:
    for stream in by_stream(told(seed, live_us=live_us, events=events, faults=())).values():
        assert [event.version for event in stream] == list(range(1, len(stream) + 1))


@FEW
@STORIES
def test_causes_come_first_and_keep_the_correlation(seed: int, live_us: int, events: int) -> None:
    seen: dict[str, str] = {}
    for event in told(seed, live_us=live_us, events=events):
        if event.causation_id is not None:
            assert seen[event.causation_id] == event.correlation_id
        seen[event.id] = event.correlation_id


@FEW
@STORIES
def test_stock_adds_up_and_is_never_oversold_without_faults(seed: int, live_us: int, events: int) -> None:
    streams = by_stream(told(seed, live_us=live_us, events=events, faults=()))
    for (category, _), stream in streams.items():
        if category == "stock":
            _check_stock(stream)


def test_stock_is_not_oversold_in_a_rush_either() -> None:
    story = list(islice(shop.events(scenario(1, EVENING_US, history=0, live_per_s=2_000)), 40_000))
    assert any(event.type == "StockRejected" for event in story)
    for (category, _), stream in by_stream(story).items():
        if category == "stock":
            _check_stock(stream)


def _check_stock(stream: list[ShopEvent]) -> None:
    on_hand = reserved = 0
    for event in stream:
        quantity = event.data["quantity"]
        assert isinstance(quantity, int)
        on_hand += {"Received": quantity, "Returned": quantity, "Picked": -quantity}.get(event.kind, 0)
        reserved += {"Reserved": quantity, "Released": -quantity, "Picked": -quantity}.get(event.kind, 0)
        assert (event.data["on_hand"], event.data["reserved"]) == (on_hand, reserved)
        assert event.data["available"] == on_hand - reserved >= 0


@FEW
@STORIES
def test_every_saga_ends_once_and_compensates(seed: int, live_us: int, events: int) -> None:
    two_hours_ago = live_us - 2 * HOUR_US
    for saga in by_saga(told(seed, live_us=live_us, events=events, faults=())).values():
        if saga[0].at_us < two_hours_ago:
            _check_saga(saga)


def _check_saga(saga: list[ShopEvent]) -> None:
    kinds = Counter(event.type for event in saga)
    assert kinds["OrderCompleted"] + kinds["OrderCancelled"] == 1
    assert saga[-1].type in {"OrderCompleted", "OrderCancelled"}
    assert kinds["StockReserved"] == kinds["StockReleased"] + kinds["StockPicked"]
    if kinds["OrderCancelled"]:
        assert kinds["PaymentCaptured"] == kinds["PaymentRefunded"] == kinds["ShipmentFailed"]
        assert kinds["StockPicked"] == kinds["StockReturned"]
    else:
        assert kinds["PaymentCaptured"] == kinds["ShipmentDelivered"] == 1


def test_payments_ask_for_what_the_lines_cost() -> None:
    for saga in by_saga(told()).values():
        placed = saga[0]
        total = placed.data["total"]
        total = total["amount"] if isinstance(total, dict) else total
        assert isinstance(total, Decimal)
        assert [event.data["amount"] for event in saga if event.type == "PaymentRequested"] in ([total], [])
