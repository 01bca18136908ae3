"""A state as a tree: names, values, who set them last, and what the last event changed. Levels come when they are opened.

Holds what was sent for it and nothing of a capture. Read `panes.replay` for where levels come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app import style
from app.plain import tip
from inspector.text import visible

Index = QModelIndex | QPersistentModelIndex

HEADERS = ("state", "value", "last set by")
LEVEL_ROWS = 200
"""So many children are asked for at once."""
_NONE = QModelIndex()
_DISPLAY, _FONT, _COLOR, _TIP, _BACK = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.BackgroundRole,
    )
)
_SIGNS = {"add": "+", "replace": "~", "remove": "−"}
_WORDS = {"add": "added", "replace": "changed", "remove": "removed"}
_TONES = {"add": "ok", "replace": "warn", "remove": "bad"}
_KINDS = {"string": "ok", "number": "accent", "boolean": "accent", "null": "faint"}


@dataclass(slots=True)
class Node:
    """One value. `op` is what the last event did to it, if anything, and `before` what it was."""

    path: str
    key: str
    kind: str = "object"
    text: str = ""
    count: int = 0
    set_by: Mapping[str, Any] | None = None
    op: str = ""
    before: str = ""
    parent: int = 0
    row: int = 0
    inner: list[int] = field(default_factory=list)
    loaded: int = 0
    is_asked: bool = False


class StateTree(QAbstractItemModel):
    """The newest state that was shown."""

    level_wanted = Signal(object, object)
    """`(path, offset)`: the children of the value at `path` from `offset` on are to be shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[Node] = [Node("", "")]
        self._paths: dict[str, int] = {"": 0}
        self._changes: Mapping[str, Mapping[str, Any]] = {}
        self._fixed = style.fixed_font()

    # ---- what is shown

    def show_state(self, levels: Mapping[str, Mapping[str, Any]], changes: Sequence[Mapping[str, Any]] = ()) -> None:
        """Shows these levels, by path and from the outermost; `changes` are those of the last event."""
        self.beginResetModel()
        self._nodes, self._paths = [Node("", "")], {"": 0}
        self._changes = {str(change["path"]): change for change in changes}
        for path in sorted(levels, key=lambda path: path.count("/")):
            if path in self._paths:
                self._add(self._paths[path], levels[path]["children"], int(levels[path]["total"]))
        self.endResetModel()

    def show_level(self, path: str, level: Mapping[str, Any]) -> None:
        """Adds children that were asked for."""
        number = self._paths.get(path)
        if number is None or not level["children"]:
            return
        node = self._nodes[number]
        first = len(node.inner)
        ghosts = self._ghosts(node) if node.loaded + len(level["children"]) >= int(level["total"]) else []
        self.beginInsertRows(self._index(number), first, first + len(level["children"]) + len(ghosts) - 1)
        self._add(number, level["children"], int(level["total"]))
        self.endInsertRows()

    def _add(self, number: int, children: Sequence[Mapping[str, Any]], total: int) -> None:
        node = self._nodes[number]
        node.count, node.is_asked = total, False
        for child in children:
            change = self._changes.get(str(child["path"]), {})
            self._place(
                number,
                Node(
                    str(child["path"]),
                    str(child["key"]),
                    str(child["kind"]),
                    str(child["text"]),
                    int(child["children"]),
                    child.get("set_by"),
                    str(change.get("op", "")),
                    str(change.get("from", "")),
                ),
            )
        node.loaded += len(children)
        if node.loaded >= total:
            for ghost in self._ghosts(node):
                self._place(number, ghost)

    def _ghosts(self, node: Node) -> list[Node]:
        """What the last event took out of `node`."""
        return [
            Node(path, path.rpartition("/")[2].replace("~1", "/").replace("~0", "~"), "removed", str(change["from"]), op="remove")
            for path, change in self._changes.items()
            if change["op"] == "remove" and path and path.rpartition("/")[0] == node.path
        ]

    def _place(self, number: int, child: Node) -> None:
        parent = self._nodes[number]
        child.parent, child.row = number, len(parent.inner)
        parent.inner.append(len(self._nodes))
        if child.op != "remove":
            self._paths[child.path] = len(self._nodes)
        self._nodes.append(child)

    def node(self, index: Index) -> Node | None:
        """The value of a row; None for none."""
        return self._nodes[index.internalId()] if index.isValid() else None

    def index_of(self, path: str) -> QModelIndex:
        """The row of the value at `path`; invalid when it is not loaded."""
        number = self._paths.get(path, 0)
        return self._index(number) if number else QModelIndex()

    # ---- the model

    def _index(self, number: int, column: int = 0) -> QModelIndex:
        return QModelIndex() if number == 0 else self.createIndex(self._nodes[number].row, column, number)

    def index(self, row: int, column: int, parent: Index = _NONE) -> QModelIndex:
        """The index of a child."""
        node = self._nodes[parent.internalId() if parent.isValid() else 0]
        if not (0 <= row < len(node.inner) and 0 <= column < len(HEADERS)) or parent.column() > 0:
            return QModelIndex()
        return self._index(node.inner[row], column)

    def parent(self, index: Index = _NONE) -> QModelIndex:  # type: ignore[override]
        """The row a value is in."""
        return self._index(self._nodes[index.internalId()].parent) if index.isValid() else QModelIndex()

    def rowCount(self, parent: Index = _NONE) -> int:
        """Children that are loaded."""
        return 0 if parent.column() > 0 else len(self._nodes[parent.internalId() if parent.isValid() else 0].inner)

    def columnCount(self, parent: Index = _NONE) -> int:
        """Name, value, who set it."""
        return len(HEADERS)

    def hasChildren(self, parent: Index = _NONE) -> bool:
        """Whether a row can be opened."""
        node = self._nodes[parent.internalId() if parent.isValid() else 0]
        return parent.column() <= 0 and bool(node.inner or node.count)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether children are still to be loaded."""
        node = self._nodes[parent.internalId() if parent.isValid() else 0]
        return parent.column() <= 0 and not node.is_asked and node.loaded < node.count

    def fetchMore(self, parent: Index) -> None:
        """Asks for the next children."""
        node = self._nodes[parent.internalId() if parent.isValid() else 0]
        if not node.is_asked and node.loaded < node.count:
            node.is_asked = True
            self.level_wanted.emit(node.path, node.loaded)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and role == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {_DISPLAY, _FONT, _COLOR, _TIP, _BACK} or not index.isValid():
            return None
        node, column = self._nodes[index.internalId()], index.column()
        if role == _DISPLAY:
            return self._text(node, column)
        if role == _FONT:
            return self._fixed if column < 2 else None
        if role == _COLOR:
            return style.color(self._tone(node, column))
        if role == _BACK:
            return style.wash(_TONES[node.op]) if node.op else None
        return tip(self._tip(node, column))

    def _text(self, node: Node, column: int) -> str:
        if column == 0:
            return visible(f"{_SIGNS[node.op]} {node.key}" if node.op else node.key)
        if column == 1:
            return visible(value_text(node))
        return visible(setter_text(node.set_by)) if node.set_by else "removed by this event" if node.op == "remove" else ""

    def _tone(self, node: Node, column: int) -> str:
        if node.op == "remove":
            return "dim"
        if column == 1:
            return _KINDS.get(node.kind, "dim")
        return "text" if column == 0 else "dim"

    def _tip(self, node: Node, column: int) -> str:
        if column == 0:
            return f"{node.path}\n{_WORDS[node.op]} by this event" if node.op else node.path
        if column == 1:
            return f"{node.before} → {node.text}" if node.op == "replace" else node.text
        return ", ".join(f"{name} {value}" for name, value in (node.set_by or {}).items() if value is not None)


def value_text(node: Node) -> str:
    """A value in a line: scalars as JSON, containers by their size, a changed one with what it was."""
    if node.kind in {"object", "array"}:
        unit = "field" if node.kind == "object" else "item"
        return f"{node.count:,} {unit}{'' if node.count == 1 else 's'}"
    return f"{node.text}  (was {node.before})" if node.op == "replace" else node.text


def setter_text(event: Mapping[str, Any]) -> str:
    """An event in few words: version, type and who did it."""
    version = event.get("version")
    parts = [str(version) if version is not None else f"#{event.get('seq')}", str(event.get("type") or "no type")]
    return " ".join(parts) + (f" · {event['actor']}" if event.get("actor") else "")
