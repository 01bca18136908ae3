"""An event as a tree: its fields with where they came from, its documents below. Children are made when they are opened.

Holds one event's values and nothing of a capture. Read `models.document` for documents, `panes.event` for its use.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import style
from app.models import document
from app.plain import tip
from inspector.text import visible

Index = QModelIndex | QPersistentModelIndex

HEADERS = ("field", "value", "from")
PAGE = 200
_NONE = QModelIndex()
_SHOWN_CHARACTERS = 300
_DISPLAY, _FONT, _COLOR, _TIP = (
    int(role)
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.FontRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole)
)
_KINDS = {"string": "ok", "number": "accent", "boolean": "accent", "null": "faint", "object": "dim", "array": "dim"}


@dataclass(frozen=True, slots=True)
class Field:
    """A row at the top: a field with a text, or a document with its `value`. `path` is its name in the filter language."""

    name: str
    text: str = ""
    origin: str = ""
    path: str = ""
    literal: str = ""
    """The field's value in the filter language; empty where it cannot be asked for."""
    value: object = None
    is_document: bool = False


@dataclass(slots=True)
class _Node:
    name: str
    path: str
    value: object = None
    text: str = ""
    origin: str = ""
    literal: str = ""
    is_document: bool = False
    is_repeat: bool = False
    parent: int = 0
    row: int = 0
    inner: list[int] = field(default_factory=list)
    loaded: int = 0

    def total(self) -> int:
        return document.count(self.value) if self.is_document else 0


class EventTree(QAbstractItemModel):
    """The event that was shown last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[_Node] = [_Node("", "")]
        self._fixed = style.fixed_font()
        self._is_changing = False

    def show_fields(self, fields: Sequence[Field]) -> None:
        """Shows an event in place of the one before."""
        self._is_changing = True  # who hears of the reset must not have rows inserted before all have heard
        self.beginResetModel()
        self._nodes = [_Node("", "")]
        for one in fields:
            self._place(0, _Node(one.name, one.path, one.value, one.text, one.origin, one.literal, one.is_document))
        self.endResetModel()
        self._is_changing = False

    def _place(self, parent: int, node: _Node) -> None:
        node.parent, node.row = parent, len(self._nodes[parent].inner)
        self._nodes[parent].inner.append(len(self._nodes))
        self._nodes.append(node)

    # ---- what a row stands for

    def path(self, index: Index) -> str:
        """The row's path in the filter language; empty for none."""
        return self._nodes[index.internalId()].path if index.isValid() else ""

    def json_text(self, index: Index) -> str:
        """The row's value as JSON, or a field's text."""
        node = self._nodes[index.internalId()] if index.isValid() else self._nodes[0]
        return document.json_text(node.value) if node.is_document else node.text

    def text(self, index: Index) -> str:
        """The row's value as it is: a text without its quotes."""
        node = self._nodes[index.internalId()] if index.isValid() else self._nodes[0]
        return node.value if node.is_document and isinstance(node.value, str) else self.json_text(index)

    def filter_text(self, index: Index) -> str:
        """The filter for events with this value here; empty for objects, arrays and what cannot be asked for."""
        node = self._nodes[index.internalId()] if index.isValid() else self._nodes[0]
        if not node.path:
            return ""
        if not node.is_document:
            return f"{node.path} == {node.literal}" if node.literal else ""
        if document.kind(node.value) in {"object", "array"}:
            return ""
        return f"{node.path} == {document.json_text(node.value)}"

    def find(self, text: str, after: QModelIndex) -> QModelIndex:
        """The next loaded row below `after` whose name or value has `text`, from the top again at the end; invalid for none."""
        wanted = text.lower()
        order = self._in_order(0)
        start = order.index(after.internalId()) + 1 if after.isValid() and after.internalId() in order else 0
        for number in [*order[start:], *order[:start]]:
            node = self._nodes[number]
            if wanted in node.name.lower() or wanted in self._value_text(node).lower():
                return self._index(number)
        return QModelIndex()

    def _in_order(self, number: int) -> list[int]:
        found: list[int] = []
        waiting = list(reversed(self._nodes[number].inner))
        while waiting:
            found.append(at := waiting.pop())
            waiting.extend(reversed(self._nodes[at].inner))
        return found

    # ---- the model

    def _index(self, number: int, column: int = 0) -> QModelIndex:
        return QModelIndex() if number == 0 else self.createIndex(self._nodes[number].row, column, number)

    def _node(self, index: Index) -> _Node:
        return self._nodes[index.internalId() if index.isValid() else 0]

    def index(self, row: int, column: int, parent: Index = _NONE) -> QModelIndex:
        """The index of a child."""
        node = self._node(parent)
        if not (0 <= row < len(node.inner) and 0 <= column < len(HEADERS)) or parent.column() > 0:
            return QModelIndex()
        return self._index(node.inner[row], column)

    def parent(self, index: Index = _NONE) -> QModelIndex:  # type: ignore[override]
        """The row a value is in."""
        return self._index(self._nodes[index.internalId()].parent) if index.isValid() else QModelIndex()

    def rowCount(self, parent: Index = _NONE) -> int:
        """Children that are made."""
        return 0 if parent.column() > 0 else len(self._node(parent).inner)

    def columnCount(self, parent: Index = _NONE) -> int:
        """Name, value, where from."""
        return len(HEADERS)

    def hasChildren(self, parent: Index = _NONE) -> bool:
        """Whether a row can be opened."""
        node = self._node(parent)
        return parent.column() <= 0 and bool(node.inner or node.total())

    def canFetchMore(self, parent: Index) -> bool:
        """Whether children are still to be made."""
        node = self._node(parent)
        return not self._is_changing and parent.column() <= 0 and node.loaded < node.total()

    def fetchMore(self, parent: Index) -> None:
        """Makes the next children."""
        number = parent.internalId() if parent.isValid() else 0
        node = self._nodes[number]
        new = document.children(node.value)[node.loaded : node.loaded + PAGE] if node.is_document else []
        if not new or self._is_changing:
            return
        self._is_changing = True
        self.beginInsertRows(self._index(number), node.loaded, node.loaded + len(new) - 1)
        for name, value, is_repeat in new:
            path = document.path_step(node.path, name, node.value)
            self._place(number, _Node(name, path, value, is_document=True, is_repeat=is_repeat))
        node.loaded += len(new)
        self.endInsertRows()
        self._is_changing = False

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and role == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {_DISPLAY, _FONT, _COLOR, _TIP} or not index.isValid():
            return None
        node, column = self._nodes[index.internalId()], index.column()
        if role == _FONT:
            return self._fixed if column < 2 else None
        if role == _COLOR:
            return style.color(self._tone(node, column))
        if role == _TIP:
            return tip(self._tip(node, column))
        if column == 0:
            return visible(f"{node.name} (again)" if node.is_repeat else node.name)
        return visible(self._value_text(node)) if column == 1 else visible(node.origin)

    def _value_text(self, node: _Node) -> str:
        if not node.is_document:
            return _cut(node.text)
        shape = document.kind(node.value)
        if shape in {"object", "array"}:
            unit = "field" if shape == "object" else "item"
            return f"{node.total():,} {unit}{'' if node.total() == 1 else 's'}"
        return _cut(document.json_text(node.value))

    def _tone(self, node: _Node, column: int) -> str:
        if column == 1 and node.is_document:
            return _KINDS[document.kind(node.value)]
        if column == 0:
            return "warn" if node.is_repeat else "dim"
        if node.name == "error":
            return "bad"
        return "text" if column == 1 else "faint"

    def _tip(self, node: _Node, column: int) -> str:
        if column == 0:
            note = "\nthis name is there before: filters and replay use the first" if node.is_repeat else ""
            return f"{node.path or node.name}{note}"
        return node.text if column == 1 and not node.is_document else node.origin


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text):,} characters)"


def literal(value: object) -> str:
    """A text or number as the filter language writes it; empty for what it cannot say."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | int) and not isinstance(value, bool) else ""
