"""Playing a stream: how long it waits, and that it never overtakes an answer."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.replay_player import LONGEST_WAIT_MS, Player, wait_ms


@pytest.mark.parametrize(
    ("pace", "passed_us", "wanted_ms"),
    [
        ("1 event a second", 99_000_000, 1_000),
        ("20 events a second", None, 50),
        ("as it happened", 400_000, 400),
        ("10 times as fast", 4_000_000, 400),
        ("as it happened", 86_400_000_000, LONGEST_WAIT_MS),
        ("as it happened", -5, 20),
        ("as it happened", None, 20),
    ],
)
def test_waits(pace: str, passed_us: int | None, wanted_ms: int) -> None:
    assert wait_ms(pace, passed_us) == wanted_ms


def test_it_plays_to_the_end_and_stops(qtbot: QtBot) -> None:
    taken: list[int] = []

    def step() -> bool:
        taken.append(1)
        return len(taken) <= 3

    def has(steps: int) -> bool:
        return len(taken) == steps

    player = Player(step)
    player.set_pace("600 times as fast")
    said: list[bool] = []
    player.changed.connect(said.append)
    player.play(on=True)
    for steps in (2, 3):
        player.arrived(1)
        qtbot.waitUntil(partial(has, steps))
    with qtbot.waitSignal(player.changed):
        player.arrived(1)
    assert said == [True, False]
    assert not player.is_playing


def test_it_waits_for_the_state(qapp: QApplication) -> None:
    del qapp
    taken: list[int] = []

    def step() -> bool:
        taken.append(1)
        return True

    player = Player(step)
    player.play(on=True)
    assert not player._timer.isActive()  # no state arrived: nothing more is asked
    assert len(taken) == 1
    player.play(on=False)
    player.arrived(1)
    assert len(taken) == 1
