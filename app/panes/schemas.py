"""The schemas pane: types, the schemas and versions of their events, their texts, and what differs between two of them.

Reads the account of uses through the session, at most once a second and only while it can be seen. Read `version_view` for
the list, `models.version_rows` for what it says, `models.schema_text` for the texts.
"""

from __future__ import annotations

import time
from datetime import UTC, tzinfo

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.diff_view import DiffText
from app.empty import Empty
from app.filter_menu import add_filter_choices
from app.models.schema_text import Text, difference, text_of
from app.models.version_rows import VersionRow, is_pair, rows_of, waiting_words
from app.notice import Notice, thin_bar
from app.plain import Panel, PlainLabel, set_role, set_tip
from app.selection import Selection
from app.session import Session
from app.version_view import VersionView
from inspector.capture.reader import CaptureReader
from inspector.capture.shapes import Shapes, shapes
from inspector.capture.versions import Report, report

_REFRESH_MS = 1_000
_BUSY_MS = 200
_SHAPES_AGAIN_S = 10.0
_NOTHING = ("No event here names a schema or declares a version.", "What is captured or decoded with schemas is listed here by type.")
_OLDER = (
    "This capture was made by an older version, which did not count schemas.",
    "They are counted when it is decoded again; what was read stays as it is.",
)


class SchemasPane(Panel):
    """Versions by type to the left, a text or a difference to the right."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Schemas")
        self._session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self.report: Report | None = None
        self.text = Text("")
        self._shapes: dict[int, Shapes] = {}
        self._shapes_at_s: dict[int, float] = {}
        self._wanted_shapes: list[int] = []
        self._is_asking = self._is_stale = self._is_looking = False
        self._build()
        self._soon = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._soon.timeout.connect(self.refresh)
        self._late = QTimer(self, singleShot=True, interval=_BUSY_MS)
        self._late.timeout.connect(lambda: self._dim(on=True))
        session.watermark_changed.connect(self._changed)
        session.capture_ended.connect(self._changed)

    def _build(self) -> None:
        self.view, self.lines = VersionView(), DiffText("Schema text")
        self.title, self.about = PlainLabel(role="title", elided=True), PlainLabel(role="faint", elided=True)
        self.show_events = _button("Show events", "The events with this version, in the list (Enter or a double click)")
        self.copy_button = _button("Copy text", "The text as it was written; of two chosen rows what differs")
        self.again = _button("Decode again …", "Decodes this capture again from its stored bytes, with schemas from a folder or a registry")
        for button in (self.show_events, self.copy_button, self.again):
            self.corner.addWidget(button)
        self.waiting, self.failure = Notice("Missing schemas"), Notice("Schemas")
        self._busy = thin_bar("The schemas are being read", 0)
        self.empty = Empty("The schemas are read …", "")
        decode = self.empty.add_button("Decode again …")
        decode.clicked.connect(lambda _on: self._selection.decode_again())
        self._decode_here = decode
        decode.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._parts())
        for widget in (self._busy, self.waiting, self.failure):
            self.body.addWidget(widget)
        self.body.addWidget(self._stack, 1)
        self._connect()

    def _parts(self) -> QWidget:
        right = QWidget()
        column, head = QVBoxLayout(right), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 2)
        head.addWidget(self.title, 3)
        head.addWidget(self.about, 2)
        self.about.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(head)
        column.addWidget(self.lines, 1)
        self._halves = QSplitter(Qt.Orientation.Horizontal)
        self._halves.setHandleWidth(style.GAP_PX)
        self._halves.addWidget(self.view)
        self._halves.addWidget(right)
        self._halves.setStretchFactor(0, 3)
        self._halves.setStretchFactor(1, 2)
        self._halves.setSizes([560, 440])
        return self._halves

    def _connect(self) -> None:
        self.view.chosen.connect(self._chosen)
        self.view.opened.connect(self._want_shapes)
        self.view.events_wanted.connect(self.list_events)
        self.view.menu_wanted.connect(lambda row, at: self.menu_of(row).popup(at))
        self.view.copy_wanted.connect(self.copy_text)
        self.show_events.clicked.connect(lambda _on: self._list_chosen())
        self.copy_button.clicked.connect(lambda _on: self.copy_text())
        self.again.clicked.connect(lambda _on: self._selection.decode_again())
        self._enable([])

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        self._show_rows()

    # ---- reading

    def _changed(self, _what: object = None) -> None:
        self._is_stale = True
        if self.isVisible() and not self._soon.isActive():
            self._soon.start(_REFRESH_MS if self.report is not None else 0)

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at what changed while it was hidden."""
        super().showEvent(event)
        if self._is_stale or self.report is None:
            self._soon.start(0)

    def hideEvent(self, event: QHideEvent) -> None:
        """Costs nothing while it cannot be seen."""
        super().hideEvent(event)
        self._soon.stop()

    def refresh(self) -> None:
        """Reads what there is now."""
        if self._session.watermark is None or self._is_asking:
            self._is_stale = True
            return
        self._is_asking, self._is_stale = True, False
        self._late.start()
        self._session.work.run(report, self._show, self._fail, lane="schemas")

    def _show(self, found: Report) -> None:
        self._done()
        self.failure.hide()
        is_first, self.report = self.report is None, found
        self._say_waiting(found)
        self._show_rows()
        if is_first:
            missing = [row.key for row in self.view.tree.rows if any(one.role == "bad" for one in row.inner)]
            for key in dict.fromkeys([*[row.key for row in self.view.tree.rows[:1]], *missing]):
                self.view.open_row(key)
        for row in self.view.open_types():
            self._want_shapes(row)

    def _show_rows(self) -> None:
        if self.report is None:
            return
        self.view.show_rows(rows_of(self.report, self._shapes, self._zone))
        has_rows = bool(self.view.tree.rows)
        self.empty.show_text(*(_NOTHING if self.report.is_counted else _OLDER))
        self._decode_here.setVisible(not self.report.is_counted)
        self._stack.setCurrentIndex(1 if has_rows else 0)
        types = len(self.report.types) + self.report.left_out
        left = f", the {len(self.report.types):,} most frequent listed" if self.report.left_out else ""
        self.note.show_text(f"{types:,} type{'' if types == 1 else 's'}{left}" if has_rows else "")
        self._chosen(self.view.chosen_rows()[-2:])

    def _say_waiting(self, found: Report) -> None:
        if words := waiting_words(found):
            self.waiting.say(words, role="warn", action="Decode again …", acted=self._decode_missing)
        else:
            self.waiting.hide()

    def _decode_missing(self) -> None:
        self.waiting.show()
        self._selection.decode_again()

    def _fail(self, error: str) -> None:
        self._done()
        if error != "stopped":
            self.failure.say(f"the schemas could not be read: {error}", role="bad", action="Try again", acted=self.refresh)

    def _done(self) -> None:
        self._is_asking = False
        self._late.stop()
        self._dim(on=False)
        if self._is_stale and self.isVisible():
            self._soon.start(_REFRESH_MS)

    def _dim(self, *, on: bool) -> None:
        self._busy.setVisible(on)
        self._stack.setEnabled(not on or self.report is None)

    # ---- shapes

    def _want_shapes(self, row: VersionRow) -> None:
        """Looks at the documents of a type that declares nothing, unless that was done a moment ago."""
        one = next((one for one in self.report.types if one.id == row.type_id), None) if self.report is not None else None
        if one is None or one.undeclared is None or one.id in self._wanted_shapes:
            return
        known, at_s = self._shapes.get(one.id), self._shapes_at_s.get(one.id, 0.0)
        if known is None or (known.events != one.undeclared.events and time.monotonic() - at_s > _SHAPES_AGAIN_S):
            self._wanted_shapes.append(one.id)
            self._look_at_shapes()

    def _look_at_shapes(self) -> None:
        """One type after the other: a worker is free for everything else."""
        if self._is_looking or not self._wanted_shapes:
            return
        self._is_looking, type_id = True, self._wanted_shapes[0]

        def done(found: Shapes) -> None:
            self._shapes[type_id], self._shapes_at_s[type_id] = found, time.monotonic()
            self._next_shapes()
            self._show_rows()

        def failed(error: str) -> None:
            self._next_shapes()
            if error != "stopped":
                self._fail(error)

        self._session.work.run(lambda reader: shapes(reader, type_id), done, failed, lane="shapes")

    def _next_shapes(self) -> None:
        self._is_looking = False
        self._wanted_shapes.pop(0)
        self._look_at_shapes()

    # ---- the text

    def _chosen(self, rows: list[VersionRow]) -> None:
        self._enable(rows)
        if not rows:
            self._show_text(Text("", note="choose a version for its text, two of them for what differs"))
            return
        differ = is_pair(rows)

        def make(reader: CaptureReader) -> Text:
            return difference(reader, *rows) if differ else text_of(reader, rows[-1])

        self._session.work.run(make, self._show_text, self._fail, lane="schema text")

    def _show_text(self, text: Text) -> None:
        if text == self.text:
            return
        self.text = text
        self.title.show_text(text.title)
        self.about.show_text(text.note if text.lines else "")
        self.lines.show_lines(text.lines or text.note, is_diff=text.is_diff)
        self.copy_button.setEnabled(bool(text.written))

    def _enable(self, rows: list[VersionRow]) -> None:
        self.show_events.setEnabled(len(rows) == 1 and bool(rows[0].filter))
        set_role(self.title, "bad" if len(rows) == 1 and rows[0].role == "bad" else "title")

    def copy_text(self) -> None:
        """Copies the text that is shown, as it was written."""
        if self.text.written:
            QGuiApplication.clipboard().setText(self.text.written)

    # ---- events

    def _list_chosen(self) -> None:
        if len(rows := self.view.chosen_rows()) == 1:
            self.list_events(rows[0])

    def list_events(self, row: VersionRow) -> None:
        """Lists the events of a row."""
        if row.filter:
            self._selection.choose_filter(row.filter)

    def menu_of(self, row: VersionRow) -> QMenu:
        """What can be done with a row."""
        menu = QMenu(self)
        menu.setAccessibleName("What to do with this version")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row.filter:
            menu.addAction("Show its events", lambda: self.list_events(row))
            add_filter_choices(menu, self._selection, row.filter, row.other, words="this")
        shape = row.shape
        if shape is not None and shape.newest_seq:
            menu.addAction("Go to its newest event", lambda: self._selection.choose_event(shape.newest_seq))
        menu.addSeparator()
        copy = menu.addAction("Copy text", self.copy_text)
        copy.setEnabled(bool(self.text.written))
        menu.addAction("Copy row", lambda: QGuiApplication.clipboard().setText("\t".join(row.cells)))
        return menu


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    set_tip(button, tip)
    return button
