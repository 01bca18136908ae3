"""What a list was asked for last is what it shows, whatever else happens while that is being asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.lister import Lister
from app.messages import Messages
from app.models.event_table import EventTable
from app.models.wish import Wish
from app.session import Session
from tests.app.captures import Growing, capture

_WAIT_MS = 60_000
_COUNT = 40_000
_SLOW = Wish(filter='string(data.total).endsWith(".50")')
_NARROW = Wish(filter='stream == "order-7"')
_MATCHES = _COUNT // 50


@pytest.fixture
def session(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Session]:
    made = Session(capture(tmp_path / "a.evcap", _COUNT), messages)
    yield made
    made.close()


@pytest.fixture
def lister(qtbot: QtBot, session: Session) -> Lister:
    """In the middle of a search."""
    made = _lister(qtbot, session)
    made.show(_SLOW)
    qtbot.waitUntil(lambda: made.is_searching, timeout=_WAIT_MS)
    return made


def _lister(qtbot: QtBot, session: Session) -> Lister:
    session.start()
    qtbot.waitUntil(lambda: session.watermark is not None, timeout=_WAIT_MS)
    made = Lister(session, EventTable(session), session)
    assert session.watermark is not None
    made.follow(session.watermark)
    session.watermark_changed.connect(made.follow)
    return made


def _has(lister: Lister, wish: Wish, rows: int) -> bool:
    return lister.is_done and lister.wish == lister.wanted == wish and lister._model.rows == rows


def test_stop_pressed_while_another_filter_is_asked_does_not_lose_it(qtbot: QtBot, lister: Lister) -> None:
    lister.show(_NARROW)
    lister.stop()
    qtbot.waitUntil(lambda: _has(lister, _NARROW, _MATCHES), timeout=_WAIT_MS)
    assert not lister._model.look.is_dimmed


def test_a_filter_that_was_broken_off_is_asked_again(qtbot: QtBot, lister: Lister) -> None:
    lister.show(_NARROW)
    lister._failed("stopped")  # as `hold` does when another process is about to write the file
    qtbot.waitUntil(lambda: _has(lister, _NARROW, _MATCHES), timeout=_WAIT_MS)


def test_go_on_after_a_failure_asks_for_what_was_wanted(qtbot: QtBot, lister: Lister) -> None:
    lister.show(_NARROW)
    lister._failed("disk I/O error")
    assert lister.error == "disk I/O error"
    lister.go_on()
    qtbot.waitUntil(lambda: _has(lister, _NARROW, _MATCHES), timeout=_WAIT_MS)


def test_events_that_come_while_a_filter_is_asked_do_not_lose_it(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "b.evcap") as growing:
        growing.append(5_000)
        session = Session(growing.path, messages)
        lister = _lister(qtbot, session)
        lister.show(_SLOW)
        qtbot.waitUntil(lambda: _has(lister, _SLOW, 5_000), timeout=_WAIT_MS)
        growing.append(100)
        assert session.watermark is not None
        session.watermark_changed.disconnect(lister.follow)
        qtbot.waitUntil(lambda: session.watermark is not None and session.watermark.last_seq == 5_100, timeout=_WAIT_MS)
        lister.show(_NARROW)
        lister.follow(session.watermark)
        qtbot.waitUntil(lambda: _has(lister, _NARROW, 102), timeout=_WAIT_MS)
        session.close()


def test_a_filter_asked_before_the_first_events_came_lists_them(qtbot: QtBot, session: Session) -> None:
    session.start()
    qtbot.waitUntil(lambda: session.watermark is not None, timeout=_WAIT_MS)
    made = Lister(session, EventTable(session), session)
    made.show(_NARROW)  # nothing is known to be there yet
    assert session.watermark is not None
    made.follow(session.watermark)
    qtbot.waitUntil(lambda: _has(made, _NARROW, _MATCHES), timeout=_WAIT_MS)
