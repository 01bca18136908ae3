"""Profiles of a test: settings and folder of their own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

from app.profiles import Profiles


def settings_at(folder: Path) -> QSettings:
    return QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)


def profiles_at(folder: Path) -> Profiles:
    """`EVENTSCOPE_HOME` is the test's own (see `conftest`)."""
    return Profiles(settings_at(folder))
