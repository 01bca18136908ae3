"""Plays a stream: one event after the other, at a fixed pace or as far apart as the events are. Knows no widget.

Read `replay_controls` for the button, `panes.replay` for its use.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

FIXED = {"1 event a second": 1.0, "5 events a second": 5.0, "20 events a second": 20.0}
"""Paces by their words, in events a second."""
REAL = {"as it happened": 1.0, "10 times as fast": 10.0, "60 times as fast": 60.0, "600 times as fast": 600.0}
"""Paces by their words, in seconds of the events for one of ours."""
LONGEST_WAIT_MS = 3_000
"""A pause between two events is no longer than this, whatever their times say."""
_SHORTEST_WAIT_MS = 20


def wait_ms(pace: str, passed_us: int | None) -> int:
    """How long to wait for an event which came `passed_us` after the one before it (None: not known)."""
    if pace in FIXED:
        return round(1_000 / FIXED[pace])
    if passed_us is None:
        return _SHORTEST_WAIT_MS
    return max(_SHORTEST_WAIT_MS, min(round(max(passed_us, 0) / 1_000 / REAL[pace]), LONGEST_WAIT_MS))


class Player(QObject):
    """Steps on with `step` whenever it is time; waits for `arrived` between two, so that a slow state is not overtaken."""

    changed = Signal(object)
    """`(is_playing)`"""

    def __init__(self, step: Callable[[], bool], parent: QObject | None = None) -> None:
        """`step` goes one event on; False when there is none."""
        super().__init__(parent)
        self.pace = next(iter(FIXED))
        self.is_playing = False
        self._step = step
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._go)

    def play(self, *, on: bool) -> None:
        """Begins, or stops where it is."""
        if on == self.is_playing:
            return
        self.is_playing = on
        self._timer.stop()
        self.changed.emit(on)
        if on:
            self._go()

    def set_pace(self, pace: str) -> None:
        """Plays at another pace from the next event on."""
        self.pace = pace

    def arrived(self, passed_us: int | None) -> None:
        """A state is shown; the next event came so long after its own (None: not known, or there is none)."""
        if self.is_playing and not self._timer.isActive():
            self._timer.start(wait_ms(self.pace, passed_us))

    def _go(self) -> None:
        if self.is_playing and not self._step():
            self.play(on=False)
