"""Pictures of a replay in its states: read `screens` for how they are taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.dialogs.rules import RulesDialog
from app.panes.replay import ReplayPane
from app.panes.states import StatesPane
from inspector.event import Flag
from tests.replay.captures import Log, Written, write

_START_US = 1_795_420_800_000_000
_STEPS = ("StockCounted", "StockReserved", "StockPicked", "StockReserved", "StockReleased", "StockReserved")


class Stage(Protocol):
    """What a scene needs of the stage."""

    folder: Path

    def open(self, path: Path | None = None, rows: int = 0) -> None: ...
    def choose(self, row: int) -> None: ...
    def wait(self, is_so: Callable[[], bool]) -> None: ...
    def settle(self, seconds: float = 0.3) -> None: ...
    def dialog(self, made: QWidget) -> None: ...
    @property
    def replay(self) -> ReplayPane: ...
    @property
    def states(self) -> StatesPane: ...


def stock(path: Path) -> Path:
    """A stream of 48 events about one article, two of them aborted and some late; it is oversold at the end."""
    events, available = [], 30
    for number in range(48):
        name = _STEPS[number % len(_STEPS)] if number else "StockCounted"
        pieces = 1 + number % 3
        available += {"StockCounted": 1, "StockReserved": -pieces, "StockPicked": 0, "StockReleased": 1}[name]
        document = {"sku": "teapot-1926", "available": available, "last": {"order": f"order-{100_000 + number}", "quantity": pieces}}
        time_us = _START_US + number * 61_000_000
        flags = int(Flag.aborted) if number in {9, 30} else int(Flag.late) if number in {20, 21} else 0
        events.append(
            Written(
                number,
                json.dumps(document),
                "stock-teapot-1926",
                number + 1,
                time_us,
                name,
                flags=flags,
                actor="inventory",
                category="stock",
            )
        )
    return write(path, [Log(events)])


def _shown(stage: Stage) -> ReplayPane:
    stage.open(stock(stage.folder / "stock.evcap"))
    stage.choose(0)
    pane = stage.replay
    stage.wait(lambda: bool(pane.controls.slider.strip.cells))
    pane.go_to_count(40)
    stage.wait(lambda: pane.replaying.look.get("place") == 40)
    stage.settle()
    return pane


def strip(stage: Stage) -> None:
    """A stream on its strip, with what is pinned above the state."""
    pane = _shown(stage)
    pane.tabs.toggle_pin("/available")
    pane.tabs.toggle_pin("/last/order")
    stage.settle()


def changes(stage: Stage) -> None:
    """What the last event changed."""
    pane = _shown(stage)
    pane.tabs.turn_to(pane.tabs.changes)
    stage.settle()


def diff(stage: Stage) -> None:
    """Two moments."""
    pane = _shown(stage)
    pane.show_second(12)
    stage.wait(lambda: bool(pane.tabs.diff.table.rows))
    stage.settle()


def what_if(stage: Stage) -> None:
    """An event left out."""
    pane = _shown(stage)
    pane.tabs.turn_to(pane.tabs.what_if)
    pane.tabs.what_if.leave_event_out(int(pane.replaying.look["last"]["seq"]))
    stage.wait(lambda: bool(pane.tabs.what_if.table.rows))
    stage.settle()


def field(stage: Stage) -> None:
    """The history of a field."""
    pane = _shown(stage)
    pane.tabs.show_field("/available")
    stage.wait(lambda: bool(pane.tabs.field.table.rows))
    stage.settle()


def plot(stage: Stage) -> None:
    """Pinned numbers over the stream."""
    pane = _shown(stage)
    pane.tabs.toggle_pin("/available")
    pane.tabs.toggle_pin("/last/quantity")
    pane.tabs.turn_to(pane.tabs.plot)
    stage.wait(lambda: bool(pane.tabs.plot.plot.lines))
    stage.settle()


def snapshots(stage: Stage) -> None:
    """A store without snapshots."""
    pane = _shown(stage)
    pane.tabs.turn_to(pane.tabs.snapshots)
    stage.settle(0.8)


def no_second(stage: Stage) -> None:
    """Two moments, of which only one is chosen."""
    pane = _shown(stage)
    pane.tabs.turn_to(pane.tabs.diff)
    stage.settle()


def with_aborted(stage: Stage) -> None:
    """Aborted events folded in."""
    pane = _shown(stage)
    pane.controls.aborted.click()
    stage.wait(lambda: bool(pane.replaying.look.get("includes_aborted")))
    stage.settle(0.8)


def rules(stage: Stage) -> None:
    """The form of rules."""
    pane = _shown(stage)
    assert pane.stream is not None
    dialog = RulesDialog(pane._session, pane.stream, pane, stage.folder / "stock.toml")
    stage.dialog(dialog)
    stage.wait(lambda: bool(dialog.preview_title.whole_text()))
    stage.settle()


def states(stage: Stage) -> None:
    """All aggregates of a category."""
    accounts = [
        Written(
            number,
            json.dumps({"owner": f"customer {number}", "balance": 400 - 7 * number, "status": "open" if number % 5 else "frozen"}),
            f"account-{number:04}",
            1,
            _START_US + number * 1_000_000,
            "BalanceChanged",
            category="account",
        )
        for number in range(120)
    ]
    stage.open(write(stage.folder / "accounts.evcap", [Log(accounts)]))
    pane = stage.states
    stage.wait(lambda: pane.table.total > 0 and pane.table.row(0) is not None)
    pane.time.setText("2026-11-23 08:01:40")
    pane.time.returnPressed.emit()
    stage.wait(lambda: pane.listed is not None and bool(pane.listed.time) and pane.table.row(0) is not None)
    stage.settle(0.6)


def states_filtered(stage: Stage) -> None:
    """Those that fit a filter, in an order."""
    states(stage)
    pane = stage.states
    pane.filter.setText("state.balance < 0")
    pane.filter.returnPressed.emit()
    stage.wait(lambda: "match" in pane.note.whole_text())
    pane.view.horizontalHeader().sectionClicked.emit(2)
    stage.wait(lambda: pane.listed is not None and bool(pane.listed.sort) and pane.table.row(0) is not None)
    stage.settle(0.6)


SCENES: dict[str, Callable[[Stage], None]] = {
    "replay_strip": strip,
    "replay_changes": changes,
    "replay_diff": diff,
    "replay_no_second": no_second,
    "replay_what_if": what_if,
    "replay_field": field,
    "replay_plot": plot,
    "replay_snapshots": snapshots,
    "replay_with_aborted": with_aborted,
    "replay_rules": rules,
    "states": states,
    "states_filtered": states_filtered,
}
