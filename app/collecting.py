"""Cycles of objects are collected in the GUI thread only: Qt's objects among them must not end in another one.

Python looks for cycles in whichever thread happens to make an object, and what it finds there ends there: a widget of a pane
that was closed, taken apart by a worker reading a page, ends the process. Read `work` for the threads.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QObject, QTimer

_EVERY_MS = 500


class Collector(QObject):
    """Collects from a timer what Python would collect by itself, by the same thresholds."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.freeze()  # modules and their like stay; walking them took most of 65 ms
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collects the oldest generation that is due, and those younger."""
        due = [generation for generation, count in enumerate(gc.get_count()) if count > self._thresholds[generation]]
        if due:
            gc.collect(due[-1])


def collect_here_only() -> None:
    """From now on no thread but this one, which is the GUI's, collects. Before there is an application, nothing changes."""
    application = QCoreApplication.instance()
    if application is None:
        return
    gc.disable()
    if application.findChild(Collector) is None:
        Collector(application)
