"""Lines of text of which those of a unified diff have the colours of what they say; the signs stay. Plain text, read only."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app import style
from app.plain import PlainText

_ROLES = (("@@", "accent"), ("+", "ok"), ("-", "bad"))


class _Signs(QSyntaxHighlighter):
    """Colours lines by their first sign, while that means something."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.is_on = False

    def highlightBlock(self, text: str) -> None:
        """One line."""
        role = next((role for sign, role in _ROLES if text.startswith(sign)), "") if self.is_on else ""
        if role:
            look = QTextCharFormat()
            look.setForeground(style.color(role))
            if role != "accent":
                look.setBackground(style.wash(role))
            self.setFormat(0, len(text), look)


class DiffText(PlainText):
    """Text, or what differs between two."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._signs = _Signs(self.document())

    def show_lines(self, text: str, *, is_diff: bool) -> None:
        """Shows lines of text that anyone may have written."""
        self._signs.is_on = is_diff
        self.show_text(text)

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_signs"):
            self._signs.rehighlight()
