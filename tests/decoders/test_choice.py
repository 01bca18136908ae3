"""The choice among decoders: by priority, with a fallback that is noted; the user's own choice fails aloud."""

from __future__ import annotations

import struct

import pytest

from inspector import decoders
from inspector.decoders import Context, Decoded
from inspector.errors import UsageError
from inspector.event import FROM_VALUE, Flag

FRAME = b"\0" + struct.pack(">I", 1234) + b"\x06abc"


def decode(*values: bytes | None, chosen: str | None = None, headers: str | None = None) -> Decoded:
    return decoders.decode(list(values), [headers] * len(values), Context(log="orders"), chosen)


def test_each_value_gets_the_decoder_that_is_surest_of_it() -> None:
    decoded = decode(b'{"a":1}', b"plain text", FRAME, struct.pack(">q", 7), b"\xff\xfe\xfd", None)
    assert decoded.decoder == ["json", "text", "confluent", "primitive", "raw", None]


@pytest.mark.parametrize("first", [b'{"a":1}', b"text", b"\xff\xfe", FRAME])
def test_a_value_is_decoded_alike_whatever_stands_beside_it(first: bytes) -> None:
    values = [b'{"a":1}', b"12", b"[INFO] started", b'{"a":', FRAME, b"x", b'"quoted"']
    alone = [decode(value).decoder[0] for value in values]
    assert decode(first, *values).decoder[1:] == alone


def test_what_looks_like_json_and_is_not_falls_back_to_text_with_a_note() -> None:
    decoded = decode(b'{"a":1}', b'{"a":')
    assert decoded.decoder[1] == "text"
    assert decoded.data[1] is None
    assert decoded.error[1] == "json: not JSON: unexpected end of data at line 1 column 6"
    assert decoded.flags == [0, Flag.undecodable]


def test_a_log_line_in_brackets_is_text_and_nothing_is_wrong_with_it() -> None:
    decoded = decode(b"[INFO] started", b"{thread-1} started", b"[2026-11-23 08:00] x")
    assert decoded.decoder == ["text"] * 3
    assert decoded.error == [None] * 3


def test_the_users_choice_fails_aloud() -> None:
    decoded = decode(b"{}", b"plain", None, chosen="json")
    assert decoded.decoder == ["json", "json", None]
    assert decoded.data == [FROM_VALUE, None, None]
    assert decoded.error[1] == "not JSON: unexpected character, expected a JSON value at line 1 column 1"
    assert decoded.flags == [0, Flag.undecodable, 0]


def test_raw_is_no_failure_when_it_was_asked_for() -> None:
    assert decode(b"\xff\xfe", chosen="raw").flags == [0]
    assert decode(b"\xff\xfe").flags == [Flag.undecodable]


def test_an_unknown_decoder_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="known: avro, avro-container, confluent, json, primitive, raw"):
        decode(b"x", chosen="nothing")


def test_a_frame_is_said_and_never_shown_as_text() -> None:
    decoded = decode(FRAME)
    assert decoded.error == ["schema 1234, no registry set"]
    assert [schema and schema.wire for schema in decoded.schema] == ["id:1234"]
    assert decoded.data == [None]
    assert decoded.flags == [Flag.undecodable]


def test_no_values_at_all() -> None:
    assert decode().decoder == []
    assert decode(None, None).flags == [0, 0]


def test_a_header_that_names_a_schema_marks_a_body_that_is_not_json() -> None:
    headers = '[["__value_schema_id",{"base64":"AREiM0RVZneImaq7zN3u/wA="}]]'
    decoded = decode(b"\x02ab\xff", b'{"a":1}', headers=headers)
    assert decoded.decoder == ["confluent", "json"]
    assert decoded.error == ["schema 11223344-5566-7788-99aa-bbccddeeff00, no registry set", None]
