"""Slow work off the GUI thread: worker threads with one capture reader each; answers come back in the GUI thread.

Knows no widget and no SQL. An answer to a replaced or cancelled question is dropped. Read `session` for its owner.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import apsw
from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from app.collecting import collect_here_only
from inspector.capture.reader import CaptureReader
from inspector.errors import EventscopeError

log = logging.getLogger(__name__)
T = TypeVar("T")
_JOIN_S = 2.0
_STEPS = 20_000
"""SQLite's own steps between two looks at whether a question still stands: some milliseconds."""


class Job:
    """One question. `cancel` may be called at any time, from the GUI thread; its answer is then never heard."""

    def __init__(self, fn: Callable[[CaptureReader], Any], done: Callable[[Any], None], failed: Callable[[str], None], lane: str) -> None:
        self.fn, self.done, self.failed, self.lane = fn, done, failed, lane
        self.cancelled = self.broken_off = False
        """`broken_off`: it ends as soon as it looks, and its end is heard."""


class _Worker(threading.Thread):
    """A thread that answers questions one after the other with its own reader."""

    def __init__(self, work: Work, number: int) -> None:
        super().__init__(name=f"reader-{number}", daemon=True)
        self._work = work
        self._reader: CaptureReader | None = None
        self._guard = threading.Lock()
        self.job: Job | None = None

    def run(self) -> None:
        """Answers until the work is closed."""
        while True:
            job, release = self._work.next_job(self)
            if release:
                self._let_go()
            if job is None and not release:
                break
            if job is not None:
                self._answer(job)
        self._let_go()

    @property
    def has_reader(self) -> bool:
        """Whether the file is open here."""
        return self._reader is not None

    def interrupt(self, job: Job) -> None:
        """Ends the query of `job` if it is the one that runs here."""
        with self._guard:
            if self.job is job and self._reader is not None:
                self._reader.interrupt()

    def _is_cancelled(self) -> bool:
        return self.job is None or self.job.cancelled or self.job.broken_off

    def _let_go(self) -> None:
        with self._guard:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _answer(self, job: Job) -> None:
        try:
            if self._reader is None:
                opened = self._work.open_reader()
                # an interrupt that comes before a query begins is lost: a query also looks by itself
                opened.connection.set_progress_handler(self._is_cancelled, _STEPS)
                with self._guard:
                    self._reader = opened
            with self._guard:
                self.job = job
                reader = self._reader
            assert reader is not None
            if not job.cancelled:
                self._work.answer(job, job.fn(reader), None)
        except apsw.InterruptError:
            self._work.answer(job, None, "stopped")
        except (EventscopeError, apsw.Error, OSError) as error:
            self._let_go()
            self._work.answer(job, None, str(error))
        except Exception as error:
            log.exception("a question to the capture failed")
            self._work.answer(job, None, f"internal error: {error}")
        finally:
            with self._guard:
                self.job = None


class Work(QObject):
    """Runs questions to one capture on worker threads, newest question of a lane only."""

    _answered = Signal(object, object, object)

    def __init__(self, open_reader: Callable[[], CaptureReader], parent: QObject | None = None, *, threads: int = 2) -> None:
        super().__init__(parent)
        self.open_reader = open_reader
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._release: set[_Worker] = set()
        self._newest: dict[str, Job] = {}
        self._held = False
        self._closed = False
        self.lets_go = False
        """Readers are closed whenever they are idle: another process writes the file, and must be able to close it."""
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        collect_here_only()
        self._workers = [_Worker(self, number) for number in range(threads)]
        for worker in self._workers:
            worker.start()

    def run(
        self,
        fn: Callable[[CaptureReader], T],
        done: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
        *,
        lane: str = "",
    ) -> Job:
        """Calls `fn(reader)` on a worker thread, then `done(result)` or `failed(sentence)` in the GUI thread.

        A new question takes the place of those of the same `lane`, running or not: their answers are dropped.
        """
        job = Job(fn, done, failed or _unheard, lane)
        with self._changed:
            if self._closed:
                job.cancelled = True
                return job
            self._waiting.append(job)
            self._changed.notify()
        if lane:
            # also one that is answered already, and whose answer has not come through to this thread
            replaced, self._newest[lane] = self._newest.get(lane), job
            if replaced is not None:
                self.cancel(replaced)
        return job

    def cancel(self, job: Job) -> None:
        """Drops a question: it is not begun, or its query is interrupted, and its answer is not heard."""
        job.cancelled = True
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
        for worker in self._workers:
            worker.interrupt(job)

    def hold(self, *, break_off: bool = False) -> None:
        """Closes the readers as soon as they are idle and asks nothing until `resume`, so that a writer can finish.

        `break_off` ends the queries that run: who asked hears `stopped`.
        """
        with self._changed:
            self._held = True
            self._release.update(self._workers)
            self._changed.notify_all()
        for worker in self._workers if break_off else ():
            if (running := worker.job) is not None:
                running.broken_off = True
                worker.interrupt(running)

    @property
    def has_let_go(self) -> bool:
        """Whether no reader has the file open."""
        return not any(worker.has_reader for worker in self._workers)

    def resume(self) -> None:
        """Goes on after `hold`, with readers opened anew."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def reopen(self) -> None:
        """Closes the readers; the next questions open new ones, which see the file as it is then."""
        with self._changed:
            self._release.update(self._workers)
            self._changed.notify_all()

    def stop(self) -> None:
        """Stops everything without waiting: no answer comes any more, what runs is interrupted, the threads end by themselves."""
        with self._changed:
            self._closed = True
            for job in self._asked():
                job.cancelled = True
            self._waiting.clear()
            self._changed.notify_all()
        for worker in self._workers:
            if (running := worker.job) is not None:
                running.broken_off = True
                worker.interrupt(running)

    @property
    def is_running(self) -> bool:
        """Whether a thread is still there."""
        return any(worker.is_alive() for worker in self._workers)

    def join(self) -> None:
        """Waits until the stopped threads have ended and closed their readers; 2 s for each at most."""
        for worker in self._workers:
            worker.join(_JOIN_S)
            if worker.is_alive():
                log.warning("a reader of the capture did not end in %s s; it ends with the program", _JOIN_S)

    def close(self) -> None:
        """Stops everything and waits for it."""
        self.stop()
        self.join()

    # ---- for the workers

    def next_job(self, worker: _Worker) -> tuple[Job | None, bool]:
        """The next question, and whether the reader is to be closed first; (None, False): the end."""
        with self._changed:
            while True:
                if self._closed:
                    return None, False
                if worker in self._release:
                    self._release.discard(worker)
                    return None, True
                if self._waiting and not self._held:
                    return self._waiting.popleft(), False
                if self.lets_go and worker.has_reader:
                    return None, True
                self._changed.wait()

    def answer(self, job: Job, result: object, error: str | None) -> None:
        """Takes an answer from a worker's thread to the GUI thread."""
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the window went away in this very moment
                self._answered.emit(job, result, error)

    def _asked(self) -> list[Job]:
        return [*self._waiting, *(worker.job for worker in self._workers if worker.job is not None)]

    def _deliver(self, job: Job, result: object, error: str | None) -> None:
        if job.cancelled or self._closed or _is_gone(job.done):
            return
        if error is None:
            job.done(result)
        else:
            job.failed(error)


def _is_gone(hear: Callable[..., None]) -> bool:
    """Whether who asked is deleted: panes are made anew while answers to those before are on their way."""
    cells = getattr(hear, "__closure__", None) or ()
    holders = [getattr(hear, "__self__", None), *(cell.cell_contents for cell in cells)]
    return any(isinstance(holder, QObject) and not isValid(holder) for holder in holders)


def _unheard(error: str) -> None:
    log.warning("a question to the capture failed: %s", error)
