"""Completion: what fits where the cursor is, best first; what it inserts is a filter's text; nothing a capture holds breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture.masked import open_masked
from inspector.capture.reader import CaptureReader
from inspector.query import compile_filter
from inspector.query.completion import Known, complete, place_text
from inspector.query.names import CAPTURED
from inspector.query.seen import known
from tests.app.captures import capture
from tests.capture.test_masked import CANARY, made

KNOWN = Known(
    {"type": ["OrderPlaced", "OrderCancelled", 'Odd "one"'], "stream": ["order-1"]},
    ["trace", 'x"y'],
    {
        ("data", "total"): "number",
        ("data", "items"): "list",
        ("data", "items", 0): "object",
        ("data", "items", 0, "sku"): "text",
        ("data", "odd name"): "text",
        ("metadata", "user"): "text",
    },
)


def inserted(text: str) -> list[str]:
    """The text with each suggestion in place, where `|` is the cursor."""
    cursor = text.index("|")
    found = complete(text.replace("|", ""), cursor, KNOWN)
    return [text[: found.start] + each.insert + text[cursor + 1 :] for each in found.found]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("ty|", "type"),
        ("has|", "has("),
        ("abor|", '"aborted" in flags'),
        ("tot|", "data.total"),
        ("data.to|", "data.total"),
        ("data.|", "data.total"),
        ("data.items[0].|", "data.items[0].sku"),
        ("data.odd|", 'data["odd name"]'),
        ('data["od|', 'data["odd name"]'),
        ("metadata.|", "metadata.user"),
        ("type == |", 'type == "OrderPlaced"'),
        ('type == "orderc|', 'type == "OrderCancelled"'),
        ('type == "Odd|', 'type == "Odd \\"one\\""'),
        ('type in ["OrderPlaced", "OrderC|', 'type in ["OrderPlaced", "OrderCancelled"'),
        ('stream.startsWith("o|', 'stream.startsWith("order-1"'),
        ('headers["t|', 'headers["trace"]'),
        ('headers["x|', 'headers["x\\"y"]'),
        ('"abo|', '"aborted" in flags'),
        ("stream.sta|", "stream.startsWith("),
        ("data.items.ex|", "data.items.exists("),
        ("type == |  && partition == 3", 'type == "OrderPlaced"  && partition == 3'),
        ("type |", "type == "),
        ('type == "OrderPlaced" |', 'type == "OrderPlaced" && '),
    ],
)
def test_first_suggestion(text: str, first: str) -> None:
    assert inserted(text)[0] == first


@pytest.mark.parametrize("text", ['type == "no such|', "1.5|", "zzz|", "data.total.zzz|", 'type == "x"|'])
def test_nothing_fits(text: str) -> None:
    assert inserted(text) == []


def test_places_are_filters() -> None:
    for place in KNOWN.places:
        compile_filter(f"has({place_text(place)})", CAPTURED)


@given(text=st.text(alphabet='data.type[]"\\ =&|0x(', max_size=30), cursor=st.integers(0, 30))
def test_any_text_can_be_completed(text: str, cursor: int) -> None:
    found = complete(text, cursor, KNOWN)
    assert 0 <= found.start <= max(cursor, 0)


def test_what_a_capture_has_is_known(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 3_000)) as reader:
        seen = known(reader)
    assert seen.values["type"]
    assert seen.values["log"]
    assert any(place[0] == "data" for place in seen.places)


def test_what_masks_hide_is_in_no_suggestion(tmp_path: Path) -> None:
    with open_masked(made(tmp_path / "a.evcap")) as reader:
        seen = known(reader)
    assert CANARY not in repr(seen)
    assert ("data", "card", "number") in seen.places
