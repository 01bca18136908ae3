"""The bytes of the current event's value or key, sixteen a row, read from the capture when they come into view.

Read `models.hex_table` for the rows, `panes.event` for its use.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_copy import EventCopy
from app.event_rows_view import RowsView
from app.hex_marks import HexMarks
from app.models.event_spans import span_words
from app.models.hex_table import NARROW_BYTES, PAGE_BYTES, ROW_BYTES, HexTable, ascii_text, hex_text
from app.plain import PlainLabel
from app.session import Session
from inspector.capture.explaining import ValueSpans, value_spans
from inspector.capture.pieces import Part, Sizes, piece
from inspector.decoders import Path

_INSIDE_PX = 22
"""What a cell has around its text, and a little more."""
_PLACE_BOX_PX = 96


class HexView(QWidget):
    """A table of bytes, which part it is of, and a box to go to a place. Bytes of a field are marked where the decoder knows them."""

    field_chosen = Signal(object)
    """`(path)`: a click on a byte of this field."""

    def __init__(self, session: Session, copy: EventCopy) -> None:
        super().__init__()
        self._session, self._copy = session, copy
        self._seq = 0
        self.spans = ValueSpans(0)
        """Where the fields of the current event's value lie, once that was asked."""
        self._path: Path | None = None
        self._spans_of = 0
        self._sizes = Sizes(None, None, None, None)
        self.part: Part = "value"
        self.table = HexTable(self)
        self.view = RowsView(self.table, "Bytes", [0, 0, 0])
        self.marks = HexMarks(self.table, self.view)
        self.view.setItemDelegate(self.marks)
        self.view.viewport().installEventFilter(self)
        self.which = QPushButton("Value")
        self.which.setProperty("role", "chip")
        self.which.setAccessibleName("Value or key")
        self.size_label = PlainLabel(role="dim", elided=True)
        self.go = QLineEdit()
        self.go.setAccessibleName("Go to a byte")
        self.go.setPlaceholderText("Go to byte")
        self.go.setToolTip("A number such as 4096 or 0x1000")
        self.go.setFixedWidth(_PLACE_BOX_PX)
        self._empty = Empty("There are no bytes.", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        self._lay_out()
        self.which.clicked.connect(self.switch_part)
        self.go.returnPressed.connect(self._go_to_typed)
        self.table.page_wanted.connect(self._fetch)
        self.view.copy_wanted.connect(self.copy_row)
        self.view.menu_wanted.connect(self._menu)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(style.INSIDE_PX, 4, style.INSIDE_PX, 4)
        line.setSpacing(8)
        for widget in (self.which, self.size_label, self.go):
            line.addWidget(widget, 1 if widget is self.size_label else 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Half as many bytes in a row where sixteen have no room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        letter = QFontMetrics(style.fixed_font()).horizontalAdvance("0")
        for count in (ROW_BYTES, NARROW_BYTES):
            widths = [8 * letter + _INSIDE_PX, (3 * count + 1) * letter + _INSIDE_PX, count * letter + _INSIDE_PX]
            if sum(widths) <= self.width() - 12:
                break
        top = self.view.row() * self.table.per_row
        self.table.set_per_row(count)
        self.view.fit_columns([*widths[:2], 0])
        if top > 0:
            self.go_to_byte(top)

    def show_event(self, seq: int, sizes: Sizes) -> None:
        """Shows the bytes of an event's value."""
        self._seq, self._sizes, self._path = seq, sizes, None
        self.part = "value"
        self._show()
        self._ask_spans()

    def showEvent(self, event: QShowEvent) -> None:
        """Asks where the fields are, which nobody needed before."""
        super().showEvent(event)
        self._ask_spans()

    def _ask_spans(self) -> None:
        """Once for each event, and only while the bytes can be seen."""
        seq = self._seq
        if not seq or self._spans_of == seq or not self.isVisible():
            return
        self._spans_of = seq
        self._session.work.run(lambda reader: value_spans(reader, seq), self._take_spans, self._no_spans, lane="spans")

    def _take_spans(self, found: ValueSpans) -> None:
        if found.seq == self._seq:
            self.spans = found
            self._mark(goes_there=True)

    def _no_spans(self, error: str) -> None:
        self._spans_of = 0
        if error != "stopped":
            self.size_label.show_text(f"Its fields could not be found in the bytes: {error}")

    # ---- the bytes of a field

    def show_field(self, path: Path | None) -> None:
        """Marks the bytes of a field of the value's document; None: of none."""
        if path != self._path:
            self._path = path
            self._mark(goes_there=True)

    def _mark(self, *, goes_there: bool) -> None:
        is_known = self.part == "value" and self.spans.seq == self._seq
        span = self.spans.of(self._path) if is_known and self._path else None
        self.marks.mark(*(span[1:] if span is not None else (0, 0)))
        size = self._sizes.key if self.part == "key" else self._sizes.value
        words = "" if size is None else f"{size:,} bytes"
        if span is not None:
            words = span_words(span, self.table.size)
        elif is_known and self.spans.note:
            words = f"{words} · {self.spans.note}"
        self.size_label.show_text(words)
        if span is not None and goes_there and span.start < self.table.size:
            self._show_rows_of(span.start, span.end)

    def _show_rows_of(self, start: int, end: int) -> None:
        """As much of some bytes as there is room for, their beginning surely."""
        last = min(max(end - 1, start), self.table.size - 1) // self.table.per_row
        self.view.scrollTo(self.table.index(last, 0))
        self.go_to_byte(start)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on a byte chooses its field."""
        is_click = isinstance(event, QMouseEvent) and event.type() is QEvent.Type.MouseButtonRelease
        if watched is self.view.viewport() and is_click and isinstance(event, QMouseEvent) and event.button() is Qt.MouseButton.LeftButton:
            self.choose_byte(self.marks.byte_at(event.position().toPoint()))
        return False

    def choose_byte(self, place: int) -> None:
        """Chooses the innermost field that holds a byte, where one is known."""
        if self.part != "value" or self.spans.seq != self._seq or place < 0:
            return
        span = self.spans.at(place)
        if span is not None and span.path:
            self._path = span.path
            self._mark(goes_there=False)
            self.field_chosen.emit(span.path)

    def switch_part(self) -> None:
        """From the value to the key, or back."""
        self.part = "key" if self.part == "value" else "value"
        self._show()

    def _show(self) -> None:
        size = self._sizes.key if self.part == "key" else self._sizes.value
        self.which.setText(self.part.capitalize())
        self.table.show_size(size or 0)
        self._mark(goes_there=False)
        self._stack.setCurrentIndex(0 if size else 1)
        said = f"The {self.part} is null, or was not stored." if size is None else f"The {self.part} is empty: 0 bytes."
        self._empty.show_text(said, "The other one may have bytes: press the button above.")

    def _fetch(self, life: int, start: int) -> None:
        seq, part = self._seq, self.part
        self._session.work.run(
            lambda reader: piece(reader, seq, part, start, PAGE_BYTES),
            lambda found: self.table.take_page(life, start, found),
            self._failed,
            lane=f"bytes {start}",
        )

    def _failed(self, error: str) -> None:
        if error != "stopped":
            self.size_label.show_text(f"The bytes could not be read: {error}")

    def go_to_byte(self, place: int) -> None:
        """Goes to the row of a byte; to the last one when there are not so many."""
        row = min(max(place, 0), max(self.table.size - 1, 0)) // self.table.per_row
        self.view.setCurrentIndex(self.table.index(row, 0))
        self.view.scrollTo(self.table.index(row, 0))

    def show_byte(self, place: int) -> None:
        """Goes to a byte of the value and marks it alone; the end of the value when it is there."""
        if self.part != "value":
            self.switch_part()
        self._path = None
        self.go_to_byte(place)
        self.marks.mark(place, place + 1)
        self.size_label.show_text(f"byte {place:,} of {self.table.size:,}")

    def _go_to_typed(self) -> None:
        text = self.go.text().strip().replace(",", "")
        try:
            self.go_to_byte(int(text, 16 if text.lower().startswith("0x") else 10))
        except ValueError:
            self.size_label.show_text("a place is a number such as 4096 or 0x1000")

    # ---- copying

    def copy_row(self) -> None:
        """Copies the current row as it is shown."""
        row = self.view.row()
        if row >= 0 and (part := self.table.row_bytes(row)) is not None:
            self._copy.text(f"{row * self.table.per_row:08x}  {hex_text(part):<{3 * self.table.per_row}}  {ascii_text(part)}")

    def copy_all(self, form: str) -> None:
        """Copies all bytes as `text`, `hex` or `base64`."""
        self._copy.part(self._seq, self.part, form)

    def _menu(self, index: QModelIndex, at: QPoint) -> None:
        self.view.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAccessibleName("What to do with these bytes")
        menu.addAction("Copy row", self.copy_row)
        for words, form in (("Copy all as hex", "hex"), ("Copy all as base64", "base64"), ("Copy all as text", "text")):
            menu.addAction(words).triggered.connect(lambda _checked, form=form: self.copy_all(form))
        menu.popup(at)
