"""The colour rules in force: those that are kept, in their order, and before them the temporary ones of this session.

Shows nothing. Read `models.color_rules` for what a rule is, `dialogs.colors` for how they are made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, QSettings, Signal

from app.models.color_rules import COLORS, MOST_RULES, ColorRule, ready

_KEY = "colors/rules"
_MOST_CHARACTERS = 4_000


class Coloring(QObject):
    """`changed` gives the rules ready to be asked."""

    changed = Signal(object)
    """`(tuple[Painted, ...])`"""

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.rules: tuple[ColorRule, ...] = _read(str(settings.value(_KEY, "") or ""))
        self._temporary: dict[int, str] = {}

    @property
    def has_temporary(self) -> bool:
        """Whether something is coloured for this session only."""
        return bool(self._temporary)

    def tell(self) -> None:
        """Says what is in force."""
        temporary = [ColorRule(text, color) for color, text in self._temporary.items()]
        self.changed.emit(ready([*temporary, *self.rules]))

    def keep(self, rules: Sequence[ColorRule]) -> None:
        """Puts rules in place of those that were kept."""
        self.rules = tuple(rules[:MOST_RULES])
        made = [{"filter": rule.filter, "color": rule.color, "on": rule.is_on} for rule in self.rules]
        self._settings.setValue(_KEY, json.dumps(made))
        self.tell()

    def paint(self, color: int, text: str) -> None:
        """Gives what fulfils a filter a colour, as long as this window shows this capture; in place of what had it."""
        self._temporary.pop(color, None)
        self._temporary = {color: text, **self._temporary}
        self.tell()

    def unpaint(self) -> None:
        """Takes the temporary colours away."""
        self._temporary.clear()
        self.tell()


def _read(text: str) -> tuple[ColorRule, ...]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return ()
    rules = []
    for each in found if isinstance(found, list) else ():
        filter_text, color = (each.get("filter"), each.get("color")) if isinstance(each, dict) else (None, None)
        if isinstance(filter_text, str) and len(filter_text) <= _MOST_CHARACTERS and isinstance(color, int) and 1 <= color <= COLORS:
            rules.append(ColorRule(filter_text, color, bool(each.get("on", True))))
    return tuple(rules[:MOST_RULES])
