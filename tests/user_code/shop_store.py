"""Writes a store of `shop`, or prints what the package's own repository makes of one. In a process of its own.

write FILE           orders, accounts with snapshots, members of every version of their events
states FILE          a JSON line for each version of each aggregate: id, version, kind, state, by `repository.get`
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from datetime import UTC, datetime
from decimal import Decimal

from eventsourcing.persistence import StoredEvent

from inspector.user_code.plain import aggregate_state
from inspector.values import to_json
from tests.user_code.shop import Account, Line, Member, Order, Shop


def _write(shop: Shop) -> None:
    for number in range(3):
        order = Order(uuid.UUID(int=number), datetime(2026, 11, 23, 8, number, tzinfo=UTC))
        for line in range(number * 2):
            order.add(Line(f"sku-{line}", Decimal("19.90") + line))
        order.pay()
        shop.save(order)
        account = Account(owner=f"owner {number}")
        for amount in range(1, 8):
            account.deposit(Decimal(amount) / 100)
        shop.save(account)
        shop.take_snapshot(account.id, version=4)
        shop.take_snapshot(account.id)
        account = shop.repository.get(account.id)
        account.deposit(Decimal("1000000000000000000000.01"))
        shop.save(account)
        member = Member.join("Ann", f"No {number}")
        member.rename("Other", "marriage")
        shop.save(member)
        _old_member(shop)


def _old_member(shop: Shop) -> None:
    """What an earlier version of the application stored."""
    member, topic = uuid.uuid4(), "tests.user_code.shop:Member"
    time = {"_type_": "datetime_iso", "_data_": "2025-01-01T00:00:00+00:00"}
    states = [
        ("Joined", {"timestamp": time, "originator_topic": topic, "name": "Old Name"}),
        ("Renamed", {"timestamp": time, "to": "First"}),
        ("Renamed", {"timestamp": time, "last": "Second", "class_version": 2}),
        ("Renamed", {"timestamp": time, "last": "Third", "reason": "whim", "class_version": 3}),
    ]
    shop.recorder.insert_events(
        [
            StoredEvent(member, version, f"{topic}.{name}", json.dumps(state).encode())
            for version, (name, state) in enumerate(states, start=1)
        ]
    )


def _print(shop: Shop) -> None:
    last: dict[uuid.UUID, int] = {}
    for notification in shop.recorder.select_notifications(start=1, limit=10_000):
        found = uuid.UUID(str(notification.originator_id))
        last[found] = max(last.get(found, 0), notification.originator_version)
    for found, newest in last.items():
        for version in range(1, newest + 1):
            aggregate: object = shop.repository.get(found, version=version)
            state = aggregate_state(aggregate)
            print(to_json({"id": found.hex, "version": version, "kind": type(aggregate).__name__, "state": state}))


def main(command: str) -> None:
    """Does one command with the store that the environment names."""
    os.environ.setdefault("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    os.environ["IS_SNAPSHOTTING_ENABLED"] = "y"
    shop = Shop()
    {"write": _write, "states": _print}[command](shop)
    shop.close()


if __name__ == "__main__":
    main(sys.argv[1])
