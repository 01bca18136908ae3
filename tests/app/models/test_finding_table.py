"""Findings as rows: errors first, signs beside colours, words that narrow, hostile text plain, filters that the language reads."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models import finding_words as words
from app.models.finding_table import HEADERS, FindingTable
from inspector.capture.findings import Findings, Kept
from inspector.query import condition

_US = 1_795_420_800_000_000


def kept(text: str = "shop/0: a hole", severity: str = "warning", **more: object) -> Kept:
    values = {
        "rule": "offset-gaps", "count": 1, "log": "shop", "partition": 0, "first": 4, "last": 9, "events": (3, 4),
        "assumption": "all was asked for", "legal_because": "it is compacted", "made_us": _US,
    }  # fmt: skip
    return Kept(text=text, severity=severity, **{**values, **more})  # type: ignore[arg-type]


HOSTILE = kept("<b>shop</b>\u202e\n", "<i>", log="<img>", rule="x\x00")


def cells(table: FindingTable) -> list[list[object]]:
    return [[table.data(table.index(row, column)) for column in range(len(HEADERS))] for row in range(table.rowCount())]


def test_errors_stand_first_with_a_sign_and_the_place(qtbot: QtBot) -> None:
    del qtbot
    table = FindingTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    table.show_findings([kept("a", "info", log="", partition=None), kept(), kept("id twice", "error", first=7, last=7, count=1_200)])
    assert cells(table) == [
        ["✕ error", "id twice", "shop/0 · 7", "1,200", "offset-gaps"],
        ["! warning", "a hole", "shop/0 · 4–9", "1", "offset-gaps"],
        ["· info", "a", "position 4–9", "1", "offset-gaps"],
    ]
    table.narrow("WARN hole")
    assert [row[1] for row in cells(table)] == ["a hole"]
    table.narrow("nothing of this")
    assert table.rowCount() == 0
    assert table.data(table.index(0, 0)) is None
    table.narrow("")
    assert table.rowCount() == 3


def test_hostile_text_is_text(qtbot: QtBot) -> None:
    del qtbot
    table = FindingTable()
    table.show_findings([HOSTILE])
    assert cells(table) == [["? <i>", "<b>shop</b>⟨U+202E⟩⏎", "<img>/0 · 4–9", "1", "x⟨U+0000⟩"]]
    assert "<b>" not in str(table.data(table.index(0, 1), Qt.ItemDataRole.ToolTipRole))
    assert "\u202e" not in words.details(HOSTILE, UTC)
    assert words.command(HOSTILE, Path("/a b")).startswith("eventscope check '/a b' --rule ")


def test_details_say_on_what_it_rests_and_when_it_could_be_legal() -> None:
    assert words.details(kept(), UTC).split("\n\n") == [
        "! warning · offset-gaps · found 2026-11-23 08:00 UTC",
        "shop/0: a hole",
        "shop/0 · 4–9 · count 1 · events 3, 4",
        "Assumes that all was asked for.",
        "Could be legal because it is compacted.",
    ]
    assert "found" not in words.details(kept(made_us=1 << 80), UTC)
    assert words.copied(kept()).startswith("warning: shop/0: a hole\nshop/0 · 4–9\nevents 3, 4\nAssumes")


@pytest.mark.parametrize(
    ("events", "text"), [((), ""), ((5,), "seq == 5"), ((5, 5, 6), "seq in [5, 6]"), ((-1, 0, 1 << 70), ""), ((1 << 70, 8), "seq == 8")]
)
def test_events_are_named_one_by_one(events: tuple[int, ...], text: str) -> None:
    assert words.own_filter(kept(events=events)) == text


@given(st.text(), st.integers(), st.integers(), st.lists(st.integers(), max_size=30))
def test_every_filter_of_a_finding_is_one(log: str, first: int, last: int, events: list[int]) -> None:
    one = kept(log=log, first=first, last=last, events=tuple(events))
    for text in (words.own_filter(one), words.place_filter(one)):
        if text:
            condition(text)


def test_what_is_said_of_a_run_is_how_much_it_saw() -> None:
    whole = {"made_us": _US, "is_whole": True, "events": 200}
    found = Findings([], {"a": whole, "b": whole})
    assert words.nothing_words(found, UTC)[0] == "2 checks looked at 200 events on 2026-11-23 08:00 UTC and found nothing."
    assert words.stale_words(found, 200) == []
    assert words.stale_words(found, 250) == ["of 200 events then, 250 now"]
    stopped = Findings([kept()], {"a": {**whole, "is_whole": False}, "b": "no table"})  # type: ignore[dict-item]
    assert words.summary(stopped, UTC, 200) == "1 warning · checked 2026-11-23 08:00 UTC · a was stopped: not whole"
    assert words.summary(Findings([kept(made_us=0)], {}), UTC, 1) == "1 warning · came with the capture"
