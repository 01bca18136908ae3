"""The messages pane: what children, Qt and our own bugs said. Shown when asked for, never on its own."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.messages import Message, Messages
from app.plain import Panel, PlainText
from inspector.text import visible, visible_lines

_SIGNS = {"note": "·", "warning": "!", "error": "✕"}
_MOST_LINES = 4_000


class MessagesPane(Panel):
    """The message log as lines, the newest last."""

    def __init__(self, messages: Messages, parent: QWidget | None = None) -> None:
        super().__init__("Messages")
        if parent is not None:
            self.setParent(parent)
        self.text = PlainText("Messages")
        self.text.setMaximumBlockCount(_MOST_LINES)
        self.text.setPlaceholderText("Nothing was said yet.")
        self.body.addWidget(self.text, 1)
        for message in messages.kept:
            self._add(message)
        messages.added.connect(self._add)

    def _add(self, message: Message) -> None:
        line = f"{message.at:%H:%M:%S}  {_SIGNS.get(message.level, '·')}  {message.level:<8}{visible(message.text)[:4096]}"
        details = f"\n{visible_lines(message.details)[:16384].rstrip()}" if message.details else ""
        self.text.appendPlainText(line + details)
