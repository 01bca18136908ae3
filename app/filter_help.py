"""What drops down below the filter: what may stand at the cursor, and the filter in words or what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app import style
from app.plain import PlainLabel, set_role
from inspector.query.completion import Suggestion
from inspector.text import shortened, visible

_ROWS = 10
_WIDEST_PX = 760
_MOST_CHARACTERS = 200


class FilterHelp(QFrame):
    """A part of the window that lies over the panes; never takes the focus."""

    chosen = Signal(object)
    """`(suggestion)`: a click on one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popup")
        self.setAccessibleName("Help for the filter")
        self._window = parent
        self._found: Sequence[Suggestion] = ()
        self.words = PlainLabel(elided=True)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("What may stand here")
        self.table.horizontalHeader().hide()
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(style.ROW_PX)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.cellClicked.connect(lambda row, _column: self.chosen.emit(self._found[row]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(2)
        layout.addWidget(self.words)
        layout.addWidget(self.table)
        self.hide()

    def say(self, words: str, role: str) -> None:
        """The filter in words (`ok`), what is wrong with it (`bad`), or a remark (`dim`)."""
        set_role(self.words, role)
        self.words.show_text(words)
        self.words.setVisible(bool(words))

    def offer(self, found: Sequence[Suggestion]) -> None:
        """Lists suggestions, none of them marked."""
        self._found = found
        self.table.setRowCount(len(found))
        for row, suggestion in enumerate(found):
            for column, text in enumerate((suggestion.shown, suggestion.detail.replace("`", ""))):
                item = QTableWidgetItem(visible(shortened(text, _MOST_CHARACTERS)))
                item.setForeground(style.color("dim" if column else "text"))
                if not column:
                    item.setFont(style.fixed_font())
                self.table.setItem(row, column, item)
        self.table.setCurrentCell(-1, -1)
        self.table.clearSelection()
        self.table.setVisible(bool(found))

    @property
    def marked(self) -> Suggestion | None:
        """The marked suggestion; None for none."""
        row = self.table.currentRow()
        return self._found[row] if 0 <= row < len(self._found) else None

    @property
    def best(self) -> Suggestion | None:
        """The marked suggestion, else the first."""
        return self.marked or (self._found[0] if self._found else None)

    def move_mark(self, step: int) -> None:
        """Marks the next or previous one, round the end."""
        if self._found:
            row = self.table.currentRow()
            self.table.selectRow((row + step) % len(self._found) if row >= 0 else (0 if step > 0 else len(self._found) - 1))

    def show_below(self, box: QWidget) -> None:
        """Shows it below the box, over whatever is there; not at all when it has nothing to say."""
        if not self._found and not self.words.whole_text():
            self.hide()
            return
        place = self._window.mapFromGlobal(box.mapToGlobal(QPoint(0, box.height() + 2)))
        rows = min(len(self._found), _ROWS)
        self.table.setFixedHeight(rows * style.ROW_PX)
        self.setGeometry(place.x(), place.y(), min(box.width(), _WIDEST_PX), self.sizeHint().height())
        self.show()
        self.raise_()
