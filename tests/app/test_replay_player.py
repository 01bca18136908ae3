"""Playing a stream: how long it waits, and that it never overtakes an answer."""

from __future__ import annotations

import pytest
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

    player = Player(step)
    player.set_pace("600 times as fast")
    said: list[bool] = []
    player.changed.connect(said.append)
    player.play(on=True)
    for _ in range(2):
        before = len(taken)
        player.arrived(1)
        qtbot.waitUntil(lambda before=before: len(taken) > before)  # type: ignore[misc]
    with qtbot.waitSignal(player.changed):
        player.arrived(1)
    assert said == [True, False]
    assert not player.is_playing


def test_it_waits_for_the_state(qtbot: QtBot) -> None:
    taken: list[int] = []

    def step() -> bool:
        taken.append(1)
        return True

    player = Player(step)
    player.play(on=True)
    qtbot.wait(60)  # no state arrived: nothing more is asked
    assert len(taken) == 1
    player.play(on=False)
    player.arrived(1)
    assert len(taken) == 1
