"""The event pane's texts: indented without loss, cut, escaped."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from app.models.event_text import indented, shown_event
from inspector.capture.reader import Event

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def event(**changes: object) -> Event:
    """An event with these fields, the others empty."""
    fields: dict[str, object] = dict.fromkeys(Event.__slots__)
    fields.update(seq=1, log="orders", partition=0, position=5, sub=0, time_kind=0, recorded_kind=0, captured_us=0, flags=0)
    return Event(**{**fields, **changes})  # type: ignore[arg-type]


@given(_JSON)
def test_indenting_only_adds_space(value: object) -> None:
    text = json.dumps(value, separators=(",", ":"))
    assert json.loads(indented(text, 1 << 20)) == value


def test_numbers_and_duplicate_keys_stay_as_written() -> None:
    text = '{"a":1.10,"a":1e999,"b":123456789012345678901234567890}'
    assert re.sub(r"\s", "", indented(text, 1000)) == text


def test_empty_containers_stay_on_their_line() -> None:
    assert indented('{"a":{},"b":[]}', 1000) == '{\n  "a": {},\n  "b": []\n}'


def test_a_huge_document_is_cut_and_says_so() -> None:
    shown = shown_event(event(data=json.dumps(["x" * 50] * 100_000)))
    assert shown.is_cut
    assert len(shown.fields) < 100_000


def test_a_deep_document_does_not_end_us() -> None:
    assert indented("[" * 900 + "]" * 900, 1 << 20).count("[") == 900


def test_the_value_is_text_or_its_absence_is_said() -> None:
    assert shown_event(event()).value == "The value is null, or was not stored."
    assert "0 bytes" in shown_event(event(value=b"")).value
    assert "at byte 1" in shown_event(event(value=b"a\xff")).value
    assert shown_event(event(value="a\u202eb\nc".encode())).value == "a⟨U+202E⟩b\nc"


def test_hex_has_place_bytes_and_text() -> None:
    assert shown_event(event(value=b"abc\x00<b>")).hex.startswith("00000000  61 62 63 00 3c 62 3e")
    assert shown_event(event(value=b"abc\x00<b>")).hex.endswith("abc·<b>")


def test_headers_keep_order_duplicates_null_and_bytes() -> None:
    shown = shown_event(event(headers='[["a","1"],["a",null],["b",{"base64":"/w=="}]]'))
    assert shown.headers.splitlines() == ["a  1", "a  null", "b  base64 /w=="]
    assert shown.header_count == 3


def test_two_times_are_both_shown_when_they_differ() -> None:
    shown = shown_event(event(time_us=0, time_kind=1, recorded_us=1_000_000, recorded_kind=2))
    assert "time         1970-01-01 00:00:00.000000 UTC event" in shown.fields
    assert "recorded     1970-01-01 00:00:01.000000 UTC" in shown.fields


def test_a_long_reason_is_broken_between_words() -> None:
    lines = shown_event(event(error="no decoder knows these bytes: neither text nor a known framing", flags=64)).fields.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("error"))
    assert lines[place + 1].startswith(" " * 13 + "text nor") or lines[place + 1].startswith(" " * 13 + "nor")
