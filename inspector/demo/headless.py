"""The demo without a window: serves the shop, captures both its logs, follows, replays an order, plots, and says what next.

Each step is the command a user would type, run as a child process; nothing is left running. Plotting is the window
program's, which is started and never imported. Read `serve` for the shop, `children` for the processes.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from inspector.demo.children import Capture, Server, program
from inspector.demo.faults import OVERSELL, STUCK, VERSION_GAP
from inspector.demo.model import ORDER, STOCK
from inspector.demo.serve import ServeOptions
from inspector.errors import ExitStatus, SourceError, UsageError

_REPLAY_S = 60.0
_PLOT_S = 120.0


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where everything goes: the shop's folder, the capture, the plot."""

    folder: Path
    capture: Path
    plot: Path


def show(options: ServeOptions, capture: Path | None, *, follow_s: float, out: TextIO) -> ExitStatus:
    """Runs the whole demo and writes to `out` what was found and where it is.

    Raises UsageError when `capture` exists, SourceError when a step fails; the plot alone may be missing, and is said to be.
    """
    paths = _paths(capture)
    say = _Say(out)
    with Server(paths.folder / "shop", options.arguments()) as server:
        ready = server.ready
        say(f"The shop is open: {ready['events']:,} Kafka records and {ready['rows']:,} stored events, about a day of them.")
        say(f"  Kafka  {ready['kafka']}   {' '.join(ready['topics'])}")
        say(f"  store  {ready['store']}")
        _capture(ready, paths.capture, follow_s, say)
    stories = _stories(Path(ready["faults"]))
    _replay(paths.capture, stories[VERSION_GAP.name], say)
    plotted = _plot(paths, say)
    _what_next(paths, stories, say, plotted=plotted, faults=ready["faults"])
    return ExitStatus.OK


class _Say:
    """Writes lines at once, so that a reader of a pipe sees them when they are true."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, line: str = "") -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _paths(capture: Path | None) -> _Paths:
    if capture is not None and capture.exists():
        raise UsageError(f"{capture} exists, and a second demo is another story: give it another name, or remove that file")
    folder = Path(tempfile.mkdtemp(prefix="eventscope-demo-"))
    target = capture.absolute() if capture else folder / "demo.evcap"
    return _Paths(folder, target, target.with_suffix(".png"))


def _capture(ready: Mapping[str, Any], target: Path, follow_s: float, say: _Say) -> None:
    """Captures the history of both sources and `follow_s` seconds of what comes after it."""
    with Capture([ready["kafka"], ready["store"]], ready["topics"], target) as capture:
        say()
        say(f"$ {shlex.join(capture.typed)}")
        history = capture.wait_for(ready["events"] + ready["rows"])
        total = capture.follow(follow_s)
    say(f"Captured {history:,} events, then followed for {follow_s:g} s: {total:,} events now.")


def _stories(faults: Path) -> dict[str, list[dict[str, Any]]]:
    """The places of each planted fault, by its name."""
    noted = json.loads(faults.read_text(encoding="utf-8"))
    return {fault["name"]: fault["places"] for fault in noted["faults"]}


def _replay(capture: Path, places: Sequence[Mapping[str, Any]], say: _Say) -> None:
    """Replays an order from Kafka: the one whose history in the store has a hole, or the first there is."""
    stream = places[0]["stream"] if places else "order-100001"
    command = ["replay", str(capture), f"{ORDER.topic}/{stream}", "--format", "jsonl"]
    say()
    say(f"$ eventscope {shlex.join(command)}")
    done = subprocess.run([*program(), *command], capture_output=True, check=False, timeout=_REPLAY_S)
    if done.returncode:
        raise SourceError(f"the replay of {stream} ended with {done.returncode}: {_last_line(done.stderr)}")
    say(done.stdout.decode("utf-8", "backslashreplace").rstrip())


def _plot(paths: _Paths, say: _Say) -> bool:
    """Draws the throughput; False, with the reason said, where the drawing program cannot run."""
    command = [sys.executable, "-m", "app", "plot", str(paths.capture), "-o", str(paths.plot)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=_PLOT_S, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    say()
    if done.returncode or not paths.plot.exists():
        say(f"No plot: Qt cannot draw here ({_last_line(done.stderr)}).")
        return False
    return True


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "backslashreplace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _what_next(paths: _Paths, stories: Mapping[str, Sequence[Mapping[str, Any]]], say: _Say, *, plotted: bool, faults: str) -> None:
    say(f"capture  {paths.capture}")
    if plotted:
        say(f"plot     {paths.plot}")
    say(f"store    {paths.folder / 'shop'}")
    say(f"faults   {faults}   (what is planted, and exactly where: no peeking)")
    say()
    say("Try next:")
    for command in _commands(str(paths.capture), stories):
        say(f"  eventscope {shlex.join(command)}")


def _commands(capture: str, stories: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[list[str]]:
    commands = [["info", capture], ["count", capture, "--by", "type"], ["events", capture, "--filter", '"undecodable" in flags']]
    if places := stories[VERSION_GAP.name]:
        commands.append(["replay", capture, f"{ORDER.class_name}/{places[0]['stream']}"])
    if places := stories[STUCK.name]:
        commands.append(["events", capture, "--filter", f'correlation_id == "{_correlation(places)}"'])
    if places := [place for place in stories[OVERSELL.name] if place["log"] == STOCK.topic]:
        commands.append(["replay", capture, f"{STOCK.topic}/{places[-1]['stream']}", "--blame"])
    return [*commands, ["open", capture]]


def _correlation(places: Sequence[Mapping[str, Any]]) -> str:
    return str(places[0]["correlation_id"])
