"""Text from a log can only ever be text: the widgets, and a look through the program that nothing goes round them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import app
from app.plain import PlainLabel, PlainText, set_tip

_APP = Path(app.__file__).parent
_BANNED = {"QLabel", "QMessageBox", "QErrorMessage", "QTextEdit", "QTextBrowser", "QTextDocument", "QToolTip", "QWhatsThis"}
_TEXT_SETTERS = {"setToolTip", "setStatusTip", "setWhatsThis", "setHtml", "appendHtml", "setInformativeText"}
_FILES = sorted(_APP.rglob("*.py"))


def _is_written_here(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant)


def _offences(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        is_banned = name in _BANNED or name in _TEXT_SETTERS
        if is_banned and (not node.args or not all(map(_is_written_here, node.args))):
            found.append(f"line {node.lineno}: {name}")
    return found


@pytest.mark.parametrize("path", [path for path in _FILES if path.name != "plain.py"], ids=lambda path: str(path.relative_to(_APP)))
def test_labels_and_tooltips_come_from_the_plain_text_module(path: Path) -> None:
    assert _offences(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_the_look_through_finds_what_it_should() -> None:
    assert _offences(ast.parse("QLabel(text)\nw.setToolTip(f'{x}')\nQMessageBox.warning\nw.setToolTip('fine')")) == [
        "line 1: QLabel",
        "line 2: setToolTip",
    ]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(_APP)))
def test_signals_never_carry_numbers_of_32_bits(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    signals = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Signal"]
    assert all(isinstance(arg, ast.Name) and arg.id == "object" for call in signals for arg in call.args)


def test_no_kafka_client_and_no_sqlite_module_in_the_window() -> None:
    for path in _FILES:
        text = path.read_text(encoding="utf-8")
        assert "confluent_kafka" not in text
        assert "import sqlite3" not in text


def test_markup_stays_text(qtbot: QtBot) -> None:
    label = PlainLabel("<img src='file:///etc/passwd'><b>x</b>\u202e")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text() == "<img src='file:///etc/passwd'><b>x</b>⟨U+202E⟩"
    set_tip(label, "<b>x</b>")
    assert "&lt;b&gt;x" in label.toolTip()


def test_an_elided_label_gives_its_whole_text_as_tooltip(qtbot: QtBot) -> None:
    label = PlainLabel("a long sentence " * 20, elided=True)
    qtbot.addWidget(label)
    label.resize(100, 20)
    label.show()
    assert label.text().endswith("…")
    assert "a long sentence a long" in label.toolTip()


def test_a_megabyte_without_a_space_is_shown_quickly(qtbot: QtBot) -> None:
    pane = PlainText("value")
    qtbot.addWidget(pane)
    pane.resize(400, 400)
    pane.show()
    pane.setPlainText("A" * 64 * 1024)
    assert pane.toPlainText()[:2] == "AA"
