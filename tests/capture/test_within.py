"""What a stretch of time has: the same numbers as counting every event, to the microsecond."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.capture import within as module
from inspector.capture.reader import CaptureReader
from inspector.capture.within import within
from tests.replay.captures import KAFKA, Log, Written, write

_TIMES = [number * 700_003 for number in range(400)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def event(number: int) -> Written:
        return Written(number, "{}", f"s-{number % 37}", type=f"T{number % 3}", category=f"c{number % 2}", time_us=_TIMES[number])

    return write(
        tmp_path_factory.mktemp("within") / "a.evcap",
        [Log([event(number) for number in range(0, 400, 2)], "a"), Log([event(number) for number in range(1, 400, 2)], "b", 3)],
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-5, 405), st.integers(0, 420), st.integers(-1, 1), st.integers(-1, 1))
def test_counts_are_those_of_the_events_inside(path: Path, first: int, length: int, before_us: int, after_us: int) -> None:
    low, high = first * 700_003 + before_us, (first + length) * 700_003 + after_us
    inside = [number for number, at in enumerate(_TIMES) if low <= at < high]
    with CaptureReader(path) as reader:
        found = within(reader, (low, high))
        names = {kind: dict(reader.select(f"SELECT id, name FROM {kind}")) for kind in ("type", "category")}
    assert found is not None
    assert found.events == len(inside)
    assert found.logs == {
        key: count
        for key, count in (((KAFKA.uri, "a", 0), sum(n % 2 == 0 for n in inside)), ((KAFKA.uri, "b", 3), sum(n % 2 for n in inside)))
        if count
    }
    assert {names["type"][id_]: count for id_, count in found.types.items()} == Counter(f"T{n % 3}" for n in inside)
    assert {names["category"][id_]: count for id_, count in found.categories.items()} == Counter(f"c{n % 2}" for n in inside)
    streams = Counter((f"c{n % 2}", f"s-{n % 37}") for n in inside)
    assert found.streams == len(streams)
    assert [row.events for row in found.busiest] == sorted(streams.values(), reverse=True)[:10]
    assert all(streams[row.category, row.name] == row.events for row in found.busiest)


def test_a_stretch_with_too_many_events_is_not_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", 100)
    with CaptureReader(path) as reader:
        assert within(reader, (0, 10**9)) is None
