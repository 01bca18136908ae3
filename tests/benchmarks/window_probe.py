"""Measures one window in a process of its own, off the screen: `python -m tests.benchmarks.window_probe WHAT PATH-OR-URL [SECONDS]`.

Prints one JSON object. Read `bench_window`, `bench_replay` and `bench_states` for what is made of it.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.__main__ import application
from app.main_window import MainWindow
from app.messages import Messages
from app.models.plot_spec import PlotSpec
from app.models.plotted import plotted
from app.plain import PlainLabel
from app.plot_card import PlotCard
from inspector.metrics import SECOND_US, Answer, Question, Series
from tests.app.captures import Growing

_WAIT_S = 120.0
_BEAT_MS = 10
_LONG_S = 20.0
TAIL_FILTER = "position % 10 == 3"
_JUMPS = 50
WARM_S = 30.0
"""So long a window lives before its memory is noted: by then the readers' caches, 16 MB each, are full."""


def main() -> int:
    """Does what is asked."""
    what, where = sys.argv[1:3]
    path = Path(where)
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    if what == "feed":
        _feed(path, seconds)
        return 0
    with tempfile.TemporaryDirectory() as home:
        os.environ["EVENTSCOPE_HOME"] = home
        qt = application()
        window = MainWindow(Messages(qt), QSettings(f"{home}/window.ini", QSettings.Format.IniFormat))
        window.resize(1440, 900)
        window.show()
        until(qt, lambda: False, 0.3)
        if what == "tail":
            found = _tail(qt, window, where, seconds)
        else:
            found = {"start": _start, "live": _live, "slider": _slider, "plots": _plots, "states": _states}[what](qt, window, path, seconds)
        print(json.dumps(found), flush=True)
        window.close()
    return 0


def until(qt: QApplication, is_so: Callable[[], bool], wait_s: float = _WAIT_S) -> float:
    """Turns the event loop until something is so; the seconds it took."""
    begun_s = time.perf_counter()
    while not is_so() and time.perf_counter() - begun_s < wait_s:
        qt.processEvents()
        time.sleep(0.0005)
    return time.perf_counter() - begun_s


def _has_rows(window: MainWindow) -> bool:
    """Whether the row at the top of what is in view shows its log."""
    model, row = window.events.model, max(window.events.view.top_row, 0)
    return model.rows > 0 and any("orders" in str(model.data(model.index(row, place))) for place in range(model.columnCount()))


def _start(qt: QApplication, window: MainWindow, path: Path, _seconds: float) -> dict[str, float]:
    begun_s = time.perf_counter()
    window.open_capture(path)
    turn_s = time.perf_counter() - begun_s
    first_s = turn_s + until(qt, lambda: _has_rows(window))
    view = window.events.view
    view.scrollToBottom()
    end_s = until(qt, lambda: _has_rows(window))
    until(qt, lambda: False, 3.0)
    frames = []
    for _ in range(30):
        begun_s = time.perf_counter()
        view.viewport().repaint()
        frames.append(time.perf_counter() - begun_s)
    return {"turn_s": turn_s, "first_s": first_s, "end_s": end_s, "frame_s": statistics.median(frames), "memory_mb": _memory_mb()}


def _memory_mb() -> float:
    """Resident now, not at its highest: what the window needs, not what building Python's modules needed once."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _live(qt: QApplication, window: MainWindow, path: Path, seconds: float) -> dict[str, float]:
    window.open_capture(path)
    until(qt, lambda: _has_rows(window))
    window.events.stick(on=True)
    window.events.choose_row(0)
    gaps: list[float] = []
    last = [time.perf_counter()]
    frames = [0]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    assert window.panes is not None
    for card in window.panes.metrics_pane.cards[:1]:
        window.panes.metrics_pane.feed(card).answered.connect(lambda _shown: frames.__setitem__(0, frames[0] + 1))
    timer = QTimer(window, interval=_BEAT_MS)
    timer.timeout.connect(beat)
    timer.start()
    rows = window.events.model.rows
    until(qt, lambda: False, seconds)
    timer.stop()
    ordered = sorted(gaps)
    return {
        "p99_s": ordered[int(len(ordered) * 0.99)],
        "max_s": ordered[-1],
        "frames_per_s": frames[0] / seconds,
        "events_per_s": (window.events.model.rows - rows) / seconds,
    }


def _tail(qt: QApplication, window: MainWindow, where: str, seconds: float) -> dict[str, float]:
    """A filtered list under live events, with a row selected: memory when warm, least and most of it later, what moved, what was lost."""
    if "://" in where:
        window.open_source(where)
    else:
        window.open_capture(Path(where))
    until(qt, lambda: window.events.model.rows > 0)
    window.events.stick(on=False)
    assert window.selection is not None
    window.selection.choose_filter(TAIL_FILTER)
    lister, model, view = window.events.lister, window.events.model, window.events.view
    until(qt, lambda: lister.wish.filter == TAIL_FILTER and lister.is_done and model.rows > 30)
    view.choose_row(5)
    until(qt, lambda: False, min(WARM_S, seconds))
    seq, top, rows = window.selection.seq, view.visualRect(view.currentIndex()).top(), model.rows
    looked = lister.looked
    memory_mb, moved = [_memory_mb()], 0
    for _ in range(max(round(seconds), 1)):
        until(qt, lambda: False, 1.0)
        memory_mb.append(_memory_mb())
        moved += (window.selection.seq, view.visualRect(view.currentIndex()).top()) != (seq, top)
    assert window.status_line is not None
    return {
        "memory_mb": memory_mb[0],
        "end_mb": memory_mb[-1],
        "least_mb": min(memory_mb),
        "most_mb": max(memory_mb),
        "moved": moved,
        "rows": model.rows - rows,
        "events_per_s": (lister.looked - looked) / seconds,
        "lost": float(window.status_line.lost.text().removeprefix("lost ").split()[0].replace(",", "")),
    }


def _slider(qt: QApplication, window: MainWindow, path: Path, _seconds: float) -> dict[str, float]:
    """A capture of one event of a small stream, and a long one after it: its first state, then moves in it as a hand makes them."""
    window.open_capture(path)
    until(qt, lambda: _has_rows(window))
    controls = window.replay.controls
    window.events.choose_row(0)
    begun_s = until(qt, lambda: _says(controls.applied, "after 1 "))
    until(qt, lambda: False, 1.0)
    window.events.choose_row(window.events.model.rows - 1)
    total = window.events.model.rows - 1
    first_s = until(qt, lambda: _says(controls.applied, f"after {total:,} "))
    strip_s = first_s + until(qt, lambda: sum(cell.events for cell in controls.slider.strip.cells) == total)
    until(qt, lambda: False, 1.0)
    taken = []
    controls.slider.setSliderDown(True)
    for count in _moves(total):
        controls.slider.setValue(count)
        taken.append(until(qt, partial(_says, controls.applied, f"after {count:,} ")))
    ordered = sorted(taken)
    return {
        "begun_s": begun_s,
        "first_s": first_s,
        "strip_s": strip_s,
        "median_s": statistics.median(taken),
        "p95_s": ordered[math.ceil(len(ordered) * 0.95) - 1],
        "max_s": ordered[-1],
    }


def _moves(total: int) -> list[int]:
    """Places anywhere in a stream, each followed by a few steps on and back."""
    hand = random.Random(8)
    places: list[int] = []
    for _ in range(_JUMPS):
        place = hand.randrange(10, total - 10)
        places += [place, place + 1, place + 2, place + 1]
    return places


def _states(qt: QApplication, window: MainWindow, path: Path, _seconds: float) -> dict[str, float]:
    """All aggregates of a category: the first screen of them, as the first question of all and with the process there."""
    window.open_capture(path)
    until(qt, lambda: _has_rows(window))
    panes = window.panes
    assert panes is not None
    pane = panes.states_pane
    taken = []
    for ask in (partial(panes.show_pane, "All at a time", on=True), pane.ask, pane.ask, pane.ask):
        pane.table.show_table(0, [])
        begun_s = time.perf_counter()
        ask()
        until(qt, lambda: pane.table.total > 0 and pane.table.row(0) is not None)
        taken.append(time.perf_counter() - begun_s)
        until(qt, lambda: False, 1.0)
    return {"begun_s": taken[0], "first_s": statistics.median(taken[1:])}


def _plots(qt: QApplication, _window: MainWindow, _path: Path, _seconds: float) -> dict[str, float]:
    """The data of a day at one second a step put into a plot that is shown, and painted."""
    found = {}
    for lines in (8, 40):
        series = [
            Series(f"line {line}", [float(40 + place // 900 % 30 + place * (line + 3) % 11) for place in range(86_400)])
            for line in range(lines)
        ]
        shown = plotted(Answer("events", "events/s", 1_795_392_000_000_000, SECOND_US, series), Question())
        card = PlotCard(PlotSpec("events"))
        card.resize(900, 300)
        card.show()
        card.plot.show_range(float(shown.times[0]), float(shown.times[-1]))
        until(qt, lambda: False, 0.3)
        frames = []
        for _ in range(20):
            begun_s = time.perf_counter()
            card.show_plotted(shown)
            card.plot.viewport().repaint()
            frames.append(time.perf_counter() - begun_s)
        found[f"{lines}_s"] = statistics.median(frames)
        card.close()
    return found


def _says(label: PlainLabel, wanted: str) -> bool:
    return label.whole_text().startswith(wanted)


def _feed(path: Path, seconds: float) -> None:
    """Appends 5,000 events a second to a capture that has 300,000, or 20,000 when it is only for seconds."""
    with Growing(path) as growing:
        for _ in range(15 if seconds > _LONG_S else 1):
            growing.append(20_000)
        print("ready", flush=True)
        due = time.monotonic()
        for _ in range(int(seconds * 10)):
            growing.append(500)
            due += 0.1
            time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
