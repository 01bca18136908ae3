"""The form of a profile's masks: paths, shapes of text, patterns of one's own, and the current event as they leave it.

What is wrong is said as it is typed; nothing holds before Apply. Read `inspector.masks` for what the rules mean.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QHBoxLayout, QPlainTextEdit, QPushButton, QSplitter, QVBoxLayout, QWidget
from shiboken6 import isValid

from app import style
from app.models.mask_preview import Preview
from app.models.profile import MaskRules, mask_problem
from app.plain import PlainLabel, PlainText, set_role, set_tip
from app.profiles import Profiles
from inspector.masks import PATTERNS
from inspector.text import visible

Ask = Callable[[str, Callable[[Preview], None], Callable[[str], None]], None]
"""`ask(rules, done, failed)`: has the current event shown with these rules."""
_WORDS = {
    "email": "mail addresses",
    "card": "card numbers",
    "iban": "IBANs",
    "token": "tokens and passwords in headers",
    "phone": "phone numbers",
    "ipv4": "IPv4 addresses",
}
_WAIT_MS = 150
_PATHS = 'data.customer.email\ndata.lines[*].card\n**.password\nheaders["authorization"]'


class MasksDialog(QDialog):
    """Not modal. Of the profile in force, also when another one comes in force meanwhile."""

    def __init__(self, profiles: Profiles, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(900, 520)
        self._profiles, self._ask_preview = profiles, ask
        self.paths, self.regexes = _lines("Paths to hide, one a line", _PATHS), _lines("Patterns of your own, one a line", "KD-[0-9]{6}")
        self.shapes = {name: QCheckBox(_WORDS.get(name, name)) for name in PATTERNS}
        self.said, self.shown_note, self.shown = PlainLabel(role="dim", elided=True), PlainLabel(role="dim"), PlainText("The event, masked")
        self.apply_button, self.close_button = QPushButton("Apply"), QPushButton("Close")
        self.apply_button.setProperty("role", "main")
        self.close_button.setProperty("role", "plain")
        set_tip(self.apply_button, "Hide this from now on, wherever the profile is in force (Ctrl+Return)")
        self._soon = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._lay_out()
        self._connect()
        self._show_rules()

    def _lay_out(self) -> None:
        left, right, halves = QWidget(), QWidget(), QSplitter(Qt.Orientation.Horizontal)
        rules, shapes, seen = QVBoxLayout(left), QGridLayout(), QVBoxLayout(right)
        for number, box in enumerate(self.shapes.values()):
            shapes.addWidget(box, number // 2, number % 2)
        rules.addWidget(PlainLabel("Paths, one a line; * is one step, ** any number", role="dim"))
        rules.addWidget(self.paths, 3)
        rules.addWidget(PlainLabel("Texts that look like", role="dim"))
        rules.addLayout(shapes)
        rules.addWidget(PlainLabel("Patterns of your own (RE2), one a line", role="dim"))
        rules.addWidget(self.regexes, 1)
        seen.addWidget(self.shown_note)
        seen.addWidget(self.shown, 1)
        for side in (rules, seen):
            side.setContentsMargins(0, 0, 0, 0)
            side.setSpacing(style.GAP_PX)
        halves.addWidget(left)
        halves.addWidget(right)
        halves.setHandleWidth(2 * style.GAP_PX)
        halves.setSizes([420, 460])
        foot, layout = QHBoxLayout(), QVBoxLayout(self)
        foot.addWidget(self.said, 1)
        foot.addWidget(self.apply_button)
        foot.addWidget(self.close_button)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(halves, 1)
        layout.addLayout(foot)

    def _connect(self) -> None:
        for edit in (self.paths, self.regexes):
            edit.textChanged.connect(self._soon.start)
        for box in self.shapes.values():
            box.toggled.connect(lambda _on: self._soon.start())
        self._soon.timeout.connect(self.look)
        self.apply_button.clicked.connect(self.apply)
        self.close_button.clicked.connect(self.close)
        QShortcut(QKeySequence("Ctrl+Return"), self, self.apply)
        self._profiles.switched.connect(self._show_rules)

    # ---- rules

    def rules(self) -> MaskRules:
        """What stands in the form."""
        named = tuple(name for name, box in self.shapes.items() if box.isChecked())
        return MaskRules(_written(self.paths), named, _written(self.regexes))

    def add_path(self, path: str) -> None:
        """Writes a path under the others, unless it is there."""
        if path not in self.rules().paths:
            self.paths.setPlainText("\n".join([*self.rules().paths, path]))
        self.look()

    def apply(self) -> None:
        """Puts the rules into the profile, unless one is wrong."""
        if self.look():
            self._profiles.change(masks=self.rules())
            self._say("✓ hidden from now on, on the screen, in copies and in exports", "ok")

    def _show_rules(self, _profile: object = None) -> None:
        profile = self._profiles.current
        self.setWindowTitle(f"Masks of the profile {visible(profile.name)}")
        self.paths.setPlainText("\n".join(profile.masks.paths))
        self.regexes.setPlainText("\n".join(profile.masks.regexes))
        for name, box in self.shapes.items():
            box.setChecked(name in profile.masks.patterns)
        self.look()

    # ---- what they do

    def look(self) -> bool:
        """Says what is wrong, or shows the event as the rules leave it; whether they are right."""
        self._soon.stop()
        rules = self.rules()
        problem = mask_problem(rules)
        self.apply_button.setEnabled(not problem)
        self._say(f"✕ {problem}" if problem else "A capture's own masks hold besides these.", "bad" if problem else "dim")
        if not problem:
            self._ask_preview(rules.text(), self._show_event, self._no_event)
        return not problem

    def _show_event(self, found: Preview) -> None:
        if not isValid(self):  # closed meanwhile
            return
        ours = found.hidden - found.own
        own = f"; {found.own:,} by the capture's own" if found.own else ""
        places = "1 place" if ours == 1 else f"{ours:,} places"
        self.shown_note.show_text(f"The current event: {places} hidden by these masks{own}")
        self.shown.show_text(found.text)

    def _no_event(self, sentence: str) -> None:
        if isValid(self) and sentence != "stopped":
            self.shown_note.show_text(sentence)
            self.shown.show_text("")

    def _say(self, sentence: str, role: str) -> None:
        set_role(self.said, role)
        self.said.show_text(sentence)


def _lines(name: str, example: str) -> QPlainTextEdit:
    edit = QPlainTextEdit()
    edit.setAccessibleName(name)
    edit.setPlaceholderText(example)
    edit.setFont(style.fixed_font())
    edit.setTabChangesFocus(True)
    edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    return edit


def _written(edit: QPlainTextEdit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in edit.toPlainText().splitlines() if line.strip()))
