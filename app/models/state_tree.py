"""A state as a tree: names, values, who set them last, and what the last event changed. Levels come when they are opened.

Holds what was sent for it and nothing of a capture. A new state changes only the rows that differ, so that nothing jumps.
Read `state_rows` for how rows look, `panes.replay` for where levels come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from app import style
from app.models.roles import BACK, COLOR, DISPLAY, FONT, NO_INDEX, SPOKEN, TIP, Index
from app.models.state_rows import HEADERS, Node, Shape, nodes_of, note_of, row_text, row_tip, row_tone, row_words, sign_tone

Level = Mapping[str, Any]

LEVEL_ROWS = 200
"""So many children are asked for at once."""
MOST_ROWS = 5_000
"""So many children of one value are shown at most; a row says how many more there are."""
_ROLES = frozenset({DISPLAY, FONT, COLOR, TIP, BACK, SPOKEN})


class StateTree(QAbstractItemModel):
    """The newest state that was shown."""

    level_wanted = Signal(object, object)
    """`(path, offset)`: the children of the value at `path` from `offset` on are to be shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: dict[int, Node] = {0: Node("", "", "object")}
        self._paths: dict[str, int] = {"": 0}
        self._next = 1
        self._fixed = style.fixed_font()
        self.is_dimmed = False
        """Whether what is shown is no longer what is asked for."""

    # ---- what is shown

    def show_state(self, levels: Mapping[str, Level]) -> None:
        """Shows these levels, by path; a level that is not among them goes."""
        self._show_level(0, levels.get("", {"total": 0, "children": []}), levels)

    def show_scalar(self, whole: Mapping[str, Any]) -> None:
        """Shows a state that is no container: one row."""
        self._nodes[0].loaded = self._nodes[0].count = 1
        self._change_rows(0, nodes_of([whole], Shape.whole))

    def show_setters(self, set_by: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Who set what, where it came after the state: by JSON pointer."""
        for path, event in set_by.items():
            if (number := self._paths.get(path)) is not None:
                self._nodes[number].set_by = event
                if number:  # the root has no row
                    self.dataChanged.emit(self._index(number, 2), self._index(number, 2))

    def show_more(self, path: str, offset: int, level: Level) -> None:
        """Adds children that were asked for, unless the level came otherwise meanwhile."""
        number = self._paths.get(path)
        if number is None or self._nodes[number].loaded != offset:
            return
        node = self._nodes[number]
        node.is_asked = False
        before = [self._nodes[inner] for inner in node.inner if self._nodes[inner].shape is Shape.value]
        fresh = nodes_of(level["children"], Shape.value)
        node.loaded, node.count = len(before) + len(fresh), int(level["total"])
        self._change_rows(number, [*before, *fresh, *_tail(node, level)])

    def _show_level(self, number: int, level: Level, levels: Mapping[str, Level]) -> None:
        node = self._nodes[number]
        node.is_asked = False
        wanted = nodes_of(level["children"], Shape.value)
        node.loaded, node.count = len(wanted), int(level["total"])
        self._change_rows(number, [*wanted, *_tail(node, level)])
        for inner in list(node.inner):
            child = self._nodes[inner]
            if child.shape in {Shape.value, Shape.beyond} and child.path in levels:
                self._show_level(inner, levels[child.path], levels)
            elif child.inner:
                child.loaded = 0
                self._change_rows(inner, [])

    def _change_rows(self, number: int, wanted: Sequence[Node]) -> None:
        """Turns the rows of a value into `wanted`: rows that stay are told to have changed, others go and come."""
        node = self._nodes[number]
        old = [self._nodes[inner].identity for inner in node.inner]
        new = [child.identity for child in wanted]
        head = _equal(old, new)
        tail = min(_equal(old[::-1], new[::-1]), len(old) - head, len(new) - head)
        self._remove(number, head, len(old) - tail)
        self._insert(number, head, wanted[head : len(new) - tail])
        for place, child in enumerate(wanted):
            kept = self._nodes[node.inner[place]]
            if kept is not child:
                kept.take(child)
        if head or tail:
            self.dataChanged.emit(self._index(node.inner[0]), self._index(node.inner[-1], len(HEADERS) - 1))

    def _remove(self, number: int, start: int, stop: int) -> None:
        if start >= stop:
            return
        node = self._nodes[number]
        self.beginRemoveRows(self._index(number), start, stop - 1)
        for gone in node.inner[start:stop]:
            self._forget(gone)
        del node.inner[start:stop]
        self._number_rows(node, start)
        self.endRemoveRows()

    def _insert(self, number: int, start: int, wanted: Sequence[Node]) -> None:
        if not wanted:
            return
        node = self._nodes[number]
        self.beginInsertRows(self._index(number), start, start + len(wanted) - 1)
        numbers = range(self._next, self._next + len(wanted))
        self._next += len(wanted)
        for fresh, child in zip(numbers, wanted, strict=True):
            child.number, child.parent = fresh, number
            self._nodes[fresh] = child
            if child.shape in {Shape.value, Shape.beyond}:
                self._paths[child.path] = fresh
        node.inner[start:start] = numbers
        self._number_rows(node, start)
        self.endInsertRows()

    def _number_rows(self, node: Node, start: int) -> None:
        for row in range(start, len(node.inner)):
            self._nodes[node.inner[row]].row = row

    def _forget(self, number: int) -> None:
        """Lets go of a row and all below it."""
        waiting = [number]
        while waiting:
            node = self._nodes.pop(waiting.pop())
            waiting.extend(node.inner)
            if self._paths.get(node.path) == node.number:
                del self._paths[node.path]

    # ---- finding

    def node(self, index: Index) -> Node | None:
        """The value of a row; None for none."""
        return self._nodes.get(index.internalId()) if index.isValid() else None

    def index_of(self, path: str) -> QModelIndex:
        """The row of the value at `path`; invalid when it is not loaded."""
        return self._index(self._paths.get(path, 0))

    def is_more(self, index: Index) -> bool:
        """Whether a row stands for those that are not loaded."""
        node = self.node(index)
        return node is not None and node.shape is Shape.note

    def load_more(self, index: Index) -> None:
        """Asks for the next children of the value in which the chosen row says that there are more."""
        if self.is_more(index):
            self._ask(self._nodes[self._of(index).parent])

    def _index(self, number: int, column: int = 0) -> QModelIndex:
        return QModelIndex() if number == 0 else self.createIndex(self._nodes[number].row, column, number)

    def _of(self, index: Index) -> Node:
        return self._nodes[index.internalId() if index.isValid() else 0]

    # ---- the model

    def index(self, row: int, column: int, parent: Index = NO_INDEX) -> QModelIndex:
        """The index of a child."""
        node = self._of(parent)
        if not (0 <= row < len(node.inner) and 0 <= column < len(HEADERS)) or parent.column() > 0:
            return QModelIndex()
        return self._index(node.inner[row], column)

    def parent(self, index: Index = NO_INDEX) -> QModelIndex:  # type: ignore[override]
        """The row a value is in."""
        return self._index(self._of(index).parent) if index.isValid() else QModelIndex()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Children that are loaded, and what is said after them."""
        return 0 if parent.column() > 0 else len(self._of(parent).inner)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """Name, value, who set it."""
        return len(HEADERS)

    def hasChildren(self, parent: Index = NO_INDEX) -> bool:
        """Whether a row can be opened."""
        node = self._of(parent)
        return parent.column() <= 0 and bool(node.inner or node.count)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether no child is loaded yet: further ones come when the row is chosen that says how many there are."""
        node = self._of(parent)
        return parent.column() <= 0 and not node.is_asked and not node.loaded and node.count > 0

    def fetchMore(self, parent: Index) -> None:
        """Asks for the first children."""
        if self.canFetchMore(parent):
            self._ask(self._of(parent))

    def _ask(self, node: Node) -> None:
        if not node.is_asked and node.loaded < min(node.count, MOST_ROWS):
            node.is_asked = True
            self.level_wanted.emit(node.path, node.loaded)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and role == DISPLAY else None

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in _ROLES or not index.isValid():
            return None
        node, column = self._nodes[index.internalId()], index.column()
        if role == DISPLAY:
            return row_text(node, column)
        if role == FONT:
            return self._fixed if column < 2 else None
        if role == COLOR:
            return style.color("faint" if self.is_dimmed else row_tone(node, column))
        if role == BACK:
            tone = sign_tone(node)
            return style.wash(tone) if tone and not self.is_dimmed else None
        return row_tip(node, column) if role == TIP else row_words(node, column)


def _tail(node: Node, level: Level) -> list[Node]:
    """The rows after the loaded ones: what changed further down, what went, and how much is not shown."""
    tail = [*nodes_of(level.get("changed", ()), Shape.beyond), *nodes_of(level.get("removed", ()), Shape.gone)]
    if node.count > node.loaded:
        tail.append(note_of(node.path, node.count - node.loaded, is_last=node.loaded >= MOST_ROWS))
    return tail


def _equal(left: Sequence[object], right: Sequence[object]) -> int:
    """How many are the same from the start."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
