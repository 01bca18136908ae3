"""The event pane: everything of the current event: fields and document, headers, value, bytes; and another event to compare.

Read on a worker thread. The previous event stays until the next one is there. Read `event_tree_view`, `header_view`,
`value_view`, `hex_view` and `event_compare` for the tabs, `stream_line` for the line below them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QGraphicsOpacityEffect, QHBoxLayout, QPushButton, QStackedWidget, QTabWidget, QVBoxLayout

from app import style
from app.dialogs.explain import ExplainDialog
from app.empty import Empty
from app.event_compare import CompareView
from app.event_copy import EventCopy
from app.event_tree_view import EventTreeView
from app.header_view import HeaderView
from app.hex_view import HexView
from app.models.event_fields import event_fields
from app.models.event_rows import SERIOUS, flags_tip, sign
from app.models.event_text import FIRST_CHARACTERS, MOST_CHARACTERS, ValueText, value_text
from app.models.field import Field
from app.models.header_table import Header, parsed_headers
from app.notice import thin_bar
from app.own_rules import own_profile
from app.plain import PlainLabel, set_role, set_tip
from app.selection import Selection
from app.session import Session
from app.stream_line import StreamLine
from app.value_view import ValueView
from inspector.capture.origins import origins
from inspector.capture.pieces import Part, Sizes, sizes, whole
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.event import Flag

_DIM_MS = 200
_FAINT = 0.45
_MOST_BYTES = 2_000_000
"""A larger value is not read whole: its beginning is shown as text, its bytes page by page, and no rule is run over it."""
_TREE, _HEADERS, _VALUE, _HEX, _COMPARE = range(5)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of an event: its parts as the tabs show them."""

    event: Event
    sizes: Sizes
    fields: list[Field]
    headers: list[Header]
    value: ValueText

    @property
    def seq(self) -> int:
        """The event's number."""
        return self.event.seq


class EventPane(QFrame):
    """The current event of a selection."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Event")
        self._session, self._selection = session, selection
        self.shown: Read | None = None
        self._zone: tzinfo = UTC
        self._tab_before = -1
        self.explaining: ExplainDialog | None = None
        self.copy = EventCopy(session, self)
        self.tree = EventTreeView(session, selection, self.copy)
        self.headers, self.value = HeaderView(selection, self.copy), ValueView()
        self.hex, self.compare = HexView(session, self.copy), CompareView(session, selection, self.copy)
        self.stream_line = StreamLine(session, selection)
        self._build()
        self._late = QTimer(self, singleShot=True, interval=_DIM_MS)
        self._late.timeout.connect(lambda: self._dim(on=True))
        self.value.more_wanted.connect(lambda: self._ask(self._selection.seq, most=MOST_CHARACTERS))
        self.copy.said.connect(self._say_copy)
        self.tree.place_chosen.connect(self.hex.show_field)
        self.hex.field_chosen.connect(self.tree.show_place)
        self.why.clicked.connect(lambda _on: selection.explain(selection.seq))
        selection.explanation_wanted.connect(self.explain)
        selection.event_changed.connect(self._ask)

    def _build(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Views of the event")
        self.tabs.setUsesScrollButtons(False)
        for name, tab in (
            ("Event", self.tree),
            ("Headers", self.headers),
            ("Value", self.value),
            ("Hex", self.hex),
            ("Compare", self.compare),
        ):
            self.tabs.addTab(tab, name)
        self.tabs.tabBarClicked.connect(self._tab_chosen)
        self.state = PlainLabel(role="warn", elided=True)
        self._failure = PlainLabel(role="bad", elided=True)
        for label in (self.state, self._failure):
            label.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
            label.hide()
        self.why = QPushButton("Why?")
        set_tip(self.why, "Every decoder tried on this value, and where each had to stop")
        self.why.hide()
        said = QHBoxLayout()
        said.setContentsMargins(0, 0, 4, 0)
        said.addWidget(self.state, 1)
        said.addWidget(self.why)
        self._empty = Empty("No event is selected.", "Choose a row to see all of it.")
        whole = QFrame()
        inside = QVBoxLayout(whole)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self._busy, self._faint = thin_bar("The event is being read", 0), QGraphicsOpacityEffect(self.tabs)
        self._faint.setOpacity(_FAINT)
        self._faint.setEnabled(False)
        self.tabs.setGraphicsEffect(self._faint)
        inside.addWidget(self._busy)
        inside.addWidget(self._failure)
        inside.addLayout(said)
        inside.addWidget(self.tabs)
        inside.addWidget(self.stream_line)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(whole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._stack)

    # ---- what the window may ask for

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        if zone != self._zone:
            self._zone = zone
            self.compare.set_zone(zone)
            self._ask(self._selection.seq)

    def show_tab(self, name: str) -> None:
        """Shows the tab `Event`, `Headers`, `Value`, `Hex` or `Compare`."""
        for place in range(self.tabs.count()):
            if self.tabs.tabText(place).split(" ")[0] == name:
                self._tab_chosen(place)
                self.tabs.setCurrentIndex(place)
                self.tabs.currentWidget().setFocus()

    def go_to_next(self) -> None:
        """Makes the next event of the stream the current one."""
        self.stream_line.go_to_next()

    def go_to_previous(self) -> None:
        """Makes the previous event of the stream the current one."""
        self.stream_line.go_to_previous()

    def compare_with(self) -> None:
        """Keeps the current event as A: the next one that is chosen is compared with it."""
        self.compare.keep_current()
        self.show_tab("Compare")

    def open_find(self) -> None:
        """Into the box that finds a name or value in the event."""
        self.show_tab("Event")
        self.tree.open_find()

    def copy_line(self) -> None:
        """Copies the event as a JSON line."""
        if self._selection.seq:
            self.copy.line(self._selection.seq)

    def copy_value(self, form: str = "text") -> None:
        """Copies the value as `text`, `hex` or `base64`."""
        if self._selection.seq:
            self.copy.part(self._selection.seq, "value", form)

    def copy_key(self, form: str = "text") -> None:
        """Copies the key as `text`, `hex` or `base64`."""
        if self._selection.seq:
            self.copy.part(self._selection.seq, "key", form)

    def copy_command(self) -> None:
        """Copies the command that writes this record."""
        if self._selection.seq:
            self.copy.command_of(self._selection.seq)

    def explain(self, seq: int = 0) -> None:
        """Shows what every decoder makes of the current event's value, in a dialog that follows the selection."""
        if seq := seq or self._selection.seq:
            if self.explaining is None:
                self.explaining = ExplainDialog(self._session, self._selection, self)
                self.explaining.byte_wanted.connect(self._show_byte)
            self.explaining.ask(seq)
            self.explaining.show()
            self.explaining.activateWindow()

    def _show_byte(self, place: int) -> None:
        self.show_tab("Hex")
        self.hex.show_byte(place)

    def say_meaning(self) -> None:
        """Asks what the current row of the tree, or the current header, is: the type, the time, the stream …"""
        place = self.headers.place() if self.tabs.currentIndex() == _HEADERS else self.tree.place()
        if place:
            self._selection.say_meaning("type", place)
        else:
            self._say_copy("choose a value in the event's tree, or a header: a rule can say what it is")

    # ---- reading

    def _ask(self, seq: int, *, most: int = FIRST_CHARACTERS) -> None:
        if not seq:
            self._stack.setCurrentIndex(0)
            return
        self._late.start()
        zone = self._zone
        self._session.work.run(lambda reader: read(reader, seq, zone, most), self._show, self._fail, lane="event")

    def _show(self, found: Read | None) -> None:
        self._late.stop()
        self._dim(on=False)
        self._failure.hide()
        if found is None:
            self._fail("it is no longer in the capture: the keep limit removed it")
            return
        is_other = self.shown is None or self.shown.seq != found.seq
        self.shown = found
        self.tree.show_fields(found.fields)
        self.headers.show_headers(found.headers)
        self.value.show_value(found.value)
        if is_other:
            self.hex.show_event(found.seq, found.sizes)
        self.tabs.setTabText(_HEADERS, f"Headers {len(found.headers):,}" if found.headers else "Headers")
        self._say_state(found.event)
        self._stack.setCurrentIndex(1)

    def _dim(self, *, on: bool, is_busy: bool = True) -> None:
        """What is shown is not what is asked for: faint, with a line that moves while the answer is awaited; the focus stays."""
        self._busy.setVisible(on and is_busy)
        self._faint.setEnabled(on)

    def _say_state(self, event: Event) -> None:
        text = state_text(event)
        self.state.setVisible(bool(text))
        self.why.setVisible(bool(event.flags & Flag.undecodable))
        self.state.show_text(text)
        set_role(self.state, "bad" if event.flags & SERIOUS else "warn" if event.flags else "dim")
        if event.flags & Flag.undecodable:
            if self.tabs.currentIndex() in {_TREE, _VALUE}:
                self._tab_before = self.tabs.currentIndex()
                self.tabs.setCurrentIndex(_HEX)
        elif self._tab_before >= 0:
            self.tabs.setCurrentIndex(self._tab_before)
            self._tab_before = -1

    def _tab_chosen(self, _place: int) -> None:
        self._tab_before = -1  # the user chose: no event changes it back

    def _say_copy(self, sentence: str) -> None:
        self._failure.show_text(sentence)
        self._failure.setVisible(bool(sentence))

    def _fail(self, error: str) -> None:
        self._late.stop()
        if error == "stopped":
            return
        self._failure.show_text(f"Event #{self._selection.seq:,} could not be read: {error}")
        self._failure.show()
        self.state.hide()
        self.why.hide()
        self._dim(on=True, is_busy=False)
        self._stack.setCurrentIndex(1)


def read(reader: CaptureReader, seq: int, zone: tzinfo, most: int) -> Read | None:
    """An event for the pane, or None when it is gone. Runs on a worker thread."""
    event, found = reader.event(seq, most_bytes=_MOST_BYTES), sizes(reader, seq)
    if event is None or found is None:
        return None
    is_whole = (found.value or 0) <= _MOST_BYTES
    known = origins(reader, event, own_profile()) if is_whole else {}
    stored: dict[Part, int | None] = {"data": found.data, "metadata": found.metadata, "extra": found.extra}
    documents: dict[str, bytes] = {part: whole(reader, seq, part, size) for part, size in stored.items() if size}
    fields = event_fields(event, known, documents, zone)
    return Read(event, found, fields, parsed_headers(event.headers), value_text(reader, seq, found, most=most))


def state_text(event: Event) -> str:
    """What is special about an event, in words after its sign; empty for nothing."""
    if event.flags:
        words = " · ".join(flags_tip(event.flags, event.error).split("\n"))
        return f"{sign(event.flags)} {words}"
    if event.value_bytes is None:
        return "∅ null: there is no value"
    return "○ empty: the value has 0 bytes" if event.value_bytes == 0 else ""
