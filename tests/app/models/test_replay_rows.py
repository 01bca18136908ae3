"""What the pages of a replay list, in words."""

from __future__ import annotations

from datetime import UTC

from app.models.replay_rows import change_rows, event_number, field_rows, honest_words, shown_path, snapshot_rows, stand_words

_EVENT = {"seq": 12, "version": 3, "type": "Paid", "time": "2026-11-23T12:00:00.000000Z", "actor": "ann"}


def test_paths_are_read_as_they_are_written() -> None:
    assert shown_path("") == "state"
    assert shown_path("/lines/0/sku") == "lines[0].sku"
    assert shown_path("/a~1b/c~0d") == "a/b.c~d"
    assert [shown_path(path) for path in ("/a.b/c", "/a/b/c", "/a//c", '/"x"')] == ['["a.b"].c', "a.b.c", 'a[""].c', '["\\"x\\""]']


def test_changes_have_a_sign_and_both_sides() -> None:
    rows, tones = change_rows(
        [
            {"op": "add", "path": "/a", "from": "null", "to": "1"},
            {"op": "replace", "path": "/b", "from": "1", "to": "2"},
            {"op": "remove", "path": "/c", "from": "3", "to": "null"},
        ]
    )
    assert rows == [["+ a", "", "1"], ["~ b", "1", "2"], ["− c", "3", ""]]
    assert tones == ["ok", "warn", "bad"]


def test_the_history_of_a_field() -> None:
    rows, tones = field_rows(
        [
            {**_EVENT, "op": "remove", "from": "2", "to": "null"},
            {**_EVENT, "op": "replace", "from": "1", "to": "2"},
            {**_EVENT, "op": "moved", "from": "1", "to": "1"},
            {**_EVENT, "version": None, "time": None, "type": None, "op": "add", "from": "null", "to": "1"},
        ],
        UTC,
    )
    assert [row[3] for row in rows] == ["gone (was 2)", "1 → 2", "moved, is 1", "1"]
    assert rows[0][:3] == ["v3", "2026-11-23 12:00:00", "Paid"]
    assert rows[3][:3] == ["#12", "", ""]
    assert tones == ["bad", "text", "dim", "ok"]


def test_snapshots_say_what_differs() -> None:
    base = {"seq": 1, "version": 50, "time": None, "path": None, "kept": None, "replayed": None, "reason": None}
    rows, tones = snapshot_rows(
        [
            {**base, "is_equal": True},
            {**base, "is_equal": False, "path": "/a", "kept": "1", "replayed": "2"},
            {**base, "is_equal": None, "reason": "its bytes are not readable"},
        ],
        UTC,
    )
    assert [row[2] for row in rows] == ["equals the replay", "first differs at a: kept 1, replayed 2", "its bytes are not readable"]
    assert tones == ["ok", "bad", "dim"]


def test_moments_and_doubts() -> None:
    assert stand_words({"last": None}, UTC) == "before the first event"
    assert stand_words({"last": _EVENT}, UTC) == "after v3 Paid 2026-11-23 12:00:00"
    assert event_number({"seq": 4711}) == "#4,711"
    assert honest_words(None) == ""
    plain = {"history": "whole", "absent": [], "includes_aborted": 0, "left_out": 0}
    assert honest_words(plain) == ""
    said = honest_words({"history": "starts_late", "absent": ["2 versions are missing"], "includes_aborted": 1, "left_out": 2})
    assert said == (
        "its beginning is not in the capture; 2 versions are missing; 1 aborted event folded in: this is not what happened; "
        "2 events left out: this is not what happened"
    )
