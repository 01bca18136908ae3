"""One kind of files in the import dialog: what it was recognised as, how else it may be read, its fields, a few of its events.

Shows a group and says what the user changes; does nothing. Read `importing` for the dialog, `models.importing` for the words.
"""

from __future__ import annotations

import zoneinfo

from PySide6.QtCore import QSignalBlocker, QTimeZone, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QLineEdit, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import Choice, Form
from app.dialogs.import_mapping import FieldPlaces
from app.event_rows_view import RowsView
from app.models.importing import ZONE, Asked, Group, Seen, event_row, files_words, sure_words
from app.models.text_table import TextTable
from app.plain import PlainLabel, set_role
from inspector.text import visible

_HEADERS = ("time (UTC)", "log", "position", "stream", "type", "value")
_WIDTHS = [150, 116, 84, 96, 112, 0]
_ROWS_PX = 6 * style.ROW_PX + 10
_WHY_ZONE = "These times say no zone. The file cannot tell which one it is, and a wrong one moves every event by hours: only you can say."
_NOTHING = "do not read these"


class GroupForm(QFrame):
    """Shows one group. Each signal has the group's own words; who hears them previews again."""

    read_as_wanted = Signal(object)
    """`(format's name)`; empty for the one that was recognised."""
    setting_changed = Signal(object, object)
    """`(key, value)`"""
    left_open = Signal(object, object)
    """`(key, on)`: the question is to stay without an answer, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("How these files are read")
        self.group: Group | None = None
        self.title, self.sure = PlainLabel(role="title", elided=True), PlainLabel(role="dim", elided=True)
        self.ways = Choice()
        self.zone, self.no_zone = _zone_box(), QCheckBox("Leave these times out")
        self.why_zone, self.problem, self.loses, self.proves = (_wrapped(role) for role in ("warn", "warn", "dim", "dim"))
        self.answers: dict[str, QLineEdit] = {}
        self.mapping, self.mapping_title = FieldPlaces(), PlainLabel("Which column or path is what", role="title")
        self.events_title = PlainLabel("The first events, as they would be read", role="title")
        self.table = TextTable(_HEADERS, self, right=(2,))
        self.view = RowsView(self.table, "The first events, as they would be read", _WIDTHS)
        self.view.setFixedHeight(_ROWS_PX)
        self._lay_out()
        self.ways.activated.connect(lambda place: self.read_as_wanted.emit(self.ways.itemData(place)))
        self.zone.activated.connect(lambda _place: self._zone_told())
        line = self.zone.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._zone_told)
        self.no_zone.toggled.connect(lambda on: self.left_open.emit(ZONE, on))
        self.mapping.changed.connect(lambda name, place: self.setting_changed.emit(f"fields.{name}", place))

    def _lay_out(self) -> None:
        self.form = Form()
        self.form.add("Read as", self.ways)
        self.form.add("Zone of these times", self.zone)
        self.form.add("or", self.no_zone)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.INSIDE_PX, style.GAP_PX, style.INSIDE_PX, style.GAP_PX)
        layout.setSpacing(style.GAP_PX)
        above: tuple[QWidget, ...] = (self.title, self.sure, self.why_zone, self.form)
        for widget in above:
            layout.addWidget(widget)
        for widget in (self.mapping_title, self.mapping, self.events_title, self.problem, self.view):
            layout.addWidget(widget)
        layout.addWidget(self.loses)
        layout.addWidget(self.proves)
        layout.addStretch(1)

    def show_group(self, group: Group, seen: Seen, asked: Asked) -> None:
        """Shows how a group would be read."""
        self.group = group
        self.title.show_text(f"{group.title} · {files_words(group)}")
        self.sure.show_text(sure_words(group))
        set_role(self.sure, "dim" if group.is_read else "warn")
        self._show_ways(group, seen)
        self._show_questions(group, asked)
        self.mapping.show_fields(group.fields, group.places)
        for widget in (self.mapping, self.mapping_title):
            widget.setVisible("fields" in group.settings)
        damaged = [_is_damaged(event) for event in group.events]
        self.table.show_rows([event_row(event) for event in group.events], ["bad" if bad else "text" for bad in damaged])
        self.view.setVisible(group.is_read)
        self.events_title.setVisible(group.is_read)
        mixed = f"! these files have {group.mappings:,} different mappings: {group.names[0]}'s is shown, a change holds for all of them"
        said = [*(f"! {text}" for text in (group.problem, *group.notes) if text), mixed if group.mappings > 1 and group.names else ""]
        _show(self.problem, " · ".join(filter(None, said)))
        _show(self.loses, f"What this cannot tell: {group.loses}" if group.loses else "")
        _show(self.proves, group.proves)

    def _show_ways(self, group: Group, seen: Seen) -> None:
        fitting = {way.name: f"{way.title} · {way.score:.0%} · {way.why}" for way in group.ways}
        others = {name: f"{title} · does not seem to fit" for name, title in seen.formats if name not in fitting}
        nothing = {} if group.name and group.recognised != "unknown" else {"": _NOTHING}
        with QSignalBlocker(self.ways):
            self.ways.clear()
            for name, words in {**nothing, **fitting, **others}.items():
                self.ways.addItem(visible(words), name)
            self.ways.setCurrentIndex(max(0, self.ways.findData(group.name)))
        self.form.show_row(self.ways, on=not group.is_store and bool(group.recognised))

    def _show_questions(self, group: Group, asked: Asked) -> None:
        said, is_left = asked.said(group, ZONE), (group.recognised, ZONE) in asked.left_open
        is_asked = group.is_read and (ZONE in group.questions or bool(said) or is_left)
        with QSignalBlocker(self.zone), QSignalBlocker(self.no_zone):
            self.zone.setCurrentText(said)
            self.no_zone.setChecked(is_left)
        self.zone.setEnabled(not is_left)
        for field in (self.zone, self.no_zone):
            self.form.show_row(field, on=is_asked)
        _show(self.why_zone, f"? {_WHY_ZONE}" if is_asked and not said and not is_left else "")
        wanted = [one for one in group.questions if one != ZONE]
        wanted += [key for key in asked.own.get(group.recognised, {}) if key in self.answers and key not in wanted]
        for line in self.answers.values():
            self.form.show_row(line, on=False)
        for key in wanted if group.is_read else ():
            self._answer(key).setText(asked.said(group, key))
            self.form.show_row(self._answer(key), on=True)

    def _answer(self, key: str) -> QLineEdit:
        """The line for a question of the format's own."""
        if key not in self.answers:
            line = self.answers[key] = QLineEdit()
            line.setPlaceholderText("only you can say")
            self.form.add(key.capitalize(), line)
            line.editingFinished.connect(lambda: self._answered(key, line.text().strip()))
        return self.answers[key]

    def _answered(self, key: str, text: str) -> None:
        if text:
            self.setting_changed.emit(key, text)

    def _zone_told(self) -> None:
        if text := self.zone.currentText().strip():
            self.setting_changed.emit(ZONE, text)


def _zone_box() -> QComboBox:
    box = Choice()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    local = bytes(QTimeZone.systemTimeZoneId().data()).decode()
    box.addItems(list(dict.fromkeys(["UTC", local, *sorted(zoneinfo.available_timezones())])))
    box.setCurrentIndex(-1)
    line = box.lineEdit()
    assert line is not None
    line.setPlaceholderText("such as Europe/Paris or UTC")
    line.setAccessibleName("Zone of these times")
    return box


def _wrapped(role: str) -> PlainLabel:
    label = PlainLabel(role=role)
    label.setWordWrap(True)
    return label


def _show(label: PlainLabel, text: str) -> None:
    label.show_text(text)
    label.setVisible(bool(text))


def _is_damaged(event: object) -> bool:
    flags = event.get("flags") if isinstance(event, dict) else None
    return bool({"damaged", "undecodable"}.intersection(flags or ()))
