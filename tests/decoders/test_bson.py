"""BSON: what MongoDB's own library writes is read exactly, and nothing in it is executed."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import bson
import pytest
from bson.binary import Binary
from bson.code import Code
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.regex import Regex
from bson.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from inspector.composing import MAX_DEPTH
from inspector.decoders import Context, Decoded
from inspector.decoders.bson import Bson
from inspector.event import Flag
from tests.decoders.spans import check_spans

NAMES = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=5).filter(lambda name: name != "$ref")
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 63) - 1), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12),
    max_size=5,
)


def decode(value: bytes) -> Decoded:
    return Bson().decode([value], [None], Context())


def data(document: Mapping[str, Any]) -> str:
    decoded = decode(bson.encode(document))
    assert decoded.error == [None]
    return str(decoded.data[0])


@given(document=DOCUMENTS)
def test_what_the_library_writes_is_read_back(document: Any) -> None:
    value = bson.encode(document)
    decoded = decode(value)
    assert decoded.document == [document]
    assert json.loads(str(decoded.data[0])) == document
    spans = Bson().spans(value, None, Context())
    assert spans.stopped_at is None
    check_spans(spans, document)
    assert Bson().priority(value, None, Context()) > 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ObjectId("0123456789abcdef01234567"), '"0123456789abcdef01234567"'),
        (datetime(2026, 11, 26, 1, 2, 3, 456000, tzinfo=UTC), '"2026-11-26T01:02:03.456Z"'),
        (Decimal128("12.50"), "12.50"),
        (Decimal128("1234567890123456789012345678901234"), "1234567890123456789012345678901234"),
        (Decimal128("-1E-6176"), "-1E-6176"),
        (Decimal128("NaN"), '"NaN"'),
        (Decimal128("-Infinity"), '"-Infinity"'),
        (float("nan"), '"NaN"'),
        (1 << 62, "4611686018427387904"),
        (Binary(b"12"), '"MTI="'),
        (Binary(UUID(int=5).bytes, 4), '"00000000-0000-0000-0000-000000000005"'),
        (Regex("a.*", "i"), '"/a.*/i"'),
        (Code("f()"), '"f()"'),
        (Timestamp(7, 2), '{"t":7,"i":2}'),
        (MinKey(), '"MinKey"'),
        (MaxKey(), '"MaxKey"'),
        (DBRef("shop", ObjectId("0123456789abcdef01234567")), '{"$ref":"shop","$id":"0123456789abcdef01234567"}'),
    ],
)
def test_what_json_has_no_word_for(value: Any, text: str) -> None:
    assert data({"a": value}) == f'{{"a":{text}}}'


def test_code_with_values_is_shown_and_not_run() -> None:
    found = json.loads(data({"a": Code("f(x)", {"x": 1})}))
    assert found["a"]["$code"] == "f(x)"


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20))
def test_decimals_keep_their_digits(number: Decimal) -> None:
    assert data({"a": Decimal128(number)}) == f'{{"a":{Decimal128(number).to_decimal()}}}'


def test_a_date_beyond_the_years_is_its_number() -> None:
    value = struct.pack("<iB", 16, 9) + b"a\0" + struct.pack("<q", 1 << 62) + b"\0"
    assert decode(value).data == ['{"a":4611686018427387904}']


def test_of_repeated_names_the_first_counts_and_all_are_kept() -> None:
    member = b"\x10a\0" + struct.pack("<i", 1)
    decoded = decode(struct.pack("<i", 5 + 2 * len(member)) + member + member[:-4] + struct.pack("<i", 2) + b"\0")
    assert decoded.data == ['{"a":1,"a":2}']
    assert decoded.document == [{"a": 1}]
    assert decoded.flags == [Flag.duplicate_keys]


def nested(deep: int) -> bytes:
    value = struct.pack("<iB", 5, 0)
    for _ in range(deep):
        value = struct.pack("<iB", len(value) + 8, 3) + b"a\0" + value + b"\0"
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "its length is not what it says, or it does not end with 0 at byte 0"),
        (b"\x05\0\0\0\x01", "its length is not what it says, or it does not end with 0 at byte 0"),
        (struct.pack("<iB", 9, 0x20) + b"a\0\0\0", "a value of type 0x20, which there is not at byte 7"),
        (struct.pack("<iB", 8, 0x10) + b"a\0\0", "4 bytes are wanted and 1 are left at byte 7"),
        (
            struct.pack("<iB", 12, 2) + b"a\0" + b"\xff\xff\xff\x7f\0",
            "2,147,483,647 bytes are wanted and 1 are left at byte 11",
        ),
        (nested(MAX_DEPTH), f"it nests more than 1,000 deep at byte {7 * MAX_DEPTH}"),
    ],
)
def test_what_is_none_is_refused_with_the_byte(value: bytes, reason: str) -> None:
    assert decode(value).error == [f"not BSON: {reason}"]
    assert Bson().priority(value, None, Context()) == 0


def test_a_thousand_levels_are_read() -> None:
    assert decode(nested(MAX_DEPTH - 1)).error == [None]


@given(st.binary(min_size=16, max_size=16))
def test_any_bits_of_a_decimal_are_read_as_the_library_reads_them(bits: bytes) -> None:
    number = Decimal128.from_bid(bits).to_decimal()
    wanted = f'"{number}"' if number.is_infinite() else '"NaN"' if number.is_nan() else str(number)
    assert decode(b"\x18\0\0\0\x13a\0" + bits + b"\0").data[0] == f'{{"a":{wanted}}}'
