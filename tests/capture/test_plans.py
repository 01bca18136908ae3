"""No page, jump, look at a stream, at a short time or at an indexed field goes through all events: what SQLite plans is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from app.jump import AtNumber, AtOffset, AtTime, AtVersion
from app.models.color_rules import ColorRule, colors_of, ready
from app.models.copied import copied
from app.models.event_rows import read_page
from app.models.places import find, neighbours, newest_time
from inspector.capture import fields, indexing, overview
from inspector.capture.asking import EventQuery
from inspector.capture.histogram import histogram, late_times, matches, times_of
from inspector.capture.listing import advance, begin
from inspector.capture.looking import Ask
from inspector.capture.lookups import looked_up
from inspector.capture.merging import late
from inspector.capture.notes import add_note, notes
from inspector.capture.origins import origins
from inspector.capture.pieces import sizes
from inspector.capture.reader import PAGE_ROWS, CaptureReader
from inspector.capture.rehearsal import rehearse
from inspector.capture.stream_columns import StreamColumns
from inspector.capture.streams import events_named, find_stream, stream_batches, stream_events, stream_extent, stream_of
from inspector.capture.strip import axis_of, kinds_of
from inspector.capture.unread import unread_before
from inspector.identify import parse_profile
from inspector.query import condition
from inspector.query.fields import place_filter
from inspector.query.lookups import indexable
from inspector.query.places import field_place
from tests.app.captures import START_US, capture
from tests.capture.plans import Plans, recorded

EVENTS = 30_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(autouse=True)
def _home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(folder / "home"))


@pytest.fixture(scope="module")
def path(folder: Path) -> Path:
    """One field is indexed inside, another beside the capture."""
    made = capture(folder / "a.evcap", EVENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENTSCOPE_HOME", str(folder / "home"))
        indexing.create(made, *indexable("data.order_id"), into=True)
        indexing.create(made, *indexable("data.total"))
    return made


@pytest.fixture
def plans() -> Iterator[Plans]:
    with recorded() as heard:
        yield heard


@pytest.fixture
def reader(path: Path, plans: Plans) -> Iterator[CaptureReader]:
    with CaptureReader(path) as opened:
        yield opened


_ORDERS = ("arrival", "log", "time")
_SECOND = START_US + 5_000_000, START_US + 6_000_000
_STREAM, _INSIDE, _BESIDE = map(condition, ('stream == "order-7"', 'data.order_id == "order-7"', "data.total > 100 && data.total <= 110"))
_BOTH = condition('data.order_id in ["order-7", "order-8"] && data.total < 90 && type != "x"')
_SEARCHED = condition("data.total * 2 > 5")
_RULE = parse_profile('[[log]]\nname = "*"\ntype = "data.order_id"\n')


def _begun(reader: CaptureReader, ask: Ask) -> Any:
    return begin(reader, ask, reader.watermark())


def _walk(ask: Ask, reader: CaptureReader) -> None:
    left = _begun(reader, ask)
    while left is not None:
        _, left = advance(reader, left, is_parallel=True)


def _asks(name: str, **asked: Any) -> dict[str, Callable[[CaptureReader], object]]:
    """The whole list, in every order, either way round."""
    return {
        f"{name} by {order}{', newest first' if newest else ''}": partial(_walk, Ask(order, newest, **asked))
        for order in _ORDERS
        for newest in (False, True)
    }


def _jump(wanted: Any, reader: CaptureReader) -> object:
    return find(reader, wanted, current=1, zone=UTC, zone_text="UTC")


def _stream(reader: CaptureReader) -> int:
    return find_stream(reader, "order-7").id


def _columns(reader: CaptureReader) -> object:
    columns = StreamColumns(reader, _stream(reader))
    return columns.flagged, columns.ids, columns.times_us, columns.types, columns.sizes


def _bars_of_matches(reader: CaptureReader) -> object:
    bars = histogram(reader, "type", _SECOND, 300)
    assert bars is not None
    return matches(reader, _SEARCHED, bars, 1, EVENTS)


def _told(reader: CaptureReader) -> object:
    event = reader.event(20_000)
    assert event is not None
    return origins(reader, event), sizes(reader, 20_000), place_filter(reader, 20_000, field_place("data.total"))


LOOKS: dict[str, Callable[[CaptureReader], object]] = {
    **_asks("the list"),
    **_asks("a time", from_us=_SECOND[0], until_us=_SECOND[1]),
    **_asks("a filter", condition=_SEARCHED),
    **_asks("a filter in a time", condition=_SEARCHED, from_us=_SECOND[0]),
    **_asks("a stream", condition=_STREAM),
    **_asks("a field indexed inside", condition=_INSIDE),
    **_asks("a field indexed beside", condition=_BESIDE),
    **_asks("two indexed fields in a time", condition=_BOTH, from_us=_SECOND[0], until_us=_SECOND[1]),
    "page": lambda reader: read_page(reader, range(20_000, 20_256), places=[field_place("data.total")]),
    "a rule tried": lambda reader: rehearse(reader, 20_000, "type", "data.order_id", _RULE),
    "kinds": lambda reader: kinds_of(reader, 1, 30_000),
    "axis": lambda reader: axis_of(reader, Ask("time", from_us=START_US), reader.watermark()).total,
    "unread before events": lambda reader: unread_before(reader, range(20_000, 20_256)),
    "event": lambda reader: reader.event(20_000),
    "what is told of an event": _told,
    "rows": lambda reader: (reader.rows(20_000, 500), reader.rows_by_seq([20_000, 1, 5])),
    "watermark": lambda reader: reader.watermark(),
    "newest time": newest_time,
    "jump to a time": partial(_jump, AtTime(*_SECOND, "then")),
    "jump to an offset": partial(_jump, AtOffset(20_000, "shop.orders", 0)),
    "jump to a version": partial(_jump, AtVersion(1)),
    "jump to a number": partial(_jump, AtNumber(20_000)),
    "neighbours in the stream": lambda reader: (neighbours(reader, 20_000, forward=True), neighbours(reader, 20_000, forward=False)),
    "colours": lambda reader: colors_of(reader, range(20_000, 20_256), ready([ColorRule("data.total > 5", 1)])),
    "copies": lambda reader: copied(reader, range(20_000, 20_020), 20, "lines"),
    "times of events": lambda reader: times_of(reader, [1, 20_000]),
    "bars of a short time": lambda reader: [histogram(reader, by, _SECOND, 300) for by in ("category", "type", "log")],
    "bars of all": lambda reader: [histogram(reader, by, None, 300) for by in ("category", "type", "log")],
    "matches among bars": _bars_of_matches,
    "late events": lambda reader: late_times(reader, _SECOND),
    "first page of a filter": lambda reader: advance(reader, _begun(reader, Ask(condition=_SEARCHED)), budget_s=0),
    "what came since": lambda reader: late(reader, Ask("time"), 29_900, 30_000, 100, lambda row: row + 1),
    "notes": lambda reader: (add_note(reader, 20_000, "seen"), notes(reader)),
    "events of a page of positions": lambda reader: list(reader.events(EventQuery("log", from_position=20_000, until_position=20_100))),
    "newest of a short time": lambda reader: list(reader.seqs(EventQuery("time", reverse=True, until_us=_SECOND[1], limit=10))),
    "a stream's events": lambda reader: list(reader.events(EventQuery(stream_id=_stream(reader)))),
    "replay": lambda reader: (list(stream_batches(reader, _stream(reader))), stream_events(reader, _stream(reader), [8, 58])),
    "slider": lambda reader: (
        _columns(reader),
        events_named(reader, _stream(reader), "8"),
        stream_extent(reader, _stream(reader)),
        stream_of(reader, 20_000),
    ),
    "newest of a stream": lambda reader: overview.newest_event(reader, _stream(reader)),
    **{
        f"events of an indexed field by {order}": partial(
            lambda order, reader: list(reader.events(looked_up(reader, EventQuery(order, condition=_BOTH)))), order
        )
        for order in _ORDERS
    },
}
_LIST_OF_STREAMS = {"replay", "slider", "newest of a stream", "a stream's events"}
"""They look for a stream by its name alone, of which there is no index: the list of streams is gone through, no event."""


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_goes_through_all_events(reader: CaptureReader, plans: Plans, look: str) -> None:
    LOOKS[look](reader)
    assert plans.steps
    allowed = "SCAN stream" if look in _LIST_OF_STREAMS else "nothing"
    assert [(step, sql) for step, sql in plans.scans() if not step.startswith(allowed)] == []


@pytest.mark.parametrize("order", _ORDERS)
def test_an_indexed_field_is_looked_up_in_its_index(reader: CaptureReader, plans: Plans, order: str) -> None:
    _walk(Ask(order, condition=_INSIDE), reader)
    assert plans.uses("COVERING INDEX field:data.order_id")
    _walk(Ask(order, condition=_BESIDE), reader)
    assert plans.uses("found USING PRIMARY KEY")
    assert sum("event.seq BETWEEN :low AND :high" in sql for _, sql in plans.steps) == 0


def test_a_field_is_no_longer_looked_up_once_its_index_is_gone(path: Path, folder: Path, plans: Plans) -> None:
    other = capture(folder / "b.evcap", 100)
    with CaptureReader(other) as reader:
        assert fields.indexed(reader, 'data$."order_id"') is None
        _walk(Ask(condition=_INSIDE), reader)
    assert not plans.uses("field:")


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    "query", [EventQuery(), EventQuery("log"), EventQuery("log", from_position=0, until_position=EVENTS)], ids=["arrival", "log", "range"]
)
def test_the_last_page_of_a_walk_costs_what_the_first_does(reader: CaptureReader, query: EventQuery, newest_first: bool) -> None:
    """In steps of SQLite's machine: a seek to the wrong one of two bounds passes over all pages before."""
    steps = [0]

    def counted() -> bool:
        steps[0] += 1
        return False

    reader.connection.set_progress_handler(counted, 100)
    walk, costs = reader.seqs(replace(query, reverse=newest_first)), []
    for page in range(EVENTS // PAGE_ROWS):
        before = steps[0]
        assert len(list(islice(walk, PAGE_ROWS))) == PAGE_ROWS, page
        costs.append(steps[0] - before)
    reader.connection.set_progress_handler(None)
    assert max(costs) <= 2 * costs[0], costs


def test_what_does_is_seen(reader: CaptureReader, plans: Plans) -> None:
    reader.select("SELECT count(flags) FROM event WHERE actor = 'a'")
    assert [step for step, _ in plans.scans()] == ["SCAN event"]
