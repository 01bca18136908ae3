"""The table of unsaved captures: plain words, exact tips, hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from app.models import captures
from app.models.captures import CapturesModel
from inspector.capture.unsaved import CRASHED, DAMAGED, ENDED, RUNNING, Unsaved

NOW_US = 1_795_420_800_000_000
TIP = Qt.ItemDataRole.ToolTipRole


def look(name: str = "a", source: str = "kafka://h:1", *, state: str = ENDED, is_open: bool = False, age_us: int = 0) -> Unsaved:
    """A row."""
    return Unsaved(Path(f"/x/{name}.evcap"), source, NOW_US - age_us, 41_234_567, 1_234, state, is_open=is_open)


def test_the_model_keeps_its_promises(qapp: QApplication) -> None:
    model = CapturesModel(lambda: NOW_US)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_rows([look(), look("b")])
    model.show_rows([look("b")])
    assert tester.model() is model


def test_a_row_says_it_in_words() -> None:
    model = CapturesModel(lambda: NOW_US)
    model.show_rows([look(age_us=3 * 3_600_000_000)])
    assert [model.data(model.index(0, column)) for column in range(6)] == [
        "kafka://h:1",
        "a",
        "3 h ago",
        "1,234",
        "41.2 MB",
        "✓ ended",
    ]
    assert "41,234,567 bytes" in str(model.data(model.index(0, 4), TIP))
    assert "T00:00:00" in str(model.data(model.index(0, 2), TIP)) or "Z" in str(model.data(model.index(0, 2), TIP))
    assert model.data(QModelIndex()) is None


def test_hostile_names_are_plain_text() -> None:
    model = CapturesModel(lambda: NOW_US)
    model.show_rows([look("\u202ex", "<img src=file:///x>\n\u202e")])
    assert model.data(model.index(0, 0)) == "<img src=file:///x>⏎⟨U+202E⟩"
    assert model.data(model.index(0, 1)) == "⟨U+202E⟩x"
    assert "<img" not in str(model.data(model.index(0, 0), TIP))


@pytest.mark.parametrize(
    ("state", "is_open", "text"),
    [
        (RUNNING, True, "● being captured"),
        (ENDED, True, "○ open in a window"),
        (CRASHED, False, "△ not ended cleanly"),
        (DAMAGED, False, "✕ cannot be read"),
    ],
)
def test_a_state_is_a_sign_and_a_word(state: str, is_open: bool, text: str) -> None:
    assert captures.state_text(look(state=state, is_open=is_open)) == text


@pytest.mark.parametrize(
    ("age_us", "text"), [(-5, "just now"), (59_000_000, "just now"), (60_000_000, "1 min ago"), (10**15, "11,574 d ago")]
)
def test_ages(age_us: int, text: str) -> None:
    assert captures.age_text(age_us) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (2 * 10**12, "2,000.0 GB")])
def test_sizes(size: int, text: str) -> None:
    assert captures.size_text(size) == text
