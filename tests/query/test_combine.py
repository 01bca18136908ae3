"""Filters joined to the one in force: narrowed, widened, replaced; what they mean together is what the words say."""

from __future__ import annotations

import pytest

from inspector.query import compile_filter
from inspector.query.combine import combined, unasked
from inspector.query.names import CAPTURED


@pytest.mark.parametrize(
    ("before", "how", "expected"),
    [
        ("", "and", "seq == 1"),
        ("  ", "or", "seq == 1"),
        ("version > 3", "and", "version > 3 && seq == 1"),
        ("version > 3", "or", "version > 3 || seq == 1"),
        ("version > 3", "replace", "seq == 1"),
        ("version > 3 || seq == 9", "and", "(version > 3 || seq == 9) && seq == 1"),
        ("version > 3 || seq == 9", "or", "version > 3 || seq == 9 || seq == 1"),
        ("(version > 3) || (seq == 9)", "and", "((version > 3) || (seq == 9)) && seq == 1"),
        ("(version > 3 || seq == 9)", "and", "(version > 3 || seq == 9) && seq == 1"),
        ("seq > 3 ? true : false", "or", "(seq > 3 ? true : false) || seq == 1"),
        ('type == "a || b"', "and", 'type == "a || b" && seq == 1'),
        ("some text", "and", 'search("some text") && seq == 1'),
        ('text: say "hi"', "or", 'search("say \\"hi\\"") || seq == 1'),
        ("typ ==", "and", "seq == 1"),
    ],
)
def test_joined(before: str, how: str, expected: str) -> None:
    assert combined(before, "seq == 1", how) == expected
    assert not compile_filter(expected, CAPTURED).is_search


def test_what_is_added_keeps_its_meaning() -> None:
    assert combined("seq == 1", "version == 2 || version == 3") == "seq == 1 && (version == 2 || version == 3)"
    assert combined("seq == 1", "version == 2 && seq < 9", "or") == "seq == 1 || version == 2 && seq < 9"


def test_what_a_filter_cannot_be_asked_of_is_a_filter_itself() -> None:
    assert unasked("data.total > 900 || data.paid") == "!applies(data.total > 900 || data.paid)"
    assert unasked("visa") == '!applies(search("visa"))'
    assert unasked("data.total >") == ""
    assert unasked(" ") == ""


@pytest.mark.parametrize("text", ["seq == 1 // one", 'key == "a//b" // two', "key == r'a\\' // x", "key == '''a // b''' // y"])
def test_a_comment_swallows_nothing_that_is_joined_to_it(text: str) -> None:
    for whole in (combined(text, "version == 2"), combined("version == 2", text), unasked(text)):
        assert "/" not in compile_filter(whole, CAPTURED).words.replace("//b", "").replace("// b", "")
