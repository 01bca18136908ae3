"""The list of unsaved captures: what each is, how old and how large; open, save, delete. Read `app.library` for the work."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app import style
from app.library import Library
from app.models.captures import CapturesModel, size_text
from app.plain import PlainLabel, set_role, set_tip
from inspector.capture.unsaved import RUNNING, Unsaved


class CapturesDialog(QDialog):
    """Not modal. Says what is wanted; whoever shows it opens and saves."""

    open_wanted = Signal(object)
    """`(path)`"""
    save_wanted = Signal(object)
    """`(path)`"""

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._doomed: Unsaved | None = None
        self.setWindowTitle("Unsaved captures")
        self.resize(980, 440)
        self.model = CapturesModel(lambda: time.time_ns() // 1000, self)
        self.view = _view(self.model)
        self.empty = PlainLabel(
            "No unsaved captures. What is captured without a name is kept here until it is saved or too old.", role="dim"
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text = PlainLabel("Looking …", role="dim", elided=True)
        self.open_button = _button("Open", "Open the capture (Enter)", self._open, role="main")
        self.save_button = _button("Save as …", "Save a copy with its notes (Ctrl+S)", self._save, role="plain")
        self.delete_button = _button("Delete …", "Delete the capture (Del)", self._ask, role="plain")
        self.confirm_button = _button("Delete for good", "There is no way back", self._delete, role="stop")
        self.keep_button = _button("Keep it", "Delete nothing (Esc)", self._keep)
        self.days = self._days_box()
        self._lay_out()
        self._connect()
        self._keep()
        self.empty.hide()

    def refresh(self) -> None:
        """Looks at the folder again."""
        self._library.refresh()

    def look(self) -> None:
        """Shows the folder as it is now, in front."""
        self.refresh()
        self.show()
        self.raise_()

    def chosen(self) -> Unsaved | None:
        """The capture of the current row."""
        row = self.view.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    # ---- building

    def _days_box(self) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, 3_650)
        box.setSpecialValueText("never")
        box.setSuffix(" days")
        box.setMinimumHeight(style.ROW_PX + 2)
        box.setValue(self._library.keep_days)
        for named in (box, *box.findChildren(QLineEdit)):
            named.setAccessibleName("Days after which unsaved captures are deleted")
        box.valueChanged.connect(self._library.set_keep_days)
        return box

    def _lay_out(self) -> None:
        panel = QFrame()
        panel.setObjectName("panel")
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.view, 1)
        inside.addWidget(self.empty, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.GAP_PX)
        buttons.addWidget(self.text, 1)
        for button in (self.delete_button, self.save_button, self.open_button, self.keep_button, self.confirm_button):
            buttons.addWidget(button)
        foot = QHBoxLayout()
        foot.addWidget(PlainLabel("Deleted when not written to for", role="dim"))
        foot.addWidget(self.days)
        foot.addWidget(PlainLabel("never while in use, never one that was saved. Holds from the next start on.", role="faint"), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(panel, 1)
        layout.addLayout(buttons)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self._library.unsaved_changed.connect(self._show)
        self._library.failed.connect(self._failed)
        self.view.selectionModel().currentChanged.connect(lambda *_: self._keep())
        self.view.activated.connect(lambda _: self._open())
        for keys, action in (("Del", self._ask), ("Ctrl+S", self._save), ("F5", self.refresh)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)

    # ---- what happens

    def _show(self, rows: list[Unsaved]) -> None:
        current = self.chosen()
        self.model.show_rows(rows)
        self.view.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        place = next((n for n, row in enumerate(rows) if current is not None and row.path == current.path), 0)
        if rows:
            self.view.setCurrentIndex(self.model.index(place, 0))
        self._keep()

    def _failed(self, sentence: str) -> None:
        self._say(f"✕ {sentence}", role="bad")

    def _open(self) -> None:
        if (row := self.chosen()) is not None:
            self.open_wanted.emit(row.path)
            self.accept()

    def _save(self) -> None:
        if (row := self.chosen()) is not None:
            self.save_wanted.emit(row.path)

    def _ask(self) -> None:
        row = self.chosen()
        if row is None:
            return
        if row.state == RUNNING or row.is_open:
            self._say(f"{row.path.stem} is in use; it can be deleted when it is closed.", role="warn")
            return
        self._doomed = row
        self._say(f"Delete {row.path.stem}, {row.events:,} events, {size_text(row.size_bytes)}?", role="warn")
        self._ask_buttons(asking=True)
        self.keep_button.setFocus()

    def _delete(self) -> None:
        if self._doomed is not None:
            self._library.delete(self._doomed.path)
        self._keep()
        self.view.setFocus()

    def _keep(self) -> None:
        self._doomed = None
        self._ask_buttons(asking=False)
        rows = self.model.rows
        words = f"{len(rows):,} unsaved, {size_text(sum(row.size_bytes for row in rows))} in all" if rows else ""
        self._say(words, role="dim")
        for button in (self.open_button, self.save_button, self.delete_button):
            button.setEnabled(self.chosen() is not None)

    def reject(self) -> None:
        """Esc first takes back the question, then closes."""
        if self._doomed is not None:
            self._keep()
            self.view.setFocus()
            return
        super().reject()

    def _say(self, text: str, *, role: str) -> None:
        self.text.show_text(text)
        set_role(self.text, role)

    def _ask_buttons(self, *, asking: bool) -> None:
        for button in (self.open_button, self.save_button, self.delete_button):
            button.setVisible(not asking)
        for button in (self.confirm_button, self.keep_button):
            button.setVisible(asking)


def _view(model: CapturesModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName("Unsaved captures")
    view.setShowGrid(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(style.ROW_PX)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    for column, width in enumerate((300, 220, 100, 84, 84, 150)):
        view.setColumnWidth(column, width)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return view


def _button(text: str, words: str, clicked: object, *, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", role)
    button.setAutoDefault(False)
    set_tip(button, words)
    button.clicked.connect(clicked)
    return button
