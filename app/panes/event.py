"""The event pane: everything of the current event, as text: fields and document, headers, value, bytes.

Read on a worker thread. The previous event stays until the next one is there. Read `models.event_text` for the texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

from PySide6.QtCore import QEvent, QRegularExpression, QTimer
from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QFrame, QPushButton, QStackedWidget, QTabWidget, QVBoxLayout

from app import style
from app.event_tree_view import EventTreeView
from app.models.event_fields import event_fields
from app.models.event_text import FIRST_CHARACTERS, MOST_CHARACTERS, ShownEvent, shown_event
from app.models.event_tree import Field
from app.panes.empty import Empty
from app.plain import SLICE_CHARACTERS, PlainLabel, PlainText
from app.selection import Selection
from app.session import Session
from inspector.capture.origins import origins
from inspector.capture.reader import CaptureReader

_DIM_MS = 200
_MOST_COLORED = 32 * 1024


class _Colors(QSyntaxHighlighter):
    """Colours the names and values of short texts; a long one stays plain, which keeps it quick."""

    _RULES = (
        (QRegularExpression(r"^(log|offset|number|id|type|schema ver\.|stream|category|version|time|recorded|captured) +"), "faint"),
        (QRegularExpression(r"^(correlation|causation|actor|key|value|decoder|flags|data|metadata|extra)( +|$)"), "faint"),
        (QRegularExpression(r"^error +"), "bad"),
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
        if not self.is_on or len(text) > 2_000:
            return
        for rule, token in self._RULES:
            matches = rule.globalMatch(text)
            while matches.hasNext():
                match = matches.next()
                shape = QTextCharFormat()
                shape.setForeground(style.color(token))
                self.setFormat(match.capturedStart(), match.capturedLength(), shape)


@dataclass(frozen=True, slots=True)
class _Read:
    """An event as texts and as the rows of its tree."""

    shown: ShownEvent
    fields: list[Field]


class EventPane(QFrame):
    """The current event of a selection."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Event")
        self._session, self._selection = session, selection
        self.shown: ShownEvent | None = None
        self._zone: tzinfo = UTC
        self._build()
        self._late = QTimer(self, singleShot=True, interval=_DIM_MS)
        self._late.timeout.connect(lambda: self.tabs.setEnabled(False))
        selection.event_changed.connect(self._ask)

    def _build(self) -> None:
        self.fields, self.headers = PlainText("Event fields"), PlainText("Headers")
        self.value, self.hex = PlainText("Value as text"), PlainText("Value as bytes")
        self._colors = _Colors(self.fields.document())
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tree = EventTreeView(self._selection)
        texts = (("Text", self.fields), ("Headers", self.headers), ("Value", self.value), ("Hex", self.hex))
        self.tabs.addTab(self.tree, "Event")
        for name, text in texts:
            self.tabs.addTab(text, name)
        self.more = QPushButton("Show all")
        self.more.clicked.connect(lambda: self._ask(self._selection.seq, most=MOST_CHARACTERS))
        self.more.hide()
        self.parted = PlainLabel(f"A line of over {SLICE_CHARACTERS:,} characters is shown as several.", role="faint", elided=True)
        self.parted.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        self.parted.hide()
        self._failure = PlainLabel(role="bad", elided=True)
        self._failure.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        self._failure.hide()
        self._empty = Empty("No event is selected.", "Choose a row to see all of it.")
        whole = QFrame()
        inside = QVBoxLayout(whole)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        for widget in (self._failure, self.tabs, self.parted, self.more):
            inside.addWidget(widget)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(whole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._stack)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        if zone != self._zone:
            self._zone = zone
            self._ask(self._selection.seq)

    def _ask(self, seq: int, *, most: int = FIRST_CHARACTERS) -> None:
        if not seq:
            self._stack.setCurrentIndex(0)
            return
        self._late.start()

        zone = self._zone

        def read(reader: CaptureReader) -> _Read | None:
            event = reader.event(seq)
            if event is None:
                return None
            return _Read(shown_event(event, most=most), event_fields(event, origins(reader, event), zone))

        self._session.work.run(read, self._show, self._fail, lane="event")

    def _show(self, found: _Read | None) -> None:
        self._late.stop()
        self.tabs.setEnabled(True)
        self._failure.hide()
        if found is None:
            self._fail("this event is no longer in the capture: the keep limit removed it")
            return
        shown = self.shown = found.shown
        self.tree.show_fields(found.fields)
        self._colors.is_on = len(shown.fields) <= _MOST_COLORED
        texts = ((self.fields, shown.fields), (self.headers, shown.headers), (self.value, shown.value), (self.hex, shown.hex))
        for widget, text in texts:
            widget.show_text(text)
        self.parted.setVisible(any(widget.has_parted_lines for widget, _ in texts))
        self.tabs.setTabText(2, f"Headers {shown.header_count}" if shown.header_count else "Headers")
        self.more.setVisible(shown.is_cut)
        self._stack.setCurrentIndex(1)

    def _fail(self, error: str) -> None:
        self._late.stop()
        if error == "stopped":
            return
        self._failure.show_text(f"The event could not be read: {error}")
        self._failure.show()
        self._stack.setCurrentIndex(1)

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_colors"):
            self._colors.rehighlight()
        super().changeEvent(event)
