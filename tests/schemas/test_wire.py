"""Protobuf's wire format, and what is guessed from it without a schema."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from itertools import chain as chain_of
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.schemas import wire_guess
from inspector.schemas.float32 import shortest
from inspector.schemas.wire import Field, WireError, fields, signed, varint, zigzag
from tests.public_data import folder, needed

SUITE = folder("protobuf")


def varint_bytes(number: int) -> bytes:
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def tagged(number: int, content: bytes) -> bytes:
    return varint_bytes(number << 3 | 2) + varint_bytes(len(content)) + content


def chain(deep: int) -> bytes:
    value = b""
    for _ in range(deep):
        value = tagged(1, value)
    return value


@given(st.integers(-(2**63), 2**64 - 1))
def test_a_number_is_read_back(number: int) -> None:
    data = b"x" + varint_bytes(number) + b"y"
    found, end = varint(data, 1, len(data))
    assert (found, end) == (number & (1 << 64) - 1, len(data) - 1)
    if number < 2**63:
        assert signed(found) == number
        assert zigzag((number << 1 ^ number >> 63) & (1 << 64) - 1) == number


@pytest.mark.parametrize(
    ("data", "at", "reason"),
    [
        (b"\x08\x01\x00\x01", 2, "a field cannot have the number 0"),
        (b"\x0a\x05abc", 0, "field 1 has 5 bytes, 3 are left"),
        (b"\x08\x01\x15\x01\x02", 2, "field 2 has 4 bytes, 2 are left"),
        (b"\x08\xff", 1, "a number that does not end"),
        (b"{\xfc\x80\x80\x80\x80\x00", 1, "a tag of more than 5 bytes"),
        (b"{\xfc" + b"\x80" * 8 + b"\x02\x0a\x05hello", 1, "a tag of more than 5 bytes"),
        (b"{\xfc\x80\x80\x80\x10", 1, "a field cannot have the number 536,870,927"),
        (b"\x08" + b"\xff" * 12, 1, "a number of more than 10 bytes"),
        (b"\x0f", 0, "there is no wire type 7"),
        (b"\x0c", 0, "a group ends that has not begun (1)"),
        (b"\x0b\x08\x01", 1, "group 1 does not end"),
        (b"\x0b\x14", 1, "a group ends that has not begun (2)"),
        (b"\xf8\x80\x80\x80\x80\x01\x00", 0, "a tag of more than 5 bytes"),
        (b"\x0b" * 101, 100, "groups nest more than 100 deep"),
    ],
)
def test_reading_stops_at_the_byte_that_is_no_field(data: bytes, at: int, reason: str) -> None:
    with pytest.raises(WireError) as stopped:
        list(fields(data, 0, len(data)))
    assert (stopped.value.at, stopped.value.reason) == (at, reason)


def test_fields_lie_where_they_are_said_to() -> None:
    data = b"\x08\x96\x01" + b"\x12\x03abc" + b"\x1b\x20\x05\x1c" + b"\x2d\x01\0\0\0"
    assert list(fields(data, 0, len(data))) == [
        Field(1, 0, 0, 1, 3, 3),
        Field(2, 2, 3, 5, 8, 8),
        Field(3, 3, 8, 9, 11, 12),
        Field(5, 5, 12, 13, 17, 17),
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_one_after_the_other_or_an_error_in_them(data: bytes) -> None:
    reached, stopped_at = 0, None
    try:
        for field in fields(data, 0, len(data)):
            assert field.start == reached
            assert field.start < field.payload <= field.payload_end <= field.end <= len(data)
            reached = field.end
    except WireError as error:
        stopped_at = error.at
    assert reached == len(data) if stopped_at is None else reached <= stopped_at <= len(data)


@given(st.binary(max_size=300))
def test_a_guess_at_any_bytes_is_a_document_with_places_or_an_error(data: bytes) -> None:
    try:
        found = wire_guess.guess(data, keep_places=True)
    except WireError:
        return
    assert found.document == wire_guess.guess(data).document
    for path, start, end in found.places:
        assert 0 <= start < end <= len(data)
        value: object = found.document
        for step in path:
            value = value[step]  # type: ignore[index]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ""),
        ("Kč 10 – ok\n".encode(), "Kč 10 – ok\n"),
        (b"\x08\x76", {"#1": 118}),
        (tagged(1, b"3f2504e0-4f89-11d3-9a0c-0305e82c3301"), {"#1": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}),
        (b"\x01\x02\x03", base64.b64encode(b"\x01\x02\x03").decode()),
        (b"\xff\xfe", "//4="),
        (tagged(2, b"a") + tagged(2, b"b") + b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", {"#2": ["a", "b"], "#3": -1}),
    ],
)
def test_bytes_are_text_or_a_message_or_base64(content: bytes, expected: object) -> None:
    assert wire_guess.content(content, 20) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (struct.pack("<f", 0.1), 0.1),
        (struct.pack("<f", -12.5), -12.5),
        (struct.pack("<i", 207), 207),
        (struct.pack("<i", -1), -1),
        (struct.pack("<i", 1_700_000_000), 1_700_000_000),
        (struct.pack("<d", 19.97), 19.97),
        (struct.pack("<q", 1_700_000_000_000), 1_700_000_000_000),
        (struct.pack("<d", float("nan")), 9221120237041090560),
    ],
)
def test_fixed_numbers_are_fractions_where_that_is_likelier(data: bytes, expected: float) -> None:
    assert wire_guess.fixed(data) == expected


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_single_precision_keeps_its_value_with_the_fewest_digits(number: float) -> None:
    found = shortest(number)
    assert struct.pack("<f", found) == struct.pack("<f", number)
    digits = len(repr(found).partition("e")[0].strip("-0.").replace(".", "").rstrip("0"))
    assert digits <= 9
    if digits > 1:
        assert struct.pack("<f", float(f"{number:.{digits - 1}g}")) != struct.pack("<f", number)


@pytest.mark.parametrize("deep", [102, 1000, 100_000])
def test_deeper_than_a_hundred_is_refused(deep: int) -> None:
    with pytest.raises(WireError, match="nest more than 100 deep"):
        wire_guess.guess(chain(deep))


def test_a_hundred_deep_is_read() -> None:
    assert str(wire_guess.guess(chain(100)).document).count("#1") == 100


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(WireError, match="more than 20,000 fields"):
        wire_guess.guess(b"\x08\x01" * 30_000)


TOKEN = re.compile(r'#.*|(\d+): ?|(!?\{)|(\})|"((?:[^"\\]|\\.)*)"|`([0-9a-f]*)`|(-?[\d.]+(?:e[+-]?\d+)?)(i32|i64)?|\S+')


def expected_of(golden: str) -> dict[str, object]:
    """The document that a golden text of protoscope describes."""
    return _members(match for match in TOKEN.finditer(golden) if not match[0].startswith("#"))


def _members(tokens: Iterator[re.Match[str]]) -> dict[str, object]:
    found: dict[str, list[object]] = {}
    for token in tokens:
        if token[3]:
            break
        assert token[1], token[0]
        found.setdefault(f"#{token[1]}", []).append(_value(tokens))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _value(tokens: Iterator[re.Match[str]]) -> object:
    token = next(tokens)
    if token[2] == "!{":
        return _members(tokens)
    if token[2] == "{":
        inner = next(tokens)
        if inner[1]:
            return _members(chain_of([inner], tokens))
        return _literal(chain_of([inner], tokens))
    return int(token[0] == "true") if token[0] in {"true", "false"} else _number(token[6], is_single=token[7] == "i32")


def _number(text: str, *, is_single: bool) -> object:
    """protoscope takes more numbers for fractions than is done here."""
    if "." not in text:
        return int(text)
    number = float(text)
    if is_single:
        return number if 1e-6 <= abs(number) < 1e9 else struct.unpack("<i", struct.pack("<f", number))[0]
    return number if 1e-9 <= abs(number) < 1e18 else struct.unpack("<q", struct.pack("<d", number))[0]


def _literal(tokens: Iterator[re.Match[str]]) -> str:
    """Texts and hex digits up to the closing brace, one after the other: a text where it can be printed, else base64."""
    content = b""
    for token in tokens:
        if token[3]:
            break
        content += (
            bytes.fromhex(token[5])
            if token[4] is None
            else re.sub(r"\\x(..)", _byte, token[4]).replace('\\"', '"').replace("\\\\", "\\").encode()
        )
    text = content.decode(errors="replace")
    return text if text.isprintable() and "\ufffd" not in text else base64.b64encode(content).decode()


def _byte(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


@needed("protobuf")
@pytest.mark.parametrize("name", ["message", "oneof", "maps", "unittest.proto"])
def test_the_goldens_of_protoscope(name: str) -> None:
    folder_of_suite = SUITE or Path()
    golden = (folder_of_suite / f"{name}.pb.golden").read_text(encoding="utf-8")
    found = wire_guess.guess((folder_of_suite / f"{name}.pb").read_bytes()).document
    assert found == expected_of(golden)


@needed("protobuf")
@pytest.mark.parametrize("name", ["packed", "proto3"])
def test_packed_numbers_are_bytes_without_a_schema(name: str) -> None:
    folder_of_suite = SUITE or Path()
    lines = (folder_of_suite / f"{name}.pb.golden").read_text(encoding="utf-8").splitlines()
    plain = [line for line in lines if re.match(r"\d+: \{.+\}$", line)]
    found = wire_guess.guess((folder_of_suite / f"{name}.pb").read_bytes()).document
    expected = expected_of("\n".join(plain))
    assert len(expected) >= 13
    assert {name: found[name] for name in expected} == expected
    (groups,) = set(found) - set(expected)
    assert isinstance(found[groups], str), "protoscope shows ends of groups here"


@needed("protobuf")
def test_a_group_that_ends_too_often_is_no_message() -> None:
    with pytest.raises(WireError, match=r"a group ends that has not begun \(3\) at byte 17"):
        wire_guess.guess(((SUITE or Path()) / "groups.pb").read_bytes())
