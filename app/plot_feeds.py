"""When plots are asked for their numbers: at most ten times a second, and ten times as long as it took to get them apart.

Two questions run at once at most, of which one may be a slow one: the window's other questions have a worker left. No widget.
Read `work` for how questions are asked, `panes.metrics` for the plots.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from PySide6.QtCore import QObject, QTimer, Signal

from app.models.plot_spec import PlotSpec
from app.models.plotted import Plotted, plotted
from app.session import Session
from app.work import Job
from inspector.capture.reader import CaptureReader
from inspector.metrics import Question, metric

LEAST_S = 0.1
HIDDEN_S = 5.0
"""While it cannot be seen a plot is asked only for its threshold, and no sooner."""
SHARE = 10
"""A plot takes at most one part in so many of a worker's time, once an answer takes `QUICK_S`."""
QUICK_S, SLOW_S = 0.05, 0.25
_AFTER_ERROR_S = 5.0


@cache
def _answering(name: str) -> threading.Lock:
    """Held while a metric answers: one that goes on from where it was is asked by one thread at a time."""
    del name
    return threading.Lock()


@dataclass(frozen=True, slots=True)
class Look:
    """What all plots are asked alike."""

    span_us: tuple[int, int] | None = None
    last_us: int | None = None
    step_us: int | None = None

    def question(self, spec: PlotSpec) -> Question:
        """What a plot is asked."""
        return Question(spec.by, self.span_us, self.last_us, self.step_us, filter=spec.filter)


class PlotFeed(QObject):
    """The numbers of one plot."""

    answered = Signal(object)
    """`(Plotted)`, or None where the capture has nothing of the kind."""
    failed = Signal(object)
    """`(sentence)`"""
    changed = Signal()
    """It is being read, or no longer."""

    def __init__(self, session: Session, spec: PlotSpec, lane: str, parent: QObject) -> None:
        super().__init__(parent)
        self.spec, self._session, self._lane = spec, session, lane
        self.is_stale, self.is_halted, self.is_new = True, False, True
        """Whether there may be other numbers; whether the user ended the reading; whether its numbers are of another question."""
        self.took_s: float | None = None
        self.at_s = 0.0
        """When its numbers were read, as `time.time` tells it."""
        self._job: Job | None = None
        self._due_s = self._began_s = 0.0

    @property
    def is_reading(self) -> bool:
        """Whether an answer is awaited."""
        return self._job is not None

    @property
    def is_slow(self) -> bool:
        """Whether it may take a worker for long: what was never asked is, too."""
        return self.took_s is None or self.took_s > SLOW_S

    @property
    def pause_s(self) -> float:
        """How long it is left alone between two answers."""
        return LEAST_S if self.took_s is None or self.took_s <= QUICK_S else max(LEAST_S, SHARE * self.took_s)

    def due_s(self, *, is_seen: bool) -> float:
        """When it may be asked next, as `time.monotonic` tells it."""
        return self._due_s if is_seen or self.is_new else max(self._due_s, self._began_s + HIDDEN_S)

    def renew(self) -> None:
        """Its numbers are of another question than is asked now: what is being read is dropped."""
        self.stop()
        self.is_stale, self.is_halted, self.is_new, self._due_s = True, False, True, 0.0

    def stop(self) -> None:
        """Drops what is being read."""
        if self._job is not None:
            self._session.work.cancel(self._job)
            self._job = None
            self.is_stale = True
            self.changed.emit()

    def halt(self) -> None:
        """Reads no more until `renew`."""
        self.is_halted = True
        self.stop()

    def ask(self, look: Look) -> None:
        """Asks for its numbers."""
        question, name = look.question(self.spec), self.spec.metric
        is_live = self._session.is_capturing or self._session.work.lets_go
        self.is_stale, self._began_s = False, time.monotonic()

        def answer(reader: CaptureReader) -> tuple[Plotted | None, float]:
            with _answering(name):
                begun_s = time.monotonic()
                found = metric(name).answer(reader, question)
                shown = None if found is None else plotted(found, question, is_live=is_live)
                return shown, time.monotonic() - begun_s

        self._job = self._session.work.run(answer, self._answered, self._failed, lane=self._lane)
        self.changed.emit()

    def _answered(self, found: tuple[Plotted | None, float]) -> None:
        self._job, self.is_new = None, False
        shown, self.took_s = found
        self.at_s = time.time()
        self._due_s = time.monotonic() + self.pause_s
        self.answered.emit(shown)
        self.changed.emit()

    def _failed(self, sentence: str) -> None:
        self._job = None
        if sentence == "stopped":
            self.is_stale = True
        else:
            self.is_new = False
            self._due_s = time.monotonic() + _AFTER_ERROR_S
            self.failed.emit(sentence)
        self.changed.emit()


class PlotFeeds(QObject):
    """The feeds of all plots of a session; `is_seen` says whether their plots can be seen."""

    def __init__(self, session: Session, is_seen: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._is_seen = session, is_seen
        self.feeds: list[PlotFeed] = []
        self._look, self._lanes = Look(), 0
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._ask_due)

    @property
    def is_waiting(self) -> bool:
        """Whether a plot is going to be asked."""
        return self._next.isActive()

    def add(self, spec: PlotSpec) -> PlotFeed:
        """One more plot."""
        self._lanes += 1
        feed = PlotFeed(self._session, spec, f"plot {self._lanes}", self)
        feed.changed.connect(self.wake)
        self.feeds.append(feed)
        return feed

    def remove(self, feed: PlotFeed) -> None:
        """One less."""
        self.feeds.remove(feed)
        feed.changed.disconnect(self.wake)
        feed.stop()
        feed.deleteLater()

    def look_at(self, look: Look) -> None:
        """Asks all for other times or steps."""
        self._look = look
        for feed in self.feeds:
            feed.renew()
        self.wake()

    def change(self, feed: PlotFeed, spec: PlotSpec) -> None:
        """A plot is another one; it is asked anew only where its numbers are others."""
        is_same = (spec.metric, spec.by, spec.filter) == (feed.spec.metric, feed.spec.by, feed.spec.filter)
        feed.spec = replace(spec)
        if not is_same:
            feed.took_s = None
            feed.renew()
        self.wake()

    def grown(self) -> None:
        """There may be other numbers."""
        for feed in self.feeds:
            feed.is_stale = True
        self.wake()

    def wake(self) -> None:
        """Asks what is due, in the next turn of the event loop."""
        if not self._next.isActive() or self._next.interval() > 0:
            self._next.start(0)

    def sleep(self) -> None:
        """Plots cannot be seen any more: they cost nothing, but those that have a threshold."""
        self._next.stop()
        if any(feed.spec.threshold is not None for feed in self.feeds):
            self.wake()

    def _ask_due(self) -> None:
        if self._session.watermark is None:
            return
        now_s, is_seen = time.monotonic(), self._is_seen()
        wanted = [
            feed
            for feed in self.feeds
            if feed.is_stale and not feed.is_reading and not feed.is_halted and (is_seen or feed.spec.threshold is not None)
        ]
        for feed in sorted(wanted, key=lambda each: each.due_s(is_seen=is_seen)):
            if feed.due_s(is_seen=is_seen) <= now_s and self._has_room(feed):
                feed.ask(self._look)
        waiting = [feed.due_s(is_seen=is_seen) for feed in wanted if not feed.is_reading]
        later = [due_s for due_s in waiting if due_s > now_s]
        if later:  # those that have no room are asked when another one is answered
            self._next.start(max(int(1_000 * (min(later) - now_s)) + 1, 1))

    def _has_room(self, feed: PlotFeed) -> bool:
        reading = [other for other in self.feeds if other.is_reading]
        return not any(other.is_slow == feed.is_slow or other.spec.metric == feed.spec.metric for other in reading)
