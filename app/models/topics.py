"""The topics of a cluster, or the tables of a store, as a list: searched, sorted and chosen in memory. At most some 100,000.

Knows no process. Read `dialogs.topics` for who fills it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from app.models.roles import ALIGNED, CHECK, DISPLAY, EDIT, LEFT, NO_INDEX, RIGHT, SPOKEN, TIP, Index
from inspector.text import visible

COLUMNS = ("topic", "partitions", "records available")
_TIPS = (
    "Tick the topics to open (Space); without a tick the current one is opened",
    "Partitions of the topic",
    "Offsets from the first to the end: at most so many records. Bytes are unknown until records are read.",
)
_CHECKED, _UNCHECKED = Qt.CheckState.Checked.value, Qt.CheckState.Unchecked.value


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `records` counts positions: an upper bound; partitions without a leader are not in it."""

    name: str
    partitions: int
    records: int
    without_leader: int = 0
    internal: bool = False


def topic_of(told: Mapping[str, Any]) -> Topic | None:
    """The topic of a line of `eventscope logs --by topic`; None for any other line."""
    if not isinstance(told.get("log"), str) or "partitions" not in told:
        return None
    return Topic(
        told["log"],
        int(told["partitions"]),
        int(told.get("records") or 0),
        int(told.get("without_leader") or 0),
        bool(told.get("internal")),
    )


class TopicTable(QAbstractTableModel):
    """What is there, as far as search and order show it. `chosen_changed` says that ticks changed."""

    chosen_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.topics: list[Topic] = []
        self.shown: list[Topic] = []
        self._chosen: dict[str, None] = {}
        self._wanted = ""
        self._internal = False
        self._column, self._backwards = 0, False

    # ---- what is shown

    def set_topics(self, topics: Sequence[Topic]) -> None:
        """Takes a new list; ticks of topics that are still there stay."""
        self.topics = list(topics)
        there = {topic.name for topic in topics}
        self._chosen = {name: None for name in self._chosen if name in there}
        self._arrange()
        self.chosen_changed.emit()

    def search(self, text: str) -> None:
        """Shows the topics whose name holds `text`, upper and lower case alike."""
        if text.casefold() != self._wanted:
            self._wanted = text.casefold()
            self._arrange()

    def show_internal(self, *, on: bool) -> None:
        """Shows the broker's own topics too, or hides them."""
        if on != self._internal:
            self._internal = on
            self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Orders by a column; equal ones by name."""
        self._column, self._backwards = max(0, column), order is Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        wanted = self._wanted
        shown = [topic for topic in self.topics if (self._internal or not topic.internal) and wanted in topic.name.casefold()]
        shown.sort(key=lambda topic: topic.name.casefold(), reverse=self._backwards and self._column == 0)
        if self._column:
            shown.sort(key=lambda topic: topic.partitions if self._column == 1 else topic.records, reverse=self._backwards)
        self.shown = shown
        self.endResetModel()

    @property
    def hidden_internal(self) -> int:
        """How many of the broker's own topics are not shown."""
        return 0 if self._internal else sum(topic.internal for topic in self.topics)

    # ---- ticks

    def chosen(self) -> list[Topic]:
        """The ticked topics, shown or not, in the order they were ticked."""
        by_name = {topic.name: topic for topic in self.topics}
        return [by_name[name] for name in self._chosen]

    def toggle(self, row: int) -> None:
        """Ticks a row, or takes the tick away."""
        if not 0 <= row < len(self.shown):
            return
        name = self.shown[row].name
        if name in self._chosen:
            del self._chosen[name]
        else:
            self._chosen[name] = None
        place = self.index(row, 0)
        self.dataChanged.emit(place, place, [Qt.ItemDataRole.CheckStateRole])
        self.chosen_changed.emit()

    # ---- Qt

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """The topics that are shown."""
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """Name, partitions, records."""
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows are chosen as a whole; the first cell has a tick."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return plain | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else plain

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """One cell."""
        if role not in {DISPLAY, TIP, ALIGNED, CHECK, SPOKEN} or not index.isValid() or index.row() >= len(self.shown):
            return None
        topic, column = self.shown[index.row()], index.column()
        if role == ALIGNED:
            return RIGHT if column else LEFT
        if role == CHECK:
            return (_CHECKED if topic.name in self._chosen else _UNCHECKED) if column == 0 else None
        if role == TIP:
            return _tip(topic) if column == 2 else None
        return _cell(topic, column)

    def setData(self, index: Index, _value: object, role: int = EDIT) -> bool:
        """Ticks, by mouse."""
        if role != CHECK or not index.isValid() or index.column() != 0:
            return False
        self.toggle(index.row())
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """Titles, with what they mean as tooltips."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        if role == DISPLAY:
            return COLUMNS[section]
        if role == TIP:
            return _TIPS[section]
        return (RIGHT if section else LEFT) if role == ALIGNED else None


def _cell(topic: Topic, column: int) -> str:
    if column == 0:
        return visible(topic.name)
    if column == 1:
        return f"{topic.partitions:,}"
    return f"at least {topic.records:,}" if topic.without_leader else f"{topic.records:,}"


def _tip(topic: Topic) -> str | None:
    if not topic.without_leader:
        return None
    return f"{topic.without_leader:,} of {topic.partitions:,} partitions have no leader now: nobody can tell what they hold"
