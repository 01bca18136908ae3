"""The picture of a whole list: every undecodable and late event is found, and places among all events are those of the order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inspector.capture import strip
from inspector.capture.asking import Watermark
from inspector.capture.looking import Ask
from inspector.capture.reader import CaptureReader
from inspector.capture.strip import LATE, UNDECODABLE, axis_of, kinds_of
from inspector.event import Flag
from tests.app.captures import Growing
from tests.replay.captures import Log, Written, write

_START_US = 1_795_420_800_000_000


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[CaptureReader]:
    """200 undecodable events among 700, the last of them damaged, one late and damaged."""
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(300)
        growing.append_values([b"\xff"] * 200, flags=Flag.undecodable)
        growing.append(199)
        growing.append_values([b"x"], flags=Flag.damaged | Flag.late)
    with CaptureReader(tmp_path / "a.evcap") as opened:
        yield opened


def test_every_kind_is_found(reader: CaptureReader, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kinds_of(reader, 1, 700)
    assert whole.tolist() == [0] * 300 + [UNDECODABLE] * 200 + [0] * 199 + [UNDECODABLE | LATE]
    monkeypatch.setattr(strip, "_PIECE_EVENTS", 64)
    assert kinds_of(reader, 1, 700).tolist() == whole.tolist()
    assert kinds_of(reader, 290, 700, budget_s=0).tolist() == whole[289 : 289 + 64].tolist()
    assert kinds_of(reader, 701, 700).tolist() == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_places_by_arrival_are_those_of_all_events(reader: CaptureReader, newest_first: bool) -> None:
    axis = axis_of(reader, Ask(newest_first=newest_first), Watermark(1, 700))
    assert axis.total == 700
    order = range(700, 0, -1) if newest_first else range(1, 701)
    assert axis.places(np.array(order, dtype=np.int64)).tolist() == list(range(700))
    assert axis.searched(0.25) == 0.25


@pytest.mark.parametrize("newest_first", [False, True])
def test_places_by_time_go_by_batches(tmp_path: Path, newest_first: bool) -> None:
    logs = [Log([Written(place, "{}", "a", time_us=_START_US + (1 - n) * 10**9 + place) for place in range(40)], f"log{n}") for n in (0, 1)]
    with CaptureReader(write(tmp_path / "a.evcap", logs)) as reader:
        seqs = [row[0] for row in reader.select("SELECT seq FROM event ORDER BY time_us")]
        axis = axis_of(reader, Ask("time", newest_first=newest_first), reader.watermark())
        half = axis_of(reader, Ask("time", newest_first, from_us=_START_US + 10**8), reader.watermark())
    order = np.array(seqs[::-1] if newest_first else seqs, dtype=np.int64)
    places = axis.places(order)
    assert axis.total == 80
    if len(axis.first) > 1:  # else one stretch holds both logs
        assert places.tolist() == list(range(80))
        assert half.total == 40
        assert [axis.searched(share) for share in (0, 0.5, 1)] == [0, 0.5, 1]
    assert sorted(places.tolist()) == list(range(80))


def test_an_axis_of_nothing_is_empty(reader: CaptureReader) -> None:
    axis = axis_of(reader, Ask("time", until_us=0), Watermark(1, 700))
    assert axis.total == 0
    assert axis.searched(0.5) == 0.5
