"""Cells: text that anyone may have written, cut and escaped; times; signs with words."""

from __future__ import annotations

import dataclasses
from zoneinfo import ZoneInfo

from app.models.event_columns import COLUMNS, STATE, VALUE
from app.models.event_rows import flags_tip, shown_row, shown_time, sign
from inspector.capture.rows import EventRow
from inspector.event import Flag
from inspector.masks import SIGN, SIGN_BYTES

_ROW = EventRow(7, "orders", 2, 96_383, 0, 2, b"k", b"{}", "T", "s", 1, 0, None, 1, 2)


def cells(**changes: object) -> tuple[str, ...]:
    """The cells of a row with these fields."""
    return shown_row(dataclasses.replace(_ROW, **changes)).cells  # type: ignore[arg-type]


def test_cells_are_in_the_order_of_the_columns() -> None:
    assert cells()[:9] == ("", "1970-01-01 00:00:00.000000", "orders / 2", "96,383", "k", "T", "1", "s", "{}")
    assert len(cells()) == len(COLUMNS)
    assert cells()[-3:] == ("1", "2", "7")


def test_null_and_empty_values_are_told_apart() -> None:
    null, empty = cells(value_preview=None, value_bytes=None), cells(value_preview=b"", value_bytes=0)
    assert (null[VALUE], null[STATE]) == ("null", "∅")
    assert (empty[VALUE], empty[STATE]) == ("", "○")
    assert cells(key=None, key_bytes=None)[4] != cells(key=b"", key_bytes=0)[4]


def test_a_value_that_was_not_stored_says_its_size() -> None:
    assert cells(value_preview=None, value_bytes=1_234)[VALUE] == "1,234 bytes, not stored"


def test_a_decoded_document_stands_for_bytes_nobody_reads() -> None:
    binary = {"value_preview": b"\0\0\0\0\x07\xff", "value_bytes": 6}
    assert cells(**binary, document='{"total":1.50}')[VALUE] == '{"total":1.50}'
    assert cells(**binary, document='{"total":1.50}')[-2] == "6"
    assert cells(**binary, document="x" * 1_024)[VALUE] == "x" * 1_024
    assert cells(**binary, document="x" * 1_025)[VALUE] == "x" * 1_024 + "…"
    assert cells(**binary, document='"\u202e"')[VALUE] == '"⟨U+202E⟩"'
    assert cells(**binary)[VALUE] == "0x0000000007ff"


def test_a_value_that_is_hidden_as_a_whole_is_not_shown_as_its_document() -> None:
    assert cells(value_preview=SIGN_BYTES, value_bytes=6, document='{"total":1.50}')[VALUE] == SIGN


def test_the_word_of_a_state_is_that_of_its_sign() -> None:
    row = shown_row(dataclasses.replace(_ROW, flags=int(Flag.aborted | Flag.late)))
    assert (row.cells[STATE], row.word) == ("✕", "aborted")
    assert shown_row(dataclasses.replace(_ROW, flags=int(Flag.duplicate_keys))).word == "duplicate keys"
    assert shown_row(dataclasses.replace(_ROW, value_bytes=0)).word == "empty"
    assert not shown_row(_ROW).word


def test_a_value_cut_inside_a_character_stays_text() -> None:
    assert cells(value_preview="aé".encode()[:-1], value_bytes=5000)[VALUE] == "a…"
    assert cells(value_preview=b"\xff\x00", value_bytes=5000)[VALUE] == "0xff00…"


def test_bidi_and_control_characters_are_shown_not_obeyed() -> None:
    assert "\u202e" not in cells(type="a\u202eb")[5]
    assert "⟨U+202E⟩" in cells(key="x\u202ey".encode())[4]
    assert "\n" not in cells(value_preview=b"a\nb", value_bytes=3)[VALUE]


def test_times_before_year_1000_have_four_digits() -> None:
    assert shown_time(-62_135_596_800_000_000) == "0001-01-01 00:00:00.000000"
    assert shown_time(None) == ""


def test_times_are_those_of_the_zone() -> None:
    assert shown_time(1_795_420_800_000_001, ZoneInfo("Europe/Berlin")) == "2026-11-23 09:00:00.000001"
    assert shown_time(-62_135_596_800_000_000, ZoneInfo("America/New_York")) == "0001-01-01 00:00:00.000000 UTC"


def test_every_flag_has_a_sign_and_words() -> None:
    for flag in Flag:
        assert sign(int(flag))
        assert flags_tip(int(flag), None)


def test_the_reason_of_an_undecodable_record_is_in_its_tip() -> None:
    assert flags_tip(Flag.undecodable, "not\nJSON") == "undecodable\nnot⏎JSON"
