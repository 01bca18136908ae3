"""How long the window's own thread works before it answers again."""

import time

from PySide6.QtCore import QElapsedTimer, Qt, QTimer

FROZEN_MS = 5_000  # of the clock on the wall: waits that are no work, on a machine that may be busy with other things


class StallProbe:
    """Notes how long each turn of the event loop took.

    `worked_ms` is the thread's own processor time, which a busy machine does not lengthen; `gaps_ms` is the clock on the wall,
    which also tells of waiting.
    """

    def __init__(self) -> None:
        self.worked_ms: list[float] = []
        self.gaps_ms: list[float] = []
        self._clock = QElapsedTimer()
        self._worked_ns = 0
        self._timer = QTimer(interval=5)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begins, or goes on after `pause`."""
        self._clock.start()
        self._worked_ns = time.thread_time_ns()
        self._timer.start()

    def pause(self) -> None:
        """What follows is the test's own work."""
        self._timer.stop()

    def stop(self) -> tuple[float, float]:
        """Ends; (99th percentile, longest) of the work in a turn, in milliseconds.

        Raises:
            AssertionError: the window stood still, working or not.
        """
        self._timer.stop()
        assert max(self.gaps_ms) <= FROZEN_MS, max(self.gaps_ms)
        ordered = sorted(self.worked_ms)
        return ordered[int(len(ordered) * 0.99)], ordered[-1]

    def _beat(self) -> None:
        self.gaps_ms.append(self._clock.restart())
        now_ns = time.thread_time_ns()
        self.worked_ms.append((now_ns - self._worked_ns) / 1e6)
        self._worked_ns = now_ns
