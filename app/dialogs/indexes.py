"""The indexed fields of the open capture: how large each index is and where it is kept; index another field, drop one.

Read `app.indexing` for who does it.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from app import style
from app.indexing import IndexBar, can_be_indexed, index_words
from app.models.captures import size_text
from app.plain import PlainLabel, set_role, set_tip
from app.session import Session
from inspector.capture.fields import FieldIndex
from inspector.capture.indexing import indexes

_HELP = "Filters on an indexed field are looked up; all others look at every event."
_WRONG = "a place in data or metadata, such as data.orderId, or id, correlation_id, causation_id, actor, schema_version"


class IndexesDialog(QDialog):
    """Not modal. `text` is the place that a new index begins with."""

    def __init__(self, session: Session, bar: IndexBar, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Indexed fields")
        self.resize(720, 360)
        self._session, self._bar = session, bar
        self._found: list[FieldIndex] = []
        self.list = QListWidget()
        self.list.setAccessibleName("Indexed fields")
        self.list.setFont(style.fixed_font())
        self.place, self.note = QLineEdit(text), PlainLabel(_HELP, role="dim", elided=True)
        self.place.setAccessibleName("Field to index")
        self.place.setPlaceholderText("A field, as in a filter, such as  data.orderId")
        self.place.setFont(style.fixed_font())
        self.index_button = _button("Index", "Looks at every event once, and keeps what this field is (Enter)")
        self.again_button = _button("Index again", "The capture has changed since this index was made")
        self.drop_button = _button("Drop the index", "Filters on the field look at every event again; no event is changed")
        self._lay_out()
        self._connect()
        self._show([])
        self._explain()
        self.refresh()

    def _lay_out(self) -> None:
        new, foot, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        new.addWidget(self.place, 1)
        new.addWidget(self.index_button)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.again_button)
        foot.addWidget(self.drop_button)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(new)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self.place.textChanged.connect(self._explain)
        self.place.returnPressed.connect(self.index)
        self.index_button.clicked.connect(self.index)
        self.again_button.clicked.connect(lambda: self._with_current(self._bar.index))
        self.drop_button.clicked.connect(lambda: self._with_current(self._bar.drop))
        self.list.currentRowChanged.connect(lambda _row: self._enable())
        self._bar.changed.connect(self.refresh)
        self._session.ending.connect(self.close)

    def refresh(self) -> None:
        """Asks again what is indexed."""

        def found(listed: list[FieldIndex]) -> None:
            if isValid(self):
                self._show(listed)

        def failed(error: str) -> None:
            if isValid(self) and error != "stopped":
                self.note.show_text(f"✕ {error}")

        self._session.work.run(indexes, found, failed, lane="indexes")

    def index(self) -> None:
        """Indexes the field that was written."""
        if self._explain() and self.place.text().strip():
            self._bar.index(self.place.text())
            self.place.clear()

    def _with_current(self, act: object) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._found) and callable(act):
            act(self._found[row].place)

    def _explain(self) -> bool:
        text = self.place.text().strip()
        is_right = not text or can_be_indexed(text)
        self.note.show_text(_HELP if is_right else f"✕ not yet {_WRONG}")
        set_role(self.note, "dim" if is_right else "warn")
        self.index_button.setEnabled(bool(text) and is_right)
        return is_right

    def _show(self, found: list[FieldIndex]) -> None:
        self._found = found
        self.list.clear()
        for index in found:
            where = "beside the capture" if index.is_beside else "in the capture"
            state = "" if index.is_current else " · ! not used: the capture has changed since"
            self.list.addItem(QListWidgetItem(f"{index_words(index.place)}   {size_text(index.size_bytes)}, {where}{state}"))
        if not found:
            nothing = QListWidgetItem("No field is indexed.")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        else:
            self.list.setCurrentRow(0)
        self._enable()

    def _enable(self) -> None:
        row = self.list.currentRow()
        current = self._found[row] if 0 <= row < len(self._found) else None
        self.drop_button.setEnabled(current is not None)
        self.again_button.setVisible(current is not None and not current.is_current)


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    set_tip(button, tip)
    return button
