"""The bytes of the current event's value or key, sixteen a row, read from the capture when they come into view.

Read `models.hex_table` for the rows, `panes.event` for its use.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_copy import EventCopy
from app.event_rows_view import RowsView
from app.models.hex_table import NARROW_BYTES, PAGE_BYTES, ROW_BYTES, HexTable, ascii_text, hex_text
from app.plain import PlainLabel
from app.session import Session
from inspector.capture.pieces import Part, Sizes, piece

_INSIDE_PX = 22
"""What a cell has around its text, and a little more."""
_PLACE_BOX_PX = 130


class HexView(QWidget):
    """A table of bytes, which part it is of, and a box to go to a place."""

    def __init__(self, session: Session, copy: EventCopy) -> None:
        super().__init__()
        self._session, self._copy = session, copy
        self._seq = 0
        self._sizes = Sizes(None, None, None, None)
        self.part: Part = "value"
        self.table = HexTable(self)
        self.view = RowsView(self.table, "Bytes", [0, 0, 0])
        self.which = QPushButton("Value")
        self.which.setProperty("role", "chip")
        self.which.setAccessibleName("Value or key")
        self.size_label = PlainLabel(role="dim", elided=True)
        self.go = QLineEdit()
        self.go.setAccessibleName("Go to a byte")
        self.go.setPlaceholderText("Go to 4096 or 0x1000")
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
        self._seq, self._sizes = seq, sizes
        self.part = "value"
        self._show()

    def switch_part(self) -> None:
        """From the value to the key, or back."""
        self.part = "key" if self.part == "value" else "value"
        self._show()

    def _show(self) -> None:
        size = self._sizes.key if self.part == "key" else self._sizes.value
        self.which.setText(self.part.capitalize())
        self.size_label.show_text("" if size is None else f"{size:,} bytes")
        self.table.show_size(size or 0)
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
