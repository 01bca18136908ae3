"""Lines in blocks: numbers, places and bytes are right however the stream is cut, and a long line costs no memory."""

from __future__ import annotations

import hashlib
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats import Input
from inspector.formats import lines as lines_module
from inspector.formats.lines import Lines, lines


def input_of(content: bytes) -> Input:
    return Input("a", io.BytesIO(content), None, threading.Event())


def read(content: bytes) -> list[Lines]:
    return list(lines(input_of(content)))


@given(st.lists(st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")), max_size=50), st.integers(1, 40), st.booleans())
def test_every_line_is_there_once_with_its_number_and_place(texts: list[bytes], size: int, has_end: bool) -> None:
    content = b"\n".join(texts) + (b"\n" if has_end else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_READ_BYTES", size)
        blocks = read(content)
    expected = content.split(b"\n")
    expected = expected[:-1] if not expected[-1] else expected
    assert [text for block in blocks for text in block.texts] == expected
    number = 1
    for block in blocks:
        assert block.first == number
        for index, text in enumerate(block.texts):
            start = block.start_of(index)
            assert content[start : start + len(text)] == text
        number += len(block.texts)


def test_a_line_that_is_too_long_is_cut_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "_READ_BYTES", 100)
    monkeypatch.setattr(lines_module, "MOST_LINE_BYTES", 1_000)
    monkeypatch.setattr(lines_module, "KEPT_BYTES", 50)
    long = bytes(range(48, 58)) * 500
    blocks = read(b"first\n" + long + b"\nlast\n")
    assert [text for block in blocks for text in block.texts] == [b"first", long[:50], b"last"]
    (cut,) = [cut for block in blocks for cut in block.cut.values()]
    assert (cut.size_bytes, cut.sha256) == (5_000, hashlib.sha256(long).hexdigest())
    assert blocks[-1].start == len(b"first\n") + 5_001
    assert blocks[-1].first == 3


def test_reading_ends_when_asked_to() -> None:
    given_input = input_of(b"a\n" * 10)
    given_input.stop.set()
    assert list(lines(given_input)) == []
