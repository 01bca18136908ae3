"""What the automatic choice makes of each kind of value, in the order of what is surest, and what a log's habit decides."""

from __future__ import annotations

import gzip
import json
import random
import struct
import uuid
import zlib
from collections.abc import Sequence
from typing import Any

import bson
import cbor2
import cramjam
import ormsgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import SAMPLE, Context, Decoded, Habit
from inspector.event import Flag

DOCUMENT = {"id": "o-1", "total": 12.5}
JSON = json.dumps(DOCUMENT).encode()
CONTENT_TYPE = '[["Content-Type","{}"]]'


def decode(values: Sequence[bytes | None], headers: Sequence[str | None] | None = None, habit: Habit | None = None) -> Decoded:
    return decoders.decode(values, headers or [None] * len(values), Context(log="orders"), habit=habit)


@pytest.mark.parametrize(
    ("value", "decoder"),
    [
        # nothing, and an empty value
        (None, None),
        (b"", "text"),
        # marks
        (gzip.compress(JSON, mtime=0), "gzip json"),
        (zlib.compress(JSON), "zlib json"),
        (bytes(cramjam.zstd.compress(JSON)), "zstd json"),
        (bytes(cramjam.lz4.compress(JSON)), "lz4 json"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip gzip text"),
        (b"x^2 + y", "text"),
        (b"BZh is no archive", "text"),
        (b"(not zstd", "text"),
        (b"\xac\xed\x00\x05sr\x00", "unsafe"),
        (b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s.", "unsafe"),
        (b"\x80\x05\x95\x0b\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.", "unsafe"),
        (b"\x89PNG\r\n\x1a\n\x00", "binary-file"),
        (b"%PDF-1.7 \xff", "binary-file"),
        (b"PK\x03\x04\x14\x00", "binary-file"),
        (b"PAR1\x15\x04\x15\x04PAR1", "binary-file"),
        (b":)\n\x01\xfa", "binary-file"),
        (b":)\nsmile", "text"),
        (cbor2.dumps(cbor2.CBORTag(55799, DOCUMENT)), "cbor"),
        # byte order marks
        (b"\xef\xbb\xbf" + JSON, "utf-8 json"),
        ("\ufeffplain".encode("utf-16-le"), "utf-16 text"),
        ("\ufeffplain".encode("utf-32-be"), "utf-32 text"),
        # frames of schemas
        (b"\0" + struct.pack(">I", 7) + b"\x02ab\xff", "confluent"),
        (b"\x03\x00" + uuid.UUID(int=5).bytes + b"x", "confluent"),
        (b"\xc3\x01" + b"12345678" + b"\x02", "confluent"),
        # text
        (JSON, "json"),
        (b"[1, 2]", "json"),
        (b"[INFO] started", "text"),
        (b'{"a": NaN}', "text"),
        (b'{"a": 1} {"b": 2}', "text"),
        (b"12.5", "json"),
        (b"8f14e45f-ceea-467d-9a1b-000000000001", "text"),
        (b"01ARZ3NDEKTSV4RRFFQ69G5FAV", "text"),
        (b"2026-11-26", "text"),
        (b"<a><b>1</b></a>", "xml"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b"<13>Oct 22 su: failed", "text"),
        ("příliš žluťoučký".encode(), "text"),
        (b"ABCD", "text"),
        (b"ABCDEFGH", "text"),
        (b"ABCDEFGHIJKLMNOP", "text"),
        # numbers and UUIDs by their length
        (uuid.UUID("8f14e45f-ceea-467d-9a1b-0123456789ab").bytes, "primitive"),
        (bytes.fromhex("0190163d8694739b81c90b2b9f2b8f2e"), "primitive"),
        (struct.pack(">q", 1_795_000_000_000), "primitive"),
        (struct.pack(">d", 12.5), "primitive"),
        (struct.pack(">i", 7), "primitive"),
        (struct.pack(">f", 12.5), "primitive"),
        (struct.pack(">h", 300), "primitive"),
        # formats that fill a value to its last byte
        (ormsgpack.packb(DOCUMENT), "messagepack"),
        (ormsgpack.packb([1, "two", None]), "messagepack"),
        (ormsgpack.packb(DOCUMENT) + b"\x00", "raw"),
        (cbor2.dumps(DOCUMENT), "cbor"),
        (cbor2.dumps([1, "two", None]), "cbor"),
        (cbor2.dumps(DOCUMENT) + b"\xff", "raw"),
        (bson.encode(DOCUMENT), "bson"),
        (bson.encode(DOCUMENT) + b"\x00", "raw"),
        # what nobody knows
        ("Grüße aus Wien".encode("cp1252"), "raw"),
        (b"\xff\xfe\xfd\xfc\xfb\xfa", "raw"),
    ],
)
def test_each_kind_of_value_is_known(value: bytes | None, decoder: str | None) -> None:
    assert decode([value]).decoder == [decoder]


@pytest.mark.parametrize(
    ("value", "headers", "decoder"),
    [
        (ormsgpack.packb([1, 2]), CONTENT_TYPE.format("application/msgpack"), "messagepack"),
        (cbor2.dumps([1, 2]), CONTENT_TYPE.format("application/cbor"), "cbor"),
        (b"<a>1</a> ", CONTENT_TYPE.format("application/soap+xml; charset=utf-8"), "xml"),
        (bson.encode(DOCUMENT), CONTENT_TYPE.format("application/bson"), "bson"),
        (bytes(cramjam.snappy.compress_raw(JSON)), '[["content-encoding","snappy"]]', "snappy json"),
        (JSON, '[["content-encoding","gzip"]]', "json"),
        (JSON, CONTENT_TYPE.format("application/msgpack"), "json"),
        (JSON, "not JSON: content-encoding", "json"),
    ],
)
def test_headers_are_heard_first_and_not_believed_against_the_bytes(value: bytes, headers: str, decoder: str) -> None:
    decoded = decode([value], [headers])
    assert decoded.decoder == [decoder]
    assert decoded.flags == [0]


# ---- a log's habit


AMBIGUOUS = b"\x82\x01\x02"
"""CBOR's [1, 2]; MessagePack of a map of two would go on."""
EITHER = b"\x91\x05"
"""MessagePack's [5]; in CBOR an array of 17."""
EMPTY = b"\x80"
"""An empty map, or an empty array."""


def cbor_documents(count: int) -> list[bytes]:
    return [cbor2.dumps({"n": number}) for number in range(count)]


def test_a_habit_decides_about_what_several_could_read() -> None:
    assert decode([EMPTY]).decoder == ["messagepack"]
    habit = Habit()
    decode(cbor_documents(SAMPLE), habit=habit)
    assert habit.favourite == "cbor"
    assert decode([EMPTY, EITHER, JSON, b"text"], habit=habit).decoder == ["cbor", "messagepack", "json", "text"]
    assert decode([EMPTY], habit=habit).data == ["[]"]


def test_a_habit_does_not_overrule_what_is_certain() -> None:
    habit = Habit()
    decode([struct.pack(">q", number) for number in range(SAMPLE)], habit=habit)
    assert habit.favourite == "primitive"
    values = [b"12345678", gzip.compress(b"1"), b"\xac\xed\x00\x05", uuid.uuid4().bytes]
    assert decode(values, habit=habit).decoder == ["json", "gzip json", "unsafe", "primitive"]


def test_a_habit_does_not_overrule_another_format_that_is_likelier() -> None:
    habit = Habit()
    decode([ormsgpack.packb({"k": number}) for number in range(SAMPLE)], habit=habit)
    assert habit.favourite == "messagepack"
    pair = cbor2.dumps(["a", "b"])
    assert decode([pair, EMPTY], habit=habit).decoder == ["cbor", "messagepack"]
    like_a_uuid = ormsgpack.packb([*[0] * 5, 65, 0, {}, *[0] * 7])
    assert decode([like_a_uuid]).decoder == ["primitive"]
    assert decode([like_a_uuid], habit=habit).decoder == ["messagepack"]


def test_text_is_no_habit() -> None:
    habit = Habit()
    decode([b"a line"] * SAMPLE, habit=habit)
    assert habit.favourite is None


def test_a_log_of_many_kinds_has_no_habit() -> None:
    habit = Habit()
    kinds = [EMPTY, JSON, b"text", struct.pack(">q", 1)]
    decode(kinds * SAMPLE, habit=habit)
    assert habit.favourite is None
    assert habit.seen == SAMPLE


def test_the_sample_ends_within_a_batch() -> None:
    habit = Habit()
    values: list[bytes | None] = [None, *cbor_documents(SAMPLE - 1), EMPTY, None, EMPTY]
    assert decode(values, habit=habit).decoder[-3:] == ["messagepack", None, "cbor"]
    assert habit.seen == SAMPLE


def mixed(seed: int, count: int) -> list[bytes | None]:
    """Values of a log that is mostly of one kind, with others among them."""
    pick = random.Random(seed)
    kinds: list[Any] = [
        lambda n: cbor2.dumps({"n": n}),
        lambda n: ormsgpack.packb({"n": n}),
        lambda n: struct.pack(">q", n),
        lambda n: json.dumps({"n": n}).encode(),
        lambda n: gzip.compress(b"%d" % n),
        lambda n: bson.encode({"n": n}),
        lambda n: b"<n>%d</n>" % n,
        lambda _n: pick.choice([EMPTY, EITHER, AMBIGUOUS, b"\x80\x02.", b"text", b"12", b'{"broken":', b"\xff\x00", None]),
    ]
    main = pick.choice(kinds)
    return [pick.choice([main, main, main, *kinds])(number) for number in range(count)]


def column(values: Sequence[bytes | None], headers: Sequence[str | None], cuts: Sequence[int]) -> list[tuple[object, ...]]:
    habit, rows = Habit(), list[tuple[object, ...]]()
    for start, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        part = decode(values[start:end], headers[start:end], habit)
        rows += list(zip(part.decoder, map(repr, part.document), part.data, part.error, part.flags, strict=True))
    return rows


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 320), max_size=12).map(sorted))
def test_how_a_log_is_cut_into_batches_changes_nothing(seed: int, cuts: list[int]) -> None:
    values = mixed(seed, 320)
    pick = random.Random(seed)
    some = ['[["content-encoding","gzip"]]', '[["Content-Type","application/cbor"]]', '[["trace","1"]]', None, None, None]
    headers = [pick.choice(some) for _ in values]
    assert column(values, headers, cuts) == column(values, headers, [])


def test_rows_that_were_decided_keep_their_order_and_notes() -> None:
    decoded = decode([JSON, b'{"broken":', None, EMPTY, b"\xac\xed\x00\x05"])
    assert decoded.decoder == ["json", "text", None, "messagepack", "unsafe"]
    assert [bool(flags & Flag.undecodable) for flags in decoded.flags] == [False, True, False, False, True]
