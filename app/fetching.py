"""Reading more from the source than the capture has: estimated first, read by the capture child, stopped and gone on with. No widget.

While a capture follows, it makes room: one process writes a file, so it ends, this is read, and it goes on from where it was.
Read `reach` for what is offered and when, `session` for the child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.access import Access
from app.child import Child
from app.dialogs.job import Job
from app.jump import AtOffset, AtTime
from app.session import Session
from inspector.capture.unread import Range
from inspector.text import visible

_SMALL = 50_000
"""What is no more than this is read in a second or two and needs no estimate from the source."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read from `url`: options of `eventscope capture`, the same in words, and how many positions at most.

    `most` is None where only the source can tell.
    """

    url: str
    options: tuple[str, ...]
    words: str
    most: int | None = None
    is_search: bool = False
    whole: Wanted | None = None
    """All of what this is a part of."""
    goal: AtOffset | AtTime | None = None
    """Where somebody was on the way to, and arrives when this was read."""

    @property
    def command(self) -> list[str]:
        """The arguments of `capture`."""
        return [self.url, *self.options]


class Stage(Enum):
    """How far it is."""

    idle = "idle"
    offered = "offered"
    waiting = "waiting"
    """For the running capture to make room."""
    reading = "reading"
    stopped = "stopped"
    failed = "failed"
    done = "done"


class Fetching(QObject):
    """One thing at a time. `changed` says that any of the numbers, the estimate or the stage did."""

    changed = Signal()
    finished = Signal(object)
    """`(Wanted)`: all of it was read."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._access, self._job = Access(session), Job(self)
        self.stage, self.wanted = Stage.idle, Wanted("", (), "")
        self.estimate = self.error = ""
        self.covered = self.total = self.found = 0
        self._resumes = False
        self._child: Child | None = None
        session.capture_told.connect(self._told)
        session.capture_ended.connect(self._ended)
        session.ending.connect(lambda _nothing: self._job.stop())

    @classmethod
    def of(cls, session: Session) -> Fetching:
        """The one of a session, whatever panes come and go."""
        return session.findChild(cls) or cls(session)

    @property
    def is_busy(self) -> bool:
        """Whether it is read, or about to be."""
        return self.stage in {Stage.waiting, Stage.reading}

    @property
    def makes_room(self) -> bool:
        """Whether the capture that runs, or ended just now, is to go on when this was read: nobody else may write meanwhile."""
        return self._resumes and not self._session.was_stopped_for_good

    @property
    def tells_of_the_child(self) -> bool:
        """Whether the session's newest child was ours, so that its end is said here."""
        return self._child is not None and self._session.child is self._child

    # ---- what is asked for

    def offer(self, wanted: Wanted) -> bool:
        """Says what would be read, with the source's own estimate when it is much; False while something is being read.

        What only the capture names is not asked anything before somebody has seen where it is, and starts it.
        """
        if self.is_busy:
            return False
        self.estimate = self.error = ""
        is_known = self._access.is_known(wanted.url)
        self.wanted = wanted if is_known else replace(wanted, words=f"{wanted.words} · from {visible(wanted.url)}")
        self.covered = self.total = self.found = 0
        self._go(Stage.offered)
        if is_known and (wanted.most is None or wanted.most > _SMALL):
            self._ask_estimate(self.wanted)
        return True

    def dismiss(self) -> None:
        """Forgets what was offered or read."""
        if not self.is_busy:
            self._job.stop()
            self._go(Stage.idle)

    def start(self) -> None:
        """Reads it, or goes on with it: what was read is not read twice."""
        if self.is_busy or self.stage is Stage.idle:
            return
        self._job.stop()
        self.error = ""
        self._resumes = self._session.is_capturing
        self._go(Stage.waiting)
        if self._resumes:
            self._session.stop_capture(for_good=False)
        else:
            self._begin()

    def stop(self) -> None:
        """Ends the reading; what was read stays."""
        if self.stage is Stage.reading:
            self._session.stop_capture(for_good=False)

    # ---- what happens

    def _ask_estimate(self, wanted: Wanted) -> None:
        def told(line: Mapping[str, Any]) -> None:
            if wanted is self.wanted and line.get("type") == "estimate":
                self.estimate = str(line.get("text", ""))
                self.changed.emit()

        def ended(error: str) -> None:
            if wanted is self.wanted and error and self.stage is Stage.offered:
                self.error = error
                self.changed.emit()

        def ask(config: str) -> None:
            if wanted is self.wanted and self.stage is Stage.offered:
                options = ["-o", str(self._session.path), "--estimate", "--progress", "json", "--stop-with-stdin", *_config(config)]
                self._job.run(["capture", *wanted.command, *options], told, ended, config=config)

        self._access.config(wanted.url, ask)

    def _begin(self) -> None:
        def read(config: str) -> None:
            if self.stage is Stage.waiting:
                self._session.read_more([*self.wanted.command, *_config(config)], config=config)
                self._child = self._session.child
                self._go(Stage.reading)

        self._access.config(self.wanted.url, read)

    def _told(self, line: Mapping[str, Any]) -> None:
        if self.stage is Stage.reading:
            self.covered, self.found = int(line.get("covered") or 0), int(line.get("stored") or 0)
            self.total = int(line.get("wanted") or 0)
            self.changed.emit()

    def _ended(self, error: str) -> None:
        if self.stage is Stage.waiting and not self.makes_room:
            self._resumes = False
            self._go(Stage.stopped)
        elif self.stage is Stage.waiting:
            QTimer.singleShot(0, self, self._begin)  # when everybody has heard that the capture ended
        elif self.stage is Stage.reading:
            self._over(error)

    def _over(self, error: str) -> None:
        child = self._session.child
        was_stopped = child is not None and child.was_stopped
        self.error = error
        self._go(Stage.failed if error else Stage.stopped if was_stopped else Stage.done)
        if self.makes_room:
            QTimer.singleShot(0, self, self._go_on)
        else:
            self._resumes = False
        if self.stage is Stage.done:
            self.finished.emit(self.wanted)

    def _go_on(self) -> None:
        self._resumes = False
        self._session.go_on()

    def _go(self, stage: Stage) -> None:
        self.stage = stage
        self.changed.emit()


def range_options(log: str, partition: int, ranges: Sequence[Range]) -> list[str]:
    """Options that name positions, each in one argument, so that no name becomes another option."""
    return [f"--range={log}/{partition}:{start}-{end}" for start, end in ranges]


def _config(config: str) -> list[str]:
    return ["--config", "-"] if config else []
