"""An event as a tree: its fields with where they came from, its documents below. Children are made when they are opened.

Holds one event's fields and documents as stored bytes, and no I/O. Read `models.jsonb` for documents, `event_tree_view` for
the view.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from app import style
from app.models import jsonb
from app.models.event_find import Spot
from app.models.event_node import Node, cut
from app.models.field import Field
from app.models.jsonb import Part
from app.models.roles import COLOR, DISPLAY, FONT, NO_INDEX, TIP, Index
from app.plain import tip
from inspector.identify.expressions import written
from inspector.masks import SIGN
from inspector.query.json_path import literal, path_step
from inspector.text import visible

HEADERS = ("field", "value", "from")
FIRST_ROWS, MORE_ROWS = 200, 1_000
"""So many children are made when a value is opened, and so many more each time they are asked for."""
MOST_REVEALED = 10_000
"""A found value further down among its siblings is said, not shown."""
_MOST_COUNTED = 10_000
_MOST_COUNTED_INSIDE = 1_000
_SHOWN_BYTES, _TIP_BYTES, MOST_FILTER_BYTES = 300, 2_000, 2_000
_KINDS = {"string": "ok", "number": "accent", "boolean": "accent", "null": "faint", "object": "dim", "array": "dim"}
_DAMAGED = "the document is damaged from here on"


class EventTree(QAbstractItemModel):
    """The event that was shown last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields: Sequence[Field] = ()
        self._nodes: list[Node] = [Node("", -1)]
        self._fixed = style.fixed_font()
        self._is_changing = False

    def show_fields(self, fields: Sequence[Field]) -> None:
        """Shows an event in place of the one before."""
        self._is_changing = True  # who hears of the reset must not have rows inserted before all have heard
        self.beginResetModel()
        self.fields = fields
        self._nodes = [Node("", -1, is_opened=True)]
        for row, one in enumerate(fields):
            self._place(0, self._top(row, one))
        self.endResetModel()
        self._is_changing = False

    def _top(self, row: int, one: Field) -> Node:
        if one.document is None:
            return Node(one.name, row)
        try:
            return self._made(one.name, row, jsonb.part(one.document), 0, _MOST_COUNTED)
        except ValueError as error:
            return Node(one.name, row, note=str(error))

    def _made(self, name: str, row: int, part: Part, at: int, most: int) -> Node:
        node = Node(name, row, part, at)
        if part.is_container:
            node.next_at = part.start
            node.count, node.is_counted = jsonb.count(self._bytes(node), part, part.start, most)
        return node

    def _place(self, parent: int, node: Node, row: int = -1) -> int:
        above = self._nodes[parent]
        node.parent, node.row = parent, len(above.inner) if row < 0 else row
        above.inner.insert(node.row, len(self._nodes))
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _bytes(self, node: Node) -> bytes:
        return self.fields[node.top].document or b""

    # ---- making children

    def hasChildren(self, parent: Index = NO_INDEX) -> bool:
        """Whether a row can be opened."""
        node = self._node(parent)
        return parent.column() <= 0 and bool(node.inner or node.count)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether the first children are still to be made."""
        node = self._node(parent)
        return not self._is_changing and parent.column() <= 0 and not node.is_opened and node.count > 0

    def fetchMore(self, parent: Index) -> None:
        """Makes the first children."""
        if self.canFetchMore(parent):
            self._make(parent.internalId() if parent.isValid() else 0, FIRST_ROWS)

    def is_more(self, index: Index) -> bool:
        """Whether a row stands for children that are still to be made."""
        return self._node(index).is_more

    def make_more(self, index: Index, rows: int = MORE_ROWS) -> None:
        """Makes the next children, which a row of `is_more` stands for."""
        if index.isValid() and self.is_more(index):
            self._make(self._node(index).parent, rows)

    def _make(self, number: int, most: int) -> None:
        node = self._nodes[number]
        node.is_opened = True
        new = self._next(node, most)
        node.made += len(new)
        left, is_all = self._left(node)
        node.count, node.is_counted = node.made + left, is_all
        had_more = bool(node.inner) and self._nodes[node.inner[-1]].is_more
        if (left or node.note) and not had_more:
            new.append(Node("…", node.top, is_more=not node.note, note=node.note))
        self._insert(number, new, len(node.inner) - had_more)
        if had_more and not left:
            self._remove_last(number)
        elif had_more:
            last = self._index(node.inner[-1])
            self.dataChanged.emit(last, last.siblingAtColumn(2))

    def _left(self, node: Node) -> tuple[int, bool]:
        """How many children are still to be made; and whether that is all, or at least so many."""
        if node.note or node.part is None:
            return 0, True
        try:
            return jsonb.count(self._bytes(node), node.part, node.next_at, _MOST_COUNTED)
        except ValueError:
            node.note = _DAMAGED
            return 0, True

    def _next(self, node: Node, most: int) -> list[Node]:
        """The next children, and how far that is."""
        blob, found, budget = self._bytes(node), list[Node](), _MOST_COUNTED
        assert node.part is not None
        try:
            for member in jsonb.members(blob, node.part, node.next_at):
                if len(found) >= most:
                    break
                name = str(node.made + len(found)) if member.name is None else jsonb.text(blob, member.name)
                child = self._made(name, node.top, member.value, member.at, min(budget, _MOST_COUNTED_INSIDE))
                budget = max(budget - child.count, 1)
                child.is_repeat = member.name is not None and name in node.seen
                if member.name is not None:
                    node.seen.add(name)
                found.append(child)
                node.next_at = member.after
        except ValueError:
            node.note = _DAMAGED
        return found

    def _insert(self, number: int, new: list[Node], row: int) -> None:
        if not new:
            return
        self._is_changing = True
        self.beginInsertRows(self._index(number), row, row + len(new) - 1)
        for place, child in enumerate(new):
            self._place(number, child, row + place)
        node = self._nodes[number]
        self._nodes[node.inner[-1]].row = len(node.inner) - 1
        self.endInsertRows()
        self._is_changing = False

    def _remove_last(self, number: int) -> None:
        node = self._nodes[number]
        row = len(node.inner) - 1
        self.beginRemoveRows(self._index(number), row, row)
        node.inner.pop()
        self.endRemoveRows()

    # ---- what a row stands for

    def field(self, index: Index) -> Field | None:
        """The field or document at the top that a row belongs to."""
        row = self._node(index).top
        return self.fields[row] if row >= 0 else None

    def path(self, index: Index) -> str:
        """The row's path in the filter language; empty for none."""
        steps: list[str] = []
        node = self._node(index)
        if node.top < 0 or node.is_more or not self.fields[node.top].path:
            return ""
        while node.parent:
            above = self._nodes[node.parent]
            steps.append(path_step("", node.name, is_element=above.part is not None and not above.part.is_object))
            node = above
        return self.fields[node.top].path + "".join(reversed(steps))

    def steps(self, index: Index) -> tuple[str | int, ...] | None:
        """The way to a row's value in its document; None for a field, and below a name that is there before."""
        node, found = self._node(index), list[str | int]()
        if node.part is None:
            return None
        while node.parent and not node.is_repeat:
            above = self._nodes[node.parent]
            found.append(node.name if above.part is not None and above.part.is_object else int(node.name))
            node = above
        return None if node.is_repeat else tuple(reversed(found))

    def place(self, index: Index) -> str:
        """Where a rule of identity finds the row's value, such as `data.customer.id` or `key`; empty where none does."""
        node, steps = self._node(index), self.steps(index)
        if node.part is None:
            return "key" if node.top >= 0 and self.fields[node.top].path == "key" else ""
        return "" if steps is None or node.part.is_container else written(self.fields[node.top].path, steps)

    def part(self, index: Index) -> tuple[bytes, Part] | None:
        """A row's value in its document; None for a field."""
        node = self._node(index)
        return None if node.part is None else (self._bytes(node), node.part)

    def filter_text(self, index: Index, *, exclude: bool = False) -> str:
        """The filter for events with (or without) this value here; empty where the language has none."""
        node = self._node(index)
        if node.part is None:
            one = self.field(index)
            return "" if one is None or node.is_more else one.other if exclude else one.same
        path = self.path(index)
        if not path or node.is_repeat or node.part.is_container or node.part.end - node.part.start > MOST_FILTER_BYTES:
            return ""
        blob = self._bytes(node)
        is_text = node.part.word == "string"
        same = f"{path} == {literal(jsonb.text(blob, node.part)) if is_text else jsonb.scalar(blob, node.part)}"
        if SIGN in same:
            return ""
        return f"(!has({path}) || !({same}))" if exclude else same

    def spot(self, index: Index) -> Spot:
        """Where a row is, for finding from there on."""
        node = self._node(index)
        if node.part is None or not node.parent:
            return Spot(node.top)
        route: list[int] = []
        above = node
        while above.parent:
            route.append(above.row)
            above = self._nodes[above.parent]
        return Spot(node.top, node.at, node.at, tuple(reversed(route)))

    def reveal(self, spot: Spot) -> tuple[QModelIndex, bool]:
        """The row of a spot, made if need be; its nearest row above and False when it is too far down among its siblings."""
        number = self._nodes[0].inner[spot.row]
        for place in spot.route:
            node = self._nodes[number]
            if not node.is_opened:
                self._make(number, FIRST_ROWS)
            if place >= node.made and place < MOST_REVEALED:
                self._make(number, place + FIRST_ROWS - node.made)
            if place >= node.made:
                return self._index(number), False
            number = node.inner[place]
        return self._index(number), True

    # ---- the model

    def _index(self, number: int, column: int = 0) -> QModelIndex:
        return QModelIndex() if number == 0 else self.createIndex(self._nodes[number].row, column, number)

    def _node(self, index: Index) -> Node:
        return self._nodes[index.internalId() if index.isValid() else 0]

    def index(self, row: int, column: int, parent: Index = NO_INDEX) -> QModelIndex:
        """The index of a child."""
        node = self._node(parent)
        if not (0 <= row < len(node.inner) and 0 <= column < len(HEADERS)) or parent.column() > 0:
            return QModelIndex()
        return self._index(node.inner[row], column)

    def parent(self, index: Index = NO_INDEX) -> QModelIndex:  # type: ignore[override]
        """The row a value is in."""
        return self._index(self._nodes[index.internalId()].parent) if index.isValid() else QModelIndex()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Children that are made."""
        return 0 if parent.column() > 0 else len(self._node(parent).inner)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """Name, value, where from."""
        return len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and role == DISPLAY else None

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, FONT, COLOR, TIP} or not index.isValid():
            return None
        node, column = self._nodes[index.internalId()], index.column()
        if role == FONT:
            return self._fixed if column < 2 else None
        if role == COLOR:
            return style.color(self._tone(node, column))
        if role == TIP:
            return tip(self._tip(index, node, column))
        if column == 0:
            return visible(cut(f"≠ {node.name} (again)" if node.is_repeat else node.name, _SHOWN_BYTES))
        return visible(self._value(node)) if column == 1 else visible(self._origin(node).origin)

    def _origin(self, node: Node) -> Field:
        return self.fields[node.top] if not node.parent else Field("")

    def _value(self, node: Node) -> str:
        if node.note:
            return node.note
        if node.is_more:
            above = self._nodes[node.parent]
            left = f"{'' if above.is_counted else 'at least '}{above.count - above.made:,} more"
            return f"{left}: Enter shows {min(MORE_ROWS, above.count - above.made):,}"
        if node.part is None:
            return cut(self.fields[node.top].text, _SHOWN_BYTES)
        if not node.part.is_container:
            return jsonb.cut_scalar(self._bytes(node), node.part, _SHOWN_BYTES)
        unit = "field" if node.part.is_object else "item"
        return f"{'' if node.is_counted else 'at least '}{node.count:,} {unit}{'' if node.count == 1 else 's'}"

    def _tone(self, node: Node, column: int) -> str:
        if node.note:
            return "bad"
        if column == 1 and node.part is not None:
            return _KINDS[node.part.word]
        if column == 0:
            return "warn" if node.is_repeat else "dim"
        if node.is_more:
            return "accent"
        return "bad" if node.name == "error" else "text" if column == 1 else "faint"

    def _tip(self, index: Index, node: Node, column: int) -> str:
        if column == 2:
            return self._origin(node).origin_tip
        if column == 0:
            again = "\nthe name is there before: filters and replay use the first" if node.is_repeat else ""
            return f"{self.path(index) or node.name}{again}"[:_TIP_BYTES]
        if node.part is None or node.part.is_container:
            return "" if node.part else self._value(node) if node.is_more else self.fields[node.top].text[:_TIP_BYTES]
        return jsonb.cut_scalar(self._bytes(node), node.part, _TIP_BYTES)
