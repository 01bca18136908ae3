"""MessagePack: the public vectors, exactness, refusals with the byte, and which bytes hold what."""

from __future__ import annotations

import base64
import json
import struct
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.composing import MAX_DEPTH
from inspector.decoders import Context, Decoded
from inspector.decoders.messagepack import MessagePack
from inspector.event import Flag
from tests import public_data
from tests.decoders.spans import at, check_spans

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5), max_leaves=20
)


def decode(value: bytes) -> Decoded:
    return MessagePack().decode([value], [None], Context())


def read(value: bytes) -> Any:
    decoded = decode(value)
    assert decoded.error == [None]
    return json.loads(str(decoded.data[0]))


def vectors() -> list[tuple[str, dict[str, Any]]]:
    folder = public_data.folder("msgpack")
    if folder is None:
        return []
    suite = json.loads((folder / "msgpack-test-suite.json").read_text(encoding="utf-8"))
    return [(name, case) for name, cases in suite.items() for case in cases]


def wanted(case: dict[str, Any]) -> Any:
    """What a case of the suite says as a document here."""
    if "binary" in case:
        return base64.b64encode(bytes.fromhex(case["binary"].replace("-", ""))).decode()
    if "timestamp" in case:
        seconds, nanoseconds = case["timestamp"]
        if seconds < -62135596800:  # before the year 1
            return {"ext": -1, "data": base64.b64encode(bytes.fromhex(case["msgpack"][0].replace("-", ""))[3:]).decode()}
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
    if "ext" in case:
        code, content = case["ext"]
        return {"ext": code, "data": base64.b64encode(bytes.fromhex(content.replace("-", ""))).decode()}
    if "bignum" in case:
        return int(case["bignum"])
    (kind,) = set(case) - {"msgpack"}
    return case[kind]


@public_data.needed("msgpack")
def test_the_public_vectors_equal_their_expected_results() -> None:
    count = 0
    for name, case in vectors():
        for written in case["msgpack"]:
            assert read(bytes.fromhex(written.replace("-", ""))) == wanted(case), (name, case, written)
            count += 1
    assert count > 200


@given(document=DOCUMENTS)
def test_what_the_library_writes_is_read_back(document: Any) -> None:
    value = ormsgpack.packb(document)
    assert read(value) == document
    assert decode(value).document == [document]


@given(document=DOCUMENTS)
def test_the_exact_way_reads_what_the_quick_one_does(document: Any) -> None:
    value = ormsgpack.packb([document, "x"])
    longer = b"\x92" + value[1:-2] + b"\xd9\x01x"  # a text that could have been written in fewer bytes
    assert read(longer) == [document, "x"]
    assert decode(longer).document == [[document, "x"]]


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (b"\x81\xa1a\xca" + struct.pack(">f", 0.1), '{"a":0.1}'),
        (b"\x92\xca" + struct.pack(">f", 16777216.0) + b"\xca" + struct.pack(">f", -1e-45), "[16777216.0,-1e-45]"),
        (b"\x91\xcf" + b"\xff" * 8, "[18446744073709551615]"),
        (b"\x91\xd3\x80" + bytes(7), "[-9223372036854775808]"),
        (b"\x92" + struct.pack(">BdBd", 0xCB, float("nan"), 0xCB, float("inf")), '["NaN","Infinity"]'),
        (b"\x91" + struct.pack(">Bd", 0xCB, float("-inf")), '["-Infinity"]'),
        (b"\x91\xca\x7f\xc0\x00\x00", '["NaN"]'),
        (b"\x84\x07\x01\xc3\x02\xc0\x03\x91\x01\x04", '{"7":1,"true":2,"null":3,"[1]":4}'),
        (b"\x81\xc4\x02\x00\xff\x01", '{"AP8=":1}'),
        (b"\x91\xd6\xff\x00\x00\x00\x00", '["1970-01-01T00:00:00.000000000Z"]'),
        (b"\x91\xc7\x0c\xff\x00\x00\x00\x01" + b"\x7f" + b"\xff" * 7, '[{"ext":-1,"data":"AAAAAX//////////"}]'),
        (b"\x91\xd4\x05\x2a", '[{"ext":5,"data":"Kg=="}]'),
    ],
)
def test_what_json_has_no_word_for(value: bytes, data: str) -> None:
    assert decode(value).data == [data]


def test_of_repeated_keys_the_first_counts_and_all_are_kept() -> None:
    decoded = decode(b"\x83\xa1a\x01\xa1b\x02\xa1a\x03")
    assert decoded.data == ['{"a":1,"b":2,"a":3}']
    assert decoded.document == [{"a": 1, "b": 2}]
    assert decoded.flags == [Flag.duplicate_keys]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "it ends too early at byte 0"),
        (b"\x01\x02", "1 bytes follow the value at byte 1"),
        (b"\x92\x01", "2 members in 1 bytes at byte 0"),
        (b"\x92\x01\xc1", "the byte c1, which is never used at byte 2"),
        (b"\x91\xa2\xff\xff", "a text that is not UTF-8 at byte 2"),
        (b"\x91\xd9\x05ab", "5 bytes are wanted and 2 are left at byte 3"),
        (b"\xdd\xff\xff\xff\xff", "4,294,967,295 members in 0 bytes at byte 0"),
        (b"\xc6\xff\xff\xff\xff", "4,294,967,295 bytes are wanted and 0 are left at byte 5"),
        (b"\x91" * 100_000 + b"\xc0", f"it nests more than 1,000 deep at byte {MAX_DEPTH}"),
        (b"\x81" * 100_000, "keys within keys at byte 4"),
    ],
)
def test_what_is_none_is_refused_with_the_byte(value: bytes, reason: str) -> None:
    decoded = decode(value)
    assert decoded.error == [f"not MessagePack: {reason}"]
    assert decoded.flags == [Flag.undecodable]
    spans = MessagePack().spans(value, None, Context())
    assert f"{spans.reason} at byte {spans.stopped_at}" == reason


@given(document=DOCUMENTS)
def test_the_bytes_of_every_member_are_its_value(document: Any) -> None:
    value = ormsgpack.packb(document)
    spans = MessagePack().spans(value, None, Context())
    assert spans.stopped_at is None
    check_spans(spans, document)
    for path, start, end in spans.fields:
        assert ormsgpack.unpackb(value[start:end]) == at(document, path)


def test_spans_end_where_the_value_is_broken() -> None:
    spans = MessagePack().spans(b"\x93\x01\xa1x\xc1", None, Context())
    assert [tuple(field) for field in spans.fields] == [((), 0, 0), ((0,), 1, 2), ((1,), 2, 4)]
    assert (spans.stopped_at, spans.reason) == (4, "the byte c1, which is never used")


@given(number=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_short_floats_have_the_fewest_digits_that_say_them(number: float) -> None:
    text = str(decode(b"\x91\xca" + struct.pack(">f", number)).data[0])[1:-1]
    assert struct.unpack(">f", struct.pack(">f", float(text)))[0] == number
    digits = len(text.strip("-").partition("e")[0].replace(".", "").strip("0"))
    assert digits <= 9 or number.is_integer()
    if digits > 1 and not number.is_integer():
        shorter = float(f"{number:.{digits - 1}g}")
        assert abs(shorter) > 3.4e38 or struct.unpack(">f", struct.pack(">f", shorter))[0] != number


def test_a_value_of_very_many_members_is_not_walked_to_its_end() -> None:
    before = time.process_time()
    decoded = decode(b"\xdd" + struct.pack(">I", 9_000_000) + b"\xc0" * 9_000_000 + b"x")
    assert decoded.error == ["not MessagePack: it has more than 2,000,000 values at byte 2000004"]
    assert time.process_time() - before < 30


def test_a_megabyte_of_empty_maps_ends_soon_and_in_little_memory() -> None:
    value = b"\xdd" + (1_000_000).to_bytes(4, "big") + b"\x80" * 1_000_000
    assert decode(value).error == ["not MessagePack: it has more than 200,000 objects and lists at byte 200004"], "a fifth is looked at"
    tracemalloc.start()
    decode(value)
    assert tracemalloc.get_traced_memory()[1] < 64_000_000
    tracemalloc.stop()


def test_a_large_value_of_small_maps_is_read() -> None:
    value = ormsgpack.packb([{"name": "x" * 40}] * 250_000)
    assert decode(value).error == [None]
