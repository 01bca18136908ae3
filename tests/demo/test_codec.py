"""The bytes: exact digits in JSON, tombstones, headers."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inspector.demo.codec import json_text, kafka_headers, kafka_value, store_state
from tests.demo.story import told

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_json_reads_back_with_every_digit(value: object) -> None:
    def plain(item: object) -> object:
        match item:
            case Decimal():
                return item.as_tuple()
            case dict():
                return {name: plain(inner) for name, inner in item.items()}
            case list():
                return [plain(inner) for inner in item]
            case int() if not isinstance(item, bool):
                return Decimal(item).as_tuple()
            case _:
                return item

    read = json.loads(json_text(value), parse_float=Decimal, parse_int=Decimal)
    assert plain(read) == plain(value)


def test_amounts_keep_their_last_zeros() -> None:
    assert json_text({"price": Decimal("19.90"), "none": None, "name": "Zoë"}) == '{"price":19.90,"none":null,"name":"Zoë"}'


def test_product_taken_off_sale_is_a_tombstone_in_kafka_and_an_event_in_the_store() -> None:
    gone = [event for event in told() if event.type == "ProductDelisted"]
    assert gone
    assert {kafka_value(event) for event in gone} == {None}
    assert all(json.loads(store_state(event))["sku"] == event.data["sku"] for event in gone)


def test_headers_carry_identity_and_trace() -> None:
    event = next(event for event in told() if event.type == "StockReserved")
    headers = dict(kafka_headers(event))
    assert headers["event-id"] == event.id.encode()
    assert headers["event-type"] == b"StockReserved"
    assert headers["causation-id"] == str(event.causation_id).encode()
    assert headers["traceparent"].decode().split("-")[1] == event.correlation_id.replace("-", "")


def test_first_event_of_a_saga_has_no_cause() -> None:
    placed = next(event for event in told() if event.type == "OrderPlaced")
    assert "causation-id" not in dict(kafka_headers(placed))
