"""Plots: a thousand frames on this interpreter, the picture of a capture, axes in UTC."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.models.plotted import Line, Plotted, decimated, plotted, stacked
from app.plot_axes import AmountAxis, TimeAxis
from app.plot_parts import Hatched, Mark
from app.plots import TimeLines
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import throughput
from inspector.metrics import Answer, Question, Series
from tests.app.captures import capture

_FRAMES = 1_000


def answered(lines: Mapping[str, Sequence[float | None]]) -> Plotted:
    series = [Series(name, values) for name, values in lines.items()]
    return plotted(Answer("events", "events/s", 1_795_420_800_000_000, 1_000_000, series), Question())


def test_a_thousand_frames_lose_no_reference_to_none(qtbot: QtBot, qapp: QApplication) -> None:
    """Some versions of the Qt binding lose references to None in paint calls, and abort after some hundred frames."""
    plot = TimeLines("events/s")
    qtbot.addWidget(plot)
    plot.resize(300, 120)
    plot.show()
    gc.collect()  # what tests before left behind holds None too
    before = sys.getrefcount(None)
    for frame in range(_FRAMES):
        plot.show_plotted(answered({"orders": [frame % 7, 2, 3, frame % 5]}))
        qapp.processEvents()
    assert sys.getrefcount(None) > before - _FRAMES


def test_what_is_far_out_of_sight_is_no_error_in_a_frame(qtbot: QtBot, qapp: QApplication) -> None:
    plot = TimeLines("events/s")
    qtbot.addWidget(plot)
    plot.resize(300, 120)
    plot.show()
    plot.show_plotted(answered({"orders": [1, 2, 3]}))
    plot.show_range(1_795_420_800.0, 1_795_420_800.001)
    plot.show_marks([Mark(-9e12, "long ago", "bad"), Mark(9e15, "never", "bad")])
    plot.show_hatched([Hatched(-9e12, 9e12, "5 not read")])
    plot.grab()


@pytest.mark.parametrize(("spacing", "text"), [(86_400, "2026-11-23"), (3_600, "00:00"), (5, "00:00:00")])
def test_ticks_are_utc_and_as_fine_as_their_step(qtbot: QtBot, spacing: float, text: str) -> None:
    assert TimeAxis().tickStrings([1_795_392_000.0], 1.0, spacing) == [text]


@pytest.mark.parametrize(
    ("values", "spacing", "texts"),
    [
        ([0, 0.2, 0.4], 0.2, ["0.0", "0.2", "0.4"]),
        ([0, 0.05, 0.1], 0.05, ["0.00", "0.05", "0.10"]),
        ([0, 500, 1_000], 500, ["0.0", "0.5 k", "1.0 k"]),
        ([0, 100, 200], 100, ["0", "100", "200"]),
        ([0, 25_000_000], 25_000_000, ["0", "25 M"]),
        ([0, 2_500], 2_500, ["0.0", "2.5 k"]),
        ([], 0, []),
    ],
)
def test_amounts_have_one_prefix_and_as_many_digits_as_they_need(
    qtbot: QtBot, values: list[float], spacing: float, texts: list[str]
) -> None:
    assert AmountAxis().tickStrings(values, 1.0, spacing) == texts


def test_logarithms_are_written_as_amounts(qtbot: QtBot) -> None:
    axis = AmountAxis()
    axis.is_log = True
    assert axis.tickStrings([-2, 0, 3, 6], 1.0, 1.0) == ["0.01", "1", "1 k", "1 M"]


_VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(_VALUES, st.integers(2, 50))
def test_fewer_points_keep_the_least_the_greatest_and_the_gaps(values: list[float | None], most: int) -> None:
    line: Line = np.array(values, dtype=np.float64)
    times = np.arange(len(line), dtype=np.float64)
    where, points = decimated(times, line, most)
    assert len(points) <= max(most + 4, 2 * most)
    known = line[~np.isnan(line)]
    assert np.isnan(points).all() == (len(known) == 0)
    if len(known):
        assert (np.nanmin(points), np.nanmax(points)) == (known.min(), known.max())
    assert list(where) == sorted(where)
    assert (where[0], where[-1]) == (0, times[-1]) or len(points) < len(line)


@given(st.lists(_VALUES.map(lambda values: (values * 5)[:5]), min_size=1, max_size=6))
def test_a_stack_is_as_high_as_its_parts_and_unknown_where_all_are(lines: list[list[float | None]]) -> None:
    found = stacked({f"{number}": np.array((values + [None] * 5)[:5], dtype=np.float64) for number, values in enumerate(lines)})
    top = list(found.values())[-1]
    for place in range(5):
        known = [values[place] for values in lines if place < len(values) and values[place] is not None]
        assert (np.isnan(top[place])) == (not known)
        if known:
            assert top[place] == pytest.approx(sum(value for value in known if value is not None))


def test_the_throughput_counts_every_event_once(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 5_000)) as reader:
        by_log, by_type = throughput(reader), throughput(reader, "type")
    assert by_log is not None
    assert by_type is not None
    assert (by_log.width_s, sum(by_log.events["shop.orders"])) == (1, 5_000)
    assert sum(by_type.events["OrderPlaced"]) == 5_000


def test_coarser_steps_are_taken_when_there_are_too_many_points(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 60_000)) as reader:
        found = throughput(reader, most_points=10)
    assert found is not None
    assert found.width_s in {15, 60}
    assert sum(found.events["shop.orders"]) == 60_000


def test_the_plot_command_writes_a_picture(tmp_path: Path) -> None:
    path, picture = capture(tmp_path / "a.evcap", 3_000), tmp_path / "a.png"
    done = subprocess.run(
        [sys.executable, "-m", "app", "plot", str(path), "-o", str(picture)], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert QImage(str(picture)).width() >= 600


def test_the_plot_command_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app", "plot", str(tmp_path / "none.evcap"), "-o", str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 4
    assert b"there is no capture" in done.stderr
