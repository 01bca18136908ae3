"""The whole window over what a log may hold: hostile names in every place, huge values, endless tokens, deep documents.

Nothing is rendered, nothing is loaded, and the window answers all the while.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.plain import PlainLabel
from inspector.event import Flag
from tests.app.captures import Growing
from tests.app.stall_probe import StallProbe
from tests.app.test_window import shown, wait_for_event
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_LONGEST_MS = 200
_TABS = ("Event", "Headers", "Value", "Hex", "Compare")
_ODD_TIMES_US = (0, -62_135_596_800_000_000, 253_402_300_799_999_999, 1_795_420_800_000_000)


def naughty(canary: Path) -> list[str]:
    """Texts that some programs render, load, obey or fall over."""
    return [
        f"<img src=file://{canary}>",
        f'<a href="file://{canary}"><b>bold</b></a>',
        "\u202eright to left\u2066",
        "a\0b",
        "x" * 5_000,
        "\"\\'; DROP TABLE event; --",
        "\r\n\t\x1b[2J",
        "👩‍👩‍👧‍👦 \U0010ffff",
        "%s %n {0} &amp; &&",
        "$(touch /tmp/x) `id`",
    ]


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file that nobody may open: its time of last access must stay what it was."""
    path = tmp_path / "canary.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    control = tmp_path / "control"
    control.write_bytes(b"x")
    for file in (path, control):
        os.utime(file, ns=(1_000_000_000, 2_000_000_000))
    control.read_bytes()
    tells = control.stat().st_atime_ns != 1_000_000_000
    yield path
    if not tells:
        pytest.skip("this file system notes no time of access: whether the file was loaded cannot be told")
    assert path.stat().st_atime_ns == 1_000_000_000, "something loaded a file that a log names"


def walked(window: MainWindow) -> list[str]:
    """Every text that can be seen now: of labels, and of the cells in view."""
    texts = [label.text() for label in window.findChildren(PlainLabel) if label.isVisible()]
    for view in window.findChildren(QAbstractItemView):
        model = view.model()
        if model is None or not view.isVisible():
            continue
        for row in range(min(model.rowCount(), 60)):
            for column in range(model.columnCount()):
                found = model.data(model.index(row, column, QModelIndex()), Qt.ItemDataRole.DisplayRole)
                texts.append(found if isinstance(found, str) else "")
    return texts


def controls_in(texts: Sequence[str]) -> set[str]:
    return {character for text in texts for character in text if ord(character) < 32 or character in "\u202e\u2066"} - {"\n"}


def look_at(qtbot: QtBot, window: MainWindow, seq: int) -> list[str]:
    """All tabs of an event and its replay."""
    assert window.panes is not None
    window.events.choose_row(seq - 1)
    wait_for_event(qtbot, window, seq)
    texts = []
    for tab in _TABS:
        window.panes.event_pane.show_tab(tab)
        qtbot.wait(1)
        texts += walked(window)
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    return texts


def test_hostile_names_everywhere_are_only_text(qtbot: QtBot, window: MainWindow, tmp_path: Path, canary: Path) -> None:
    logs = []
    for number, text in enumerate(naughty(canary)):
        written = [
            Written(
                place,
                json.dumps({text: text, "n": place, "list": [text, {text: None}]}),
                stream=text,
                version=place + 1,
                time_us=_ODD_TIMES_US[place % 4],
                type=text,
                category=text,
                actor=text,
                event_id=text,
            )
            for place in range(4)
        ]
        logs.append(Log(written, text, partition=number))
    path = write(tmp_path / "names.evcap", logs)
    shown(qtbot, window, path, 4 * len(logs))
    assert window.panes is not None
    assert window.selection is not None
    navigator = window.panes.navigator_pane
    qtbot.waitUntil(lambda: navigator.model.rowCount() > 4, timeout=_WAIT_MS)
    texts = []
    for seq in range(1, 4 * len(logs) + 1, 3):
        texts += look_at(qtbot, window, seq)
    for row in range(navigator.model.rowCount()):
        navigator.activate(navigator.model.index(row, 0))
        qtbot.wait(1)
        texts += walked(window)
    for text in naughty(canary):
        window.selection.choose_filter(text)
        qtbot.wait(20)
        navigator.search.setText(text)
        qtbot.wait(20)
        texts += walked(window)
    assert controls_in(texts) == set()
    assert any("⟨U+202E⟩" in text for text in texts)
    assert any(f"<img src=file://{canary}>" in text for text in texts), "the text itself is shown"
    assert_plain(window)


def assert_plain(window: QWidget) -> None:
    """No widget may guess at rich text."""
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in window.findChildren(QLabel))
    assert all(not edit.acceptRichText() for edit in window.findChildren(QTextEdit))


def large_values(big_bytes: int) -> list[bytes]:
    """What is slow to lay out, to parse or to walk."""
    return [
        b'{"a":"' + b"x" * 1_000_000 + b'"}',
        b'{"' + b"k" * 1_000_000 + b'":1}',
        b"[" * 1_000 + b"]" * 1_000,
        b"[" * 100_000,
        b'{"n":' + b"9" * 100_000 + b"}",
        b'{"list":[' + b",".join(b"%d" % number for number in range(200_000)) + b"]}",
        b'{"' + b'":1,"'.join(b"k%d" % number for number in range(50_000)) + b'":1}',
        b'{"a":"' + b"y" * big_bytes + b'"}',
        os.urandom(1_000_000),
    ]


@pytest.mark.alone
@pytest.mark.parametrize("big_bytes", [20_000_000, pytest.param(100_000_000, marks=pytest.mark.large)])
def test_huge_values_leave_the_window_alive(qtbot: QtBot, window: MainWindow, tmp_path: Path, big_bytes: int) -> None:
    values = large_values(big_bytes)
    with Growing(tmp_path / "large.evcap") as growing:
        for value in values[:-1]:
            growing.append_values([value])
        growing.append_values(values[-1:], flags=Flag.undecodable)
        growing.append(100)
    pane = shown(qtbot, window, tmp_path / "large.evcap", len(values) + 100)
    assert window.panes is not None
    gaps: dict[str, float] = {}
    for seq in range(1, len(values) + 1):
        probe = StallProbe()
        probe.start()
        look_at(qtbot, window, seq)
        for _ in range(20):
            QTest.keyClick(window.panes.event_pane.tree.view, Qt.Key.Key_Down)
            qtbot.wait(2)
        window.panes.event_pane.show_tab("Event")
        qtbot.wait(100)
        gaps[f"event {seq} of {len(values[seq - 1]):,} bytes"] = probe.stop()[1]
    pane.choose_row(len(values) + 50)
    wait_for_event(qtbot, window, len(values) + 51)
    assert {what: round(gap) for what, gap in gaps.items() if gap > _LONGEST_MS} == {}
