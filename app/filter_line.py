"""A line in which a filter is typed: completed from what was seen in the capture, said in words, shown as right or wrong.

Reads nothing itself: who owns it says what is known. Read `filter_help` for what drops down, `inspector.query.completion` for
what is offered, `filter_bar` for the one in the toolbar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from app import style
from app.filter_help import FilterHelp
from app.plain import announce, set_role
from inspector.errors import QueryError
from inspector.query import Filter, compile_filter
from inspector.query.completion import Known, Suggestion, complete
from inspector.query.names import CAPTURED

_LONGEST_CHECKED = 2_000
"""A longer filter is checked when it is asked for, not at every key."""
_LONGEST = 20_000


class FilterLine(QLineEdit):
    """A filter as it is typed. `empty` says what is offered while nothing is; with `keeps_escape` Esc is always this line's own."""

    entered = Signal(object)
    """`(nothing)`: the focus came."""
    asked = Signal(object)
    """`(nothing)`: Enter."""
    given_up = Signal(object)
    """`(nothing)`: Esc, while no suggestions are shown."""

    def __init__(self, *, empty: Callable[[], Sequence[Suggestion]] = list, keeps_escape: bool = False) -> None:
        super().__init__()
        self.known = Known()
        self.help: FilterHelp | None = None
        self._empty, self._keeps_escape, self._start = empty, keeps_escape, 0
        self.setAccessibleName("Filter")
        self.setFont(style.fixed_font())
        self.setMaxLength(_LONGEST)
        self.textEdited.connect(lambda _text: self._edited())

    def learn(self, seen: Known) -> None:
        """What was seen in the capture is offered from now on."""
        self.known = seen
        if self.help is not None and self.help.isVisible():
            self.offer()

    def show_filter(self, text: str) -> None:
        """Shows another filter."""
        self.setText(text)
        self.setCursorPosition(0)
        self.check()

    # ---- what stands in it

    def compiled(self) -> Filter | QueryError | None:
        """The filter that stands in it, or what is wrong with it; None for none."""
        text = self.text().strip()
        try:
            return compile_filter(text, CAPTURED) if text else None
        except QueryError as error:
            return error

    def check(self) -> None:
        """Says whether what stands there is a filter, or the beginning of one: by colour here and by words below."""
        text = self.text().strip()
        found = self.compiled() if len(text) <= _LONGEST_CHECKED else None
        role, words = "", ""
        if isinstance(found, QueryError):
            is_begun = self.hasFocus() and found.column >= len(text)
            role, words = ("", f"… {found.expected}") if is_begun else ("bad", found.sentence)
        elif found is not None:
            role, words = "ok", found.words
        set_role(self, role)
        self.setAccessibleDescription(words)
        if self.help is not None:
            self.help.say({"bad": "✕ ", "ok": "✓ "}.get(role, "") + words, role or "dim")

    def say_wrong(self, error: QueryError) -> None:
        """Says what is wrong, with the cursor where it is."""
        self.offer()
        set_role(self, "bad")
        self._popup().say(f"✕ {error.sentence}", "bad")
        self.setCursorPosition(min(error.column + len(self.text()) - len(self.text().lstrip()), len(self.text())))
        announce(self, error.sentence, at_once=True)

    # ---- what is offered

    def offer(self) -> None:
        """Shows what may stand at the cursor."""
        popup, text = self._popup(), self.text()
        if text.strip():
            found = complete(text, self.cursorPosition(), self.known)
            self._start = found.start
            popup.offer(found.found)
        else:
            self._start = 0
            popup.offer(self._empty())
        self.check()
        popup.show_below(self)

    def hide_help(self) -> None:
        """Shows no suggestions."""
        if self.help is not None:
            self.help.hide()

    def _edited(self) -> None:
        self.check()
        self.offer()

    def _insert(self, suggestion: Suggestion) -> None:
        text, cursor = self.text(), self.cursorPosition()
        self.setText(text[: self._start] + suggestion.insert + text[cursor:])
        self.setCursorPosition(self._start + len(suggestion.insert))
        self._edited()

    def _popup(self) -> FilterHelp:
        if self.help is None:
            self.help = FilterHelp(self.window())
            self.help.chosen.connect(self._insert)
        return self.help

    # ---- keys and focus

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Says so."""
        super().focusInEvent(event)
        self.entered.emit("")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The suggestions go; a menu of its own is not elsewhere."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.hide_help()

    def event(self, event: QEvent) -> bool:
        """Enter, Esc, Tab, Up and Down."""
        if isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if event.type() is QEvent.Type.ShortcutOverride and key is Qt.Key.Key_Escape and (self._keeps_escape or self._is_helping()):
                event.accept()  # else it would be taken for the window's own
                return True
            if event.type() is QEvent.Type.KeyPress and self._pressed(key):
                event.accept()
                return True
        return super().event(event)

    def _is_helping(self) -> bool:
        return self.help is not None and self.help.isVisible()

    def _pressed(self, key: Qt.Key) -> bool:
        popup = self.help if self._is_helping() else None
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if popup is not None and popup.marked is not None:
                self._insert(popup.marked)
            else:
                self.asked.emit("")
        elif key is Qt.Key.Key_Escape:
            if popup is not None and (popup.table.isVisible() or not self._keeps_escape):
                self.hide_help()
            elif self._keeps_escape:
                self.given_up.emit("")
            else:
                return False
        elif key is Qt.Key.Key_Tab and popup is not None and popup.best is not None:
            self._insert(popup.best)
        elif key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            if popup is None:
                self.offer()
            self._popup().move_mark(1 if key is Qt.Key.Key_Down else -1)
        else:
            return False
        return True
