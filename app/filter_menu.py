"""The part of a menu that makes a filter of a value: narrow by it, leave it out, and every way to join it, with the text it sets.

Read `inspector.query.combine` for how filters are joined.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.plain import set_tip
from app.selection import Selection
from inspector.query.combine import combined
from inspector.text import shortened, visible

_MOST_CHARACTERS = 100
_JOINED = (
    ("Only this", "replace", False),
    ("And this", "and", False),
    ("Or this", "or", False),
    ("And not this", "and", True),
    ("Or not this", "or", True),
)


def add_filter_choices(menu: QMenu, selection: Selection, same: str, other: str, *, words: str = "this value") -> None:
    """`same` is the filter for the value, `other` the one for everything else."""
    _add(menu, f"Filter by {words}", lambda: _join(selection, same, "and"))
    _add(menu, f"Exclude {words}", lambda: _join(selection, other, "and"))
    add_joins(menu.addMenu("As filter"), selection, same, other)


def add_joins(menu: QMenu, selection: Selection, same: str, other: str) -> None:
    """Every way to join it to the filter in force; each says, when it is pointed at, what the filter would be."""
    menu.setToolTipsVisible(True)
    said = menu.addAction(plain(same))
    said.setEnabled(False)
    menu.addSeparator()
    for words, how, is_other in _JOINED:
        text = other if is_other else same
        action = _add(menu, words, partial(_join, selection, text, how))
        set_tip(action, combined(selection.filter, text, how))
        action.setEnabled(how == "replace" or bool(selection.filter))


def plain(text: str) -> str:
    """A filter's text as a menu shows it; `&` would be a key to press."""
    return visible(shortened(text, _MOST_CHARACTERS)).replace("&", "&&").replace("\t", " ")


def _add(menu: QMenu, words: str, act: Callable[[], None]) -> QAction:
    action = menu.addAction(words)
    action.triggered.connect(lambda _checked: act())
    return action


def _join(selection: Selection, text: str, how: str) -> None:
    selection.choose_filter(combined(selection.filter, text, how))
