"""No page, jump, look at a stream or at a short time goes through all events: what SQLite plans is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.jump import AtNumber, AtOffset, AtTime, AtVersion
from app.models.event_rows import read_page
from app.models.places import find, neighbours
from inspector.capture.histogram import histogram, times_of
from inspector.capture.listing import advance, begin
from inspector.capture.looking import Ask
from inspector.capture.merging import late
from inspector.capture.reader import CaptureReader
from inspector.capture.rehearsal import rehearse
from inspector.identify import parse_profile
from inspector.query import condition
from inspector.query.places import field_place
from tests.app.captures import START_US, capture

_SCANNED = re.compile(r"SCAN (event|record|event_stream|stream)\b")


class Planned(CaptureReader):
    """A reader that explains whatever it is asked."""

    def __init__(self, path: Path) -> None:
        self.plans: list[tuple[str, str]] = []
        super().__init__(path)

    def each(self, sql: str, bindings: Any = ()) -> Iterator[tuple[Any, ...]]:
        """As asked, with its plan noted."""
        for row in self.connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings or None):
            self.plans.append((str(row[3]), sql))
        yield from super().each(sql, bindings)

    def scans(self) -> list[tuple[str, str]]:
        """Steps that go through a large table."""
        return [(step, sql) for step, sql in self.plans if _SCANNED.search(step)]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Planned]:
    with Planned(capture(tmp_path / "a.evcap", 30_000)) as opened:
        yield opened


_ORDERS = ("arrival", "log", "time")
_RULE = parse_profile('[[log]]\nname = "*"\ntype = "data.order_id"\n')
_STREAM = condition('stream == "order-7"')
LOOKS: dict[str, Callable[[Planned], object]] = {
    "page": lambda reader: read_page(reader, range(20_000, 20_256), places=[field_place("data.total")]),
    "event": lambda reader: reader.event(20_000),
    "watermark": lambda reader: reader.watermark(),
    "jump to a time": lambda reader: find(
        reader, AtTime(START_US + 5_000_000, START_US + 6_000_000, "then"), current=1, zone=UTC, zone_text="UTC"
    ),
    "jump to an offset": lambda reader: find(reader, AtOffset(20_000, "shop.orders", 0), current=1, zone=UTC, zone_text="UTC"),
    "jump to a version": lambda reader: find(reader, AtVersion(1), current=1, zone=UTC, zone_text="UTC"),
    "jump to a number": lambda reader: find(reader, AtNumber(20_000), current=1, zone=UTC, zone_text="UTC"),
    "neighbours in the stream": lambda reader: neighbours(reader, 20_000, forward=True),
    "times of events": lambda reader: times_of(reader, [1, 20_000]),
    "bars of a short time": lambda reader: histogram(reader, "category", (START_US + 5_000_000, START_US + 6_000_000), 300),
    "bars of all": lambda reader: histogram(reader, "type", None, 300),
    **{f"a stream by {order}": partial(lambda order, reader: _walk(reader, Ask(order, condition=_STREAM)), order) for order in _ORDERS},
    "first page of a filter": lambda reader: advance(reader, _begun(reader, Ask(condition=condition("data.total > 5"))), budget_s=0),
    "a rule tried": lambda reader: rehearse(reader, 20_000, "type", "data.order_id", _RULE),
    "what came since": lambda reader: late(reader, Ask("time"), 29_900, 30_000, 100, lambda row: row + 1),
}


def _begun(reader: Planned, ask: Ask) -> Any:
    return begin(reader, ask, reader.watermark())


def _walk(reader: Planned, ask: Ask) -> None:
    left = _begun(reader, ask)
    while left is not None:
        _, left = advance(reader, left)


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_goes_through_all_events(reader: Planned, look: str) -> None:
    LOOKS[look](reader)
    assert reader.plans
    assert reader.scans() == []


def test_what_does_is_seen(reader: Planned) -> None:
    reader.select("SELECT count(flags) FROM event WHERE actor = 'a'")
    assert [step for step, _ in reader.scans()] == ["SCAN event"]
