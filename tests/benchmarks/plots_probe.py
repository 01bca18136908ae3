"""One window that reads a real topic live, with six plots: `python -m tests.benchmarks.plots_probe BOOTSTRAP TOPIC RATE SECONDS`.

Prints one JSON object. With `write` as its first word it is the process that writes, evenly, `RATE` records a second, and prints how
many there were. Read `bench_plots` for what is made of it.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from confluent_kafka import Producer
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.__main__ import application
from app.main_window import MainWindow
from app.messages import Messages
from app.models.plot_spec import PlotSpec
from app.models.profile import SPANS, STEPS
from tests.benchmarks.window_probe import until

PLOTS = (
    PlotSpec("events", "partition"),
    PlotSpec("bytes", "log"),
    PlotSpec("events", "type"),
    PlotSpec("record-delay", "log"),
    PlotSpec("size", "type"),
    PlotSpec("projection:revenue"),
)
_BEAT_MS = 10
_PARTS_PER_S = 50
_LEFT_S = 120.0
"""So long what was written may be on its way after the last of it."""


def main() -> int:
    """Does what is asked."""
    if sys.argv[1] == "write":
        print(_write(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])), flush=True)
        return 0
    bootstrap, topic, rate, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    with tempfile.TemporaryDirectory() as home:
        os.environ["EVENTSCOPE_HOME"] = home
        qt = application()
        window = MainWindow(Messages(qt), QSettings(f"{home}/window.ini", QSettings.Format.IniFormat))
        window.resize(1920, 1200)
        window.show()
        until(qt, lambda: False, 0.3)
        print(json.dumps(_read(qt, window, (bootstrap, topic, rate, seconds))), flush=True)
        window.close()
    return 0


def _read(qt: QApplication, window: MainWindow, asked: tuple[str, str, int, float]) -> dict[str, float]:
    """What the window did while all was written, and what it had at the end."""
    bootstrap, topic, rate, seconds = asked
    window.open_source(f"kafka://{bootstrap}/{topic}", ["--follow"])
    panes, status = window.panes, window.status_line
    assert panes is not None
    assert status is not None
    panes.show_pane("Plots", on=True)
    metrics = panes.metrics_pane
    metrics.choose(PLOTS, (SPANS[0], STEPS[1]))
    gaps, frames, last = [], [0] * len(PLOTS), [time.perf_counter()]

    def count(place: int) -> None:
        frames[place] += 1

    def beat() -> None:
        gaps.append(time.perf_counter() - last[0])
        last[0] = time.perf_counter()

    command = [sys.executable, "-m", "tests.benchmarks.plots_probe", "write", bootstrap, topic, str(rate), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writing:
        until(qt, lambda: window.events.model.rows > 0)
        for place, card in enumerate(metrics.cards):
            metrics.feed(card).answered.connect(lambda _shown, place=place: count(place))
        timer = QTimer(window, interval=_BEAT_MS)
        timer.timeout.connect(beat)
        last[0] = begun_s = time.perf_counter()
        used_s = _cpu_s()
        timer.start()
        until(qt, lambda: writing.poll() is not None, 2 * seconds + _LEFT_S)
        timer.stop()
        took_s = time.perf_counter() - begun_s
        used_s = _cpu_s() - used_s
        assert writing.stdout is not None
        written = int(writing.stdout.read())
    shown = sum(card.isVisible() for card in metrics.cards)
    behind = written - window.events.model.rows
    until(qt, lambda: window.events.model.rows >= written, _LEFT_S)
    gaps.sort()
    return {
        "written": written,
        "rows": window.events.model.rows,
        "lost": float(status.lost.text().removeprefix("lost ").split()[0].replace(",", "")),
        "behind": behind,
        "plots": shown,
        "written_per_s": written / seconds,
        "slowest_per_s": min(frames) / took_s,
        "quickest_per_s": max(frames) / took_s,
        "p50_s": gaps[len(gaps) // 2],
        "p99_s": gaps[int(len(gaps) * 0.99)],
        "max_s": gaps[-1],
        "window_processors": used_s / took_s,
        "load": os.getloadavg()[0],
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _write(bootstrap: str, topic: str, rate: int, seconds: float) -> int:
    """Payments and what goes with them, fifty parts a second; the number of records that the broker took."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "acks": "all", "enable.idempotence": True, "log_level": 0})
    hand, due_s, taken = random.Random(9), time.monotonic(), [0]

    def told(error: object, _message: object) -> None:
        taken[0] += error is None

    each = rate // _PARTS_PER_S
    for part in range(int(seconds * _PARTS_PER_S)):
        for number in range(part * each, (part + 1) * each):
            kind = ("OrderPlaced", "PaymentCaptured", "StockReserved", "OrderShipped")[number % 4]
            data = {"amount": hand.randrange(100, 20_000) / 100, "fee": 0.25, "currency": ("EUR", "USD")[number % 8 // 4]}
            value = json.dumps({"type": kind, "id": f"event-{number}", "data": data}).encode()
            producer.produce(topic, value, b"order-%d" % (number % 5_000), on_delivery=told)
        producer.poll(0)
        due_s += 1 / _PARTS_PER_S
        time.sleep(max(0.0, due_s - time.monotonic()))
    producer.flush(60)
    return taken[0]


if __name__ == "__main__":
    sys.exit(main())
