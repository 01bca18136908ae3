"""`python -m app [FILE…|URL]`, `python -m app demo …`, `python -m app plot FILE -o OUT.png`: the window program.

Started by `eventscope open`, `eventscope demo` and plain `eventscope`; read `main_window` for the window.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app import style
from app.allocation import give_memory_back
from app.main_window import MainWindow
from app.messages import Hooks, Messages
from app.preferences import Preferences
from inspector.capture.masked import open_masked
from inspector.capture.rollup import GROUPINGS
from inspector.errors import EventscopeError, ExitStatus
from inspector.metrics import Question, metric
from inspector.settings import config_dir


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what was asked; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["plot"]:
        return _plot(given[1:])
    return _window(given)


def application(appearance: str = "system", scale_percent: int = 100) -> QApplication:
    """The one application, dressed `light`, `dark`, or as the system is, and so large."""
    give_memory_back()
    if scale_percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{scale_percent / 100:g}")
    running = QApplication.instance()
    made = running if isinstance(running, QApplication) else QApplication(["eventscope"])
    made.setApplicationName("eventscope")
    made.setApplicationDisplayName("")
    style.apply(made, appearance)
    return made


def window_settings() -> QSettings:
    """Where the window remembers: an ini file in the settings folder. Raises OSError."""
    return QSettings(str(config_dir() / "window.ini"), QSettings.Format.IniFormat)


def _window(given: Sequence[str]) -> int:
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        sys.stderr.write("eventscope: there is no display for a window; eventscope demo --headless works without one\n")
        return int(ExitStatus.USAGE)
    settings = window_settings()
    preferred = Preferences.remembered(settings)
    qt = application(preferred.appearance, preferred.scale_percent)
    messages = Messages(qt)
    hooks = Hooks(messages)
    window = MainWindow(messages, settings)
    window.show()
    window.library.start()
    _stop_with_signals(window)
    QTimer.singleShot(0, window, lambda: _begin(window, given))
    status = qt.exec()
    hooks.remove()
    return int(status)


def _begin(window: MainWindow, given: Sequence[str]) -> None:
    """Shows what was asked for on the command line."""
    if not given:
        return
    if given[0] == "demo":
        parser = argparse.ArgumentParser(prog="eventscope demo", add_help=False)
        parser.add_argument("-o", dest="output", type=Path)
        known, story = parser.parse_known_args(given[1:])
        window.start_demo(story, known.output)
    elif "://" in given[0]:
        window.open_source(given[0])
    else:
        window.importer.open_paths([Path(one) for one in given])


def _stop_with_signals(window: MainWindow) -> None:
    """Ctrl-C and SIGTERM close the window; Python only sees them when it runs, hence the timer."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    beat = QTimer(window, interval=300)
    beat.timeout.connect(lambda: None)
    beat.start()


def _plot(given: Sequence[str]) -> int:
    """Draws the throughput of a capture into a PNG, without a window."""
    parser = argparse.ArgumentParser(prog="eventscope plot", description=_plot.__doc__)
    parser.add_argument("capture", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--by", choices=GROUPINGS, default="log")
    wanted = parser.parse_args(list(given))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        with open_masked(wanted.capture) as reader:
            question = Question(wanted.by)
            found = metric("events").answer(reader, question)
    except EventscopeError as error:
        return _failed(str(error), error.exit_status)
    if found is None:
        return _failed(f"{wanted.capture} has no event with a time to plot", ExitStatus.FINDINGS)
    from app.models.plot_spec import PlotSpec  # noqa: PLC0415 - pyqtgraph takes a second to load and only this needs it
    from app.models.plotted import plotted  # noqa: PLC0415
    from app.plot_picture import draw  # noqa: PLC0415

    application()
    try:
        draw(PlotSpec("events", wanted.by), plotted(found, question), wanted.output)
    except EventscopeError as error:
        return _failed(str(error), error.exit_status)
    return int(ExitStatus.OK)


def _failed(sentence: str, status: ExitStatus) -> int:
    sys.stderr.write(f"eventscope: {sentence}\n")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
