"""What logical types of Avro become: decimals with their digits, times with as many as the type has."""

from __future__ import annotations

import base64
import struct
import uuid
from decimal import Decimal

import pytest
from fastavro.utils import generate_many
from hypothesis import given
from hypothesis import strategies as st

from tests.decoders.avro_values import (
    Json,
    accepted,
    logical,
    long,
    read,
    record,
    written,
)


@pytest.mark.parametrize(
    ("schema", "body", "text"),
    [
        (logical("int", "date"), long(0), '"1970-01-01"'),
        (logical("int", "date"), long(-719162), '"0001-01-01"'),
        (logical("int", "date"), long(2932896), '"9999-12-31"'),
        (logical("int", "date"), long(2932897), "2932897"),
        (logical("int", "date"), long(2**31 - 1), "2147483647"),
        (logical("int", "time-millis"), long(86399999), '"23:59:59.999"'),
        (logical("int", "time-millis"), long(86400000), "86400000"),
        (logical("int", "time-millis"), long(-1), "-1"),
        (logical("long", "time-micros"), long(1), '"00:00:00.000001"'),
        (logical("long", "time-micros"), long(86400000000), "86400000000"),
        (logical("long", "timestamp-millis"), long(1764000000120), '"2025-11-24T16:00:00.120Z"'),
        (logical("long", "timestamp-millis"), long(-1), '"1969-12-31T23:59:59.999Z"'),
        (logical("long", "timestamp-micros"), long(1764000000123456), '"2025-11-24T16:00:00.123456Z"'),
        (logical("long", "timestamp-micros"), long(-62135596800000000), '"0001-01-01T00:00:00.000000Z"'),
        (logical("long", "timestamp-micros"), long(-62135596800000001), "-62135596800000001"),
        (logical("long", "timestamp-micros"), long(253402300799999999), '"9999-12-31T23:59:59.999999Z"'),
        (logical("long", "timestamp-millis"), long(2**63 - 1), "9223372036854775807"),
        (logical("long", "timestamp-nanos"), long(1764000000123456789), '"2025-11-24T16:00:00.123456789Z"'),
        (logical("long", "timestamp-nanos"), long(-1), '"1969-12-31T23:59:59.999999999Z"'),
        (logical("long", "local-timestamp-millis"), long(0), '"1970-01-01T00:00:00.000"'),
        (logical("long", "local-timestamp-micros"), long(1), '"1970-01-01T00:00:00.000001"'),
        (logical("long", "local-timestamp-nanos"), long(1), '"1970-01-01T00:00:00.000000001"'),
        (logical("string", "uuid"), b"\x06abc", '"abc"'),
        (logical("fixed", "uuid", name="U", size=16), uuid.UUID(int=5).bytes, '"00000000-0000-0000-0000-000000000005"'),
        (
            logical("fixed", "duration", name="D", size=12),
            struct.pack("<III", 1, 2, 2**32 - 1),
            '{"months":1,"days":2,"millis":4294967295}',
        ),
        (logical("fixed", "duration", name="D", size=2), b"ab", '"YWI="'),
        (logical("bytes", "decimal", precision=9, scale=2), b"\x06\x01\x5f\x90", "900.00"),
        (logical("bytes", "decimal", precision=9, scale=2), b"\x02\xff", "-0.01"),
        (logical("bytes", "decimal", precision=9, scale=2), b"\0", "0.00"),
        (logical("bytes", "decimal", precision=9), b"\x02\x07", "7"),
        (logical("bytes", "decimal", precision=999, scale=500), b"\x02\x07", "7e-500"),
        (logical("bytes", "decimal", precision=9, scale=10_001), b"\x02\x07", '"Bw=="'),
        (logical("bytes", "big-decimal"), long(7) + long(1) + b"\x07" + long(-(2**31)), '"Agf/////Dw=="'),
        (logical("bytes", "decimal", precision=9, scale=-2), b"\x02\x07", '"Bw=="'),
        (logical("bytes", "decimal", precision=9, scale="2"), b"\x02\x07", '"Bw=="'),
        (logical("fixed", "decimal", name="F", size=2, precision=4, scale=4), b"\x80\x00", "-3.2768"),
        (logical("bytes", "big-decimal"), b"\x08\x04\x03\x84\x04", "9.00"),
        (logical("bytes", "big-decimal"), b"\x04\x7f\x7f", '"f38="'),
        (logical("bytes", "something-new"), b"\x02\x07", '"Bw=="'),
        (logical("long", "something-new"), long(7), "7"),
        (logical("string", "timestamp-micros"), b"\x02a", '"a"'),
        (
            {"type": "long", "connect.version": 1, "connect.name": "io.debezium.time.MicroTimestamp"},
            long(1764000000123456),
            "1764000000123456",
        ),
        (
            logical("bytes", "decimal", precision=64, scale=2, **{"connect.name": "org.apache.kafka.connect.data.Decimal"}),
            b"\x06\x01\x5f\x90",
            "900.00",
        ),
    ],
)
def test_logical_types(schema: Json, body: bytes, text: str) -> None:
    assert accepted(read(schema, body)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30))
def test_decimals_keep_their_digits_and_their_scale(value: Decimal) -> None:
    schema = logical("bytes", "decimal", precision=60, scale=6)
    decoded = read(schema, written(schema, value))
    assert accepted(decoded) == f"{value:.6f}".replace("-0.000000", "0.000000")
    assert decoded.document[0] == float(value)


def test_a_decimal_beyond_all_bounds_is_shown_as_its_bytes_and_a_large_one_as_a_number() -> None:
    schema = logical("bytes", "decimal", precision=9999, scale=0)
    large = read(schema, long(1000) + b"\x7f" * 1000)
    assert accepted(large) == str(int.from_bytes(b"\x7f" * 1000, "big"))
    assert large.document == [1.7976931348623157e308]
    beyond = b"\x7f" * 2000
    assert accepted(read(schema, long(2000) + beyond)) == f'"{base64.b64encode(beyond).decode()}"'


def test_logical_types_as_fastavro_writes_them() -> None:
    schema = logical("long", "timestamp-millis")
    for value in generate_many(schema, 20):
        assert accepted(read(schema, written(schema, value))).endswith('Z"')


def test_decimals_are_plain_numbers_in_documents_wherever_they_stand() -> None:
    amount = logical("bytes", "decimal", precision=9, scale=2)
    schema = {
        "type": "record",
        "name": "Node",
        "fields": [
            {"name": "one", "type": amount},
            {"name": "perhaps", "type": ["null", amount]},
            {"name": "many", "type": {"type": "array", "items": amount}},
            {"name": "named", "type": {"type": "map", "values": ["string", amount]}},
            {"name": "inner", "type": record(("deep", record(("amount", amount), name="Deep")), name="Inner")},
            {"name": "next", "type": ["null", "Node"]},
        ],
    }
    node = {"one": Decimal(1), "perhaps": None, "many": [Decimal(2)], "named": {"a": "b", "c": Decimal(3)}}
    node |= {"inner": {"deep": {"amount": Decimal("0.04")}}, "next": None}
    decoded = read(schema, written(schema, {**node, "perhaps": Decimal(-5), "next": node}))
    plain = '"many":[2.00],"named":{"a":"b","c":3.00},"inner":{"deep":{"amount":0.04}}'
    assert accepted(decoded) == (f'{{"one":1.00,"perhaps":-5.00,{plain},"next":{{"one":1.00,"perhaps":null,{plain},"next":null}}}}')
    below = {"many": [2.0], "named": {"a": "b", "c": 3.0}, "inner": {"deep": {"amount": 0.04}}}
    inner = {"one": 1.0, "perhaps": None, **below, "next": None}
    assert decoded.document == [{"one": 1.0, "perhaps": -5.0, **below, "next": inner}]
