"""The bytes of values in a JSON text: each parses to what the document has there; anything else says where it stopped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.decoders import MOST_SPANS, Context, ShowsBytes
from inspector.decoders.json_text import JsonText
from inspector.json_spans import JsonWalk

_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def values(document: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every value of a document by its path."""
    found = {path: document}
    named = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for step, value in named:
        found.update(values(value, (*path, step)))
    return found


@given(document=_DOCUMENTS, indent=st.none() | st.integers(0, 3), is_ascii=st.booleans())
def test_the_bytes_of_a_place_are_its_value(document: Any, indent: int | None, is_ascii: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=is_ascii).encode()
    walked = JsonWalk(text, MOST_SPANS)
    assert walked.stopped_at is None
    assert {path: json.loads(text[start:end]) for path, start, end in walked.found} == values(document)
    assert [path for path, _, _ in walked.found] == list(values(document))


@given(text=st.binary(max_size=60) | st.text('{}[]:,"\\ 1-nulltrue.e', max_size=40).map(str.encode))
def test_whatever_it_reads_it_ends_and_stops_within_the_bytes(text: bytes) -> None:
    walked = JsonWalk(text, 100)
    assert walked.stopped_at is None or 0 <= walked.stopped_at <= len(text)
    assert (walked.stopped_at is None) == (not walked.reason)
    assert all(0 <= start < end <= len(text) for _, start, end in walked.found)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return
    assert walked.stopped_at is None or b"N" in text or b"I" in text


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (b'{"a":1,}', 7, "this is no JSON"),
        (b"[1 2]", 3, "this is no JSON"),
        (b"", 0, "the text ends too early"),
        (b'{"a":', 5, "the text ends too early"),
        (b"{} x", 3, "bytes follow the document"),
        (b"\xff\xfe", 0, "this is no JSON"),
    ],
)
def test_where_it_stops_is_said(text: bytes, place: int, reason: str) -> None:
    walked = JsonWalk(text, 100)
    assert (walked.stopped_at, walked.reason) == (place, reason)


def test_depth_and_number_are_bounded() -> None:
    assert "nests too deep" in JsonWalk(b"[" * 100_000, MOST_SPANS).reason
    assert "more than 10" in JsonWalk(b"[" + b"1," * 50 + b"1]", 10).reason


def test_the_json_decoder_shows_bytes() -> None:
    decoder = JsonText()
    assert isinstance(decoder, ShowsBytes)
    spans = decoder.spans(b'{"a":[1,22]}', None, Context())
    assert [(span.path, span.start, span.end) for span in spans.fields] == [
        ((), 0, 12),
        (("a",), 5, 11),
        (("a", 0), 6, 7),
        (("a", 1), 8, 10),
    ]
