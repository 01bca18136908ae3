"""The findings pane: what checks found in the capture, with what each rests on; runs the checks and leads to their events.

Knows the session and the selection. Read `checking` for the runs, `models.finding_table` for the rows, `inspector.checks` for
what is looked for.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShowEvent, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.checking import Checking
from app.empty import Empty
from app.filter_menu import add_joins
from app.finding_view import FindingView
from app.models import finding_words as words
from app.models.finding_table import FindingTable
from app.notice import Notice, thin_bar
from app.plain import Panel, PlainText, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.findings import Kept

_SOON_MS = 60
_NEVER = "No checks were run on this capture yet."
_NEVER_HINT = "They look for gaps, duplicates, times that go back and more; the capture is only read."


class FindingsPane(Panel):
    """Findings to the left, all about the current one to the right."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Findings")
        self._session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self._error = ""
        self.checking = Checking(session, self)
        self._build()
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.show_state)
        self.checking.changed.connect(self._changed)
        session.watermark_changed.connect(self._grown)
        self.show_state()

    def _build(self) -> None:
        self.run_button = _button("Run checks", "Looks for gaps, duplicates and other faults in all of the capture")
        self.stop_button = _button("■ Stop", "Ends the checks; what they found until then is kept")
        self.stop_button.setProperty("role", "stop")
        self.events_button = _button("Show its events", "The events that the finding names, in the list")
        self.copy_button = _button("Copy", "The finding with where it is, what it assumes and when it could be legal")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Filter findings")
        self.search.setAccessibleName("Filter findings by severity, check or words")
        self.search.setClearButtonEnabled(True)
        for widget in (self.stop_button, self.run_button):
            self.corner.addWidget(widget)
        self.failure, self.busy = Notice("Checks"), thin_bar("How many checks were run", 0)
        self.body.addWidget(self.busy)
        self.body.addWidget(self.failure)
        self.empty = Empty(_NEVER, _NEVER_HINT)
        self._go = self.empty.add_button("Run checks", is_main=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._parts())
        self.body.addWidget(self._stack, 1)
        self._connect()

    def _parts(self) -> QWidget:
        self.table = FindingTable(self)
        self.view = FindingView(self.table)
        self.details = PlainText("About this finding")
        self.details.setFont(self.font())
        self.details.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._halves = QSplitter(Qt.Orientation.Horizontal)
        self._halves.setHandleWidth(style.GAP_PX)
        self._halves.addWidget(_column([self.search], self.view))
        self._halves.addWidget(_column([self.events_button, self.copy_button], self.details))
        self._halves.setStretchFactor(0, 3)
        self._halves.setStretchFactor(1, 2)
        self._halves.setSizes([600, 400])
        return self._halves

    def _connect(self) -> None:
        for button in (self.run_button, self._go):
            button.clicked.connect(lambda _on: self.checking.run())
        self.stop_button.clicked.connect(lambda _on: self.checking.stop())
        self.events_button.clicked.connect(lambda _on: self.list_events())
        self.copy_button.clicked.connect(lambda _on: self.copy())
        self.search.textChanged.connect(self._narrow)
        self.search.returnPressed.connect(self.view.setFocus)
        self.view.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_details())
        self.view.activated.connect(lambda _index: self.go_to_event())
        self.view.copy_wanted.connect(self.copy)
        self.view.menu_wanted.connect(lambda _index, at: self.menu().popup(at))

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        self.show_state()

    def leave(self) -> None:
        """Ends what runs."""
        self.checking.leave()

    # ---- what happens

    def _grown(self, _mark: object) -> None:
        if self.isVisible():
            self.checking.look_once()
            self._changed()

    def _changed(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at what there is; while it was hidden it cost nothing."""
        super().showEvent(event)
        self.checking.look_once()
        self.show_state()

    # ---- showing

    def show_state(self) -> None:
        """Shows how it stands: nothing run yet, running, found, nothing found, stopped, or why not."""
        checking, found = self.checking, self.checking.found
        is_running = checking.is_running
        self.run_button.setEnabled(checking.is_possible)
        self._go.setEnabled(checking.is_possible)
        self.run_button.setVisible(not is_running)
        self.stop_button.setVisible(is_running)
        self.stop_button.setEnabled(not checking.was_stopped)
        self.busy.setVisible(is_running)
        self.busy.setRange(0, checking.of)
        self.busy.setValue(max(checking.number - 1, 0))
        current = self.current()
        self.table.show_findings(found.findings if found is not None else [])
        self._keep_current(current)
        self._say_error()
        self._say_note()
        self._say_empty()
        self._stack.setCurrentIndex(1 if self.table.all else 0)
        self._show_details()

    def _say_error(self) -> None:
        error, before, self._error = self.checking.error, self._error, self.checking.error
        if error and error != before:
            self.failure.say(f"the checks came to no end: {error}", role="bad", action="Run again", acted=self.checking.run)
        elif not error:
            self.failure.hide()

    def _say_note(self) -> None:
        found, listed, whole = self.checking.found, len(self.table.rows), len(self.table.all)
        if self.checking.is_running:
            self.note.show_text(self._running_words())
        elif whole and listed < whole:
            self.note.show_text(f"{listed:,} of {whole:,} listed")
        elif found is not None and whole:
            self.note.show_text(words.summary(found, self._zone, self._events()))
        else:
            self.note.show_text("")

    def _running_words(self) -> str:
        checking = self.checking
        if checking.was_stopped:
            return "stopping …"
        so_far = f" · {checking.so_far:,} found so far" if checking.so_far else ""
        return f"{checking.doing} … ({checking.number} of {checking.of}){so_far}" if checking.doing else "the checks begin …"

    def _say_empty(self) -> None:
        found = self.checking.found
        self._go.setVisible(not self.checking.is_running)
        if self.checking.is_running:
            self.empty.show_text(self._running_words(), "The capture is only read; what is found is kept beside it.")
        elif self._session.is_capturing:
            self.empty.show_text(_NEVER, "They can be run when the capture has stopped.")
        elif found is None:
            self.empty.show_text("What was found before is read …" if not self.checking.error else _NEVER, "")
        elif found.rules and not found.findings:
            self._say_nothing_found()
        else:
            self.empty.show_text(_NEVER, _NEVER_HINT)
            self._go.setText("Run checks")

    def _say_nothing_found(self) -> None:
        found = self.checking.found
        assert found is not None
        stale = words.stale_words(found, self._events())
        sentence, hint = words.nothing_words(found, self._zone)
        self.empty.show_text(sentence, " · ".join(stale) if stale else hint)
        self._go.setText("Run checks again")

    def _events(self) -> int:
        return self._session.watermark.events if self._session.watermark is not None else 0

    def _narrow(self, text: str) -> None:
        current = self.current()
        self.table.narrow(text)
        self._keep_current(current)
        self._say_note()
        self._show_details()

    def _keep_current(self, one: Kept | None) -> None:
        row = self.table.row_of(one) if one is not None else -1
        if self.table.rows and self.view.currentIndex().row() != max(row, 0):
            self.view.setCurrentIndex(self.table.index(max(row, 0), 0))

    def _show_details(self) -> None:
        one = self.current()
        nothing = "No finding holds these words." if self.table.all else ""
        text = words.details(one, self._zone) if one is not None else nothing
        if text != self.details.toPlainText():
            self.details.show_text(text)
        self.events_button.setText(words.events_words(one) if one is not None and one.events else "Show its events")
        self.events_button.setEnabled(one is not None and bool(self._filter_of(one)))
        self.copy_button.setEnabled(one is not None)

    # ---- what can be done

    def current(self) -> Kept | None:
        """The chosen finding."""
        return self.table.at(self.view.currentIndex())

    def take_focus(self) -> None:
        """Gives the keyboard to the list."""
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_to_event(self) -> None:
        """Makes the finding's first event current, of those that are here."""
        one, mark = self.current(), self._session.watermark
        if one is None or mark is None:
            return
        here = next((seq for seq in one.events if mark.first_seq <= seq <= mark.last_seq), 0)
        if here:
            self._selection.choose_event(here)
        else:
            self.note.show_text("this finding names no event that is here: it is about what is not")

    def list_events(self) -> None:
        """Lists the events that the finding names, else those at its positions."""
        one = self.current()
        if one is not None and (text := self._filter_of(one)):
            self._selection.choose_filter(text)

    @staticmethod
    def _filter_of(one: Kept) -> str:
        return words.own_filter(one) or words.place_filter(one)

    def copy(self) -> None:
        """Copies the finding as lines of text."""
        if (one := self.current()) is not None:
            QGuiApplication.clipboard().setText(words.copied(one))

    def copy_command(self) -> None:
        """Copies the command that finds it again."""
        if (one := self.current()) is not None:
            QGuiApplication.clipboard().setText(words.command(one, self._session.path))

    def menu(self) -> QMenu:
        """What can be done with the current finding."""
        one, menu = self.current(), QMenu(self)
        menu.setAccessibleName("What to do with this finding")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if one is None:
            return menu
        _add(menu, "Go to its first event\tEnter", self.go_to_event, on=bool(one.events))
        own, place = words.own_filter(one), words.place_filter(one)
        _add(menu, words.events_words(one) if own else "Show its events", self.list_events, on=bool(own))
        _add(menu, "Show the events at its positions", lambda: self._selection.choose_filter(place), on=bool(place))
        if own or place:
            add_joins(menu.addMenu("As filter"), self._selection, own or place, f"!({own or place})")
        menu.addSeparator()
        _add(menu, f"Copy\t{QKeySequence(QKeySequence.StandardKey.Copy).toString()}", self.copy)
        _add(menu, "Copy the command", self.copy_command)
        return menu


def _add(menu: QMenu, text: str, act: object, *, on: bool = True) -> QAction:
    action = menu.addAction(text)
    action.setEnabled(on)
    action.triggered.connect(act)
    return action


def _column(head: list[QWidget], main: QWidget) -> QWidget:
    """One half: a line of small things above what it is about."""
    half, line = QWidget(), QHBoxLayout()
    line.setContentsMargins(4, 2, 4, 2)
    for widget in head:
        line.addWidget(widget)
    if not isinstance(head[0], QLineEdit):
        line.addStretch(1)
    column = QVBoxLayout(half)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addLayout(line)
    column.addWidget(main, 1)
    return half


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    set_tip(button, tip)
    return button
