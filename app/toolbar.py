"""The line of buttons at the top of the window. Says what was pressed and shows what runs; knows no session.

Read `main_window` for what is done about it.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from app import style
from app.plain import PlainLabel, set_role, set_tip


class Toolbar(QFrame):
    """Badge of what is open, Open, Connect, Stop, Stick to newest, Pause."""

    open_wanted = Signal()
    connect_wanted = Signal()
    stop_wanted = Signal()
    stick_wanted = Signal(object)
    """`(on)`"""
    pause_wanted = Signal(object)
    """`(on)`"""
    masks_wanted = Signal(object)
    """`(on)`: what the capture wants hidden is to be hidden, or shown."""
    menu_wanted = Signal()
    """Everything that can be done is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Toolbar")
        self.badge = PlainLabel()
        self.badge.setObjectName("badge")
        self.open, self.connect_ = QPushButton("Open"), QPushButton("Connect")
        self.stop = QPushButton("■ Stop capture")
        self.stop.setProperty("role", "stop")
        self.stick, self.pause = QPushButton("Stick to newest"), QPushButton("Pause")
        self.stick.setCheckable(True)
        self.pause.setCheckable(True)
        for button, words in (
            (self.open, "Open a capture, or files to import (Ctrl+O)"),
            (self.connect_, "Capture from Kafka or an event store (Ctrl+N)"),
            (self.stop, "End the capture; what was read stays"),
            (self.stick, "Keep the newest event in view (Ctrl+End)"),
            (self.pause, "Hold the list still while the capture goes on (Ctrl+P)"),
        ):
            set_tip(button, words)
        self.open.clicked.connect(self.open_wanted)
        self.connect_.clicked.connect(self.connect_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        self.stick.clicked.connect(lambda: self.stick_wanted.emit(self.stick.isChecked()))
        self.pause.clicked.connect(lambda: self.pause_wanted.emit(self.pause.isChecked()))
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(style.GAP_PX)
        for widget in (self.badge, self.open, self.connect_, self.stop, self.stick, self.pause):
            self.row.addWidget(widget)
        self.masks = QPushButton()
        self.masks.setCheckable(True)
        self.masks.clicked.connect(self._masks_clicked)
        self.row.addWidget(self.masks)
        self.row.addStretch(1)
        self._filter_place = self.row.count() - 1
        self.menu = QPushButton("⌘ Actions")
        set_tip(self.menu, "Everything that can be done, to search (Ctrl+K)")
        self.menu.clicked.connect(self.menu_wanted)
        self.row.addWidget(self.menu)
        self.show_nothing_open()

    def put_filter(self, widget: QWidget) -> None:
        """Puts the filter between the buttons, as wide as there is room."""
        self.row.insertWidget(self._filter_place, widget, 1_000)

    def show_open(self, name: str, path: str, *, is_production: bool = False, is_evidence: bool = False) -> None:
        """A capture is open; one of a production connection wears its badge, and so does evidence."""
        words = [name, *(["PRODUCTION", "read only"] if is_production else []), *(["evidence"] if is_evidence else [])]
        self.badge.show_text(" · ".join(words))
        set_role(self.badge, "production" if is_production else "")
        set_tip(self.badge, path)
        self.stick.show()
        self.pause.show()

    def show_nothing_open(self) -> None:
        """Nothing is open."""
        self.badge.show_text("No capture")
        set_role(self.badge, "")
        set_tip(self.badge, "")
        for button in (self.stop, self.stick, self.pause, self.masks):
            button.hide()
        for button in (self.stick, self.pause):
            button.setChecked(False)

    def show_masks(self, rules: int, *, on: bool) -> None:
        """So many rules hide something; 0: the capture wants nothing hidden."""
        self.masks.setVisible(rules > 0)
        self.masks.setChecked(on)
        self.masks.setText("Masked" if on else "! Unmasked")
        self.masks.setProperty("role", "" if on else "stop")
        many = f"{rules:,} {'rule hides' if rules == 1 else 'rules hide'}"
        set_tip(self.masks, f"{many} secrets and persons on the screen and in copies" if on else f"Everything is shown; {many} it again")
        self.masks.style().unpolish(self.masks)
        self.masks.style().polish(self.masks)

    def _masks_clicked(self) -> None:
        wanted = self.masks.isChecked()
        self.masks.setChecked(not wanted)  # it says what is, not what is wanted
        self.masks_wanted.emit(wanted)

    def show_capturing(self, *, on: bool) -> None:
        """A capture runs, or has ended."""
        self.stop.setVisible(on)
        self.stop.setEnabled(on)

    def show_stopping(self) -> None:
        """The capture is about to end: once is enough."""
        self.stop.setEnabled(False)
