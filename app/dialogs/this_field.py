"""Asks what a field is, shows on 20 events what that would do, and writes it as a rule of identity. Decodes nothing.

Read `app.models.this_field` for what is asked of the capture, `app.meaning` for what follows.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import available_timezones

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import Choice, Form, choice
from app.event_rows_view import RowsView
from app.field_menu import MEANINGS
from app.models.rehearsal_table import WHY_NOT, RehearsalTable
from app.models.this_field import Answer, Wanted, answer, before_text
from app.notice import thin_bar
from app.plain import PlainLabel, announce, set_role, set_tip
from app.session import Session
from inspector.identify import editing
from inspector.settings import identity_path
from inspector.text import shortened, visible

NO_RULE = "nowhere of its own: the built-in rules find it"
_UNITS = {
    "seconds, ms, µs or ns: told by its size": "guess",
    "seconds": "s",
    "milliseconds": "ms",
    "microseconds": "us",
    "nanoseconds": "ns",
    "no unit: a number is no time": "",
}
_NO_ZONE = "not said: such a text is no time"
_CATEGORIES = {"as it is found now (the log's name, unless a rule says otherwise)": "", "what stands before the first -": "-"}
_EVENT_PX = 96
_MOST_CHARACTERS = 80


class ThisFieldDialog(QDialog):
    """About one place of one event of a session. `field` is what it is said to be, to begin with; times are shown in `zone`."""

    written = Signal(object)
    """`(stops_capture)`: the rule is in the file; the capture is to be decoded, and before that a running capture stopped or not."""
    copy_wanted = Signal()
    """The capture is evidence: a copy of it is wanted."""

    def __init__(self, session: Session, seq: int, field: str, place: str, zone: tzinfo, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What this field is")
        self._session, self._seq, self._place, self._zone = session, seq, place, zone
        self._file = identity_path()
        self.answer: Answer | None = None
        self._is_asking = False
        self._is_taken_up: str | None = None
        self.meaning, self.found_at, self.logs = choice([*MEANINGS.values()]), Choice(), Choice()
        self.unit, self.zone, self.category = choice([*_UNITS]), Choice(), choice([*_CATEGORIES])
        self.table = RehearsalTable(self)
        self.view = RowsView(self.table, "What the rule would do on some events", [_EVENT_PX, 0, 0, 0, 0])
        self.counts, self.note = PlainLabel(role="title", elided=True), PlainLabel(elided=True)
        self.line, self.kept_in = PlainLabel(elided=True), PlainLabel(role="faint", elided=True)
        self.line.setFont(style.fixed_font())
        self.busy = thin_bar("The rule is being tried", 0)
        self.write, self.stop_and_write = QPushButton("Write the rule and decode again"), QPushButton("Stop the capture, write and decode")
        self.copy, self.save_copy, self.cancel = QPushButton("Copy the command"), QPushButton("Save a copy …"), QPushButton("Cancel")
        self._fill(field)
        self._lay_out()
        self._connect()
        self._fit()
        self._ask()

    def _fill(self, field: str) -> None:
        self.meaning.setCurrentText(MEANINGS.get(field, ""))
        self.found_at.addItem(visible(shortened(self._place, _MOST_CHARACTERS)), self._place)
        self.found_at.addItem(NO_RULE, "")
        self.found_at.setFont(style.fixed_font())
        self.zone.setEditable(True)
        self.zone.addItems([_NO_ZONE, "UTC", *sorted(available_timezones() - {"UTC"})])
        self.zone.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.kept_in.show_text(f"in {self._file}")

    def _lay_out(self) -> None:
        self.form = Form()
        for name, widget in (
            ("It is", self.meaning),
            ("Found at", self.found_at),
            ("A number counts", self.unit),
            ("A text without a zone is in", self.zone),
            ("The stream's category is", self.category),
            ("For", self.logs),
        ):
            self.form.add(name, widget)
            for edit in widget.findChildren(QLineEdit):
                edit.setAccessibleName(name)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.GAP_PX)
        for button in (self.copy, self.save_copy):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self.cancel, self.stop_and_write, self.write):
            buttons.addWidget(button)
        for button in (self.copy, self.save_copy, self.cancel, self.stop_and_write):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        self.write.setProperty("role", "main")
        self.write.setDefault(True)
        set_tip(self.copy, "The command that decodes this capture by your rules")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        for shown, stretch in ((self.form, 0), (self.counts, 0), (self.busy, 0), (self.view, 1), (self.line, 0), (self.kept_in, 0)):
            layout.addWidget(shown, stretch)
        layout.addWidget(self.note)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        for box in (self.meaning, self.found_at, self.unit, self.category, self.logs):
            box.currentIndexChanged.connect(lambda _index: self._ask())
        self.zone.currentTextChanged.connect(lambda _text: self._ask())
        self.write.clicked.connect(lambda: self._write(stops_capture=False))
        self.stop_and_write.clicked.connect(lambda: self._write(stops_capture=True))
        self.copy.clicked.connect(self._copy_command)
        self.save_copy.clicked.connect(self._save_copy)
        self.cancel.clicked.connect(self.reject)
        self._session.capture_ended.connect(self._ask)

    def _fit(self) -> None:
        room = self.screen().availableGeometry().size()
        parent = self.parentWidget()
        if parent is not None:
            room = room.boundedTo(parent.size())
        self.resize(min(1060, room.width() - 80), min(680, room.height() - 80))

    # ---- what is said

    def wanted(self) -> Wanted:
        """What the user says now."""
        field = next(name for name, words in MEANINGS.items() if words == self.meaning.currentText())
        place = str(self.found_at.currentData() or "")
        pattern = str(self.logs.currentData() or "")
        return Wanted(field, place, self._options(field) if place else {}, pattern)

    def _options(self, field: str) -> dict[str, str]:
        """What is said of how the place is read."""
        options = {}
        if field == "time":
            options = {"unit": _UNITS[self.unit.currentText()], "zone": self.zone.currentText().strip()}
            options["zone"] = "" if options["zone"] == _NO_ZONE else options["zone"]
        elif field == "stream":
            options = {"split": _CATEGORIES[self.category.currentText()]}
        return {name: text for name, text in options.items() if text}

    # ---- trying it

    def _ask(self, _why: object = None) -> None:
        wanted, seq, file = self.wanted(), self._seq, self._file
        for widget, field in ((self.unit, "time"), (self.zone, "time"), (self.category, "stream")):
            self.form.show_row(widget, on=field == wanted.field and bool(wanted.place))
        self._is_asking = True
        self.busy.show()
        self.write.setEnabled(False)
        self.stop_and_write.setEnabled(False)
        self._session.work.run(lambda reader: answer(reader, seq, wanted, file), self._show, self._fail, lane="this field")

    def _show(self, found: Answer) -> None:
        wanted, rehearsal = self.wanted(), found.rehearsal
        if self._is_taken_up != wanted.field:
            self._is_taken_up = wanted.field
            if self._take_up(found):
                self._ask()
                return
        self.answer, self._is_asking = found, False
        self.busy.hide()
        self.table.show_cases(rehearsal.cases, is_time=wanted.field == "time", zone=self._zone)
        self.view.setColumnHidden(WHY_NOT, not self.table.has_reasons)
        self.view.fit_columns([_EVENT_PX, 0, 0, 0, *([0] if self.table.has_reasons else [])])
        self.counts.show_text(f"found in {rehearsal.found:,} of {len(rehearsal.cases):,} events of {found.log}, from all over the log")
        self._show_logs(found)
        self.line.show_text(self._line(found))
        self._show_note(found)
        self._enable(found)
        announce(self, self.counts.whole_text())

    def _take_up(self, found: Answer) -> bool:
        """Says of a place that has a rule already what that says of how it is read; False when there is nothing to say."""
        said = dict(found.before) if isinstance(found.before, Mapping) else {}
        if found.rule is None or said.pop("from", None) != found.rule.place or said.keys() - {"unit", "zone", "split"}:
            return False
        for box, words, text in ((self.unit, _UNITS, said.get("unit", "")), (self.category, _CATEGORIES, said.get("split", ""))):
            with QSignalBlocker(box):
                box.setCurrentIndex([*words.values()].index(text) if text in words.values() else 0)
        with QSignalBlocker(self.zone):
            self.zone.setCurrentText(said.get("zone", "") or _NO_ZONE)
        return True

    def _show_logs(self, found: Answer) -> None:
        offered = [f"only {found.log}" if one.is_one_log else f"all logs like {one.pattern}" for one in found.scopes]
        with QSignalBlocker(self.logs):
            self.logs.clear()
            for words, scope in zip(offered, found.scopes, strict=True):
                self.logs.addItem(visible(shortened(words, _MOST_CHARACTERS)), scope.pattern)
            self.logs.setCurrentIndex(self.logs.findData(found.pattern))

    def _line(self, found: Answer) -> str:
        field, before = self.wanted().field, before_text(found.before) if found.has_before else ""
        if found.rule is not None:
            is_new = not before or found.before == found.rule.value
            return f"{field} = {found.rule.toml}" + ("" if is_new else f"    in place of: {before}")
        return f"{field}: {f'your rule is taken away: {before}' if before else 'there is no rule of yours'}"

    def _show_note(self, found: Answer) -> None:
        role, words = "warn", ""
        if found.is_evidence:
            words = "! This capture is evidence: nothing is ever written to it. Save a copy and say it there."
        elif self._session.is_capturing:
            words = "! This capture is being written: the rule is written now, decoding follows when the capture ends."
        elif found.obstacle:
            words = f"! This capture cannot be decoded now: {found.obstacle}. Decode it when that has ended."
        elif found.rehearsal.is_hidden:
            words = f"! This place is hidden here; as {self.meaning.currentText()} it would be shown. Have the masks hide that too."
        elif not found.rehearsal.found:
            kept = "they keep the record's time" if self.wanted().field == "time" else "they would have none"
            role, words = "dim", f"Nothing is found in these events: {kept}."
        set_role(self.note, role)
        self.note.show_text(words)

    def _enable(self, found: Answer) -> None:
        is_capturing = self._session.is_capturing
        can = found.rule is not None or found.has_before
        self.write.setText(self._words(found, is_capturing=is_capturing))
        self.write.setEnabled(can and not found.is_evidence)
        self.stop_and_write.setVisible(is_capturing)
        self.stop_and_write.setEnabled(can)
        self.save_copy.setVisible(found.is_evidence)

    def _words(self, found: Answer, *, is_capturing: bool) -> str:
        what = "Write the rule" if found.rule is not None else "Take the rule away"
        return f"{what}; decode when the capture ends" if is_capturing else f"{what} and decode again"

    def _fail(self, error: str) -> None:
        self._is_asking = False
        self.busy.hide()
        if error == "stopped":
            self._ask()
            return
        self.answer = None
        self.table.show_cases([])
        self.counts.show_text("")
        set_role(self.note, "bad")
        self.note.show_text(f"✕ {error}")

    # ---- doing it

    def _write(self, *, stops_capture: bool) -> None:
        found, wanted, file = self.answer, self.wanted(), self._file
        if found is None or self._is_asking:
            return
        self.write.setEnabled(False)

        def keep(_reader: object) -> str:
            return editing.keep(file, found.log, wanted.field, found.rule, pattern=found.pattern)

        def kept(_text: str) -> None:
            self.written.emit(stops_capture)
            self.accept()

        self._session.work.run(keep, kept, self._fail, lane="write rule")

    def command(self) -> str:
        """The command that decodes the capture by the file."""
        return shlex.join(["eventscope", "decode", str(self._session.path), "--map", str(self._file)])

    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self.command())

    def _save_copy(self) -> None:
        self.reject()
        self.copy_wanted.emit()
