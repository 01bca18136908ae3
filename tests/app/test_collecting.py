"""Qt's objects in a cycle that nobody holds end in the GUI thread, however busy the others are."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.collecting import Collector, collect_here_only


@dataclass
class Cycle:
    """Holds something of Qt's, and itself."""

    held: QObject
    other: list[Cycle] = field(default_factory=list)


def lost() -> list[str]:
    """Makes a cycle that nobody holds; the name of the thread where it ends comes into the list."""
    ended: list[str] = []
    made = Cycle(QObject())
    made.other.append(made)
    weakref.finalize(made, lambda: ended.append(threading.current_thread().name))
    return ended


def allocate(kept: list[list[int]]) -> None:
    kept.extend([number] for number in range(300_000))


def test_a_busy_thread_collects_nothing(qtbot: QtBot, qapp: QApplication) -> None:
    collect_here_only()
    assert not gc.isenabled()
    ended = lost()
    kept: list[list[int]] = []
    busy = threading.Thread(target=allocate, args=[kept], name="busy")
    busy.start()
    busy.join()
    assert ended == []
    qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
    assert ended == [threading.main_thread().name]


def test_there_is_one_collector(qapp: QApplication) -> None:
    collect_here_only()
    collect_here_only()
    application = QCoreApplication.instance()
    assert application is not None
    assert len(application.findChildren(Collector)) == 1
