"""The choice among decoders: by priority, with a fallback that is noted; the user's own choice fails aloud."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from inspector import decoders
from inspector.decoders import Context, Decoded, Decoder, Spans
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
    with pytest.raises(UsageError, match=r"known: .*confluent, .*json, .*raw"):
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


class Failing:
    """Fails at values that begin with `x`, and at those with `?` already when it is asked whether it knows them."""

    name = "failing"
    sure = True

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        if b"?" in value:
            raise LookupError(value)
        return 1.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is not None and value.startswith(b"x"):
                raise RuntimeError(value)
            decoded.decoder[row] = None if value is None else self.name
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        raise RecursionError(value)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    """A decoder with faults among the known ones."""
    mine, others, named = Failing(), decoders.known(), decoders.named
    monkeypatch.setattr(decoders, "known", lambda: (mine, *others))
    monkeypatch.setattr(decoders, "_asked_about", lambda first: (mine, *others))
    monkeypatch.setattr(decoders, "named", lambda name: mine if name == mine.name else named(name))
    monkeypatch.setattr(decoders, "_failures", set())
    return mine


def test_a_decoder_that_fails_is_passed_over_and_its_values_say_so(failing: Decoder, caplog: pytest.LogCaptureFixture) -> None:
    decoded = decode(b"a", b"xsecret", None, b"b", b"x")
    assert decoded.decoder == ["failing", "text", None, "failing", "text"]
    assert decoded.error == [None, "failing: this decoder failed (RuntimeError)", None, None, "failing: this decoder failed (RuntimeError)"]
    assert decoded.flags == [0, Flag.undecodable, 0, 0, Flag.undecodable]
    assert decode(b"secret?").decoder == ["text"]
    logged = [record for record in caplog.records if record.name == "inspector.decoders"]
    assert [(record.levelname, record.exc_info) for record in logged] == [("WARNING", None)] * 2  # once for each kind of failure
    assert all("failing" in record.getMessage() and "secret" not in record.getMessage() for record in logged)


def test_the_users_choice_may_fail_in_itself(failing: Decoder) -> None:
    decoded = decode(b"a", b"x", None, chosen="failing")
    assert decoded.decoder == ["failing", "failing", None]
    assert decoded.error == [None, "this decoder failed (RuntimeError)", None]
    assert decoded.flags == [0, Flag.undecodable, 0]


def test_a_decoder_that_fails_is_one_of_the_attempts(failing: Decoder) -> None:
    found = {one.decoder: one for one in decoders.attempts(b"x", None, Context())}
    assert (found["failing"].error, found["failing"].stopped_at) == ("this decoder failed (RuntimeError)", None)
    assert found["text"].error is None
