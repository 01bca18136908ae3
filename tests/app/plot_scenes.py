"""Pictures of the plots in their states: read `screens` for how they are taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from app.main_window import MainWindow
from app.models.plot_spec import LOG, STACKED, PlotSpec, Threshold, standard
from app.panes.metrics import MetricsPane
from inspector.event import Flag
from tests.app.captures import Growing
from tests.replay.captures import Log, Written, write

_START_US = 1_795_420_800_000_000
_TYPES = ("OrderPlaced", "PaymentAuthorised", "OrderShipped", "OrderDelivered")


class Stage(Protocol):
    """What a scene needs of the stage."""

    folder: Path
    window: MainWindow

    def open(self, path: Path | None = None, rows: int = 0) -> None: ...
    def wait(self, is_so: Callable[[], bool]) -> None: ...
    def settle(self, seconds: float = 0.3) -> None: ...
    @property
    def plots(self) -> MetricsPane: ...


def _flow(path: Path, types: Sequence[str], *, is_gapped: bool = False) -> Path:
    """Five minutes of events whose rate goes up and down, some undecodable near the end; a minute of them not read if `is_gapped`."""
    events = []
    for number in range(6_000):
        time_us = _START_US + int(number * 50_000 + 9_000_000 * math.sin(number / 420))
        kind = types[int(number * 7.3 + 3 * math.sin(number / 90)) % len(types)]
        flags = int(Flag.undecodable) if number > 5_500 and number % 3 == 0 else 0
        value = f'{{"order_id":"order-{number}","total":{number % 90}}}' + " " * (number % 40)
        events.append(Written(number, value, f"order-{number % 50}", time_us=time_us, type=kind, category="order", flags=flags))
    kept = [event for event in events if not (is_gapped and 2_000 <= event.position < 3_200)]
    return write(path, [Log(kept, "shop.orders", read=[(0, 2_000), (3_200, 6_000)] if is_gapped else [(0, 6_000)])])


def _shown(stage: Stage, path: Path, *plots: PlotSpec) -> MetricsPane:
    stage.open(path)
    pane = stage.plots
    pane.choose(plots, ("all", "auto"))
    stage.wait(lambda: all(card.shown is not None for card in pane.cards))
    stage.settle(0.8)
    return pane


def none(stage: Stage) -> None:
    """Every plot was removed."""
    stage.open()
    stage.plots.choose((), ("all", "auto"))
    stage.settle()


def nothing(stage: Stage) -> None:
    """A capture that has nothing for what is asked."""
    with Growing(stage.folder / "empty.evcap") as growing:
        growing.append(0)
    stage.window.open_capture(stage.folder / "empty.evcap")
    stage.plots.choose((*standard(), PlotSpec("no-such-metric")), ("all", "auto"))
    stage.settle(0.8)


def loading(stage: Stage) -> None:
    """Other numbers are awaited, and those before stand back."""
    pane = _shown(stage, _flow(stage.folder / "a.evcap", _TYPES), *standard("type"))
    pane.session.work.hold()
    pane.add(PlotSpec("size", "type"))
    pane.steps.setCurrentIndex(2)
    stage.settle(0.8)


def one_line(stage: Stage) -> None:
    """One line, and its crosshair."""
    pane = _shown(stage, _flow(stage.folder / "a.evcap", _TYPES), *standard())
    pane.cards[0].plot.hovered.emit((_START_US + 120_000_000) / 1e6)
    stage.settle()


def forty(stage: Stage) -> None:
    """Forty lines and more, with their table."""
    types = [f"{kind}V{number}" for number in range(12) for kind in _TYPES]
    path = _flow(stage.folder / "a.evcap", types)
    _shown(stage, path, PlotSpec("events", "type", has_table=True))


def gap(stage: Stage) -> None:
    """A stretch that was not read, and lines that have gaps there; marks."""
    pane = _shown(stage, _flow(stage.folder / "a.evcap", _TYPES, is_gapped=True), PlotSpec("events"), PlotSpec("size", "type"))
    pane.session.notes.add(300, "the deployment began here")
    stage.wait(lambda: bool(pane.cards[0].plot.marks))
    stage.settle()


def alarm(stage: Stage) -> None:
    """A threshold that the newest value is over, one that it is not, a stack and a log scale."""
    _shown(
        stage,
        _flow(stage.folder / "a.evcap", _TYPES),
        PlotSpec("undecodable", "log", threshold=Threshold(20.0)),
        PlotSpec("events", "type", scale=STACKED, threshold=Threshold(90.0)),
        PlotSpec("largest", "type", scale=LOG),
        PlotSpec("bytes", "type"),
    )


SCENES: dict[str, Callable[[Stage], None]] = {
    "plots_none": none,
    "plots_nothing": nothing,
    "plots_loading": loading,
    "plots_one": one_line,
    "plots_forty": forty,
    "plots_gap": gap,
    "plots_alarm": alarm,
}
