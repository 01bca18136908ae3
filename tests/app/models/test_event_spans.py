"""From a field's place to its row in the tree, and in words."""

from __future__ import annotations

import apsw
import pytest

from app.models.event_spans import path_words, route_of, span_words
from inspector.decoders import FieldSpan


def jsonb(text: str) -> bytes:
    found: bytes = apsw.Connection(":memory:").execute("SELECT jsonb(?)", (text,)).get
    return found


@pytest.mark.parametrize(
    ("steps", "route"),
    [
        (("items", 1, "price"), (1, 1, 0)),
        (("a",), (0,)),
        (("é\n",), (2,)),
        ((), ()),
        (("items", 7), (1,)),
        (("a", "deeper"), (0,)),
        (("nowhere",), ()),
    ],
)
def test_a_place_is_found_by_its_members_as_far_as_it_is_there(steps: tuple[str | int, ...], route: tuple[int, ...]) -> None:
    blob = jsonb('{"a":1,"items":[{},{"price":2}],"\\u00e9\\n":3,"a":4}')
    assert route_of(blob, steps) == route


def test_a_damaged_document_gives_no_way() -> None:
    assert route_of(b"\xff\xff", ("a",)) == ()
    assert route_of(b"", ("a",)) == ()


def test_words() -> None:
    assert path_words(("items", 0, "unit price")) == 'data.items[0]["unit price"]'
    assert span_words(FieldSpan(("a",), 12, 20), 48) == "bytes 12–19 of 48 · data.a"
    assert span_words(FieldSpan(("a",), 12, 13), 48) == "byte 12 of 48 · data.a"
    assert span_words(FieldSpan(("a",), 12, 12), 48) == "no byte of 48 · data.a"
