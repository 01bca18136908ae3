"""The list of profiles: which one is in force, and what can be done with one. Shows and asks.

Read `app.profiles` for who keeps them, `app.profiling` for files.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app import style
from app.dialogs.name import NameDialog
from app.models.profile import DEFAULT, Profile, name_problem
from app.plain import PlainLabel, announce, set_role, set_tip
from app.profiles import Profiles
from inspector.errors import EventscopeError
from inspector.text import visible

_NAME = int(Qt.ItemDataRole.UserRole)


class ProfilesDialog(QDialog):
    """Not modal. What is wrong is said in it."""

    import_wanted = Signal()
    export_wanted = Signal(object)
    """`(name)`"""
    masks_wanted = Signal()

    def __init__(self, profiles: Profiles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Profiles")
        self.resize(620, 400)
        self._profiles = profiles
        self.list, self.text, self.about = QListWidget(), PlainLabel(role="dim", elided=True), PlainLabel(role="dim")
        self.list.setAccessibleName("Profiles")
        self.about.setWordWrap(True)
        self.use = _button("Use", "Look at events with this profile (Enter)", self._use)
        self.new = _button("Save as …", "Keep what is in force now under another name", self._save_as)
        self.rename = _button("Rename …", "Another name (F2)", self._rename)
        self.copy = _button("Duplicate …", "The same once more, under another name", self._duplicate)
        self.delete = _button("Delete", "Delete this profile for good (Del)", self._ask)
        self.masks = _button("Masks …", "What the profile in force hides", self.masks_wanted.emit)
        self.export = _button("Export …", "Write this profile to a file that can be mailed", lambda: self.export_wanted.emit(self.chosen()))
        self.get = _button("Import …", "Take a profile from a file; all of it is checked first", self.import_wanted.emit)
        self.confirm, self.spare = _button("Delete it", "", self._delete), _button("Keep it", "", self._spare)
        self._lay_out()
        self.list.currentRowChanged.connect(lambda _row: self._about())
        self.list.itemActivated.connect(lambda _item: self._use())
        for keys, act in (("F2", self._rename), ("Del", self._ask)):
            QShortcut(QKeySequence(keys), self, act)
        profiles.names_changed.connect(self._show)
        self._spare()
        self._show()

    def _lay_out(self) -> None:
        side, middle, foot, layout = QVBoxLayout(), QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        for button in (self.use, self.new, self.rename, self.copy, self.delete, self.masks, self.export, self.get):
            side.addWidget(button)
        side.addStretch(1)
        middle.addWidget(self.list, 1)
        middle.addLayout(side)
        foot.addWidget(self.text, 1)
        foot.addWidget(self.confirm)
        foot.addWidget(self.spare)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(middle, 1)
        layout.addWidget(self.about)
        layout.addLayout(foot)

    def chosen(self) -> str:
        """The name in the current row; empty for none."""
        item = self.list.currentItem()
        return str(item.data(_NAME)) if item is not None else ""

    def attempt(self, do: Callable[[], str]) -> None:
        """Does something and says what came of it, or what is wrong."""
        try:
            self._say(do())
        except EventscopeError as error:
            self._say(f"✕ {error}", role="bad")

    # ---- what can be done

    def _use(self) -> None:
        if name := self.chosen():
            self._profiles.use(name)

    def _save_as(self) -> None:
        NameDialog("Save as a profile", "", name_problem, self._profiles.save_as, self).open()

    def _rename(self) -> None:
        if (name := self.chosen()) and name != DEFAULT:
            NameDialog("Rename the profile", name, name_problem, lambda new: self._profiles.rename(name, new), self).open()

    def _duplicate(self) -> None:
        if name := self.chosen():
            copy = f"{name[:50]} copy"
            NameDialog("Duplicate the profile", copy, name_problem, lambda new: self._profiles.duplicate(name, new), self).open()

    def _ask(self) -> None:
        if name := self.chosen():
            what = "Make Default as it was at first?" if name == DEFAULT else f"Delete the profile {name} for good?"
            self._say(what, role="warn")
            for button in (self.confirm, self.spare):
                button.show()
            self.confirm.setFocus()

    def _delete(self) -> None:
        name = self.chosen()
        self._spare()
        if name:
            self._profiles.delete(name)

    def _spare(self) -> None:
        self._say("")
        for button in (self.confirm, self.spare):
            button.hide()

    # ---- showing

    def _say(self, sentence: str, *, role: str = "dim") -> None:
        set_role(self.text, role)
        self.text.show_text(sentence)
        if sentence:
            announce(self, sentence, at_once=role == "bad")

    def _show(self, _names: object = None) -> None:
        name = self.chosen() or self._profiles.current.name
        names = self._profiles.names()
        self.list.clear()
        for each in names:
            item = QListWidgetItem(f"{visible(each)}  ·  in force" if each == self._profiles.current.name else visible(each))
            item.setData(_NAME, each)
            self.list.addItem(item)
        self.list.setCurrentRow(names.index(name) if name in names else names.index(self._profiles.current.name))
        self._about()

    def _about(self) -> None:
        name = self.chosen()
        self._spare()
        self.rename.setEnabled(bool(name) and name != DEFAULT)
        self.delete.setText("Reset" if name == DEFAULT else "Delete")
        if not name:
            return
        try:
            self.about.show_text(described(self._profiles.get(name)))
        except EventscopeError as error:
            self.about.show_text(f"✕ {error}")


def described(profile: Profile) -> str:
    """What a profile holds, in one line."""
    columns, rules = profile.columns, profile.masks
    added = f"{len(columns.added):,} added columns" if columns.added else "no added column"
    parts = [added, _many(len(profile.colors), "colour rule"), _many(len(profile.filters), "kept filter")]
    hidden = len(rules.paths) + len(rules.patterns) + len(rules.regexes)
    return " · ".join([*parts, _many(len(profile.plots), "plot"), f"timeline by {profile.timeline}", _many(hidden, "mask")])


def _many(count: int, words: str) -> str:
    return f"{count:,} {words}" + ("" if count == 1 else "s")


def _button(words: str, tip: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(words)
    button.setProperty("role", "plain")
    button.setAutoDefault(False)
    set_tip(button, tip)
    button.clicked.connect(lambda _on: act())
    return button
