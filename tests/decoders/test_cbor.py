"""CBOR: exactness, tags that make nothing but text and numbers, refusals with the byte, and which bytes hold what."""

from __future__ import annotations

import json
import struct
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.composing import MAX_DEPTH
from inspector.decoders import Context, Decoded
from inspector.decoders.cbor import Cbor
from inspector.event import Flag
from tests.decoders.spans import at, check_spans
from tests.decoders.test_messagepack import DOCUMENTS


def decode(value: bytes) -> Decoded:
    return Cbor().decode([value], [None], Context())


def data(value: bytes) -> str:
    decoded = decode(value)
    assert decoded.error == [None]
    return str(decoded.data[0])


@given(document=DOCUMENTS)
def test_what_the_library_writes_is_read_back(document: Any) -> None:
    value = cbor2.dumps(document)
    assert json.loads(data(value)) == document
    assert decode(value).document == [document]


@given(document=DOCUMENTS)
def test_the_exact_way_reads_what_the_quick_one_does(document: Any) -> None:
    value = b"\x9f" + cbor2.dumps(document) + b"\xff"
    assert json.loads(data(value)) == [document]
    assert decode(value).document == [[document]]


@given(number=st.integers())
def test_integers_of_any_size_keep_their_digits(number: int) -> None:
    assert data(cbor2.dumps([number])) == f"[{number}]"


@given(number=st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_keep_their_digits(number: Decimal) -> None:
    text = data(cbor2.dumps([number]))[1:-1]
    assert Decimal(text) == number
    assert Decimal(text).as_tuple().exponent == number.as_tuple().exponent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("9ff7ff", "[null]"),
        ("81f0", '[{"simple":16}]'),
        ("81f8ff", '[{"simple":255}]'),
        ("81f93c00", "[1.0]"),
        ("81f92e66", "[0.1]"),
        ("81fa3dcccccd", "[0.1]"),
        ("83f97e00f97c00f9fc00", '["NaN","Infinity","-Infinity"]'),
        ("81fb7ff8000000000000", '["NaN"]'),
        ("811bffffffffffffffff", "[18446744073709551615]"),
        ("813bffffffffffffffff", "[-18446744073709551616]"),
        ("81c249010000000000000000", "[18446744073709551616]"),
        ("81c48221196ab3", "[273.15]"),
        ("81c482201b7fffffffffffffff", "[922337203685477580.7]"),
        ("81c5822003", "[1.5]"),
        ("81c5822203", "[0.375]"),
        ("81d81e820103", '["1/3"]'),
        ("81d81e820308", "[0.375]"),
        ("81c11a514b67b0", '["2013-03-21T20:04:00Z"]'),
        ("81c1fb41d452d9ec200000", '["2013-03-21T20:04:00.500000Z"]'),
        ("81c074323031332d30332d32315432303a30343a30305a", '["2013-03-21T20:04:00Z"]'),
        ("81d86400", '["1970-01-01"]'),
        ("81d903ec6a313934302d31302d3039", '["1940-10-09"]'),
        ("81d82550" + "00112233445566778899aabbccddeeff", '["00112233-4455-6677-8899-aabbccddeeff"]'),
        ("81d82363286129", '["(a)"]'),
        ("81d8634101", '[{"tag":99,"value":"AQ=="}]'),
        ("81d86399".replace("99", "83010203"), '[{"tag":99,"value":[1,2,3]}]'),
        ("81d9010283010203", "[[1,2,3]]"),
        ("814401020304", '["AQIDBA=="]'),
        ("815f42010243030405ff", '["AQIDBAU="]'),
        ("817f657374726561646d696e67ff", '["streaming"]'),
        ("bf61610161629f0203ffff", '{"a":1,"b":[2,3]}'),
        ("a201020304", '{"1":2,"3":4}'),
        ("a2820102f5a0f4", '{"[1,2]":true,"{}":false}'),
        ("a1c11a514b67b001", '{"2013-03-21T20:04:00Z":1}'),
        ("d9d9f7a0", "{}"),
        ("d9d9f78101", "[1]"),
    ],
)
def test_what_json_has_no_word_for(value: str, text: str) -> None:
    assert data(bytes.fromhex(value)) == text


def test_tags_that_are_not_used_as_they_are_meant_are_shown_with_their_content() -> None:
    assert data(bytes.fromhex("81c163616263")) == '[{"tag":1,"value":"abc"}]'
    assert data(cbor2.dumps([cbor2.CBORTag(4, [1 << 62, 1])])) != ""
    assert json.loads(data(bytes.fromhex("81c4820102"))) == [20]
    assert data(b"\x81\xd8\x1e\x82\x01\x00") == '[{"tag":30,"value":[1,0]}]'


@given(seconds=st.integers(-62_135_596_800, 253_402_300_799))
def test_times_are_texts(seconds: int) -> None:
    told = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert json.loads(data(cbor2.dumps([cbor2.CBORTag(1, seconds)]))) == [told.replace(tzinfo=None).isoformat() + "Z"]


@given(one=st.integers(-(10**30), 10**30), other=st.integers(1, 10**6))
def test_fractions_are_exact(one: int, other: int) -> None:
    found = json.loads(data(cbor2.dumps([Fraction(one, other)])), parse_float=Decimal)[0]
    assert Fraction(found) == Fraction(one, other)


def test_of_repeated_keys_the_first_counts_and_all_are_kept() -> None:
    decoded = decode(bytes.fromhex("a3616101616202616103"))
    assert decoded.data == ['{"a":1,"b":2,"a":3}']
    assert decoded.document == [{"a": 1, "b": 2}]
    assert decoded.flags == [Flag.duplicate_keys]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "it ends too early at byte 0"),
        (b"\x01\x02", "1 bytes follow the value at byte 1"),
        (b"\x82\x01", "2 members in 1 bytes at byte 0"),
        (b"\x81\xff", "an end of nothing at byte 1"),
        (b"\x81\x1c", "a head that is never used at byte 1"),
        (b"\x81\x62\xff\xff", "a text that is not UTF-8 at byte 1"),
        (b"\x81\x7f\x41a\xff", "a chunk of another kind at byte 2"),
        (b"\x9b\x00\x00\x00\x01\x00\x00\x00\x00", "4,294,967,296 members in 0 bytes at byte 0"),
        (b"\x5b\x00\x00\x00\x01\x00\x00\x00\x00", "4,294,967,296 bytes are wanted and 0 are left at byte 0"),
        (b"\x81" * 100_000 + b"\x01", f"it nests more than 1,000 deep at byte {MAX_DEPTH}"),
        (b"\x9f" * 100_000 + b"\x01", f"it nests more than 1,000 deep at byte {MAX_DEPTH}"),
        (b"\xd8\x63" * 100_000 + b"\x01", f"it nests more than 1,000 deep at byte {2 * MAX_DEPTH}"),
        (b"\xa1" * 100_000, "keys within keys at byte 4"),
        (b"\xd8\x20" * 100_000, "it ends too early at byte 200000"),
    ],
)
def test_what_is_none_is_refused_with_the_byte(value: bytes, reason: str) -> None:
    before = time.process_time()
    decoded = decode(value)
    assert decoded.error == [f"not CBOR: {reason}"]
    assert decoded.flags == [Flag.undecodable]
    spans = Cbor().spans(value, None, Context())
    assert f"{spans.reason} at byte {spans.stopped_at}" == reason
    assert time.process_time() - before < 1


def test_shared_values_are_not_followed() -> None:
    """What bombs are made of: a list that holds itself, and lists of the one before."""
    assert data(bytes.fromhex("d81c81d81d00"[4:])) == '[{"tag":29,"value":0}]'
    decoded = decode(bytes.fromhex("82d81c820102d81d00"))
    assert decoded.data == ['[{"tag":28,"value":[1,2]},{"tag":29,"value":0}]']


@given(document=DOCUMENTS)
def test_the_bytes_of_every_member_are_its_value(document: Any) -> None:
    value = cbor2.dumps(document)
    spans = Cbor().spans(value, None, Context())
    assert spans.stopped_at is None
    check_spans(spans, document)
    for path, start, end in spans.fields:
        assert cbor2.loads(value[start:end]) == at(document, path)


def test_big_fractions_are_bounded() -> None:
    part = cbor2.dumps(1 << 1390)
    value = b"\x98\xc8" + (b"\xd8\x1e\x82" + part + cbor2.dumps((1 << 1380) + 1)) * 200
    before = time.process_time()
    assert decode(value).error == [None]
    assert decode(b"\x81\xc5\x82\x1a\x7f\xff\xff\xff\x01").data == ['[{"tag":5,"value":[2147483647,1]}]']
    assert time.process_time() - before < 1
    assert struct.calcsize(">d") == 8


def test_a_megabyte_of_empty_maps_ends_soon_and_in_little_memory() -> None:
    value = b"\x9a" + (1_000_000).to_bytes(4, "big") + b"\xa0" * 1_000_000
    assert decode(value).error == ["not CBOR: it has more than 200,000 objects and lists at byte 200004"], "a fifth is looked at"
    tracemalloc.start()
    decode(value)
    assert tracemalloc.get_traced_memory()[1] < 64_000_000
    tracemalloc.stop()


def test_a_large_value_of_small_maps_is_read() -> None:
    value = cbor2.dumps([{"name": "x" * 40}] * 250_000)
    assert decode(value).error == [None]
