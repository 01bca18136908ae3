"""Text on screen that is never anything but text: labels, tooltips and panes which cannot be made to render markup.

The only module that makes labels of text not written here. What may come from a log goes through `inspector.text` too.
"""

from __future__ import annotations

import html
from collections import deque

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAction,
    QFontMetrics,
    QHideEvent,
    QResizeEvent,
    QShowEvent,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from app import style
from inspector.text import shortened, visible

SLICE_CHARACTERS = 32 * 1024
"""A text pane takes so much in one turn of the event loop: laying out one line of these takes about 5 ms."""
TIP_CHARACTERS = 4_000


class PlainLabel(QLabel):
    """A label of one line of plain text, cut with … where there is no room; the whole text is its tooltip then."""

    def __init__(self, text: str = "", *, role: str = "", elided: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self._text = ""
        self._elided = elided
        if elided:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Shows `text`, whoever wrote it."""
        shown = visible(text)
        if shown != self._text or not shown:
            self._text = shown
            self.setAccessibleName(shortened(shown, TIP_CHARACTERS))
            self._fit()

    def whole_text(self) -> str:
        """What is shown, uncut."""
        return self._text

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cuts again for the new width."""
        super().resizeEvent(event)
        if self._elided:
            self._fit()

    def _fit(self) -> None:
        cut = self._text
        if self._elided:
            cut = QFontMetrics(self.font()).elidedText(
                shortened(self._text), Qt.TextElideMode.ElideRight, max(self.contentsRect().width(), 8)
            )
        self.setText(cut)
        set_tip(self, self._text if cut != self._text else "")


def set_role(widget: QWidget, role: str) -> None:
    """Changes what a widget says it is, and so its colour."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def tip(text: str) -> str:
    """`text`, at most its first 4,000 characters, as a tooltip that shows just these."""
    return f"<p style='white-space:pre-wrap'>{html.escape(visible(shortened(text, TIP_CHARACTERS)))}</p>" if text else ""


def set_tip(shown: QWidget | QAction, text: str) -> None:
    """Gives a widget or an action a tooltip of plain text."""
    shown.setToolTip(tip(text))


def announce(widget: QWidget, sentence: str, *, at_once: bool = False) -> None:
    """Has a screen reader say what happened on its own; `at_once` breaks off what it is saying."""
    event = QAccessibleAnnouncementEvent(widget, shortened(visible(sentence)))
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if at_once else politeness.Polite)
    QAccessible.updateAccessibility(event)


class PlainText(QPlainTextEdit):
    """Read-only lines in the fixed font, broken anywhere, so that no unbroken megabyte can stall the window."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFont(style.fixed_font())
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(style.INSIDE_PX)
        self.setAccessibleName(name)
        self.has_parted_lines = False
        """Whether a line is so long that it is shown as several."""
        self._rest: deque[str] = deque()
        self._pump = QTimer(self, interval=0)
        self._pump.timeout.connect(self._add_slice)

    def show_text(self, text: str) -> None:
        """Shows `text`: its beginning now, the rest in slices while this can be seen."""
        slices, self.has_parted_lines = line_slices(text, SLICE_CHARACTERS)
        self._rest = deque(slices[1:])
        self.setPlainText(slices[0])
        self._go_on()

    def showEvent(self, event: QShowEvent) -> None:
        """Goes on where it was hidden."""
        super().showEvent(event)
        self._go_on()

    def hideEvent(self, event: QHideEvent) -> None:
        """Takes no time while it cannot be seen."""
        super().hideEvent(event)
        self._pump.stop()

    def _go_on(self) -> None:
        if self._rest and self.isVisible():
            self._pump.start()
        else:
            self._pump.stop()

    def _add_slice(self) -> None:
        end = QTextCursor(self.document())
        end.movePosition(QTextCursor.MoveOperation.End)
        end.insertBlock()
        end.insertText(self._rest.popleft())
        self._go_on()


def line_slices(text: str, most: int) -> tuple[list[str], bool]:
    """`text` in slices of whole lines, at least one, each at most `most` characters; and whether a longer line was parted."""
    slices: list[str] = []
    start, has_parted = 0, False
    while len(text) - start > most:
        end = text.rfind("\n", start, start + most + 1)
        has_parted |= end < 0
        slices.append(text[start : end if end >= 0 else start + most])
        start = end + 1 if end >= 0 else start + most
    return [*slices, text[start:]], has_parted


class Panel(QFrame):
    """A panel: a rounded frame with a title line and room for one content. `corner` takes widgets at the title's right."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(1, 1, 1, 1)
        self.body.setSpacing(0)
        self.note = PlainLabel(role="dim", elided=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._title, self._head = PlainLabel(title, role="title"), QWidget()
        self.corner = QHBoxLayout(self._head)
        self.corner.setContentsMargins(style.INSIDE_PX, 4, 4, 4)
        self.corner.addWidget(self._title)
        self.corner.addWidget(self.note, 1)
        self.body.addWidget(self._head)

    def give_head(self) -> QWidget:
        """The title line without the title, for whoever frames this panel and says its title in a tab."""
        self.setObjectName("")
        self._title.hide()
        self.body.removeWidget(self._head)
        return self._head
