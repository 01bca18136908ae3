"""What the user wants of reading: for all files, or for those that are recognised as one format."""

from __future__ import annotations

import pytest

from inspector.errors import UsageError
from inspector.formats import Sample, merged
from inspector.formats.wishes import UNKNOWN, Wishes, options, wishes

_LINES = Sample("a.jsonl", b'{"a":1}\n{"a":2}\n', is_whole=True)
_NONE = Sample("a.bin", b"\x00\x01\x02", is_whole=True)


def test_settings_change_one_entry_of_a_mapping() -> None:
    guessed = {"fields": {"time": "ts", "key": "id"}, "delimiter": ","}
    assert merged(guessed, {"fields.time": "at", "fields.key": "", "zone": "UTC"}) == {
        "fields": {"time": "at", "key": ""},
        "delimiter": ",",
        "zone": "UTC",
    }
    assert guessed["fields"] == {"time": "ts", "key": "id"}
    assert merged({}, {"fields.time": "at"}) == {"fields": {"time": "at"}}


def test_a_wish_for_one_kind_leaves_the_others_alone() -> None:
    wished = wishes(["unknown:json-lines"], [("json-lines:zone", "UTC"), ("unknown:zone", "Europe/Paris"), ("depth", "3")])
    recognised, choice = wished.choice(_LINES)
    assert (recognised, choice and choice.guess.settings) == ("json-lines", {"decoder": "json", "depth": "3", "zone": "UTC"})
    recognised, choice = wished.choice(_NONE)
    assert (recognised, choice and choice.name) == (UNKNOWN, "json-lines")
    assert choice is not None
    assert choice.guess.settings == {"depth": "3", "zone": "Europe/Paris"}


def test_nothing_wished_changes_nothing() -> None:
    assert Wishes().choice(_NONE) == (UNKNOWN, None)
    recognised, choice = Wishes().choice(_LINES)
    assert recognised == "json-lines"
    assert choice is not None
    assert choice.guess.score > 0.5


def test_options_say_the_same_again() -> None:
    said = ["--format=unknown:json-lines", "--set=depth=3", "--set=json-lines:fields.time=a=b"]
    given = wishes(["unknown:json-lines"], [("depth", "3"), ("json-lines:fields.time", "a=b")])
    assert options(given) == said


def test_mistakes_are_said() -> None:
    with pytest.raises(UsageError, match="two formats for all files"):
        wishes(["a", "b"], [])
    with pytest.raises(UsageError, match="no format named 'nonsense'"):
        wishes(["csv:nonsense"], []).check()
