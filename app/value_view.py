"""The current event's value as text: its document indented, or the value just as it was read; its beginning first.

Read `models.event_text` for the texts, `panes.event` for its use.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRegularExpression, Signal
from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app import style
from app.models.event_text import ValueText
from app.plain import SLICE_CHARACTERS, PlainLabel, PlainText

_MOST_COLORED = 32 * 1024
_MOST_LINE = 2_000


class _Colors(QSyntaxHighlighter):
    """Colours the names and values of short texts; a long one stays plain, which keeps it quick."""

    _RULES = (
        (QRegularExpression(r'^ *"(?:[^"\\]|\\.)*"(?=: )'), "dim"),
        (QRegularExpression(r'(?<=": )"(?:[^"\\]|\\.)*"(?=,?$)'), "ok"),
        (QRegularExpression(r'^ *"(?:[^"\\]|\\.)*"(?=,?$)'), "ok"),
        (QRegularExpression(r"^ +(-?[0-9][0-9.eE+-]*|true|false|null)(?=,?$)"), "accent"),
        (QRegularExpression(r"(?<=: )(-?[0-9][0-9.eE+-]*|true|false|null)(?=,?$)"), "accent"),
    )

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.is_on = True

    def highlightBlock(self, text: str) -> None:
        """Colours one line."""
        if not self.is_on or len(text) > _MOST_LINE:
            return
        for rule, token in self._RULES:
            matches = rule.globalMatch(text)
            while matches.hasNext():
                match = matches.next()
                shape = QTextCharFormat()
                shape.setForeground(style.color(token))
                self.setFormat(match.capturedStart(), match.capturedLength(), shape)


class ValueView(QWidget):
    """One text at a time, and a button for the other."""

    more_wanted = Signal()
    """The whole value is to be shown, up to the most that is."""

    def __init__(self) -> None:
        super().__init__()
        self.text = PlainText("Value as text")
        self._colors = _Colors(self.text.document())
        self._shown = ValueText("")
        self.as_read = QPushButton("As read")
        self.as_read.setProperty("role", "chip")
        self.as_read.setCheckable(True)
        self.as_read.setAccessibleName("Show the value as it was read")
        self.more = QPushButton("Show all")
        self.more.setProperty("role", "plain")
        self.parted = PlainLabel(f"A line of over {SLICE_CHARACTERS:,} characters is shown as several.", role="faint", elided=True)
        line = QHBoxLayout()
        line.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        line.addWidget(self.as_read)
        line.addWidget(self.parted, 1)
        line.addStretch(0)
        line.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.text, 1)
        self.setFocusProxy(self.text)
        self.as_read.toggled.connect(lambda _on: self._show())
        self.more.clicked.connect(self.more_wanted)

    def show_value(self, value: ValueText) -> None:
        """Shows another value; which of its texts stays chosen."""
        self._shown = value
        self.more.setVisible(value.is_cut)
        self._show()

    def _show(self) -> None:
        value = self._shown
        text = value.raw if self.as_read.isChecked() or not value.document else value.document
        self.as_read.setVisible(bool(value.document))
        self._colors.is_on = len(text) <= _MOST_COLORED and text is value.document
        self.text.show_text(text)
        self.parted.setVisible(self.text.has_parted_lines)

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_colors"):
            self._colors.rehighlight()
        super().changeEvent(event)
