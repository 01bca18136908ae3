"""Asks how files are to be imported: shows what they were recognised as, lets that be changed, and says what is wanted. Writes nothing.

A preview is a command of its own, run again whenever something is changed; only the newest one is heard. Read `import_group`
for one kind of files, `app.importing` for the import itself, `inspector.import_preview` for the preview.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import choice
from app.dialogs.import_group import GroupForm
from app.dialogs.job import Job
from app.empty import Empty
from app.event_rows_view import RowsView
from app.models.captures import size_text
from app.models.importing import Asked, Group, Seen, command_words, files_words, whole_words
from app.models.text_table import TextTable
from app.notice import thin_bar
from app.own_rules import own_rules
from app.plain import PlainLabel, PlainText, announce, set_role, set_tip
from inspector.text import visible

_NEW, _OPEN = "a new capture, unsaved until you save it", "the open capture"
_GROUPS_PX, _NOTES_PX = 290, 120
_SETTLED_MS = 250
_READING = "Looking at the files …"


class ImportDialog(QDialog):
    """`import_wanted(arguments, into_open)` says what is wanted, and closes: arguments of `eventscope import`, and where to."""

    import_wanted = Signal(object, object)

    def __init__(self, paths: Sequence[Path], parent: QWidget, *, open_name: str = "") -> None:
        """`open_name` is the open capture's, when something may be added to it; empty otherwise."""
        super().__init__(parent)
        self.setWindowTitle("Import")
        self.resize(1060, 700)
        self.asked, self.seen = Asked(tuple(path.absolute() for path in paths)), Seen()
        self._coming = Seen()
        self._current = ""
        self._job = Job(self)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._settled.timeout.connect(self.look)
        self._make(open_name)
        self._lay_out()
        self._connect()
        self.look()

    # ---- building

    def _make(self, open_name: str) -> None:
        self.whole, self.state = PlainLabel(_READING, role="title", elided=True), PlainLabel(role="dim", elided=True)
        self.busy = thin_bar("The files are being looked at", 0)
        self.problem = PlainLabel(role="bad")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.groups = TextTable(("what it is", "files", "size"), self, right=(2,))
        self.list = RowsView(self.groups, "What was recognised", [0, 84, 78])
        self.left_out, self.left_out_title = PlainText("Left out"), PlainLabel("Left out", role="title")
        self.left_out.setMaximumHeight(_NOTES_PX)
        for widget in (self.left_out, self.left_out_title):
            widget.hide()
        self.form = GroupForm()
        self.empty = Empty(_READING, "Only their beginnings are read; nothing is written.")
        self.empty.setObjectName("panel")
        self.into = choice([_NEW, *([f"{_OPEN}, {open_name}"] if open_name else [])])
        self.into.setAccessibleName("Where the events go")
        self.remember = QCheckBox("Remember for files with the same columns")
        self.remember.setChecked(True)
        self.remember.hide()
        self.copy, self.cancel, self.go = QPushButton("Copy command"), QPushButton("Cancel"), QPushButton("Import")
        self.again = QPushButton("Look again")
        self.again.hide()
        for button in (self.copy, self.cancel, self.again):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        self.go.setProperty("role", "main")
        self.go.setDefault(True)
        set_tip(self.copy, "The command that does what Import does")

    def _lay_out(self) -> None:
        self._scroll = QScrollArea()
        self._scroll.setAccessibleName("How these files are read")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self.form)
        self._scroll.viewport().setAutoFillBackground(False)
        self._stack = QStackedWidget()
        for page in (self.empty, self._scroll):
            self._stack.addWidget(page)
        left, panel = QVBoxLayout(), QFrame()
        panel.setObjectName("panel")
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.list)
        left.addWidget(panel, 1)
        left.addWidget(self.left_out_title)
        left.addWidget(self.left_out)
        self._side = QWidget()
        self._side.setLayout(left)
        self._side.setFixedWidth(_GROUPS_PX)
        left.setContentsMargins(0, 0, 0, 0)
        middle, foot, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        middle.setSpacing(style.GAP_PX)
        middle.addWidget(self._side)
        middle.addWidget(self._stack, 1)
        foot.setSpacing(style.GAP_PX)
        foot.addWidget(PlainLabel("Into", role="dim"))
        foot.addWidget(self.into)
        foot.addWidget(self.state, 1)
        foot.addWidget(self.remember)
        for button in (self.again, self.copy, self.cancel, self.go):
            foot.addWidget(button)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(style.GAP_PX)
        for widget in (self.whole, self.busy, self.problem):
            layout.addWidget(widget)
        layout.addLayout(middle, 1)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self.list.selectionModel().currentChanged.connect(lambda index, _before: self._choose(index.row()))
        self.form.read_as_wanted.connect(self._read_as)
        self.form.setting_changed.connect(self._set)
        self.form.left_open.connect(self._leave_open)
        self.again.clicked.connect(lambda _on: self.look())
        self.copy.clicked.connect(self.copy_command)
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self.begin)
        self.remember.toggled.connect(lambda on: setattr(self.asked, "remembers", bool(on)))
        self._show_state()

    # ---- previews

    def look(self) -> None:
        """Looks at the files again, by what was said so far; what is shown stays until the answer is here."""
        self._coming = Seen()
        self.busy.show()
        command = ["import", *self.asked.arguments(), *own_rules(), "--preview", "--print", "jsonl", "--stop-with-stdin"]
        self._job.run(command, self._told, self._ended)
        self._show_state()

    def _told(self, line: Mapping[str, Any]) -> None:
        self._coming.add(line)

    def _ended(self, error: str) -> None:
        self.busy.hide()
        self.problem.show_text(f"✕ {error}" if error else "")
        for widget in (self.problem, self.again):
            widget.setVisible(bool(error))
        if error:
            announce(self, error, at_once=True)
            if not self.seen.groups:
                self.whole.show_text("Nothing was found")
                self.empty.show_text("These files cannot be looked at.", "See above for the reason; Look again tries once more.")
        else:
            self.seen = self._coming
            self._show_seen()
        self._show_state()

    def _show_seen(self) -> None:
        seen = self.seen
        self.whole.show_text(whole_words(seen))
        asks = [bool(self.asked.open_questions(group)) for group in seen.groups]
        titles = [f"? {group.title}" if open_ else group.title for group, open_ in zip(seen.groups, asks, strict=True)]
        rows = [(title, files_words(one), size_text(one.size_bytes)) for title, one in zip(titles, seen.groups, strict=True)]
        tones = ["warn" if open_ else "text" if one.is_read else "faint" for one, open_ in zip(seen.groups, asks, strict=True)]
        with QSignalBlocker(self.list.selectionModel()):
            self.groups.show_rows(rows, tones)
        place = next((n for n, group in enumerate(seen.groups) if group.recognised == self._current), 0)
        left_out = [
            *map(self._shortened, seen.notes),
            *(f"{name}: {group.problem or 'no format fits'}" for group in seen.groups for name in _unread(group)),
        ]
        self.left_out.show_text("\n".join(map(visible, left_out)))
        for widget in (self.left_out, self.left_out_title):
            widget.setVisible(bool(left_out))
        if seen.groups:
            self.list.setCurrentIndex(self.groups.index(place, 0))
            self._choose(place)
        else:
            self.empty.show_text("There is nothing to import here.", "What was left out, and why, stands to the left.")
            self._stack.setCurrentWidget(self.empty)
        self._side.setVisible(bool(seen.groups or left_out))

    def _shortened(self, note: str) -> str:
        """A sentence about a file, without the folder that all of them are in."""
        for path in self.asked.paths:
            note = note.replace(f"{path.parent}{os.sep}", "")
        return note

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.seen.groups):
            group = self.seen.groups[row]
            self._current = group.recognised
            self.form.show_group(group, self.seen, self.asked)
            self._stack.setCurrentWidget(self._scroll)

    # ---- what is said

    def _read_as(self, name: str) -> None:
        if self.form.group is not None:
            self.asked.read_as(self.form.group, name)
            self.look()

    def _set(self, key: str, value: str) -> None:
        if self.form.group is not None and self.asked.said(self.form.group, key) != value:
            self.asked.set(self.form.group, key, value)
            self._again()

    def _leave_open(self, key: str, on: bool) -> None:
        if self.form.group is None:
            return
        if on:
            self.asked.leave_open(self.form.group, key)
        else:
            self.asked.left_open.discard((self.form.group.recognised, key))
        self._again()

    def _again(self) -> None:
        """The next answer is for what is said now; the one under way is not heard any more."""
        self._job.stop()
        self.busy.show()
        self._settled.start()
        self._show_state()

    # ---- what is to be done

    def why_not(self) -> str:
        """Why nothing can be imported now, in words; empty when it can."""
        if self._job.is_running or self._settled.isActive():
            return _READING
        if not any(group.is_read for group in self.seen.groups):
            return "nothing here can be read; choose a format under Read as" if self.seen.groups else "nothing to import"
        for group in self.seen.groups:
            if questions := self.asked.open_questions(group):
                return f"{group.title}: say the {questions[0]} first"
        return ""

    def _show_state(self) -> None:
        why_not = self.why_not()
        self.state.show_text(why_not)
        set_role(self.state, "dim" if why_not in {"", _READING} else "warn")
        self.go.setEnabled(not why_not)
        self.remember.setVisible(self.asked.is_changed)

    def copy_command(self) -> None:
        """Copies what Import does as a command."""
        QGuiApplication.clipboard().setText(command_words([*self.asked.arguments(), *own_rules()], "FILE.evcap"))

    def begin(self) -> None:
        """Says what is wanted, and goes."""
        if not self.why_not():
            self.accept()
            self.import_wanted.emit(self.asked.arguments(), self.into.currentIndex() > 0)

    def done(self, result: int) -> None:
        """Ends what runs, and goes."""
        self._settled.stop()
        self._job.stop()
        super().done(result)


def _unread(group: Group) -> Sequence[str]:
    """The files of a group that are not read."""
    return () if group.is_read else group.names
