"""Bars over time: every event once at every width, matches as the filter says, late events where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.capture.asking import EventQuery
from inspector.capture.histogram import Histogram, histogram, late_times, matches, times_of
from inspector.capture.reader import CaptureReader
from inspector.event import Flag
from inspector.query import condition
from tests.replay.captures import Log, Written, write

_START_US = 1_795_420_800_000_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def log(name: str, count: int, step_us: int) -> Log:
        events = [
            Written(
                number,
                f'{{"n":{number}}}',
                f"{name}-{number % 5}",
                time_us=_START_US + number * step_us + number % 7,
                type=f"T{number % 3}",
                category=name,
                flags=int(Flag.late) if number % 100 == 99 else 0,
            )
            for number in range(count)
        ]
        return Log(events, name, 0)

    return write(tmp_path_factory.mktemp("histogram") / "a.evcap", [log("a", 3_000, 130_007), log("b", 2_000, 250_013)])


@pytest.fixture
def reader(path: Path) -> Iterator[CaptureReader]:
    with CaptureReader(path) as opened:
        yield opened


def by_hand(reader: CaptureReader, bars: Histogram, by: str) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = {}
    for event in reader.events():
        assert event.time_us is not None
        place = (event.time_us - bars.first_us) // bars.width_us
        if 0 <= place < bars.bars:
            counts.setdefault(getattr(event, by), [0] * bars.bars)[place] += 1
    return counts


SPANS = (
    None,
    (_START_US, _START_US + 60_000_000),
    (_START_US + 1_500_000, _START_US + 2_750_000),
    (_START_US + 130_000, _START_US + 130_500),
    (_START_US - 5_000_000, _START_US - 4_000_000),
)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("by", ["type", "log", "category"])
@pytest.mark.parametrize("most", [10, 200])
def test_every_event_is_in_one_bar(reader: CaptureReader, span: tuple[int, int] | None, by: str, most: int) -> None:
    bars = histogram(reader, by, span, most)
    assert bars is not None
    assert bars.bars <= most + 1
    assert {name: list(counts) for name, counts in bars.counts.items()} == by_hand(reader, bars, by)
    if span is not None:
        assert bars.first_us <= span[0]
        assert span[1] <= bars.until_us
    else:
        assert sum(map(sum, bars.counts.values())) == 5_000


def test_matches_are_those_of_the_filter_in_as_many_pieces_as_it_takes(reader: CaptureReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.capture.histogram._PIECE_EVENTS", 700)
    bars = histogram(reader, "log", (_START_US + 10_000_000, _START_US + 90_000_000), 60)
    assert bars is not None
    found: Counter[int] = Counter()
    at, pieces = 1, 0
    while at <= 5_000:
        counts, at = matches(reader, condition("data.n % 2 == 0"), bars, at, 5_000, budget_s=0)
        found.update(counts)
        pieces += 1
    assert pieces == 8
    asked = EventQuery(condition=condition("data.n % 2 == 0"), from_us=bars.first_us, until_us=bars.until_us)
    expected = Counter((event.time_us - bars.first_us) // bars.width_us for event in reader.events(asked) if event.time_us is not None)
    assert found == expected


def test_late_events_are_found_where_they_are(reader: CaptureReader, monkeypatch: pytest.MonkeyPatch) -> None:
    late = sorted(event.time_us for event in reader.events() if event.flags & Flag.late and event.time_us is not None)
    assert sorted(late_times(reader, (_START_US, _START_US + 10**12)) or []) == late
    assert late_times(reader, (_START_US - 10, _START_US)) == []
    monkeypatch.setattr("inspector.capture.histogram._MOST_SEARCHED", 10)
    assert late_times(reader, (_START_US, _START_US + 10**12)) is None


def test_times_of_events(reader: CaptureReader) -> None:
    assert times_of(reader, [1, 99_999]) == {1: reader.rows_by_seq([1])[0].time_us}
    assert times_of(reader, []) == {}
