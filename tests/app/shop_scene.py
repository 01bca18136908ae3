"""The picture of the README: the demo's shop, the event that oversold an article, its stock then, and all articles at that moment.

    python -m tests.app.screens FOLDER shop --size 1440x900

Read `screens` for how pictures are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from app.main_window import MainWindow
from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.demo.children import Capture, Server
from inspector.query import condition
from tests.app import replay_scenes

_STORY = ["--now", "2026-11-24T00:00:00Z", "--no-live"]
_FILTER = 'category == "shop.inventory" && data.available < 8'
_OVERSOLD = 'category == "shop.inventory" && data.available < 0 && type == "StockReserved"'


class Stage(replay_scenes.Stage, Protocol):
    """What a scene needs of the stage."""

    window: MainWindow


def demo(folder: Path) -> Path:
    """A capture of the demo's whole day, from both of its sources."""
    path = folder / "shop.evcap"
    with Server(folder / "shop", _STORY) as server:
        ready = server.ready
        with Capture([ready["kafka"], ready["store"]], ready["topics"], path) as capture:
            capture.wait_for(ready["events"] + ready["rows"])
            capture.follow(0)
    return path


def shop(stage: Stage) -> None:
    """The picture of the README: the demo's shop, and who oversold the teapot."""
    path = demo(stage.folder)
    with CaptureReader(path) as reader:
        guilty = next(iter(reader.events(EventQuery(condition=condition(_OVERSOLD))))).seq
    stage.open(path)
    selection, panes = stage.window.selection, stage.window.panes
    assert selection is not None
    assert panes is not None
    panes.events_pane.set_order("time", newest_first=True)
    selection.choose_filter(_FILTER)
    stage.wait(lambda: panes.events_pane.lister.wish.filter == _FILTER and 0 < panes.events_pane.model.rows < 5_000)
    selection.replay_event(guilty)
    replay = stage.replay
    stage.wait(lambda: int((replay.replaying.look.get("last") or {}).get("seq", 0)) == guilty)
    states = stage.states
    states.choose("shop.inventory")
    states.here.click()
    stage.wait(lambda: states.listed is not None and bool(states.listed.time))
    states.filter.setText("state.available < 60")
    states.filter.returnPressed.emit()
    stage.wait(lambda: states.listed is not None and bool(states.listed.filter))
    place = states.table.columns.index("state.available")
    states.view.horizontalHeader().sectionClicked.emit(place + 1)
    stage.wait(lambda: states.listed is not None and bool(states.listed.sort))
    stage.settle(2.0)


SCENES: dict[str, Callable[[Stage], None]] = {"shop": shop}
