"""Projections rebuilt over a capture, beside DuckDB over the same events as JSON lines and a plain loop in Python; and ten of them live.

Peers read the lines of `eventscope export` anew each time, as ours reads the capture; the page cache is warm for all. The plain
loop adds up exactly, as ours and DuckDB do. A second one, without a goal, takes what it can get: the quickest parser, the bare
documents without their envelopes, and doubles.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import duckdb
import orjson

from inspector.capture.reader import CaptureReader
from inspector.projections import State, parse
from tests.benchmarks import THE_GOAL, Row
from tests.projections.grown import Grown, exported
from tests.replay.captures import Written

SIZES = {"small": (200_000,), "full": (1_000_000, 5_000_000)}
LIVE_EVENTS_PER_S = 20_000
_LIVE_S = 10
_REPEATS = 3
_BATCH = 20_000
_SPEC = 'name = "sum"\ngroup_by = { sku = "data.sku" }\n[measures]\ntotal = { sum = "data.total" }\n'
_FILTERED = f"filter = 'type == \"Paid\"'\n{_SPEC}"
_MORE = f'window = "1m"\n{_SPEC}mean = {{ avg = "data.quantity" }}\nmost = {{ max = "data.total" }}\nevents = "count"\n'
_LIVE = [
    'name = "a"\nfilter = \'type == "Paid"\'\nwindow = "1m"\n[measures]\nrevenue = { sum = "data.total" }',
    'name = "b"\ngroup_by = ["data.sku"]\n[measures]\nlast = { last = "data.quantity" }\nleast = { min = "data.quantity" }',
    'name = "c"\ngroup_by = ["type"]\n[measures]\nevents = "count"',
    'name = "d"\nfilter = \'type == "Placed"\'\ngroup_by = ["data.tier"]\n[measures]\nmean = { avg = "data.total" }',
    'name = "e"\nwindow = "1s"\n[measures]\npace = "rate"',
    'name = "f"\ngroup_by = ["partition", "type"]\nwindow = "1m"\n[measures]\nevents = "count"',
    'name = "g"\nfilter = "data.total > 900"\ngroup_by = ["data.sku"]\n[measures]\nevents = "count"',
    'name = "h"\nfilter = "data.quantity == 0"\n[measures]\nevents = "count"',
    'name = "i"\ngroup_by = ["data.order_id"]\n[measures]\ntotal = { sum = "data.total" }',
    'name = "j"\nfilter = \'type == "Shipped"\'\nwindow = "1m"\ngroup_by = ["data.sku"]\n[measures]\nmost = { max = "data.total" }',
]


def rows(size: str) -> Iterator[Row]:
    """Seconds of rebuilding; the share of one processor that ten projections take live."""
    for count in SIZES[size]:
        with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
            capture, lines, documents = (Path(folder) / name for name in ("x.evcap", "x.jsonl", "documents.jsonl"))
            _make(capture, documents, count)
            exported(capture, lines)
            yield from _rebuilt(capture, lines, documents, count)
    yield _live()


def _make(capture: Path, documents: Path, count: int) -> None:
    with Grown(capture, isolation="committed") as grown, documents.open("wb") as out:
        for start in range(0, count, _BATCH):
            events = [_event(number) for number in range(start, min(start + _BATCH, count))]
            grown.append(events)
            out.writelines((event.data or "").encode() + b"\n" for event in events)


def _event(number: int) -> Written:
    """One of about 190 bytes."""
    document = {
        "order_id": f"order-{number % 977}",
        "sku": f"sku-{number % 31}",
        "quantity": number % 9,
        "total": round(number * 1.37 % 1_000, 2),
        "customer": number,
        "tier": ("gold", "silver")[number % 2],
        "at": "2026-11-23T08:00:00.000000Z",
        "trace": f"3e{number:06d}-aaaa-4bbb-8888-123456789012",
    }
    kind = ("Paid", "Placed", "Shipped")[number % 3]
    return Written(number, orjson.dumps(document).decode(), f"order-{number % 50_000}", time_us=number * 50, type=kind)


def _rebuilt(capture: Path, lines: Path, documents: Path, count: int) -> Iterator[Row]:
    name = f"projection, sum by group, {count:,}"
    source = f"read_json('{lines}', format = 'newline_delimited', columns = {{type: 'VARCHAR', time: 'TIMESTAMP', data: 'JSON'}})"
    total, by = "sum(CAST(data ->> '$.total' AS DECIMAL(38, 6)))", "data ->> '$.sku'"
    ours, peer = _best(lambda: _ours(capture, _SPEC), lambda: _duckdb(f"SELECT {by}, {total} FROM {source} GROUP BY 1"))
    yield Row(f"{name} / DuckDB", ours, peer, goal=1.0, peer_name="DuckDB")
    ours, peer = _best(lambda: _ours(capture, _SPEC), lambda: _loop(lines))
    yield Row(f"{name} / plain loop", ours, peer, goal=1 / 5, peer_name="a plain loop")
    ours, peer = _best(lambda: _ours(capture, _SPEC), lambda: _quick_loop(documents))
    yield Row(f"{name} / orjson loop, doubles", ours, peer, peer_name="a quick loop")
    where = f"SELECT {by}, {total} FROM {source} WHERE type = 'Paid' GROUP BY 1"
    ours, peer = _best(lambda: _ours(capture, _FILTERED), lambda: _duckdb(where))
    yield Row(f"{name}, filtered / DuckDB", ours, peer, goal=1.0, peer_name="DuckDB")
    more = f"{total}, avg(CAST(data ->> '$.quantity' AS DECIMAL(38, 6))), max(CAST(data ->> '$.total' AS DECIMAL(38, 6))), count(*)"
    windows = f"SELECT date_trunc('minute', time), {by}, {more} FROM {source} GROUP BY 1, 2"
    ours, peer = _best(lambda: _ours(capture, _MORE), lambda: _duckdb(windows))
    yield Row(f"projection, 4 measures by minute, {count:,} / DuckDB", ours, peer, peer_name="DuckDB")


def _ours(capture: Path, spec: str) -> int:
    state = State(parse(spec))
    with CaptureReader(capture) as reader:
        state.advance(reader)
    return len(state.book.cells)


def _duckdb(sql: str) -> int:
    with duckdb.connect() as database:
        return len(database.execute(sql).fetchall())


def _loop(lines: Path) -> int:
    totals: dict[str, Decimal] = {}
    with lines.open(encoding="utf-8") as file:
        for line in file:
            event = json.loads(line, parse_float=Decimal)
            data = event["data"]
            totals[data["sku"]] = totals.get(data["sku"], Decimal(0)) + data["total"]
    return len(totals)


def _quick_loop(documents: Path) -> int:
    totals: dict[str, float] = {}
    with documents.open("rb") as file:
        for line in file:
            event = orjson.loads(line)
            totals[event["sku"]] = totals.get(event["sku"], 0) + event["total"]
    return len(totals)


def _live() -> Row:
    """Ten projections brought up to date once a second's worth of events, in processor time for a second of them."""
    states = [State(parse(text)) for text in _LIVE]
    spent_s = 0.0
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="eventscope-bench-"))
        grown = stack.enter_context(Grown(Path(folder) / "x.evcap"))
        reader = stack.enter_context(CaptureReader(grown.path))
        for second in range(_LIVE_S):
            start = second * LIVE_EVENTS_PER_S
            grown.append([_event(number) for number in range(start, start + LIVE_EVENTS_PER_S)])
            begun_s = time.process_time()
            for state in states:
                state.advance(reader)
            spent_s += time.process_time() - begun_s
            grown.decide(0, start - LIVE_EVENTS_PER_S, start, [])
    return Row(f"ten projections at {LIVE_EVENTS_PER_S:,} events/s, CPU", spent_s / _LIVE_S, 0.5, goal=1.0, peer_name=THE_GOAL)


def _best(ours: Callable[[], int], peer: Callable[[], int]) -> tuple[float, float]:
    """Seconds of the quickest of a few runs of each, which take turns, so that both meet the same machine."""
    best = [float("inf")] * 2
    for _ in range(_REPEATS):
        for place, work in enumerate((ours, peer)):
            start = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - start)
    return best[0], best[1]
