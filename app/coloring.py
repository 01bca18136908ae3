"""The colour rules in force: those of the profile, in their order, and before them the temporary ones of this session.

Shows nothing. Read `models.color_rules` for what a rule is, `dialogs.colors` for how they are made, `profiles` for who keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.models.color_rules import MOST_RULES, ColorRule, ready
from app.profiles import Profiles


class Coloring(QObject):
    """`changed` gives the rules ready to be asked."""

    changed = Signal(object)
    """`(tuple[Painted, ...])`"""

    def __init__(self, profiles: Profiles, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._profiles = profiles
        self._temporary: dict[int, str] = {}
        profiles.switched.connect(self.tell)

    @property
    def rules(self) -> tuple[ColorRule, ...]:
        """Those that are kept."""
        return self._profiles.current.colors

    @property
    def has_temporary(self) -> bool:
        """Whether something is coloured for this session only."""
        return bool(self._temporary)

    def tell(self, _profile: object = None) -> None:
        """Says what is in force."""
        temporary = [ColorRule(text, color) for color, text in self._temporary.items()]
        self.changed.emit(ready([*temporary, *self.rules]))

    def keep(self, rules: Sequence[ColorRule]) -> None:
        """Puts rules in place of those that were kept."""
        self._profiles.change(colors=tuple(rules[:MOST_RULES]))
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
