"""Filters over a capture as the list asks them, beside DuckDB, jq and ripgrep over the same events as JSON lines.

The list walks with two connections and counts what a filter is not applicable to, which the peers do not. Peers read the
file anew each time, as ours does; the page cache is warm for all.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import duckdb

from app.jump import AtNumber, AtOffset, AtTime, Target
from app.models.places import find
from inspector.capture import indexing
from inspector.capture.histogram import histogram
from inspector.capture.listing import advance, begin
from inspector.capture.looking import Ask
from inspector.capture.overview import streams_like
from inspector.capture.reader import CaptureReader
from inspector.query import condition
from inspector.query.lookups import indexable
from tests.app.captures import START_US, Growing
from tests.benchmarks import THE_GOAL, Row

SIZES = {"small": (200_000,), "full": (1_000_000, 10_000_000)}
_BATCH = 20_000
_TURNS = 3
_JQ_EVENTS = 200_000
_JUMPS = 200
_PAGE_ROWS = 60
FILTERS = {
    "equal": ('data.customer.country == "DE"', "customer.country = 'DE'", '.customer.country == "DE"'),
    "range": ("data.total > 900 && data.total < 950", "total > 900 AND total < 950", ".total > 900 and .total < 950"),
    "two joined": (
        'data.status == "failed" && data.total > 990',
        "status = 'failed' AND total > 990",
        '.status == "failed" and .total > 990',
    ),
}
"""Name → (ours, DuckDB's, jq's)."""
_INDEXED = {
    "equal": ('data.customer.id == "customer-4711"', "customer.id = 'customer-4711'"),
    "range": ("data.total >= 500 && data.total < 500.5", "total >= 500 AND total < 500.5"),
}
_NEEDLE = "customer-77"


def rows(size: str) -> Iterator[Row]:
    """Seconds of whole searches, the first page, jumps, a zoom of the timeline, a search among streams."""
    for count in SIZES[size]:
        with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as folder:
            lines, capture = Path(folder) / "events.jsonl", Path(folder) / "events.evcap"
            _make(lines, capture, count)
            yield from _searches(lines, capture, count)
            yield from _indexed(lines, capture, count)
            yield from _looks(capture, count)


def _make(lines: Path, capture: Path, count: int) -> None:
    chance = random.Random(1)
    with Growing(capture) as growing, lines.open("wb") as out:
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            values = [json.dumps(_event(number, chance), separators=(",", ":")).encode() for number in numbers]
            growing.append_values(values)
            out.writelines(value + b"\n" for value in values)


def _event(number: int, chance: random.Random) -> dict[str, object]:
    return {
        "order_id": f"order-{number % 50_000}",
        "status": ("placed", "paid", "failed", "shipped")[number % 4],
        "total": round(chance.random() * 1_000, 2),
        "customer": {
            "id": f"customer-{chance.randrange(10_000)}",
            "email": f"u{number}@example.org",
            "country": ("DE", "FR", "IT", "US")[chance.randrange(4)],
        },
        "lines": [{"sku": f"sku-{chance.randrange(1_000)}", "qty": chance.randrange(1, 9)}],
        "note": "x" * 40,
    }


def _searches(lines: Path, capture: Path, count: int) -> Iterator[Row]:
    database = duckdb.connect()
    json_lines = f"read_json('{lines}', format = 'newline_delimited')"
    texts = f"read_csv('{lines}', columns = {{'text': 'VARCHAR'}}, delim = '\x01', quote = '', header = false)"

    def asked(source: str, where: str) -> int:
        found = database.execute(f"SELECT count(*) FROM {source} WHERE {where}").fetchone()
        assert found is not None
        return int(found[0])

    for name, (ours, theirs, jq) in FILTERS.items():
        found, taken_s = _best(partial(_walk, capture, ours))
        expected, peer_s = _best(partial(asked, json_lines, theirs))
        assert found == expected, name
        yield Row(f"filter, {name}, {count:,} / DuckDB", taken_s, peer_s, goal=1 / 1.5)
        yield Row(f"filter, {name}, {count:,} / jq", taken_s, _jq(lines, jq, count), goal=1 / 20)
    found, taken_s = _best(lambda: _walk(capture, f'value.contains("{_NEEDLE}")'))
    expected, peer_s = _best(lambda: asked(texts, f"contains(text, '{_NEEDLE}')"))
    assert found == expected
    yield Row(f"filter, substring, {count:,} / DuckDB", taken_s, peer_s, goal=1 / 1.5)
    if shutil.which("rg"):
        _, peer_s = _best(lambda: int(subprocess.run(["rg", "-c", _NEEDLE, lines], check=True, capture_output=True).stdout))
        yield Row(f"filter, substring, {count:,} / rg", taken_s, peer_s)


def _indexed(lines: Path, capture: Path, count: int) -> Iterator[Row]:
    """The same filters before and after their fields are indexed (inside), and how long that takes and how large it is."""
    database = duckdb.connect()

    def asked(where: str) -> int:
        found = database.execute(f"SELECT count(*) FROM read_json('{lines}', format = 'newline_delimited') WHERE {where}").fetchone()
        assert found is not None
        return int(found[0])

    before = {name: _best(partial(_walk, capture, ours)) for name, (ours, _) in _INDEXED.items()}
    started, size = time.perf_counter(), 0
    for place in ("data.customer.id", "data.total"):
        index = indexing.create(capture, *indexable(place), into=True)
        assert index is not None
        size += index.size_bytes
    yield Row(f"two fields indexed, {count:,}", time.perf_counter() - started)
    yield Row(f"two indexes of {count:,} / capture", size, capture.stat().st_size, unit="B")
    for name, (ours, theirs) in _INDEXED.items():
        found, taken_s = _best(partial(_walk, capture, ours))
        expected, peer_s = _best(partial(asked, theirs))
        assert found == expected == before[name][0], name
        yield Row(f"indexed field, {name}, {count:,} / not indexed", taken_s, before[name][1])
        yield Row(f"indexed field, {name}, {count:,} / DuckDB", taken_s, peer_s, goal=1 / 1.5)


def _jq(lines: Path, test: str, count: int) -> float:
    """Seconds for all, from a part of them: jq takes the same time for each."""
    part = min(count, _JQ_EVENTS)
    with lines.open("rb") as source:
        head = b"".join(next(source) for _ in range(part))
    started = time.perf_counter()
    subprocess.run(["jq", "-c", f"select({test})"], input=head, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * count / part


def _walk(capture: Path, text: str) -> int:
    with CaptureReader(capture) as reader:
        left, found = begin(reader, Ask(condition=condition(text)), reader.watermark()), 0
        while left is not None:
            piece, left = advance(reader, left, is_parallel=True)
            found += len(piece.seqs)
    return found


def _first(capture: Path, text: str) -> int:
    with CaptureReader(capture) as reader:
        left, found = begin(reader, Ask(condition=condition(text)), reader.watermark()), 0
        while left is not None and found < 50:
            piece, left = advance(reader, left, budget_s=0.02, is_parallel=True)
            found += len(piece.seqs)
    return found


def _looks(capture: Path, count: int) -> Iterator[Row]:
    _, taken_s = _best(lambda: _first(capture, 'data.customer.country == "DE"'))
    yield Row(f"first page of matches among {count:,} / 0.1 s", taken_s, 0.1, goal=1.0, peer_name=THE_GOAL)
    with CaptureReader(capture) as reader:
        yield Row(f"jump in {count:,}, p99 of {_JUMPS} / 0.02 s", _jump_s(reader, count), 0.02, goal=1.0, peer_name=THE_GOAL)
        middle = START_US + count * 500
        for span_s in (1, 60):
            span = (middle, middle + span_s * 1_000_000)
            _, taken_s = _best(partial(_bars, reader, span))
            yield Row(f"timeline zoomed to {span_s} s of {count:,} / 0.03 s", taken_s, 0.03, goal=1.0, peer_name=THE_GOAL)
        _, taken_s = _best(lambda: int(bool(streams_like(reader, "er-4"))))
        yield Row(f"streams by a part of their name, {count:,} events / 0.1 s", taken_s, 0.1, goal=1.0, peer_name=THE_GOAL)


def _jump_s(reader: CaptureReader, count: int) -> float:
    """Seconds that 99 of 100 jumps take at most, to a time, an offset or a number anywhere, with the rows that are then in view."""
    chance, taken_s = random.Random(2), []
    for turn in range(_JUMPS):
        place = chance.randrange(count)
        time_us = START_US + place * 1_000
        targets: tuple[Target, ...] = (AtTime(time_us, time_us + 1_000, "then"), AtOffset(place, "shop.orders", 0), AtNumber(place + 1))
        started = time.perf_counter()
        found = find(reader, targets[turn % len(targets)])
        rows = reader.rows(found.seq, _PAGE_ROWS)
        taken_s.append(time.perf_counter() - started)
        assert rows[0].seq == place + 1
    return sorted(taken_s)[_JUMPS * 99 // 100]


def _bars(reader: CaptureReader, span: tuple[int, int]) -> int:
    found = histogram(reader, "type", span, 300)
    return found.bars if found is not None else 0


def _best(ask: Callable[[], int]) -> tuple[int, float]:
    """The answer, and the least seconds of three turns."""
    taken_s = []
    for _ in range(_TURNS):
        started = time.perf_counter()
        found = ask()
        taken_s.append(time.perf_counter() - started)
    return found, min(taken_s)
