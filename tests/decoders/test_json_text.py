"""JSON as SQLite sees it: what is a document, what is not, and what is odd about it."""

from __future__ import annotations

from pathlib import Path

import apsw
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import documents
from inspector.decoders import Context, Decoded
from inspector.decoders.json_text import JsonText
from inspector.event import FROM_VALUE, Flag
from inspector.formats.rows import JsonRows
from tests.public_data import folder, needed

SUITE = folder("json/JSONTestSuite")
SQLITE = apsw.Connection(":memory:")


def decode(*values: bytes | None) -> Decoded:
    return JsonText().decode(list(values), [None] * len(values), Context())


def is_document(value: bytes) -> bool:
    return decode(value).data[0] is FROM_VALUE


def sqlite_says(value: bytes) -> bool:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    return "\0" not in text and SQLITE.execute("SELECT json_valid(?, 1)", (text,)).get == 1


@pytest.mark.parametrize(
    "value",
    [
        b'"\\ud800"',
        b"1e999",
        b"-0",
        b"123456789012345678901234567890",
        b"0.1e-400",
        b'{"a":"\\u0022"}',
        b'{"\\u0061":1,"b":2}',
        b"[" * 255 + b"]" * 255,
        b"[" * 1000 + b"]" * 1000,
        b"[" + b"9" * 5000 + b"]",
        b'  {"a" : [ ] }\r\n',
    ],
)
def test_documents_that_fast_parsers_refuse_are_documents(value: bytes) -> None:
    decoded = decode(value, b"{}", None)
    assert decoded.data == [FROM_VALUE, FROM_VALUE, None]
    assert decoded.flags == [0, 0, 0]
    SQLITE.execute("SELECT jsonb(CAST(? AS TEXT))", (value,)).get  # noqa: B018


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xef\xbb\xbf{}", "not JSON: it starts with a byte order mark"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b'"a\0"', "not JSON: it holds a NUL character"),
        (b"{'a':1}", "not JSON: unexpected character"),
        (b"NaN", "not JSON"),
        (b"", "not JSON: "),
        (b"[" * 5000, "not JSON"),
    ],
)
def test_what_is_not_json_has_a_reason(value: bytes, reason: str) -> None:
    decoded = decode(value)
    assert decoded.decoder == [None]
    assert (decoded.error[0] or "").startswith(reason)
    assert decoded.flags == [Flag.undecodable]


def test_deeper_than_a_thousand_is_kept_as_text() -> None:
    decoded = decode(b"[" * 1001 + b"]" * 1001, b"[" * 1500 + b'"]["' + b"]" * 1500)
    assert decoded.decoder == ["text", "text"]
    assert decoded.data == [None, None]
    assert decoded.flags == [Flag.too_deep, Flag.too_deep]
    assert decoded.error[0] == "JSON that nests 1,001 deep (at most 1,000 are read): kept as text"


@pytest.mark.parametrize(
    ("value", "document"),
    [
        (b'{"a":1,"a":2}', {"a": 1}),
        (b'{"b":{"a":1,"\\u0061":2},"c":3}', {"b": {"a": 1}, "c": 3}),
        (b'{"a":"\\u0022","a":""}', {"a": '"'}),
        (b'{"a":1,"b":2,"a":3}', {"a": 1, "b": 2}),
    ],
)
def test_of_repeated_keys_the_first_wins_and_it_is_flagged(value: bytes, document: object) -> None:
    decoded = decode(value)
    assert decoded.document == [document]
    assert decoded.flags == [Flag.duplicate_keys]
    assert decoded.data == [FROM_VALUE]


def test_a_lone_surrogate_is_its_escape_so_that_it_can_be_stored() -> None:
    assert decode(b'["\\ud800","\\\\ud800","\\ud83d\\ude00"]').document == [["\\ud800", "\\ud800", "😀"]]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(json_values.filter(lambda value: "\\u0000" not in repr(value)))
def test_every_written_document_is_read_back_unflagged(value: object) -> None:
    text = orjson.dumps(value, default=str) if not _has_big_integer(value) else b"null"
    decoded = decode(text)
    assert decoded.data == [FROM_VALUE]
    assert decoded.flags == [0]


def _has_big_integer(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(_has_big_integer(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


@given(st.lists(st.sampled_from([b'"a"', b'"\\u0061"', b'"b"', b'"\\""', b'"\\u0022"']), min_size=1, max_size=4))
def test_repeated_keys_are_found_exactly(keys: list[bytes]) -> None:
    text = b"{" + b",".join(key + b":1" for key in keys) + b"}"
    repeats = len({orjson.loads(key) for key in keys}) < len(keys)
    assert bool(decode(text).flags[0] & Flag.duplicate_keys) == repeats


@given(st.text(alphabet='[]{}",:0123456789.eE+-tfn\\u ldrasue', max_size=24))
def test_the_verdict_is_always_that_of_sqlite(text: str) -> None:
    assert is_document(text.encode()) == sqlite_says(text.encode())


@given(st.binary(max_size=40))
def test_reading_exactly_never_raises(value: bytes) -> None:
    found = documents.read(value)
    assert found.is_json or found.error


def test_digits_are_taken_from_the_text() -> None:
    text = '{"n": 12345678901234567890.120, "a": [1e400], "k\\"": 1}'
    assert documents.exact(text, '$."n"') == "12345678901234567890.120"
    assert documents.exact(text, '$."a"[0]') == "1e400"
    assert documents.exact(text, '$."missing"') is None


@needed("json/JSONTestSuite")
@pytest.mark.parametrize("path", sorted(SUITE.iterdir()) if SUITE else [], ids=lambda path: path.name)
def test_the_json_test_suite(path: Path) -> None:
    value = path.read_bytes()
    accepted = is_document(value)
    if path.name.startswith("i_"):
        assert accepted == sqlite_says(value)
    else:
        assert accepted == path.name.startswith("y_")


def test_a_text_of_millions_of_values_is_not_made_objects() -> None:
    crowded = b"[" + b"[]," * documents.MAX_VALUES + b"1]"
    why = "JSON of more than 5,000,000 values, which is not read"
    assert documents.read(crowded).error == why
    assert documents.loaded([b"[1]", crowded]) == ([[1], None], [1])
    assert documents.read_fast([b"[1]", crowded]) == ([[1], None], [1])
    decoded = decode(crowded)
    assert (decoded.decoder, decoded.error, decoded.data) == ([None], [why], [None])
    assert JsonRows([crowded, b"1"]).whys == {0: why}


def test_commas_in_a_long_string_are_no_values() -> None:
    value = b'{"csv":"' + b'a,\\",' * 3_000_000 + b'"}'
    assert not documents.is_crowded(value)
    assert documents.read_fast([value])[1] == []
