"""An application on Python's `eventsourcing` in a process of its own. Each line on stdin is a command, each answer a line.

place N     N new orders, two events each        place-slowly N   the same, one save after another without a pause
inherit     an order whose events its base class defines         snapshot N       the same as place, with a snapshot of each
exit        closes as an application does         (end of stdin: the same)
"""

from __future__ import annotations

import os
import sys
from decimal import Decimal
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

PERSISTENCE = "eventsourcing.sqlite"


class Document(Aggregate):
    """Defines an event that its subclasses inherit."""

    @event("Renamed")
    def rename(self, name: str) -> None:
        self.name = name


class Order(Document):
    """An order."""

    @event("Placed")
    def __init__(self, total: Decimal) -> None:
        self.total = total

    @event("Paid")
    def pay(self, amount: Decimal) -> None:
        self.amount = amount


def run(path: str) -> None:
    """Serves commands until stdin ends."""
    os.environ.setdefault("PERSISTENCE_MODULE", PERSISTENCE)
    os.environ["SQLITE_DBNAME"] = path
    shop: Any = Application()
    for line in sys.stdin:
        command, _, number = line.strip().partition(" ")
        for place in range(int(number or 1)):
            order = Order(Decimal(place) / 100)
            if command == "inherit":
                order.rename("x")
            else:
                order.pay(Decimal(place))
            shop.save(order)
            if command == "snapshot":
                shop.take_snapshot(order.id)
        print("done", flush=True)
    shop.close()


if __name__ == "__main__":
    run(sys.argv[1])
