"""The tokens: readable on what they are drawn on, complete in the sheet, and the only colours of the program."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

import app
from app import style

_APP = Path(app.__file__).parent
_LOOKS = pytest.mark.parametrize("look", [style.LIGHT, style.DARK], ids=["light", "dark"])


def luminance(name: str) -> float:
    """The relative luminance of a colour, as WCAG defines it."""
    color = QColor(name)
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def linear(channel: float) -> float:
    """A channel of sRGB, 0 to 1, as light."""
    return channel / 12.92 if channel <= 0.04045 else math.pow((channel + 0.055) / 1.055, 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@_LOOKS
@pytest.mark.parametrize(("token", "least"), [("text", 13), ("dim", 6), ("faint", 4.5), ("ok", 4.5), ("warn", 4.5), ("bad", 4.5)])
def test_text_can_be_read_on_a_panel(look: style.Tokens, token: str, least: float) -> None:
    assert contrast(getattr(look, token), look.panel) >= least


@_LOOKS
def test_text_can_be_read_on_a_selected_row(look: style.Tokens) -> None:
    assert contrast(look.text, look.selection) >= 7
    assert contrast(look.dim, look.selection) >= 4


@_LOOKS
def test_series_stand_out_from_the_panel_and_from_each_other(look: style.Tokens) -> None:
    assert len(set(look.series)) == 7
    assert all(contrast(color, look.panel) >= 2.9 for color in look.series)


@_LOOKS
def test_the_sheet_has_every_token_filled_in(look: style.Tokens) -> None:
    assert "$" not in style._sheet(look)


def test_light_and_dark_have_the_same_tokens() -> None:
    assert all(getattr(style.LIGHT, field.name) != getattr(style.DARK, field.name) for field in fields(style.Tokens))


@pytest.mark.parametrize("path", sorted(path for path in _APP.rglob("*.py") if path.name != "style.py"), ids=lambda path: path.name)
def test_nothing_else_names_a_color(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"[\"']#[0-9a-fA-F]{3,8}[\"']|GlobalColor|QColor\(\s*[0-9]|rgba?\(", text)


def test_names_shown_together_have_the_same_colors_each_time_and_share_none(qapp: QApplication) -> None:
    names = ["OrderPlaced", "PaymentFailed", "StockReserved", "OrderPlaced2", "a", "b", "c"]
    found = style.series_colors(names)
    assert len({color.name() for color in found.values()}) == 7
    assert style.series_colors(reversed(names)) == found
