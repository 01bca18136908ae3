"""Doing something once, a little later, and not at all when it is put off again and again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def later(parent: QObject, wait_ms: int, do: Callable[[], object]) -> QTimer:
    """A timer that does it once, `wait_ms` after its last `start`; it lives as long as `parent`."""
    timer = QTimer(parent, singleShot=True, interval=wait_ms)
    timer.timeout.connect(do)
    return timer
