"""A value's texts: indented without loss, cut, escaped, or the sentence that there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.models.event_text import indented, raw_text, value_text
from inspector.capture.pieces import sizes
from inspector.capture.reader import CaptureReader
from tests.app.captures import Growing

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_indenting_only_adds_space(value: object) -> None:
    text = json.dumps(value, separators=(",", ":"))
    assert json.loads(indented(text, 1 << 20)) == value


def test_numbers_and_duplicate_keys_stay_as_written() -> None:
    text = '{"a":1.10,"a":1e999,"b":123456789012345678901234567890}'
    assert re.sub(r"\s", "", indented(text, 1000)) == text


def test_empty_containers_stay_on_their_line() -> None:
    assert indented('{"a":{},"b":[]}', 1000) == '{\n  "a": {},\n  "b": []\n}'


def test_a_huge_document_is_cut_and_says_so(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([json.dumps({"a": ["x" * 50] * 100_000}).encode()])
    with CaptureReader(tmp_path / "a.evcap") as reader:
        found = sizes(reader, 1)
        assert found is not None
        shown = value_text(reader, 1, found)
    assert shown.is_cut
    assert len(shown.raw) < 100_000
    assert len(shown.document) < 100_000


def test_a_deep_document_does_not_end_us() -> None:
    assert indented("[" * 900 + "]" * 900, 1 << 20).count("[") == 900


def test_the_value_is_text_or_its_absence_is_said() -> None:
    assert raw_text(b"", None) == "The value is null, or was not stored."
    assert "0 bytes" in raw_text(b"", 0)
    assert "at byte 1" in raw_text(b"a\xff", 2)
    assert raw_text("a\u202eb\nc".encode(), 6) == "a⟨U+202E⟩b\nc"


def test_a_cut_inside_a_character_is_no_fault() -> None:
    assert raw_text("ab€".encode()[:4], 100) == "ab"
    assert "at byte 2" in raw_text("ab€".encode()[:4], 4)
