"""The window on a real cluster: connect, tail, pause, open, replay to a time, save, reopen; and what dies on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import fold, main_window, style
from app.connections import Connection, Connections
from app.dialogs.connect import ConnectDialog
from app.main_window import MainWindow
from app.messages import Messages
from app.vault import service
from inspector.capture.reader import CaptureReader
from tests.app.keyrings import MemoryKeyring, memory_keyring
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker
from tests.kafka.secure import PASSWORD, STORY, SecureBroker

_WAIT_MS = 60_000
_NOON_MS = 1_795_435_200_000


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    with memory_keyring() as made:
        yield made


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    style.apply(qapp, "light")
    messages = Messages(qapp)
    made = MainWindow(messages, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    yield made
    made.close()
    fold.wait_for_all()


def rows(window: MainWindow) -> int:
    return window.events.model.rows if window.panes is not None else 0


def replayed(window: MainWindow) -> str:
    return window.replay.controls.applied.whole_text()


def story(cluster: Cluster, topic: str, first: int, count: int) -> None:
    for number in range(first, first + count):
        value = b'{"status":"step-%d","n":%d}' % (number, number)
        cluster.produce(topic, [value], key=b"order-1", time_ms=_NOON_MS + number * 60_000)


def test_from_a_known_cluster_to_the_state_of_a_moment_saved_and_reopened(
    qtbot: QtBot, window: MainWindow, secure_broker: SecureBroker, tmp_path: Path, keys: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = secure_broker.login("SCRAM-SHA-512", "erin")
    public = {name: value for name, value in login.items() if name not in {"sasl.password", "ssl.ca.pem"}}
    address = secure_broker.broker.address("SASL")
    kept = Connections().keep(Connection("prod", "kafka", address, public, ("sasl.password", "ssl.ca.pem"), production=True))
    for name in kept.secrets:
        keys.kept[service(kept.id), name] = login[name]
    groups = secure_broker.cluster.groups()

    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)  # 1
    (dialog,) = window.findChildren(ConnectDialog)
    with qtbot.waitSignal(dialog.topics.listed, timeout=_WAIT_MS):
        QTest.keyClick(dialog.page.recent, Qt.Key.Key_Return)  # 2
    QTest.keyClicks(dialog.topics.search, "stor")  # 3
    QTest.keyClick(dialog.topics.search, Qt.Key.Key_Return)  # 4
    qtbot.waitUntil(lambda: rows(window) >= 3, timeout=_WAIT_MS)
    window.activateWindow()
    assert "PRODUCTION" in window.chrome.toolbar.badge.whole_text()
    qtbot.waitUntil(window.chrome.toolbar.masks.isVisible, timeout=_WAIT_MS)
    assert window.chrome.toolbar.masks.text() == "Masked"
    before = rows(window)

    story(secure_broker.cluster, STORY, 0, 5)
    qtbot.waitUntil(lambda: rows(window) == before + 5, timeout=_WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)  # pause
    story(secure_broker.cluster, STORY, 5, 1)
    qtbot.waitUntil(lambda: "1 new" in window.events._new.text(), timeout=_WAIT_MS)
    assert rows(window) == before + 5
    QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)

    window.events.choose_row(before + 4)
    qtbot.waitUntil(lambda: replayed(window) == "after 5 of 6 events", timeout=_WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)  # 1
    QTest.keyClicks(window.replay.controls.time, "2026-11-23T12:02:30Z")  # 2
    QTest.keyClick(window.replay.controls.time, Qt.Key.Key_Return)  # 3
    qtbot.waitUntil(lambda: replayed(window) == "after 3 of 6 events", timeout=_WAIT_MS)

    saved = tmp_path / "saved.evcap"
    monkeypatch.setattr(main_window, "choose_place", lambda *_: saved)
    with qtbot.waitSignal(window.chrome.saving.saved, timeout=_WAIT_MS):
        QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window._ending == [], timeout=_WAIT_MS)
    assert secure_broker.cluster.groups() == groups
    secure_broker.broker.kill()
    try:
        window.open_capture(saved)
        qtbot.waitUntil(lambda: rows(window) == before + 6, timeout=_WAIT_MS)
        assert window.chrome.toolbar.masks.text() == "Masked"
        window.events.choose_row(before + 4)
        qtbot.waitUntil(lambda: replayed(window) == "after 5 of 6 events", timeout=_WAIT_MS)
    finally:
        secure_broker.broker.start()
    for path in (*tmp_path.rglob("*"),):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


def tailing(qtbot: QtBot, window: MainWindow, broker: Broker, topic: str) -> Cluster:
    cluster = Cluster(broker)
    cluster.create(topic, 1)
    story(cluster, topic, 0, 3)
    window.open_source(f"{cluster.url}/{topic}", ["--from=earliest", "--follow"])
    qtbot.waitUntil(lambda: rows(window) == 3, timeout=_WAIT_MS)
    return cluster


def test_a_killed_capture_is_said_keeps_what_was_read_and_goes_on_at_a_click(
    qtbot: QtBot, window: MainWindow, own_broker: Broker, name: str
) -> None:
    cluster = tailing(qtbot, window, own_broker, name)
    assert window.session is not None
    assert window.session.child is not None
    os.kill(window.session.child._process.processId(), signal.SIGKILL)
    qtbot.waitUntil(window.chrome.errors.isVisible, timeout=_WAIT_MS)
    assert rows(window) == 3
    assert not window.chrome.toolbar.stop.isVisible()
    with CaptureReader(window.session.path) as reader:
        assert reader.watermark().events == 3
    story(cluster, name, 3, 2)
    QTest.mouseClick(window.chrome.errors.again, Qt.MouseButton.LeftButton)
    assert window.chrome.errors.isHidden()
    qtbot.waitUntil(lambda: rows(window) == 5, timeout=_WAIT_MS)
    assert window.chrome.toolbar.stop.isVisible()
    window.stop_capture()
    qtbot.waitUntil(lambda: not window.chrome.toolbar.stop.isVisible(), timeout=_WAIT_MS)
    story(cluster, name, 5, 1)
    QTest.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: rows(window) == 6, timeout=_WAIT_MS)


def test_a_broker_that_dies_and_comes_back_costs_nothing(qtbot: QtBot, window: MainWindow, own_broker: Broker, name: str) -> None:
    cluster = tailing(qtbot, window, own_broker, name)
    assert window.status_line is not None
    state = window.status_line.state
    own_broker.kill()
    qtbot.waitUntil(lambda: any(words in state.whole_text() for words in ("reconnecting", "does not answer")), timeout=_WAIT_MS)
    window.events.choose_row(1)
    qtbot.waitUntil(lambda: replayed(window) == "after 2 of 3 events", timeout=_WAIT_MS)
    own_broker.start()
    story(cluster, name, 3, 2)
    qtbot.waitUntil(lambda: rows(window) == 5, timeout=_WAIT_MS)


@pytest.fixture(params=[0, pytest.param(30, marks=pytest.mark.large)], ids=["until-said", "30s"])
def still_s(request: pytest.FixtureRequest) -> int:
    """How long a stopped process stands still after the window has said so."""
    return int(request.param)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_capture_that_stands_still_is_said_and_goes_on(
    qtbot: QtBot, window: MainWindow, own_broker: Broker, name: str, still_s: int
) -> None:
    cluster = tailing(qtbot, window, own_broker, name)
    assert window.session is not None
    assert window.session.child is not None
    assert window.status_line is not None
    state = window.status_line.state
    with stopped(window.session.child._process.processId()):
        story(cluster, name, 3, 2)
        window.events.choose_row(0)
        qtbot.waitUntil(lambda: replayed(window) == "after 1 of 3 events", timeout=_WAIT_MS)
        qtbot.waitUntil(lambda: "said nothing since" in state.whole_text(), timeout=_WAIT_MS)
        assert window.status_line.rate.whole_text() == "0 /s"
        qtbot.wait(still_s * 1_000)
        assert rows(window) == 3
    qtbot.waitUntil(lambda: rows(window) == 5, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: "said nothing" not in state.whole_text(), timeout=_WAIT_MS)
    assert window.selection is not None
    assert window.selection.seq == 1


def test_a_broker_that_stands_still_is_said_and_costs_nothing(
    qtbot: QtBot, window: MainWindow, own_broker: Broker, name: str, still_s: int
) -> None:
    cluster = tailing(qtbot, window, own_broker, name)
    assert window.status_line is not None
    state = window.status_line.state
    with stopped(own_broker.pid):
        qtbot.waitUntil(lambda: "does not answer" in state.whole_text() or "reconnecting" in state.whole_text(), timeout=_WAIT_MS)
        window.events.choose_row(1)
        qtbot.waitUntil(lambda: replayed(window) == "after 2 of 3 events", timeout=_WAIT_MS)
        qtbot.wait(still_s * 1_000)
        assert rows(window) == 3
        assert "said nothing" not in state.whole_text()
    qtbot.waitUntil(lambda: "connected again" in state.whole_text(), timeout=_WAIT_MS)
    story(cluster, name, 3, 2)
    qtbot.waitUntil(lambda: rows(window) == 5, timeout=_WAIT_MS)
