"""The scenes that are photographed, checked for what needs no eyes: nothing clipped, no cut words, enough contrast."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QApplication, QPushButton, QTabBar, QWidget

from app import style
from app.plain import PlainLabel
from tests.app.screens import SCENES, Stage

_QUICK = ("start", "full", "loading", "damaged", "undecodable", "compare", "filtered", "nothing_matches", "log", "connect", "preferences")
_SLOW = tuple(name for name in SCENES if name not in _QUICK)
_TEXT, _SIGN = 4.5, 3.0
"""Contrast that WCAG 2.2 asks of text (1.4.3) and of signs (1.4.11)."""


@pytest.fixture
def stage(qapp: QApplication, tmp_path: Path) -> Iterator[Stage]:
    style.apply(qapp, "light")
    made = Stage(qapp, tmp_path, (1280, 800))
    yield made
    made.close()


def visible(root: QWidget) -> list[QWidget]:
    return [widget for widget in root.findChildren(QWidget) if widget.isVisible() and widget.width() > 0]


def clipped(root: QWidget) -> list[str]:
    """Buttons, labels and boxes that are not wholly inside what they stand in."""
    found = []
    for widget in visible(root):
        parent = widget.parentWidget()
        if isinstance(widget, QPushButton | PlainLabel) and parent is not None and not parent.rect().contains(widget.geometry()):
            found.append(f"{widget.accessibleName() or widget.objectName() or type(widget).__name__} sticks out of {type(parent).__name__}")
    return found


def cut_words(root: QWidget) -> list[str]:
    """Texts that have less room than they need, where they cannot end in an ellipsis and a tooltip."""
    found = []
    for widget in visible(root):
        if isinstance(widget, QPushButton) and fits_not(widget, widget.text(), widget.width()):
            found.append(f"button {widget.text()!r}")
        is_whole = isinstance(widget, PlainLabel) and not widget.wordWrap() and not widget._elided
        if isinstance(widget, PlainLabel) and is_whole and fits_not(widget, widget.text(), widget.width() + 1):
            found.append(f"label {widget.text()!r}")
        if isinstance(widget, QTabBar):
            room = [widget.tabRect(place).width() for place in range(widget.count())]
            found += [f"tab {widget.tabText(n)!r}" for n, px in enumerate(room) if fits_not(widget, widget.tabText(n), px)]
    return found


def fits_not(widget: QWidget, text: str, px: int) -> bool:
    return QFontMetrics(widget.font()).horizontalAdvance(text) > px


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # menus off the screen
@pytest.mark.parametrize("name", [*_QUICK, *(pytest.param(name, marks=pytest.mark.large) for name in _SLOW)])
def test_nothing_is_clipped_or_cut(stage: Stage, name: str) -> None:
    SCENES[name](stage)
    assert clipped(stage.shown) == []
    assert cut_words(stage.shown) == []


def luminance(shade: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = (QColor(shade).redF(), QColor(shade).greenF(), QColor(shade).blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("tokens", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_texts_and_signs_stand_out(tokens: style.Tokens) -> None:
    grounds = (tokens.window, tokens.panel)
    inks = {name: getattr(tokens, name) for name in ("text", "dim", "faint", "accent", "ok", "warn", "bad")}
    assert {name: ground for (name, ink), ground in itertools.product(inks.items(), grounds) if contrast(ink, ground) < _TEXT} == {}
    assert contrast(tokens.text, tokens.selection) >= _TEXT
    assert [shade for shade in tokens.series if contrast(shade, tokens.panel) < _SIGN] == []
