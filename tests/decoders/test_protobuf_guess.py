"""Protobuf without a schema: what is taken for it, and what is not."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context
from inspector.decoders.protobuf_guess import ProtobufGuess
from tests.contracts import DecoderContract
from tests.decoders.protobuf_samples import context, new, shop
from tests.schemas.test_wire import chain, tagged

EVENT = tagged(1, b"order-4711") + tagged(2, b"OrderPlaced") + b"\x18\x07" + tagged(4, b"\x08\x80\xde\xa3\xaa\x06")


class TestProtobufGuess(DecoderContract):
    decoder = ProtobufGuess()
    examples = (EVENT, tagged(1, b"text") + b"\x10\x01", tagged(3, tagged(1, b"x")))


def test_a_message_nobody_describes_is_shown_by_numbers() -> None:
    decoded = decoders.decode([EVENT], [None], Context(log="orders"))
    assert decoded.decoder == ["protobuf-guess"]
    assert decoded.document == [{"#1": "order-4711", "#2": "OrderPlaced", "#3": 7, "#4": {"#1": 1699278592}}]
    assert decoded.data == ['{"#1":"order-4711","#2":"OrderPlaced","#3":7,"#4":{"#1":1699278592}}']
    assert (decoded.error, decoded.flags) == ([None], [0])


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"plain text",
        b'{"a": 1}',
        "žluťoučký kůň\n".encode(),
        b"\x08\x01",  # only numbers
        struct.pack(">q", 1_700_000_000_000),
        struct.pack(">d", 1.5),
        struct.pack(">i", 42),
        uuid.UUID("3f2504e0-4f89-41d3-9a0c-0305e82c3301").bytes,
        b"\0\0\0\0\x07\x02ab",
        b"\x83\xa1a\x01\xa1b\x02\xa1c\xa1x",  # MessagePack
        b"\xa2aa\x01ab\x02",  # CBOR
        b"\x89PNG\r\n\x1a\n" + bytes(20),
        b"\xff" * 40,
        tagged(100_000, b"text"),
    ],
)
def test_what_is_something_else_is_not_taken_for_it(value: bytes) -> None:
    assert ProtobufGuess().priority(value, None, Context()) == 0


def test_random_bytes_are_hardly_ever_taken_for_it() -> None:
    taken = sum(ProtobufGuess().priority(os.urandom(size), None, Context()) > 0 for size in range(3, 60) for _ in range(100))
    assert taken < 30, f"{taken} of 5,700"


def test_a_value_whose_schema_is_known_or_missing_is_left_alone() -> None:
    headers = '[["__value_schema_id",{"base64":"AREiM0RVZneImaq7zN3u/wA="}]]'
    assert ProtobufGuess().priority(EVENT, headers, context(shop("guid:11223344-5566-7788-99aa-bbccddeeff00"))) == 0
    assert decoders.decode([EVENT], [headers], Context()).decoder == ["confluent"]


@given(st.binary(max_size=300))
def test_spans_say_the_same_as_decoding(value: bytes) -> None:
    decoded, found = ProtobufGuess().decode([value], [None], Context()), ProtobufGuess().spans(value, None, Context())
    if not value:
        return
    if decoded.error[0]:
        assert decoded.error == [f"no Protobuf message: {found.reason} at byte {found.stopped_at:,}"]
    else:
        assert found.stopped_at is None
        assert {byte for field in found.fields for byte in range(field.start, field.end)} == set(range(len(value)))


def test_spans_of_a_message() -> None:
    assert [tuple(field) for field in ProtobufGuess().spans(EVENT + tagged(2, b"again"), None, Context()).fields] == [
        (("#1",), 0, 12),
        (("#2", 0), 12, 25),
        (("#3",), 25, 27),
        (("#4",), 27, 35),
        (("#4", "#1"), 29, 35),
        (("#2", 1), 35, 42),
    ]


def test_it_reads_what_a_schema_would_read() -> None:
    message = new(shop(), "shop.Order", id="o-1", version=-3, total={"currency": "CZK", "units": 5}, status=1)
    decoded = ProtobufGuess().decode([message.SerializeToString()], [None], Context())
    assert decoded.document == [{"#1": "o-1", "#2": -3, "#3": {"#1": "CZK", "#2": 5}, "#4": 1}]


@pytest.mark.parametrize("value", [chain(100_000), b"\x08\x01" * 500_000, tagged(1, b"\xff" * 1_000_000), b"\x0b" * 1_000_000])
def test_hostile_values_end_soon_and_in_little_memory(value: bytes) -> None:
    tracemalloc.start()
    before = time.process_time()
    ProtobufGuess().priority(value, None, Context())
    taken = time.process_time() - before
    ProtobufGuess().decode([value], [None], Context())
    ProtobufGuess().spans(value, None, Context())
    assert tracemalloc.get_traced_memory()[1] < 64_000_000
    tracemalloc.stop()
    assert taken < 0.5


def test_random_bytes_end_soon() -> None:
    for size in (100, 10_000, 1_000_000):
        value = os.urandom(size)
        before = time.process_time()
        ProtobufGuess().decode([value], [None], Context())
        assert time.process_time() - before < 0.05


def test_groups_in_groups_are_gone_over_once() -> None:
    value = b"\x0b" * 99 + b"\x10\x01" * 9_000 + b"\x0c" * 99 + tagged(2, b"hello")
    before = time.process_time()
    decoded = decoders.decode([value], [None], Context())
    assert time.process_time() - before < 0.4
    document = decoded.document[0]
    for _ in range(99):
        assert isinstance(document, dict)
        document = document["#1"]
    assert document == {"#2": [1] * 9_000}
