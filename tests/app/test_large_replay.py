"""Time travel at sizes that hurt, through the whole window: a million events of one stream, and states of five megabytes."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.stall_probe import StallProbe
from tests.app.test_replay import pid_of
from tests.app.test_window import shown
from tests.replay.captures import Log, Written, write

pytestmark = [pytest.mark.large, pytest.mark.alone]

_WAIT_MS = 240_000
_LONGEST_MS = 200
_MOST_MB = 400
"""Of the process that folds, whatever is asked of it."""
_MOVES = (10, 999_999, 500_000, 499_999, 1, 750_001, 250_000, 1_000_000)


class Hand:
    """Does one thing after the other in the replay pane and notes how long the window's thread was busy with each."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window
        self.worked_ms: dict[str, float] = {}
        self.memory_mb: dict[str, float] = {}

    def does(self, what: str, work: Callable[[], object], until: Callable[[], bool]) -> None:
        probe = StallProbe()
        probe.start()
        work()
        self.qtbot.waitUntil(until, timeout=_WAIT_MS)
        self.qtbot.wait(50)
        self.worked_ms[what] = probe.stop()[1]
        self.memory_mb[what] = folding_mb(self.window)

    def says(self, words: str) -> Callable[[], bool]:
        return lambda: self.window.replay.controls.applied.whole_text().startswith(words)

    def assert_all_is_well(self) -> None:
        print(json.dumps({"worked ms": self.worked_ms, "memory MB": self.memory_mb}, indent=1))
        assert {what: round(took) for what, took in self.worked_ms.items() if took > _LONGEST_MS} == {}
        assert {what: round(took) for what, took in self.memory_mb.items() if took > _MOST_MB} == {}


def folding_mb(window: MainWindow) -> float:
    """What the fold process holds."""
    statm = Path(f"/proc/{pid_of(window.replay)}/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6 if statm.exists() else 0.0


def looked_at(hand: Hand, moves: Iterable[int], total: int, pointer: str) -> None:
    """The last event, moves of the slider, one field's history, and its plot."""
    window = hand.window
    tabs, slider = window.replay.tabs, window.replay.controls.slider
    hand.does("the last event", lambda: window.events.choose_row(total - 1), hand.says(f"after {total:,} "))
    for place in moves:
        hand.does(f"after {place:,}", partial(slider.setValue, place), hand.says(f"after {place:,} "))
    hand.does("history of a field", lambda: tabs.show_field(pointer), lambda: len(tabs.field.table.rows) > 0)
    tabs.toggle_pin(pointer)
    hand.does("plot", lambda: tabs.turn_to(tabs.plot), lambda: len(tabs.plot.plot.lines) == 1)


def test_a_million_events_of_one_stream(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    count = 1_000_000
    documents = (json.dumps({"n": n, f"field {n % 50}": n, "order": {"total": n / 100}}) for n in range(count))
    path = write(tmp_path / "a.evcap", [Log([Written(n, text, version=n + 1) for n, text in enumerate(documents)])])
    shown(qtbot, window, path, count)
    hand = Hand(qtbot, window)
    looked_at(hand, _MOVES, count, "/n")
    hand.assert_all_is_well()


def test_states_of_five_megabytes(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    count = 40
    parts = [f'"part {part}": "{"x" * 1_000_000}"' for part in range(4)]
    items = ",".join(f'{{"sku": "sku-{n}", "left": {n}}}' for n in range(30_000))
    documents = [f'{{"n": {n}, "changed {n}": "{chr(97 + n % 26) * 1_000}", {", ".join(parts)}, "items": [{items}]}}' for n in range(count)]
    assert len(documents[0]) > 5_000_000
    path = write(tmp_path / "a.evcap", [Log([Written(n, text, version=n + 1) for n, text in enumerate(documents)])])
    shown(qtbot, window, path, count)
    hand = Hand(qtbot, window)
    looked_at(hand, (1, 40, 20, 21, 22, 39, 3), count, "/n")
    hand.assert_all_is_well()


def test_a_state_900_deep(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    texts = ['{"a":' * depth + '{"n":1}' + "}" * depth for depth in (1, 900, 450, 900)]
    path = write(tmp_path / "a.evcap", [Log([Written(n, text, version=n + 1) for n, text in enumerate(texts)])])
    shown(qtbot, window, path, len(texts))
    hand = Hand(qtbot, window)
    looked_at(hand, (1, 2, 3, 4), len(texts), "/a" * 900 + "/n")
    hand.assert_all_is_well()
