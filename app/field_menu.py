"""The part of a menu that says what a value is: the stream id, the type, the time and so on. Asks; writes no rule.

Read `meaning` for what follows.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from app.selection import Selection

MEANINGS = {
    "stream": "the stream id",
    "type": "the type",
    "version": "the version",
    "id": "the event id",
    "time": "the time",
    "actor": "the actor",
    "correlation_id": "the correlation id",
    "causation_id": "the causation id",
    "schema_version": "the schema version",
}
"""Field → its name in a sentence."""


def add_meanings(menu: QMenu, selection: Selection, place: str) -> None:
    """`place` is where the value stands, as a rule writes it."""
    inside = menu.addMenu("This field is")
    for field, words in MEANINGS.items():
        inside.addAction(words).triggered.connect(partial(_say, selection, field, place))


def _say(selection: Selection, field: str, place: str, _checked: bool = False) -> None:
    selection.say_meaning(field, place)
