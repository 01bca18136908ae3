"""How values name their schemas: every form, and what only looks like one."""

from __future__ import annotations

import base64
import json
import uuid
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Schema
from inspector.schemas import Framed
from inspector.schemas.framing import Frame, frame_of

GUID = uuid.UUID("11223344-5566-7788-99aa-bbccddeeff00")
HEX = "0123456789abcdef0123456789abcdef"


def header(name: str, content: bytes) -> str:
    return json.dumps([["trace", "x"], [name, {"base64": base64.b64encode(content).decode()}]])


@pytest.mark.parametrize(
    ("value", "headers", "expected"),
    [
        (b"\0\0\0\x04\xd2body", None, Frame("id:1234", 5, "confluent")),
        (b"\0" + (77).to_bytes(8, "big") + b"body", None, Frame("global:77", 9, "apicurio")),
        (b"\0\0\0\0" + HEX.encode() + b"body", None, Frame(f"azure:{HEX}", 36, "azure")),
        (b"\xc3\x01\x08\x07\x06\x05\x04\x03\x02\x01body", None, Frame("crc64:0102030405060708", 10, "single object")),
        (b"\x03\0" + GUID.bytes + b"body", None, Frame(f"glue:{GUID}", 18, "glue")),
        (b"\x03\x05" + GUID.bytes + b"body", None, Frame(f"glue:{GUID}", 18, "glue", is_deflated=True)),
        (b"body", header("__value_schema_id", b"\x01" + GUID.bytes + b"\x02\x04"), Frame(f"guid:{GUID}", 0, "header", b"\x02\x04")),
        (b"body", header("__value_schema_id", b"\0\0\0\0\x07"), Frame("id:7", 0, "header")),
        (b"body", header("apicurio.value.globalId", (9).to_bytes(8, "big")), Frame("global:9", 0, "apicurio header")),
        (b"body", header("apicurio.value.contentId", (8).to_bytes(8, "big")), Frame("content:8", 0, "apicurio header")),
        (b"body", json.dumps([["content-type", f"avro/binary+{HEX}"]]), Frame(f"azure:{HEX}", 0, "azure header")),
        # a header goes before a prefix
        (b"\0\0\0\x04\xd2body", header("__value_schema_id", b"\0\0\0\0\x07"), Frame("id:7", 0, "header")),
    ],
)
def test_every_form_is_known(value: bytes, headers: str | None, expected: Frame) -> None:
    assert frame_of(value, headers) == expected


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"", None),
        (b"\0\0\0\x04\xd2", None),  # nothing follows the number
        (b"\0\0\0\0\0", None),
        (b"\0" * 40, None),
        (b'{"a":1}', None),
        (b"\x03\x01" + GUID.bytes, None),  # an unknown compression
        (b"\xc3\x02345678901", None),
        (b"body", header("__key_schema_id", b"\x01" + GUID.bytes)),  # the key's
        (b"body", header("__value_schema_id", b"\x01short")),
        (b"body", '[["__value_schema_id"'),  # headers that are no JSON: a stranger's capture
        (b"body", '[["__value_schema_id",{"base64":"§"}]]'),
        (b"body", json.dumps([["content-type", "avro/binary+short"]])),
    ],
)
def test_what_only_looks_like_one_is_none(value: bytes, headers: str | None) -> None:
    assert frame_of(value, headers) is None


@given(st.binary(max_size=60), st.one_of(st.none(), st.text(max_size=60).map(lambda text: f'[["apicurio.x","{text}"]]')))
def test_any_bytes_give_a_frame_that_lies_in_them_or_none(value: bytes, headers: str | None) -> None:
    found = frame_of(value, headers)
    if found is not None:
        assert 0 <= found.start < max(len(value), 1)


def test_a_compressed_body_is_inflated_within_bounds() -> None:
    def framed(body: bytes) -> tuple[Framed, bytes]:
        value = b"\x03\x05" + GUID.bytes + body
        frame = frame_of(value, None)
        assert frame is not None
        return Framed(Schema(frame.wire), frame), value

    found, value = framed(zlib.compress(b"hello"))
    assert found.body(value) == b"hello"
    for body, reason in (
        (b"nonsense", "does not inflate"),
        (zlib.compress(b"hello")[:-3], "ends too early"),
        (zlib.compress(b"hello") + b"x", "bytes follow"),
        (zlib.compress(bytes(33 * 1024 * 1024)), "more than 32 MB"),
    ):
        found, value = framed(body)
        with pytest.raises(ValueError, match=reason):
            found.body(value)
