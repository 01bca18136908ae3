"""Writes aggregate rules in a form, and shows on a real stream what they make of it before they are saved.

The preview is folded by a process of its own from a file in the cache. Read `models.rule_table` for the rows,
`inspector.replay.proposal` for what is suggested.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app import style
from app.empty import Empty
from app.event_rows_view import RowsView
from app.fold import Answer, Fold
from app.models.replay_words import trouble_words
from app.models.rule_table import TARGET, TYPE, VALUE, VERB, RuleTable
from app.notice import Notice
from app.plain import PlainLabel, set_tip
from app.session import Session
from app.state_view import StateStack
from inspector.aggregate_rows import VERBS, Row, rows_of, text_of
from inspector.aggregate_rules import parse_rules
from inspector.capture.streams import StreamInfo
from inspector.errors import UsageError
from inspector.replay.proposal import Seen, places, proposed, seen_types
from inspector.settings import cache_dir, rules_dir

_LATER_MS = 250
_WIDTHS = [150, 116, 0, 0, 0]
_UNSAFE = re.compile(r"[^\w.-]+")


def rules_file(category: str) -> Path:
    """Where the rules of a category are kept. Raises OSError when there can be no such folder."""
    name = _UNSAFE.sub("-", category)[:60].strip("-.") or "rules"
    digest = hashlib.sha256(category.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return rules_dir() / (f"{name}.toml" if name == category else f"{name}-{digest}.toml")


class _Cells(QStyledItemDelegate):
    """Editors for the cells: types and verbs are chosen, values completed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.types: list[str] = []
        self.places: list[str] = []

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QWidget:
        """A box to choose from, or a line."""
        if index.column() in {TYPE, VERB}:
            box = QComboBox(parent)
            box.setEditable(index.column() == TYPE)
            for key, words in VERBS.items() if index.column() == VERB else ((name, name) for name in self.types):
                box.addItem(words, key)
            return box
        line = QLineEdit(parent)
        line.setFont(style.fixed_font())
        if index.column() == VALUE:
            completer = QCompleter(self.places, line)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            popup = completer.popup()
            assert popup is not None
            style.dress(popup)
            line.setCompleter(completer)
        return line

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        """Begins with what stands there."""
        text = str(index.data(Qt.ItemDataRole.EditRole))
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(text))
            if editor.isEditable():
                editor.setEditText(text)
        elif isinstance(editor, QLineEdit):
            editor.setText(text)

    def setModelData(self, editor: QWidget, model: object, index: QModelIndex | QPersistentModelIndex) -> None:
        """Takes what was chosen or typed."""
        if isinstance(editor, QComboBox):
            text = editor.currentText() if editor.isEditable() else str(editor.currentData())
        else:
            assert isinstance(editor, QLineEdit)
            text = editor.text()
        assert isinstance(model, RuleTable)
        model.setData(index, text)


class RulesDialog(QDialog):
    """The rules of one stream's category. `saved(path)`: they are in a file and are to be used."""

    saved = Signal(object)

    def __init__(self, session: Session, stream: StreamInfo, parent: QWidget, path: Path | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Rules of {stream.category}")
        self._session, self._stream = session, stream
        self.path = path or rules_file(stream.category)
        self._tried = cache_dir() / f"rules-being-tried-{os.getpid()}-0.toml"
        self._tries = 0
        self._initial: object = None
        self._types: Mapping[str, Seen] = {}
        self.fold = Fold(session.path, session.messages, self)
        self.fold.is_unmasked, self.fold.hides = session.is_unmasked, session.hides
        self._make()
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._try)
        self._connect()
        self._load()
        session.work.run(lambda reader: seen_types(reader, stream), self._types_told, self._say_wrong, lane="rules")
        self.resize(1080, 620)

    # ---- building

    def _make(self) -> None:
        self.table, self.cells = RuleTable(self), _Cells(self)
        self.view = RowsView(self.table, "Rules", list(_WIDTHS))
        self.view.setItemDelegate(self.cells)
        triggers = QAbstractItemView.EditTrigger
        self.view.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Rules as text")
        self.text.setFont(style.fixed_font())
        self.add, self.remove = QPushButton("Add row"), QPushButton("Remove row")
        self.suggest, self.as_text = QPushButton("Suggest from events"), QPushButton("As text")
        self.as_text.setCheckable(True)
        self.save, self.cancel = QPushButton("Save and use"), QPushButton("Cancel")
        set_tip(self.suggest, "Rows that set every field which events of this category hold")
        set_tip(self.as_text, "The file itself: TOML, as eventscope replay --reducer reads it")
        for button in (self.add, self.remove, self.suggest, self.as_text, self.cancel):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        self.save.setProperty("role", "main")
        self.save.setAutoDefault(False)
        self.said, self.preview_title = PlainLabel(role="dim", elided=True), PlainLabel(role="title", elided=True)
        self.notice = Notice("Rules notice")
        self.nothing = Empty("No state yet.", "Rules that fit an event make one.")
        self.state = StateStack(self.nothing, self.nothing.show_text)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.add, self.remove, self.suggest):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.as_text)
        self.stack, left, right = QStackedWidget(), QWidget(), QWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.text)
        for side, shown in ((left, (buttons, self.stack)), (right, (self.preview_title, self.notice, self.state))):
            column = QVBoxLayout(side)
            column.setContentsMargins(style.GAP_PX if side is right else 0, 0, 0 if side is right else style.GAP_PX, 0)
            column.setSpacing(style.GAP_PX)
            for one in shown:
                if isinstance(one, QWidget):
                    column.addWidget(one, 1 if isinstance(one, QStackedWidget) else 0)
                else:
                    column.addLayout(one)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(left)
        both.addWidget(right)
        both.setChildrenCollapsible(False)
        both.setSizes([700, 360])
        end = QHBoxLayout()
        end.addWidget(self.said, 1)
        end.addWidget(self.cancel)
        end.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(both, 1)
        layout.addLayout(end)

    def _connect(self) -> None:
        self.add.clicked.connect(self.add_row)
        self.remove.clicked.connect(lambda: self.table.remove(self.view.row()))
        self.suggest.clicked.connect(lambda: self.table.show_rows(proposed(self._types)))
        self.as_text.toggled.connect(self._turn)
        self.save.clicked.connect(self.write)
        self.cancel.clicked.connect(self.reject)
        for changed in (
            self.table.dataChanged,
            self.table.rowsInserted,
            self.table.rowsRemoved,
            self.table.modelReset,
            self.text.textChanged,
        ):
            changed.connect(lambda *_what: self._later.start())
        self.state.view.tree.level_wanted.connect(lambda *_what: None)
        self.finished.connect(self._ended)

    def _ended(self, _result: int) -> None:
        self._later.stop()
        self.fold.close()
        self._tried.unlink(missing_ok=True)

    # ---- what is written

    def _load(self) -> None:
        try:
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
            rules = parse_rules(text, str(self.path)) if text else None
        except (OSError, UnicodeDecodeError, UsageError) as error:
            self._say_wrong(str(error))
            return
        if rules is not None:
            self._initial = rules.initial
            self.table.show_rows(rows_of(rules))

    def _types_told(self, types: Mapping[str, Seen]) -> None:
        self._types = types
        self.cells.types, self.cells.places = [*types, "*"], [*places(types), "event.time", "event.actor", "event.type", "event.version"]
        if not self.table.rows and not self.as_text.isChecked():
            self.table.show_rows(proposed(types))
        self._later.start()

    def add_row(self) -> None:
        """A further row below the current one, like it."""
        here = self.view.row()
        like = self.table.rows[here] if 0 <= here < len(self.table.rows) else Row(next(iter(self._types), "*"))
        place = self.table.add(Row(like.type, "set", "", "", like.when), here + 1 if here >= 0 else len(self.table.rows))
        self.view.setCurrentIndex(self.table.index(place, TARGET))
        self.view.setFocus()

    def _turn(self, on: bool) -> None:
        """Between rows and text; what is written comes along when it is right."""
        try:
            if on:
                self.text.setPlainText(text_of(self.table.rows, self._stream.category, self._initial) if self.table.rows else "")
            else:
                rules = parse_rules(self.text.toPlainText())
                self._initial = rules.initial
                self.table.show_rows(rows_of(rules))
        except (ValueError, UsageError) as error:
            self._say_wrong(str(error))
            self.as_text.blockSignals(True)
            self.as_text.setChecked(not on)
            self.as_text.blockSignals(False)
            return
        self.stack.setCurrentIndex(1 if on else 0)
        for button in (self.add, self.remove, self.suggest):
            button.setEnabled(not on)

    def written(self) -> str:
        """The file as it stands. Raises ValueError or UsageError for what is wrong in it."""
        text = self.text.toPlainText() if self.as_text.isChecked() else text_of(self.table.rows, self._stream.category, self._initial)
        parse_rules(text)
        return text

    # ---- trying

    def _try(self) -> None:
        try:
            text = self.written()
            self._try_file(text)
        except (ValueError, UsageError, OSError) as error:
            self._say_wrong(self.table.first_mistake() or str(error).removeprefix("rules: "))
            return
        self.save.setEnabled(True)
        self._say_coverage(text)
        fields = {"stream_id": self._stream.id, "reducer": str(self._tried), "open": [], "limit": 200}
        self.fold.ask("look", lambda _request, look: self._looked(look), self._say_wrong, lane="look", **fields)

    def _try_file(self, text: str) -> None:
        """Every try is a file of its own: a reducer is known by its name. Raises OSError."""
        self._tried.unlink(missing_ok=True)
        self._tries += 1
        self._tried = self._tried.with_name(f"rules-being-tried-{os.getpid()}-{id(self):x}-{self._tries}.toml")
        self._tried.write_text(text, encoding="utf-8")

    def _looked(self, look: Answer) -> None:
        self.notice.hide()
        self.preview_title.show_text(f"{self._stream.name} after {look['applied']:,} of {look['total']:,} events")
        self.state.show_look(look)
        if trouble := trouble_words(look):
            self.notice.say(trouble.replace(str(self._tried), "rules"), role="bad")

    def _say_coverage(self, text: str) -> None:
        said = {name for rule in parse_rules(text).rules for name in rule.types or ()}
        is_for_all = any(rule.types is None for rule in parse_rules(text).rules)
        without = [] if is_for_all else [name or "no type" for name in self._types if name not in said]
        self.said.show_text(f"no rule for {_listed(without)}: these change nothing" if without else f"in {self.path}")

    def _say_wrong(self, sentence: str) -> None:
        self.save.setEnabled(False)
        self.notice.say(sentence, role="bad")

    def write(self) -> None:
        """Writes the file and has it used."""
        try:
            text = self.written()
            beside = self.path.with_suffix(".new")
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.path)
        except (ValueError, UsageError, OSError) as error:
            self._say_wrong(str(error))
            return
        self.saved.emit(self.path)
        self.accept()


def _listed(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")
