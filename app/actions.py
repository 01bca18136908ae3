"""What can be done in the window, in one table: shortcuts, the palette and the help sheet are made from it.

Knows no pane. Read `window_actions` for the table, `dialogs.palette` and `dialogs.help` for where it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `is_local` means that a pane itself takes the keys while it has the focus."""

    group: str
    words: str
    run: Callable[[], object]
    keys: str = ""
    is_local: bool = False
    is_possible: Callable[[], bool] = _always

    def keys_text(self) -> str:
        """The keys as people write them; empty for none."""
        return QKeySequence(self.keys).toString(QKeySequence.SequenceFormat.NativeText) if self.keys else ""


def install(actions: Iterable[Action], window: QWidget) -> list[QShortcut]:
    """Makes the shortcuts of a window; an action that is not possible does nothing."""
    made = []
    for action in actions:
        if action.keys and not action.is_local:
            shortcut = QShortcut(QKeySequence(action.keys), window)
            shortcut.activated.connect(lambda action=action: action.run() if action.is_possible() else None)
            made.append(shortcut)
    return made


def found(actions: Sequence[Action], text: str) -> list[Action]:
    """The possible actions whose words have the letters of `text` in order, the closest first."""
    wanted = text.lower().replace(" ", "")
    ranked = [
        (rank, place, action) for place, action in enumerate(actions) if (rank := _rank(action, wanted)) >= 0 and action.is_possible()
    ]
    return [action for _, _, action in sorted(ranked, key=lambda item: item[:2])]


def _rank(action: Action, wanted: str) -> int:
    """How far apart the letters are; −1 when they are not all there in order."""
    words = f"{action.words} {action.group}".lower()
    if not wanted:
        return 0
    if (place := words.replace(" ", "").find(wanted)) >= 0:
        return place
    at = start = -1
    for letter in wanted:
        at = words.find(letter, at + 1)
        if at < 0:
            return -1
        start = at if start < 0 else start
    return 100 + at - start
