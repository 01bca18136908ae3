"""A sieve never holds back what the filter would have let through, and holds back most of the rest."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

import apsw
import bson
import cbor2
import cramjam
import ormsgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inspector import decoders, plugins
from inspector.errors import QueryError
from inspector.query import compile_filter, functions
from inspector.query.names import CAPTURED, Name
from inspector.query.sieve import Sieve
from inspector.query.staged import DECODERS, staged_sieve
from tests.query.oracle import Ask, documents, truths

NAMES = {
    "data": Name("json", "data"),
    "key": Name("bytes", "key"),
    "value": Name("bytes", "value"),
    "headers": Name("headers", "headers"),
}
ROW = "SELECT {} FROM (SELECT jsonb(:document) AS data, :key AS key, :value AS value, :headers AS headers)"


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    opened = apsw.Connection(":memory:")
    functions.register(opened)
    yield opened
    opened.close()


def lets_through(sieve: Sieve | None, key: bytes | None, value: bytes | None, headers: str | None = None) -> bool:
    return sieve is None or sieve.rows([b"other", key], [b'{"other": 1}', value], [None, headers])[-1:] == [1]


def matches(connection: apsw.Connection, text: str, key: bytes | None, value: bytes, headers: str | None = None) -> bool:
    found = compile_filter(text, NAMES)
    row = {"document": value.decode(), "key": key, "value": value, "headers": headers}
    ((outcome,),) = connection.execute(ROW.format(found.sql), {**found.bindings, **row})
    return bool(outcome)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents(), ask=truths(), ascii_only=st.booleans())
def test_what_matches_is_let_through(connection: apsw.Connection, document: tuple[str, Any], ask: Ask, ascii_only: bool) -> None:
    text, _ = document
    value = (text if not ascii_only else "".join(ch if ord(ch) < 128 else json.dumps(ch)[1:-1] for ch in text)).encode()
    if matches(connection, ask.text, None, value):
        assert lets_through(compile_filter(ask.text, NAMES).sieve, None, value)


NASTY = st.text(st.sampled_from("ab\"\\/é𝄞\n\x00\x7fK '{")) | st.text(st.characters(blacklist_categories=["Cs"]), max_size=6)
FORMS = (
    "data.a == {}",
    "{} == data.a",
    "data.a.contains({})",
    "data.a.startsWith({})",
    "data.a.endsWith({})",
    "data.a in [{}, 'zz']",
    "{} in data.list",
    "{} in data",
    "key == {}",
    "key.contains({}) && value.contains('a')",
    "value.contains({}) || key == 'k'",
    "search({})",
    "search({}) && data.a != 'q'",
    "!(data.a == {})",
)


@settings(max_examples=500)
@example(form=FORMS[0], wanted="/", inside="/", is_escaped=True)
@example(form=FORMS[0], wanted='a"', inside='a"', is_escaped=False)
@given(form=st.sampled_from(FORMS), wanted=NASTY, inside=NASTY, is_escaped=st.booleans())
def test_texts_however_they_are_written(connection: apsw.Connection, form: str, wanted: str, inside: str, is_escaped: bool) -> None:
    if not wanted or "\x00" in wanted:
        wanted = "a"
    held = wanted if inside < "b" else f"{inside}{wanted}"
    text = form.format(
        json.dumps(wanted, ensure_ascii=True)
        if wanted.isascii()
        else "'" + wanted.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    )
    value = json.dumps({"a": held, "list": [held], held: 1}, ensure_ascii=is_escaped).encode()
    if is_escaped:
        value = value.replace(b"/", b"\\/")
    key, headers = held.encode(), json.dumps([["h", held]], ensure_ascii=False)
    if matches(connection, text, key, value, headers):
        assert lets_through(compile_filter(text, NAMES).sieve, key, value, headers), text


def _xml(document: Any) -> bytes:
    content = "".join(f"<m>{escape(json.dumps(member, ensure_ascii=False))}</m>" for member in document.values())
    return f"<data>{content}</data>".encode()


ENCODED: dict[str, Callable[[Any], bytes]] = {
    "messagepack": ormsgpack.packb,
    "cbor": cbor2.dumps,
    "cbor-chunks": lambda document: b"\xbf" + cbor2.dumps(document)[1:] + b"\xff",
    "bson": bson.encode,
    "xml": _xml,
    "gzip": lambda document: gzip.compress(json.dumps(document).encode()),
    "snappy": lambda document: bytes(cramjam.snappy.compress_raw(json.dumps(document, ensure_ascii=False).encode())),
    "utf-16": lambda document: ("\ufeff" + json.dumps(document, ensure_ascii=False)).encode("utf-16-le"),
    "json": lambda document: json.dumps(document, ensure_ascii=False).encode(),
}
KEPT = st.dictionaries(
    st.sampled_from(["a", "list", "b"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
    | st.lists(st.sampled_from(["visa", "x"]), max_size=20),
    min_size=1,
    max_size=3,
)
HEADERS = st.sampled_from([None, '[["content-encoding","snappy"]]', '[["trace","1"]]'])


@settings(max_examples=400, deadline=None)
@given(form=st.sampled_from(FORMS), kind=st.sampled_from(sorted(ENCODED)), document=KEPT, wanted=st.data(), headers=HEADERS)
def test_what_matches_in_any_encoding_is_let_through(
    connection: apsw.Connection, form: str, kind: str, document: dict[str, Any], wanted: st.DataObject, headers: str | None
) -> None:
    value = ENCODED[kind](document)
    (data,) = decoders.decode([value], [headers], decoders.Context()).data
    if data is None:
        return
    text = value.decode() if not isinstance(data, str) else data
    held = [text for member in document.values() for text in (member if isinstance(member, list) else [member]) if text]
    part = wanted.draw(st.sampled_from(held or ["x"]))
    asked = form.format(json.dumps(part, ensure_ascii=False))
    try:
        found = compile_filter(asked, NAMES)
    except QueryError:  # JSON writes some characters as the language does not
        return
    row = {"document": text, "key": None, "value": value, "headers": headers}
    ((outcome,),) = connection.execute(ROW.format(found.sql), {**found.bindings, **row})
    if outcome:
        assert lets_through(found.sieve, None, value, headers), asked


PROTOBUF_IN_A_GROUP = b'{"\x05visa!|'
LENGTH_LIKE_JSON = b"\n{" + b'"(' + b"v" * 40 + b'"(' + b"w" * 40 + b'"%' + b"x" * 37
"""Field 1 of 123 bytes, which begins with field 4: after a line end it looks like an object."""
BSON_LIKE_JSON = bson.encode({"a": "visa" + "v" * (0x227B - 17)})
"""A document of 8,827 bytes: its length begins with a brace and a quote."""


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (PROTOBUF_IN_A_GROUP, None),
        (b"[(visa\\", None),
        (b"{\xfc\x80\x00", None),
        (b"[\xdc\x80\x80\x80\x00", None),
        (LENGTH_LIKE_JSON, None),
        (BSON_LIKE_JSON, None),
        (b'"\x05visa!', None),
        (b"{\x08visa", '[["__value_schema_id",{"base64":"AREiM0RVZneImaq7zN3u/wA="}]]'),
        (b"{\x08visa", '[["apicurio.value.globalId","x"]]'),
        (b"{\x08visa", '[["Content-Type","application/x-protobuf"]]'),
        (b"\x00\x00\x00\x00\x07{visa", None),
        (b"Obj\x01visa", None),
        (b" \n{visa", None),
    ],
)
def test_bytes_that_look_like_json_and_need_not_be_are_let_through(value: bytes, headers: str | None) -> None:
    assert lets_through(staged_sieve('data.id == "visa-electron"'), None, value, headers)


def test_a_bson_document_may_begin_as_an_object_does() -> None:
    assert BSON_LIKE_JSON.startswith(b'{"')
    decoded = decoders.decode([BSON_LIKE_JSON], [None], decoders.Context())
    assert decoded.decoder == ["bson"]


def test_a_decoder_the_user_chose_has_no_sieve_unless_it_reads_json() -> None:
    assert staged_sieve('data.id == "x"', ["json", "text"]) is not None
    for name in ("cbor", "messagepack", "protobuf", "avro", "primitive"):
        assert staged_sieve('data.id == "x"', [name]) is None


@pytest.mark.parametrize(
    ("text", "passes", "stays"),
    [
        ('data.id == "x-1"', b'{"id": "x-1"}', b'{"id": "x-12"}'),
        ('data.id.contains("x-1")', b'{"id": "ax-12"}', b'{"id": "x-2"}'),
        ('data.a > 1 && "visa" in data.tags', b'{"a": 0, "tags": ["visa"]}', b'{"a": 2, "tags": ["cash"]}'),
        ('value.contains("VISA")', b"VISA", b"visa"),
        ("visa", b"--ViSa--", b"vis a"),
        ('data.id in ["a", "b"]', b'{"id": "b"}', b'{"id": "c"}'),
        ('data.id == "a" || data.id == "b"', b'{"id": "b"}', b'{"id": "c"}'),
    ],
)
def test_most_of_what_does_not_match_stays(text: str, passes: bytes, stays: bytes) -> None:
    sieve = staged_sieve(text)
    assert sieve is not None
    assert lets_through(sieve, None, passes)
    assert not lets_through(sieve, None, stays)
    assert sieve.rows([None] * 3, [stays, passes, None], [None] * 3) == [1]


@pytest.mark.parametrize(
    "value", [b'\x00\x00\x00\x00\x01{"id": "y"}', b"\x1f\x8b\x08zipped", b'{"data_base64": "eC0x"}', b'{"inner": "{\\"id\\": \\"y\\"}"}']
)
def test_values_that_may_hold_it_in_another_form_are_let_through(value: bytes) -> None:
    assert lets_through(staged_sieve('data.id == "x-1"'), None, value)


def test_text_in_headers_is_found() -> None:
    sieve = staged_sieve("visa")
    assert lets_through(sieve, None, b"x", '[["paid","VISA"]]')
    assert not lets_through(sieve, None, b"x", '[["paid","cash"]]')


@pytest.mark.parametrize(
    "text", ["data.total > 900", 'data.id != "x"', '!(data.id == "x")', 'type == "x"', 'data.id == "x" || data.a > 1', "data.ok"]
)
def test_filters_whose_bytes_tell_nothing_have_no_sieve(text: str) -> None:
    assert staged_sieve(text) is None
    assert compile_filter(text, CAPTURED).sieve is None


@settings(max_examples=300)
@given(first=st.sampled_from(list(b'{["\n ')) | st.integers(0, 255), rest=st.binary(min_size=15, max_size=15))
def test_a_uuid_in_bytes_is_found_by_its_text(first: int, rest: bytes) -> None:
    value = bytearray([first, *rest])
    value[6], value[8] = 0x40 | value[6] & 0x0F, 0x80 | value[8] & 0x3F
    text = str(uuid.UUID(bytes=bytes(value)))
    decoded = decoders.decode([bytes(value)], [None], decoders.Context())
    if decoded.data[0] == f'"{text}"':
        for asked in (f'data == "{text}"', f'data.startsWith("{text[:5]}")', f'"{text}" in data || data == "{text}"'):
            assert lets_through(compile_filter(asked, NAMES).sieve, None, bytes(value))


def test_no_sieve_where_somebody_elses_decoder_may_make_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(plugins.names("decoders")) <= DECODERS
    assert staged_sieve('data.a == "x"') is not None
    monkeypatch.setattr(plugins, "names", lambda _group: ["json5", *DECODERS])
    assert staged_sieve('data.a == "x"') is None
