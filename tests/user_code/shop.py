"""An application's aggregates on the real `eventsourcing` package, as its developers write them; see `shop_store`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import JSONTranscoder, Transcoding


class Status(Enum):
    """Where an order stands."""

    OPEN = 1
    PAID = 2


@dataclass
class Line:
    """One line of an order."""

    sku: str
    price: Decimal


class LineAsDict(Transcoding):
    """How the application stores a line."""

    type = Line
    name = "line"

    def encode(self, obj: Line) -> dict[str, Any]:
        """As a table."""
        return {"sku": obj.sku, "price": obj.price}

    def decode(self, data: dict[str, Any]) -> Line:
        """From a table."""
        return Line(**data)


class Order(Aggregate):
    """A plain one, its events made by decorators."""

    @event("Placed")
    def __init__(self, customer: UUID, due: datetime) -> None:
        self.customer, self.due = customer, due
        self.lines: list[Line] = []
        self.tags: set[str] = set()
        self.status = Status.OPEN

    @event("LineAdded")
    def add(self, line: Line) -> None:
        """Adds a line."""
        self.lines.append(line)
        self.tags.add(line.sku)

    @event("Paid")
    def pay(self) -> None:
        """Ends it."""
        self.status = Status.PAID


@dataclass
class Account(Aggregate):
    """One with snapshots, a dataclass whose events are classes of their own."""

    owner: str
    balance: Decimal = Decimal(0)
    deposits: int = 0

    class Deposited(Aggregate.Event):
        """Money came."""

        amount: Decimal

        def apply(self, aggregate: Account) -> None:
            """Adds it."""
            aggregate.balance += self.amount
            aggregate.deposits += 1

    def deposit(self, amount: Decimal) -> None:
        """Takes money in."""
        self.trigger_event(self.Deposited, amount=amount)


class Member(Aggregate):
    """One whose events changed: the first ones have one `name`, later ones two."""

    class Joined(Aggregate.Created):
        """Came in."""

        first: str
        last: str
        class_version = 2

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Splits the name."""
            state["first"], _, state["last"] = state.pop("name").partition(" ")

    def __init__(self, first: str, last: str) -> None:
        self.first, self.last = first, last

    @classmethod
    def join(cls, first: str, last: str) -> Member:
        """Comes in."""
        return cls._create(cls.Joined, first=first, last=last)

    class Renamed(Aggregate.Event):
        """Has another name."""

        last: str
        reason: str
        class_version = 3

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """It was called `to`."""
            state["last"] = state.pop("to")

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            """There was no reason."""
            state["reason"] = "unknown"

        def apply(self, aggregate: Member) -> None:
            """Changes it."""
            aggregate.last = f"{self.last} ({self.reason})"

    def rename(self, last: str, reason: str) -> None:
        """Takes another name."""
        self.trigger_event(self.Renamed, last=last, reason=reason)


class Shop(Application[UUID]):
    """The application."""

    is_snapshotting_enabled = True

    def register_transcodings(self, transcoder: JSONTranscoder) -> None:
        """Adds its own."""
        super().register_transcodings(transcoder)
        transcoder.register(LineAsDict())
