"""What the tests of the window share: Qt off the screen, settings in a folder of the test, windows closed at its end."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import fold, style
from app.main_window import MainWindow
from app.messages import Messages


@pytest.fixture(scope="package", autouse=True)
def _collects_again() -> Iterator[None]:
    """After the tests with windows Python collects by itself again."""
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session", autouse=True)
def _processes() -> Iterator[None]:
    yield
    fold.wait_for_all()


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Dresses what a test shows without the window around it."""
    keep = qtbot.addWidget

    def add(widget: QWidget, **more: Any) -> None:
        keep(widget, **more)
        if widget.isWindow() and not widget.property("dressed"):
            style.dress(widget)

    monkeypatch.setattr(qtbot, "addWidget", add)
    return qtbot


@pytest.fixture
def messages(qapp: QApplication) -> Iterator[Messages]:
    """A message log."""
    log = Messages(qapp)
    yield log
    log.deleteLater()


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, messages: Messages, tmp_path: Path) -> Iterator[MainWindow]:
    """A window, shown."""
    style.apply(qapp, "light")
    made = MainWindow(messages, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()
