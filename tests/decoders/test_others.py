"""Frames, primitives and stored states."""

from __future__ import annotations

import os
import struct
import zlib
from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

import pytest
from eventsourcing.compressor import ZlibCompressor
from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Compressor, DatetimeAsISO, DecimalAsStr, JSONTranscoder, Mapper, UUIDAsHex
from eventsourcing.utils import Environment
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, Decoded
from inspector.decoders.confluent import ConfluentFrame
from inspector.decoders.primitive import KafkaPrimitive, guess
from inspector.decoders.stored_state import MAX_INFLATED_BYTES, StoredState
from inspector.event import FROM_VALUE, Flag


def primitive(value: bytes, kind: str | None = None) -> Decoded:
    return KafkaPrimitive().decode([value], [None], Context(options={"type": kind} if kind else {}))


def state(value: bytes, *, asked: bool = True) -> Decoded:
    return StoredState().decode([value], [None], Context(options={"asked": asked}))


@pytest.mark.parametrize(
    ("value", "kind", "data"),
    [
        (struct.pack(">q", 2**63 - 1), "long", "9223372036854775807"),
        (struct.pack(">i", -1), "int", "-1"),
        (struct.pack(">h", 300), "short", "300"),
        (struct.pack(">d", 0.1), "double", "0.1"),
        (struct.pack(">d", float("nan")), "double", '"NaN"'),
        (b"8f14e45f-ceea-467d-9a1b-000000000001", "uuid", '"8f14e45f-ceea-467d-9a1b-000000000001"'),
        (bytes(range(16)), "uuid", '"00010203-0405-0607-0809-0a0b0c0d0e0f"'),
    ],
)
def test_a_named_primitive_is_read(value: bytes, kind: str, data: str) -> None:
    assert primitive(value, kind).data == [data]


def test_a_primitive_of_another_size_is_refused_with_the_reason() -> None:
    assert primitive(b"abc", "long").error == ["3 bytes are no long"]
    assert primitive(b"not-a-uuid", "uuid").error == ["10 bytes are no uuid"]


@pytest.mark.parametrize(
    "value", [b"", b"12345678", b"abcd", b"~7\xe4<\x88\x00u", b"\xff" * 16, struct.pack(">d", 1e300), b"\x7f\xff\xff\xff"]
)
def test_bytes_that_may_be_anything_are_not_guessed(value: bytes) -> None:
    assert guess(value) is None


@pytest.mark.parametrize("value", [b"\0\0\0\0\0\x01", b"\0\0\0\0", b"\0\0\0\0\x01", b"\x01\0\0\0\x01ab"])
def test_no_schema_number_no_frame(value: bytes) -> None:
    assert ConfluentFrame().priority(value, None, Context()) == 0


def test_a_state_is_json_inflated_or_plain() -> None:
    plain, packed = state(b'{"a": 1.10}'), state(zlib.compress(b'{"a": 1.10}'))
    assert plain.data == [FROM_VALUE]
    assert packed.data == ['{"a": 1.10}']
    assert packed.document == [{"a": 1.1}]


def test_an_encrypted_state_is_flagged_and_never_guessed_at() -> None:
    decoded = state(bytes(range(256)))
    assert decoded.flags == [Flag.encrypted | Flag.undecodable]
    assert (decoded.error[0] or "").startswith("encrypted: 256 bytes")
    assert state(bytes(range(256)), asked=False).decoder == [None]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (zlib.compress(b'{"a": 1}')[:-5], "zlib, but it ends too early"),
        (zlib.compress(b"plain"), "zlib, but not JSON"),
        (zlib.compress(b"{}") + b"more", "zlib, but 4 bytes follow it"),
        (b"\x78\x9c" + b"\xff" * 40, "zlib, but it does not inflate"),
        (zlib.compress(b" " * (MAX_INFLATED_BYTES + 1)), "zlib, but it inflates to more than 64 MB"),
        (b"\xff" * 60, "neither JSON nor zlib: not UTF-8 at byte 0"),
    ],
)
def test_a_broken_state_has_its_reason(value: bytes, reason: str) -> None:
    decoded = state(value)
    assert (decoded.error[0] or "").startswith(reason)
    assert decoded.flags == [Flag.undecodable]


def test_random_bytes_of_any_length_over_an_empty_message_seem_encrypted() -> None:
    for length in (29, 40, 100, 5000):
        value = b"\x01" + os.urandom(length)
        assert state(value).flags == [Flag.encrypted | Flag.undecodable], length


def test_the_decoders_are_known_by_name() -> None:
    assert [decoder.name for decoder in decoders.known()] == [
        "avro",
        "avro-container",
        "binary-file",
        "bson",
        "cbor",
        "compressed",
        "confluent",
        "encoded-text",
        "json",
        "json-schema",
        "messagepack",
        "primitive",
        "protobuf",
        "protobuf-guess",
        "raw",
        "stored-state",
        "text",
        "unsafe",
        "xml",
        "yaml-text",
    ]


@pytest.mark.parametrize("compressor", [None, ZlibCompressor()], ids=["plain", "zlib"])
@pytest.mark.parametrize("cipher", [None, "aes"], ids=["clear", "encrypted"])
def test_states_as_the_package_writes_them(compressor: Compressor | None, cipher: str | None) -> None:
    environment = Environment(name="shop", env={"CIPHER_KEY": AESCipher.create_key(16)})
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        transcoder.register(transcoding)
    mapper: Mapper[UUID] = Mapper(transcoder, compressor=compressor, cipher=AESCipher(environment) if cipher else None)
    event = Aggregate.Event(originator_id=uuid4(), originator_version=2, timestamp=datetime(2026, 11, 23, 8, tzinfo=UTC))
    decoded = state(mapper.to_stored_event(event).state)
    if cipher:
        assert decoded.flags == [Flag.encrypted | Flag.undecodable]
    else:
        document = cast("dict[str, dict[str, str]]", decoded.document[0])
        assert document["timestamp"]["_data_"] == "2026-11-23T08:00:00+00:00"
        assert decoded.flags == [0]


WINDOW_MS = 1_795_651_200_000
START, END = struct.pack(">q", WINDOW_MS), struct.pack(">q", WINDOW_MS + 300_000)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (b"order-4711" + START, "windowed text", "order-4711@2026-11-26T00:00:00.000Z"),
        (struct.pack(">q", 7) + START, "windowed long", "7@2026-11-26T00:00:00.000Z"),
        (struct.pack(">f", 0.1) + START, "windowed float", "0.1@2026-11-26T00:00:00.000Z"),
        (START, "windowed text", "@2026-11-26T00:00:00.000Z"),
        (b"a" + END + START, "session text", "a@2026-11-26T00:00:00.000Z/2026-11-26T00:05:00.000Z"),
        (UUID(int=5).bytes + END + START, "session uuid", f"{UUID(int=5)}@2026-11-26T00:00:00.000Z/2026-11-26T00:05:00.000Z"),
        (b"a" + b"\x7f" + b"\xff" * 7, "windowed text", "a@9223372036854775807"),
    ],
)
def test_windowed_keys_of_kafka_streams(value: bytes, kind: str, text: str) -> None:
    assert kind in decoders.PRIMITIVE_TYPES
    assert primitive(value, kind).document == [text]


@pytest.mark.parametrize(
    ("value", "kind"), [(b"short", "windowed text"), (b"123" + START, "windowed long"), (b"\xff" + START, "windowed text")]
)
def test_a_windowed_key_of_another_kind_is_refused(value: bytes, kind: str) -> None:
    assert primitive(value, kind).error == [f"{len(value)} bytes are no {kind}"]


@given(start_ms=st.integers(-(1 << 63), (1 << 63) - 1), end_ms=st.integers(-(1 << 63), (1 << 63) - 1), key=st.binary(max_size=20))
def test_any_bytes_as_a_windowed_key_never_raise(start_ms: int, end_ms: int, key: bytes) -> None:
    for kind in decoders.PRIMITIVE_TYPES:
        decoded = primitive(key + struct.pack(">qq", end_ms, start_ms), kind)
        assert (decoded.error[0] is None) == (decoded.decoder[0] == "primitive")
