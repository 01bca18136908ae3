"""A stored document looked at where it lies: the same values, digits and repeats as SQLite says, at any size; damage is an answer."""

from __future__ import annotations

import contextlib
import json

import apsw
from hypothesis import given
from hypothesis import strategies as st

from app.models import jsonb
from app.models.jsonb import Part

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def stored(text: str) -> bytes:
    """A document as a capture keeps it."""
    found = apsw.Connection(":memory:").execute("SELECT jsonb(?)", (text,)).get
    assert isinstance(found, bytes)
    return found


def again(blob: bytes, part: Part | None = None) -> str:
    """The JSON text of a part, by looking at every part in it."""
    part = jsonb.part(blob) if part is None else part
    if not part.is_container:
        return jsonb.scalar(blob, part)
    inner = [
        f"{jsonb.scalar(blob, one.name)}:{again(blob, one.value)}" if one.name else again(blob, one.value)
        for one in jsonb.members(blob, part)
    ]
    return f"{{{','.join(inner)}}}" if part.is_object else f"[{','.join(inner)}]"


@given(JSON)
def test_a_document_is_seen_without_loss(value: object) -> None:
    for is_ascii in (False, True):
        text = json.dumps(value, ensure_ascii=is_ascii, separators=(",", ":"))
        assert json.loads(again(stored(text))) == value


@given(st.text())
def test_a_string_is_read_as_it_was_meant(value: str) -> None:
    for is_ascii in (False, True):
        blob = stored(json.dumps(value, ensure_ascii=is_ascii))
        assert jsonb.text(blob, jsonb.part(blob)) == value


def test_digits_order_and_repeated_names_stay() -> None:
    text = '{"b":1.50,"a":12345678901234567890123,"b":2,"deep":[[1e400]],"t":true,"n":null}'
    assert again(stored(text)) == text


def test_kinds_have_their_words() -> None:
    blob = stored('[{},[],"",0,1.5,true,false,null]')
    words = [member.value.word for member in jsonb.members(blob, jsonb.part(blob))]
    assert words == ["object", "array", "string", "number", "number", "boolean", "boolean", "null"]


def test_a_long_value_is_cut_and_says_how_long_it_is() -> None:
    blob = stored(json.dumps("é" * 1_000, ensure_ascii=False))
    assert jsonb.cut_scalar(blob, jsonb.part(blob), 5) == '"éé… (2,000 bytes)'
    assert jsonb.cut_scalar(blob, jsonb.part(blob), 5_000) == f'"{"é" * 1_000}"'


def test_counting_looks_at_no_more_than_it_may() -> None:
    blob = stored(json.dumps(list(range(1_000))))
    root = jsonb.part(blob)
    assert jsonb.count(blob, root, root.start, 1_000) == (1_000, True)
    assert jsonb.count(blob, root, root.start, 999) == (999, False)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_document_or_damage(blob: bytes) -> None:
    with contextlib.suppress(ValueError):
        parts = [jsonb.part(blob)]
        while parts:
            part = parts.pop()
            if part.is_container:
                parts.extend(member.value for member in jsonb.members(blob, part))
            else:
                assert isinstance(jsonb.scalar(blob, part), str)
