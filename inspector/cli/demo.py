"""`eventscope demo`: the built-in shop, in the window, without one (`--headless`), or served to others (`--serve`).

Knows only what to start; the shop itself is `inspector.demo`, the window `app`. Heavy imports wait until a run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import ExitStatus, UsageError
from inspector.event import parse_time

if TYPE_CHECKING:
    from inspector.demo.serve import ServeOptions


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Registers `demo`."""
    parser = commands.add_parser(
        "demo",
        help="the built-in shop: a live Kafka and an SQLite event store, no Java, no network",
        description="Runs the built-in shop and opens the window on it. A day of history has faults planted in it for you to find.",
    )
    parser.add_argument("-o", dest="output", metavar="FILE", type=Path, help="the capture to make (default: in a new temporary folder)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--headless", action="store_true", help="capture, replay and plot without a window, then say where it all is")
    how.add_argument(
        "--serve", metavar="DIR", type=Path, help="only run the shop, in DIR, until stdin ends; one JSON line says it is ready"
    )
    story = parser.add_argument_group("the story")
    story.add_argument("--seed", type=int, default=1, metavar="N", help="which story is told (default 1)")
    story.add_argument(
        "--history", type=_count, default=20_000, metavar="N", help="events of the day before, about; 0: none (default 20000)"
    )
    story.add_argument("--rate", type=_rate, default=20.0, metavar="R", help="live events a second, about (default 20)")
    story.add_argument("--no-live", action="store_true", help="the history only")
    story.add_argument("--now", type=_time, metavar="TIME", help="let the live part begin at this time of the story (RFC 3339)")
    parser.add_argument("--seconds", type=_rate, default=5.0, metavar="S", help="how long --headless follows the live part (default 5)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Serves, shows without a window, or opens the window. Raises EventscopeError."""
    if arguments.serve:
        return _serve(arguments)
    if arguments.headless:
        return _headless(arguments)
    return _window(arguments)


def _serve(arguments: argparse.Namespace) -> ExitStatus:
    from inspector.demo.serve import serve, stop_with_stdin

    stop = threading.Event()
    stop_with_stdin(stop)
    serve(arguments.serve, _options(arguments), sys.stdout, stop)
    return ExitStatus.OK


def _headless(arguments: argparse.Namespace) -> ExitStatus:
    from inspector.demo.headless import show

    return show(_options(arguments), arguments.output, follow_s=arguments.seconds, out=sys.stdout)


def _window(arguments: argparse.Namespace) -> ExitStatus:
    """Starts the window; what is not as usual in the story is passed on."""
    from inspector.demo.serve import ServeOptions

    options = _options(arguments)
    output = ["-o", str(arguments.output)] if arguments.output else []
    story = options.arguments() if options != ServeOptions() else []
    ended = subprocess.run([sys.executable, "-m", "app", "demo", *output, *story], check=False)
    if ended.returncode not in list(ExitStatus):
        raise UsageError("the window ended unexpectedly; eventscope demo --headless shows the demo without one")
    return ExitStatus(ended.returncode)


def _options(arguments: argparse.Namespace) -> ServeOptions:
    from inspector.demo.serve import ServeOptions

    return ServeOptions(
        seed=arguments.seed,
        history=arguments.history,
        rate_per_s=arguments.rate,
        live=not arguments.no_live,
        now_us=arguments.now,
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")
    return value


def _time(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
