"""The colour rules: their filters in order, which are on, and one line to write a filter in. Changes hold at once.

Read `app.coloring` for who keeps them.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from app import style
from app.coloring import Coloring
from app.models.color_rules import COLORS, ColorRule
from app.plain import PlainLabel, set_role, set_tip
from inspector.errors import QueryError
from inspector.query import compile_filter
from inspector.query.names import CAPTURED
from inspector.text import shortened, visible

_SWATCH_PX = 14


class ColorsDialog(QDialog):
    """Not modal. `text` is the filter that a new rule begins with."""

    def __init__(self, coloring: Coloring, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Colour rules")
        self.resize(720, 420)
        self._coloring = coloring
        self._is_showing = False
        self.list = QListWidget()
        self.list.setAccessibleName("Colour rules, the first that fits gives the colour")
        self.list.setFont(style.fixed_font())
        self.filter, self.color, self.meaning = QLineEdit(text), QComboBox(), PlainLabel(role="dim", elided=True)
        self.filter.setAccessibleName("Filter of the rule")
        self.filter.setPlaceholderText('A filter, such as  type == "PaymentFailed"')
        self.filter.setFont(style.fixed_font())
        self.color.setAccessibleName("Colour of the rule")
        for number, wash in enumerate(style.rule_washes(), 1):
            self.color.addItem(_swatch(wash), f"colour {number}", number)
        self.add_button = _button("Add", "Puts the rule at the end (Enter)")
        self.up, self.down = _button("Up", "An earlier rule wins"), _button("Down", "An earlier rule wins")
        self.remove = _button("Remove", "Takes the rule away")
        self.empty = PlainLabel("No rules. Events that fulfil a rule's filter get its colour; the first rule that fits wins.", role="dim")
        self._lay_out()
        self._connect()
        self._show(0)
        self._explain()

    def _lay_out(self) -> None:
        new, foot, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        for widget in (self.filter, self.color, self.add_button):
            new.addWidget(widget, int(widget is self.filter))
        foot.addWidget(self.meaning, 1)
        for widget in (self.up, self.down, self.remove):
            foot.addWidget(widget)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(new)
        layout.addLayout(foot)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._explain)
        self.filter.returnPressed.connect(self.add)
        self.add_button.clicked.connect(self.add)
        self.remove.clicked.connect(self.take_away)
        self.up.clicked.connect(lambda: self.move_rule(-1))
        self.down.clicked.connect(lambda: self.move_rule(1))
        self.list.itemChanged.connect(self._switched)
        self.list.currentRowChanged.connect(lambda _row: self._enable())

    # ---- what can be done

    def add(self) -> None:
        """Puts the written rule at the end, unless its filter is wrong."""
        if self._explain() and self.filter.text().strip():
            rule = ColorRule(self.filter.text().strip(), int(self.color.currentData()))
            self._keep([*self._coloring.rules, rule], len(self._coloring.rules))
            self.filter.clear()
            self.color.setCurrentIndex((self.color.currentIndex() + 1) % COLORS)

    def take_away(self) -> None:
        """Takes the current rule away."""
        row = self.list.currentRow()
        if row >= 0:
            self._keep([rule for place, rule in enumerate(self._coloring.rules) if place != row], row)

    def move_rule(self, step: int) -> None:
        """Moves the current rule up or down."""
        row, rules = self.list.currentRow(), list(self._coloring.rules)
        if row >= 0 and 0 <= row + step < len(rules):
            rules.insert(row + step, rules.pop(row))
            self._keep(rules, row + step)

    def _switched(self, item: QListWidgetItem) -> None:
        if not self._is_showing:
            row, rules = self.list.row(item), list(self._coloring.rules)
            rules[row] = replace(rules[row], is_on=item.checkState() is Qt.CheckState.Checked)
            self._coloring.keep(rules)

    # ---- showing

    def _keep(self, rules: list[ColorRule], row: int) -> None:
        self._coloring.keep(rules)
        self._show(row)

    def _show(self, row: int) -> None:
        washes = style.rule_washes()
        self._is_showing = True
        self.list.clear()
        for rule in self._coloring.rules:
            item = QListWidgetItem(_swatch(washes[rule.color - 1]), visible(shortened(rule.filter)))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if rule.is_on else Qt.CheckState.Unchecked)
            item.setBackground(washes[rule.color - 1])
            self.list.addItem(item)
        self._is_showing = False
        self.list.setCurrentRow(min(row, self.list.count() - 1))
        self.empty.setVisible(not self._coloring.rules)
        self._enable()

    def _enable(self) -> None:
        row = self.list.currentRow()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < self.list.count() - 1)
        self.remove.setEnabled(row >= 0)

    def _explain(self, _text: str = "") -> bool:
        """Says the filter in words, or what is wrong with it."""
        text = self.filter.text().strip()
        role, words, is_right = "dim", "", True
        try:
            words = compile_filter(text, CAPTURED).words if text else ""
        except QueryError as error:
            role, words, is_right = "bad", f"✕ {error.sentence}", False
        set_role(self.meaning, role)
        self.meaning.show_text(words)
        self.add_button.setEnabled(is_right and bool(text))
        return is_right


def _button(words: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setProperty("role", "plain")
    button.setAutoDefault(False)
    set_tip(button, tip)
    return button


def _swatch(shade: QColor) -> QIcon:
    made = QPixmap(_SWATCH_PX, _SWATCH_PX)
    made.fill(shade)
    return QIcon(made)
