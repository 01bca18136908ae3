"""What the built-in rules find, and who wins over whom."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import FROM_VALUE, Flag, StreamRef, TimeKind, parse_time
from tests.identify.records import RECORDED_US, batch, event, events, headers, log


def test_common_names_in_a_document() -> None:
    found = event(
        {
            "eventType": "OrderPlaced",
            "eventId": "e-1",
            "aggregateVersion": 7,
            "schemaVersion": 2,
            "occurredAt": "2026-11-23T08:00:00.5+01:00",
            "metadata": {"correlationId": "c-1", "causation_id": "e-0", "userId": 42},
        },
        key=b"order-4711",
    )
    assert (found.type, found.event_id, found.version, found.schema_version) == (["OrderPlaced"], ["e-1"], [7], ["2"])
    assert (found.correlation_id, found.causation_id, found.actor) == (["c-1"], ["e-0"], ["42"])
    assert found.time_us == [parse_time("2026-11-23T07:00:00.5Z")]
    assert found.time_kind == [TimeKind.event]
    assert found.streams == [(StreamRef("orders", "order-4711", 7),)]
    assert found.metadata == ['{"correlationId":"c-1","causation_id":"e-0","userId":42}']
    assert found.data == [FROM_VALUE]


def test_common_names_in_headers_whatever_their_spelling() -> None:
    head = headers(**{"Event-Type": "Paid", "id": "7", "X-Correlation-ID": "c", "causation_id": "b", "schemaVersion": "3"})
    found = event(b"\xff\xfe", head=head)
    assert (found.type, found.event_id, found.correlation_id, found.causation_id) == (["Paid"], ["7"], ["c"], ["b"])
    assert found.schema_version == ["3"]


def test_of_a_repeated_header_the_first_counts_and_a_null_one_does_not() -> None:
    found = event({"type": "A"}, head='[["eventType",null],["event-type","B"],["event-type","C"]]')
    assert found.type == ["B"]


def test_a_trace_header_gives_the_trace_as_correlation() -> None:
    found = event({}, head=headers(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
    assert found.correlation_id == ["4bf92f3577b34da6a3ce929d0e0e4736"]


@pytest.mark.parametrize(
    "key", [None, b"", b"\xff", b"x" * 257, b"\0\0\0\0\0\0\0\x07", b"a\x1bb"], ids=["null", "empty", "no-utf8", "long", "number", "control"]
)
def test_a_key_that_is_no_text_names_no_stream(key: bytes | None) -> None:
    assert event({"a": 1}, key=key).streams == [()]


def test_keys_of_one_batch_are_judged_one_by_one() -> None:
    found = events(batch({}, {}, {}, {}, keys=[b"a", b"\xff", None, b"b" * 256]))
    assert [[ref.name for ref in refs] for refs in found.streams] == [["a"], [], [], ["b" * 256]]


def test_keys_do_not_make_a_category_each() -> None:
    found = event({}, key=b"order-4711")
    assert found.streams == [(StreamRef("orders", "order-4711"),)]


def test_a_key_splits_where_a_rule_says_so_and_a_uuid_never() -> None:
    profile = '[[log]]\nname = "*"\nstream = { from = "key", split = "-" }\n'
    keys = [b"order-4711-b", b"8f14e45f-ceea-467d-9a1b-000000000001", b"plain"]
    found = events(batch({}, {}, {}, keys=keys), profile=profile)
    assert [ref.category for refs in found.streams for ref in refs] == ["order", "orders", "orders"]
    assert [ref.name for refs in found.streams for ref in refs] == [key.decode() for key in keys]


def test_a_key_of_a_named_type_names_a_stream() -> None:
    found = event({}, key=(42).to_bytes(8, "big"), profile='[[log]]\nname = "orders"\nkey_type = "long"\n')
    assert found.streams == [(StreamRef("orders", "42"),)]


def test_a_null_value_is_a_tombstone_and_keeps_its_stream() -> None:
    found = event(None, key=b"order-1")
    assert found.flags == [Flag.tombstone]
    assert found.decoder == [None]
    assert found.streams == [(StreamRef("orders", "order-1"),)]


def test_what_the_source_says_of_rows_is_merged_in() -> None:
    records = batch(b'{"a":', {"a": 1})
    records.flags = {1: int(Flag.aborted)}
    records.error = {0: "a header's name is not UTF-8"}
    records.extra = {1: {"recorded_time": 2**70}}
    found = events(records)
    assert found.flags == [Flag.undecodable, Flag.aborted]
    assert (found.error[0] or "").startswith("a header's name is not UTF-8; json: not JSON")
    assert found.error[1] is None
    assert json.loads(found.extra[1] or "")["recorded_time"] == 2**70


def test_the_first_of_repeated_keys_identifies() -> None:
    found = event(b'{"type":"First","type":"Second"}')
    assert found.type == ["First"]
    assert found.flags == [Flag.duplicate_keys]


def test_numbers_keep_their_digits_as_text() -> None:
    found = event(b'{"id":123456789012345678901234567890,"type":1.10,"version":12345678901234567890}')
    assert found.event_id == ["123456789012345678901234567890"]
    assert found.type == ["1.10"]
    assert found.version == [None]


def test_metadata_keeps_the_digits_it_was_written_with() -> None:
    assert event(b'{"metadata":{"a":1.10,"b":[1e400]}}').metadata == ['{"a":1.10,"b":[1e400]}']


def test_a_lone_surrogate_does_not_break_a_column() -> None:
    (found,) = event(b'{"type":"\\ud800"}').type
    assert found == "\\ud800"


@pytest.mark.parametrize(
    "value", [{"type": {"a": 1}}, {"type": []}, {"type": ""}, {"type": None}, {"type": "x" * 1025}, [1], "text", 5, None]
)
def test_what_is_no_type_is_none(value: object) -> None:
    assert event(value).type == [None]


@pytest.mark.parametrize(
    ("version", "expected"),
    [(3, 3), ("12", 12), (3.0, 3), (True, None), ("v2", None), (1.5, None), (2**63, None), (-1, -1), ({}, None), (10**30, None)],
)
def test_a_version_is_a_whole_number(version: object, expected: int | None) -> None:
    assert event({"version": version}).version == [expected]


def test_a_later_place_fills_rows_the_first_has_nothing_for() -> None:
    found = events(batch({"type": "A"}, {"eventType": "B", "type": "no"}, {"event": "C"}, {}, 7))
    assert found.type == ["A", "B", "C", None, None]


def test_what_the_source_knows_wins_over_built_in_rules_and_the_profile_over_all() -> None:
    records = batch({"type": "in data"}, {"type": "in data"}, keys=[b"k", b"k"])
    records.envelope = {"type": ["in store", None], "stream": ["s-1", None], "category": ["c", None], "version": [4, None]}
    found = events(records)
    assert found.type == ["in store", "in data"]
    assert found.streams == [(StreamRef("c", "s-1", 4),), (StreamRef("orders", "k"),)]
    profiled = events(records, profile='[[log]]\nname = "ord*"\ntype = "const:mine"\n')
    assert profiled.type == ["mine", "mine"]
    assert [json.loads(text or "") for text in profiled.extra] == [{"source": {"type": "in store"}}, {"source": {"type": None}}]


def test_a_descriptors_rules_win_over_built_in_ones() -> None:
    found = event({"type": "A", "kind": "B"}, rules={"orders": {"type": "data.kind"}})
    assert found.type == ["B"]
    assert event({"type": "A"}, rules={"orders": {"type": "data.kind"}}).type == [None]


def test_a_stores_metadata_is_kept_and_looked_into() -> None:
    records = batch({}, {}, {})
    records.envelope = {"metadata": ['{"correlationId": "c", "n": 1.10}', {"causation_id": 5}, "no json"]}
    found = events(records)
    assert found.metadata == ['{"correlationId": "c", "n": 1.10}', '{"causation_id":5}', '"no json"']
    assert (found.correlation_id, found.causation_id) == (["c", None, None], [None, "5", None])


def test_logs_of_one_batch_have_their_own_rules_and_order_is_kept() -> None:
    records = batch({"type": "A"}, {"kind": "B"}, {"type": "C"}, keys=[b"a", b"b", b"c"], logs=[0, 1, 0])
    profile = '[[log]]\nname = "pay*"\ntype = "data.kind"\ncategory = "const:payment"\n'
    found = events(records, profile=profile, logs=[log("orders"), log("payments")])
    assert found.type == ["A", "B", "C"]
    assert [refs[0].category for refs in found.streams] == ["orders", "payment", "orders"]


def test_a_descriptors_decoder_is_used_and_the_profiles_wins() -> None:
    assert event({"a": 1}, decoders={"orders": "raw"}).decoder == ["raw"]
    assert event({"a": 1}, decoders={"orders": "raw"}, profile='[[log]]\nname = "*"\ndecoder = "json"\n').decoder == ["json"]


def test_an_empty_batch() -> None:
    assert len(events(batch())) == 0


@given(
    st.lists(
        st.tuples(
            st.none() | st.binary(max_size=8),
            st.none()
            | st.binary(max_size=40)
            | st.sampled_from([b'{"type":{"a":[1.5]}}', b'{"time":1e999,"id":1e999}', b'{"metadata":[1e9]}']),
        ),
        max_size=5,
    )
)
def test_no_record_raises(rows: list[tuple[bytes | None, bytes | None]]) -> None:
    found = events(batch(*[value for _, value in rows], keys=[key for key, _ in rows]))
    columns = (found.type, found.version, found.event_id, found.time_us, found.flags, found.streams, found.extra, found.metadata)
    assert {len(column) for column in columns} == {len(rows)}
    assert found.time_us == [RECORDED_US] * len(rows)


@pytest.mark.parametrize(
    "head", ["", "{}", "[1]", '[["a"]]', "no json", '[["__value_schema_id",{"base64":"§"}]]', '[["__value_schema_id",5]]', "5"]
)
def test_headers_that_are_not_as_they_should_be_cost_only_themselves(head: str) -> None:
    found = events(batch({"type": "A"}, b"\xff", {}, head=[head, head, headers(type="H")]))
    assert found.type == ["A", None, "H"]
