"""The drift pane: a read model against the events that should have made it; each difference leads to its events.

Knows the session and the selection. Read `drifting` for the comparison, `drift_question` for what is asked, `models.drift_table` for
the rows.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.aside import Aside
from app.drift_question import DriftQuestion
from app.drifting import Drifting, DriftWish, Found
from app.empty import Empty
from app.event_rows_view import RowsView
from app.filter_menu import add_joins
from app.models import drift_words as words
from app.models.drift_table import DriftRow, DriftTable
from app.notice import Notice, thin_bar
from app.plain import Panel, PlainLabel, set_tip
from app.selection import Selection
from app.session import Session
from app.vault import Vault

_VERDICT_PX, _WINDOW_PX, _FIELD_PX, _EVENTS_PX = 92, 160, 92, 84


class DriftPane(Panel):
    """What is asked above, what differs below. The outcome is the session's: see `Drifting`."""

    def __init__(self, session: Session, selection: Selection, settings: QSettings) -> None:
        super().__init__("Drift")
        self._session, self._selection, self._settings = session, selection, settings
        self._zone: tzinfo = UTC
        self._shown: Found | None = None
        self._aside: Aside | None = None
        self._error = ""
        self.drifting = Drifting.of_session(session)
        self.drifting.check_masks()
        self._build()
        self._connect()
        self._fill()
        self.show_state()

    # ---- building

    def _build(self) -> None:
        self.compare_button, self.stop_button = QPushButton("Compare"), QPushButton("■ Stop")
        self.stop_button.setProperty("role", "stop")
        self.export_button, self.events_button = QPushButton("Export …"), QPushButton("Show its events")
        set_tip(self.compare_button, "Computes the projection from the events up to where the model stands, and compares row by row")
        set_tip(self.stop_button, "Ends the comparison; nothing was written anywhere")
        set_tip(self.export_button, "Writes the differences to a CSV file, a row for each field that differs")
        set_tip(self.events_button, "Lists the events that should have made this row of the model")
        for button in (self.stop_button, self.compare_button):
            self.corner.addWidget(button)
        self.question = DriftQuestion()
        self.failure, self.busy = Notice("Comparison"), thin_bar("How far the comparison is", 0)
        self.counts, self.remark = PlainLabel(), PlainLabel(role="dim", elided=True)
        self.empty = Empty(words.EMPTY, words.EMPTY_HINT, elided=True)
        self.table = DriftTable(self)
        self.view = RowsView(self.table, "Differences", [_VERDICT_PX, _FIELD_PX, 0, 0, _EVENTS_PX])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._found_side())
        for widget in (self.busy, self.question, self.failure):
            self.body.addWidget(widget)
        self.body.addWidget(self._stack, 1)

    def _found_side(self) -> QWidget:
        side, head = QWidget(), QHBoxLayout()
        head.setSpacing(style.INSIDE_PX)
        for widget, stretch in ((self.counts, 1), (self.events_button, 0), (self.export_button, 0)):
            head.addWidget(widget, stretch)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.remark)
        column.addWidget(self.view, 1)
        head.setContentsMargins(style.INSIDE_PX, 0, 4, 0)
        self.remark.setContentsMargins(style.INSIDE_PX, 0, style.INSIDE_PX, 2)
        return side

    def _connect(self) -> None:
        self.compare_button.clicked.connect(lambda _on: self.compare())
        self.stop_button.clicked.connect(lambda _on: self.drifting.stop())
        self.export_button.clicked.connect(lambda _on: self.export())
        self.events_button.clicked.connect(lambda _on: self.list_events())
        self.question.wanted.connect(self.compare)
        self.question.changed.connect(self._say_buttons)
        self.view.selectionModel().currentRowChanged.connect(lambda _now, _before: self._say_buttons())
        self.view.clicked.connect(lambda _index: self.go_to_event())
        self.view.activated.connect(lambda _index: self.list_events())
        self.view.copy_wanted.connect(self.copy)
        self.view.menu_wanted.connect(lambda _index, at: self.menu().popup(at))
        self.drifting.changed.connect(self.show_state)

    def _fill(self) -> None:
        """What was asked in this session, else what was asked last."""
        wish, secrets = self.drifting.wish, self.drifting.secrets
        if wish == DriftWish():
            kept = (str(self._settings.value(f"drift/{name}", "")) for name in ("spec", "model"))
            wish = DriftWish(*kept)
        self.question.fill(wish, secrets)

    def showEvent(self, event: QShowEvent) -> None:
        """Asks whether passwords can be kept, once."""
        super().showEvent(event)
        if self._aside is None:
            Vault(self._beside()).ask_usable(lambda is_usable: self.question.offer_keyring(is_usable=is_usable))

    def _beside(self) -> Aside:
        if self._aside is None:
            self._aside = Aside("drift pane")
            self.destroyed.connect(self._aside.close)
        return self._aside

    def set_zone(self, zone: tzinfo) -> None:
        """Shows and reads times in this zone."""
        self._zone = zone
        self.table.set_zone(zone)

    def leave(self) -> None:
        """Ends what is the pane's own; the comparison is the session's."""
        self.drifting.changed.disconnect(self.show_state)
        if self._aside is not None:
            self._aside.close()

    # ---- comparing

    def compare(self) -> None:
        """Compares what is written, or says what is missing."""
        if self._session.watermark is None:
            return
        try:
            wish = self.question.wish(self._zone)
        except ValueError as error:
            self.failure.say(str(error), role="bad")
            return
        self._settings.setValue("drift/spec", wish.spec)
        self._settings.setValue("drift/model", wish.model)
        self.failure.hide()
        self.drifting.compare(wish, self.question.secrets(), keep=self.question.keep.isEnabled() and self.question.keep.isChecked())

    # ---- showing

    def show_state(self) -> None:
        """Shows how it stands: nothing asked yet, comparing, what differs, nothing differs, stopped, or why not."""
        drifting, found = self.drifting, self.drifting.found
        self.busy.setVisible(drifting.is_busy)
        self.busy.setRange(0, 100 if drifting.of else 0)
        self.busy.setValue(100 * drifting.done // drifting.of if drifting.of else 0)
        if found is not self._shown:
            self._show_found(found)
        self._say_error()
        if drifting.is_busy:
            self.note.show_text(words.doing(drifting.doing, drifting.done, drifting.of))
        else:
            self.note.show_text("")
        self._say_empty()
        self._stack.setCurrentIndex(1 if found is not None and self.table.rows else 0)
        self._say_buttons()

    def _show_found(self, found: Found | None) -> None:
        self._shown = found
        self.table.show_differences(found.columns if found else [], found.differences if found else [])
        keys = [_WINDOW_PX if name == "window" else 0 for name in (found.columns[1 : 1 + self.table.labels] if found else [])]
        self.view.fit_columns([_VERDICT_PX, *keys, _FIELD_PX, 0, 0, _EVENTS_PX])
        self.counts.show_text(words.counts(found.scope) if found else "")
        self.remark.show_text(words.remark(found.scope) if found else "")
        if self.table.rows:
            self.view.setCurrentIndex(self.table.index(0, 0))
        if found is not None and not found.scope.get("complete", True):
            self.failure.say(words.incomplete(found.scope), role="warn")

    def _say_error(self) -> None:
        drifting = self.drifting
        said = drifting.error or drifting.note
        if said and said != self._error:
            self.failure.say(said, role="bad" if drifting.error else "warn", action="Compare again", acted=self.compare)
        self._error = said

    def _say_empty(self) -> None:
        drifting, found = self.drifting, self.drifting.found
        if drifting.is_busy and found is None:
            self.empty.show_text(f"{drifting.doing} …", "The model and the capture are only read.")
        elif found is not None:
            self.empty.show_text(*words.nothing_differs(found.scope))
        elif drifting.was_forgotten:
            self.empty.show_text("What is hidden has changed since: compare again.", "What was found before is not shown any more.")
        elif drifting.was_stopped:
            self.empty.show_text("The comparison was stopped.", "Compare begins it anew.")
        elif drifting.error:
            self.empty.show_text("Nothing was compared.", "See above for the reason.")
        else:
            self.empty.show_text(words.EMPTY, words.EMPTY_HINT)

    def _say_buttons(self) -> None:
        is_busy, one = self.drifting.is_busy, self.current()
        self.compare_button.setVisible(not is_busy)
        self.compare_button.setEnabled(self.question.is_whole)
        self.stop_button.setVisible(is_busy)
        self.events_button.setText(words.events(one) if one is not None else "Show its events")
        self.events_button.setEnabled(one is not None and bool(one.seqs))

    # ---- what can be done

    def current(self) -> DriftRow | None:
        """The chosen row."""
        return self.table.at(self.view.currentIndex())

    def take_focus(self) -> None:
        """Gives the keyboard to what is asked, or to what was found."""
        (self.view if self.table.rows else self.question.spec).setFocus()

    def go_to_event(self) -> None:
        """Makes the last event that should have made the row current, if it is here."""
        one, mark = self.current(), self._session.watermark
        if one is None or mark is None:
            return
        here = next((seq for seq in reversed(one.seqs) if mark.first_seq <= seq <= mark.last_seq), 0)
        if here:
            self._selection.choose_event(here)

    def list_events(self) -> None:
        """Lists the events that should have made the row."""
        if (one := self.current()) is not None and (text := one.filter()):
            self._selection.choose_filter(text)

    def copy(self) -> None:
        """Copies the row as CSV, with the names of its columns."""
        if self._shown is not None and (one := self.current()) is not None:
            QGuiApplication.clipboard().setText(words.as_csv(self._shown.columns, [one.difference], field=one.field))

    def copy_all(self) -> None:
        """Copies every difference as CSV."""
        if self._shown is not None:
            QGuiApplication.clipboard().setText(words.as_csv(self._shown.columns, self._shown.differences))

    def copy_command(self) -> None:
        """Copies the command that compares the same; secrets stay out of it."""
        if self.drifting.wish.spec:
            QGuiApplication.clipboard().setText(self.drifting.command)

    def export(self) -> None:
        """Asks for a file and writes every difference into it as CSV."""
        found = self._shown
        if found is None:
            return
        name = f"{Path(found.wish.spec).stem}-drift.csv"
        chosen, _ = QFileDialog.getSaveFileName(self, "Export differences", name, "CSV, safe for spreadsheets (*.csv)")
        if not chosen:
            return
        out, text = Path(chosen) if Path(chosen).suffix else Path(chosen + ".csv"), words.as_csv(found.columns, found.differences)
        self._beside().run(lambda: words.written(out, text), self._exported)

    def _exported(self, outcome: tuple[str, str]) -> None:
        role, sentence = outcome
        self.failure.say(sentence, role=role)

    def menu(self) -> QMenu:
        """What can be done with the current row."""
        one, menu = self.current(), QMenu(self)
        menu.setAccessibleName("What to do with this difference")
        if one is None:
            return menu
        if text := one.filter():
            menu.addAction(f"{words.events(one)}\tEnter", self.list_events)
            add_joins(menu.addMenu("As filter"), self._selection, text, f"!({text})")
            menu.addSeparator()
        menu.addAction(f"Copy\t{QKeySequence(QKeySequence.StandardKey.Copy).toString()}", self.copy)
        menu.addAction("Copy all as CSV", self.copy_all)
        menu.addAction("Copy the command", self.copy_command)
        menu.addAction("Export …", self.export)
        return menu
