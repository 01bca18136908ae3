"""Kept connections as a list: name, kind and place, and in words whether one is production. Knows no file."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QObject

from app.connections import Connection
from app.models.roles import DISPLAY, NO_INDEX, TIP, Index
from app.plain import tip
from inspector.text import visible

_KINDS = {"kafka": "Kafka", "store": "event store", "file": "capture file"}


class RecentList(QAbstractListModel):
    """The connections given, in that order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.connections: list[Connection] = []

    def show(self, connections: Sequence[Connection]) -> None:
        """Shows other connections."""
        self.beginResetModel()
        self.connections = list(connections)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """How many there are."""
        return 0 if parent.isValid() else len(self.connections)

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """The name; as tooltip the kind and the place."""
        if role not in {DISPLAY, TIP} or not index.isValid() or index.row() >= len(self.connections):
            return None
        one = self.connections[index.row()]
        if role == TIP:
            return tip(f"{_KINDS[one.kind]}: {one.address}")
        return visible(f"{one.name} · production" if one.production else one.name)
