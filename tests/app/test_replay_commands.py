"""The command that the replay pane copies prints the very state that is shown, whatever was asked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app import fold
from app.messages import Messages
from app.panes.replay import ReplayPane
from app.selection import Selection
from app.session import Session
from inspector.event import Flag
from tests.cli.test_keep import run
from tests.replay.captures import SECOND_US, Log, Written, write

_WAIT_MS = 60_000


def _events() -> list[Written]:
    """Versions from 0 on; version 1 stands twice, the fourth event is aborted, the fifth was recorded late; then some without versions."""
    versions = [0, 1, 1, 2, 3, 4]
    facts: dict[int, dict[str, Any]] = {3: {"flags": int(Flag.aborted)}, 4: {"recorded_us": 50 * SECOND_US}}
    found = [
        Written(place, json.dumps({f"k{place}": place}), "s", version, **facts.get(place, {})) for place, version in enumerate(versions)
    ]
    return [*found, *(Written(place, json.dumps({f"k{place}": place}), "plain") for place in range(6, 9))]


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[ReplayPane]:
    session = Session(write(tmp_path / "a.evcap", [Log(_events())]), messages)
    session.start()
    made = ReplayPane(session, Selection())
    qtbot.addWidget(made)
    made.show()
    made._selection.choose_event(6)
    qtbot.waitUntil(lambda: made.replaying.look.get("place") == 5, timeout=_WAIT_MS)
    yield made
    session.close()
    fold.wait_for_all()


def _printed(pane: ReplayPane, qtbot: QtBot) -> tuple[list[str], bool]:
    """The arguments of the copied command, and whether it prints the state that is shown."""
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("")
    pane.copies.state()
    qtbot.waitUntil(lambda: bool(clipboard.text()), timeout=_WAIT_MS)
    shown = json.loads(clipboard.text())
    pane.copies.command()
    words = shlex.split(clipboard.text())
    return words[6:], json.loads(run(*words[1:]).stdout)["state"] == shown


def _looked(pane: ReplayPane, qtbot: QtBot, place: dict[str, object]) -> None:
    with qtbot.waitSignal(pane.replaying.looked, timeout=_WAIT_MS):
        pane.replaying.go(place)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"count": 0}, ["--before", "1"]),
        ({"count": 1}, ["--version", "0"]),
        ({"count": 2}, ["--event", "2"]),
        ({"count": 3}, ["--version", "1"]),
        ({"count": 5}, []),
        ({"at": "1970-01-01T00:00:04Z"}, ["--at", "1970-01-01T00:00:04Z"]),
        ({"known_at": "1970-01-01T00:00:10Z"}, ["--known-at", "1970-01-01T00:00:10Z"]),
    ],
)
def test_a_place_is_copied(pane: ReplayPane, qtbot: QtBot, place: dict[str, object], said: list[str]) -> None:
    _looked(pane, qtbot, place)
    assert _printed(pane, qtbot) == (said, True)


def test_what_if_and_aborted_events_are_copied(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.replaying.without = [2, 5]
    _looked(pane, qtbot, {"count": 4})
    assert _printed(pane, qtbot) == (["--version", "3", "--without", "2", "--without", "5"], True)
    _looked(pane, qtbot, {"count": 3})
    assert _printed(pane, qtbot) == (["--version", "1", "--without", "2"], True)
    pane.replaying.without, pane.replaying.with_aborted = [], True
    _looked(pane, qtbot, {"count": 4})
    assert _printed(pane, qtbot) == (["--version", "2", "--include-aborted"], True)


def test_a_place_without_versions_is_copied(pane: ReplayPane, qtbot: QtBot) -> None:
    pane._selection.choose_event(8)
    qtbot.waitUntil(lambda: pane.replaying.look.get("place") == 2, timeout=_WAIT_MS)
    assert _printed(pane, qtbot) == (["--version", "2"], True)
