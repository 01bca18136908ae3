"""One open capture, given to each pane: its path, how far it is, its readers, its capture child, its account. No widget.

The file is read on worker threads only. Read `work` for how questions are asked, `child` for the process that captures.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.child import Child
from app.messages import Messages
from app.models.account import Account, account_of
from app.notes import SessionNotes
from app.own_rules import own_rules
from app.work import Work
from inspector.capture.asking import Watermark
from inspector.capture.masked import open_masked
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import FlagTally
from inspector.ingest import FINISHING

LIVE_MS = 150
_IDLE_MS = 1_000
_ACCOUNT_MS = 1_000
_ACCOUNT_SHARE = 10
"""Counting takes at most one part in so many of the time, however many partitions there are."""
_LEAVING_MS = 30
_SILENT_S = 5.0
"""A capture that runs says something every second; after so long without a word, that is said."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look at the capture."""

    mark: Watermark
    is_live: bool
    masks: int


class Session(QObject):
    """The capture at `path`, which need not be there yet when a child is about to make it."""

    watermark_changed = Signal(object)
    """`(Watermark)`: events came, or the oldest went."""
    account_changed = Signal(object)
    """`(Account)`"""
    rate_changed = Signal(object)
    """`(events per second)` of the running capture; None when none runs."""
    state_changed = Signal(object)
    """`(text)`: what the capture child says of its connection; empty when there is nothing to say."""
    capture_started = Signal(object)
    """`(nothing)`: a capture child begins."""
    capture_told = Signal(object)
    """`(line)`: what the capture child says of its progress, as a dict."""
    capture_ended = Signal(object)
    """`(error)`: the capture child is gone; empty when it did what was asked."""
    failed = Signal(object)
    """`(sentence)`: the capture cannot be read."""
    masks_found = Signal(object)
    """`(rules)`: the capture wants something hidden, by so many rules."""
    ending = Signal(object)
    """`(nothing)`: `leave` was called; who asks other processes about the capture ends them."""
    gone = Signal(object)
    """`(nothing)`: after `leave`, nothing runs here any more."""

    def __init__(self, path: Path, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.messages = messages
        self.watermark: Watermark | None = None
        self.is_unmasked = False
        self.masks = 0
        self.hides = ""
        """What is hidden besides what the capture itself wants hidden: rules as TOML."""
        self.hides_of = Path()
        """The file that these rules are in, for commands."""
        self.work = Work(lambda: open_masked(path, unmasked=self.is_unmasked, rules=self.hides), self)
        self.child: Child | None = None
        self.notes = SessionNotes(self.work, self)
        self.watermark_changed.connect(self.notes.look_once)
        self.capture_ended.connect(self.notes.refresh)
        self._asked: tuple[list[str], str] | None = None
        self._verb = "capture"
        self._tally = FlagTally()
        self._was_live = False
        self._heard_s: float | None = None
        self._is_silent = False
        self._is_excused = False
        """Whether the file need not be there: our child is about to make it, or has said why it could not."""
        self._state = ""
        self._looking = self._counting = self.was_stopped_for_good = False
        self._asked_at_s = 0.0
        self._watch = QTimer(self, interval=LIVE_MS)
        self._watch.timeout.connect(self.look)
        self._recount = QTimer(self, interval=_ACCOUNT_MS)
        self._recount.timeout.connect(self._count)
        self._leaving = QTimer(self, interval=_LEAVING_MS)
        self._leaving.timeout.connect(self._check_gone)

    def unmask(self, *, on: bool) -> None:
        """Reads from now on with everything clear, or with what the capture wants hidden hidden. What is shown is to be read again."""
        self.is_unmasked = on
        self.work.reopen()

    def hide(self, rules: str, path: Path) -> None:
        """Reads from now on with what `rules`, as TOML and in the file at `path`, say hidden too. What is shown is to be read again."""
        self.hides, self.hides_of, self.is_unmasked = rules, path, False
        self.work.reopen()

    def said(self, command: str) -> str:
        """A command for a shell that prints of the capture, so that it hides what is hidden here."""
        return " ".join([command, *map(shlex.quote, self.mask_options)])

    @property
    def mask_options(self) -> list[str]:
        """What tells a command to hide what is hidden here."""
        if self.is_unmasked:
            return ["--unmasked"]
        return ["--masks", str(self.hides_of)] if self.hides else []

    def start(self) -> None:
        """Begins to look at the file."""
        self._watch.start()
        self._recount.start()
        self.look()

    @property
    def is_capturing(self) -> bool:
        """Whether our own child writes this capture."""
        return self.child is not None and self.child.is_running

    def capture(self, arguments: Sequence[str], *, config: str = "", verb: str = "capture") -> None:
        """Starts `eventscope capture` (or `import`) with `arguments` (sources, options) into this capture."""
        self._asked, self._verb = (list(arguments), config), verb
        self._start([verb, *arguments, *own_rules(), *(["--isolation", "both"] if verb == "capture" else [])], config)

    @property
    def imports(self) -> bool:
        """Whether what was begun here last reads files."""
        return self._verb == "import"

    @property
    def asked(self) -> tuple[list[str], str]:
        """The arguments and properties, secrets among them, that the capture was begun with; empty for none."""
        return self._asked or ([], "")

    def read_more(self, arguments: Sequence[str], *, config: str = "") -> None:
        """Like `capture`, but not what `go_on` takes up."""
        self._start(["capture", *arguments, *own_rules(), "--isolation", "both"], config)

    def _start(self, words: Sequence[str], config: str) -> None:
        command = [*words, "-o", str(self.path)]
        # what an import prints for programs has a part for each file: that is asked of the capture where it is wanted
        said = ["--print", "table"] if words[0] == "import" else []
        self.child = Child([*command, *said, "--progress", "json", "--stop-with-stdin"], self, config=config)
        self.child.progressed.connect(self._told)
        self.child.said.connect(self.messages.say)
        self.child.ended.connect(self._child_ended)
        self._heard_s, self._is_excused, self.was_stopped_for_good = None, True, False
        self._watch.setInterval(LIVE_MS)
        self.messages.say("note", f"$ eventscope {shlex.join(command)}")
        self.child.start()
        self.capture_started.emit("")

    @property
    def can_go_on(self) -> bool:
        """Whether a capture of ours ran and has ended: `go_on` takes it up."""
        return self._asked is not None and not self.is_capturing

    def go_on(self) -> None:
        """Takes up the capture that ended: the same question again, of which what is there is not read twice."""
        if self._asked is not None and self.can_go_on:
            arguments, config = self._asked
            self.capture(arguments, config=config, verb=self._verb)
            self.start()

    def stop_capture(self, *, for_good: bool = True) -> None:
        """Ends the capture cleanly; the readers let go of the file, so that one file remains. Not `for_good`: somebody goes on with it."""
        self.was_stopped_for_good |= for_good
        if self.child is not None and self.is_capturing:
            self.state_changed.emit("stopping")
            self.child.stop()
            self.work.hold()

    def let_go(self) -> None:
        """Lets go of the file, for a process that is about to write it; what is being asked is broken off. `read_again` follows."""
        self.state_changed.emit(FINISHING)
        self.work.hold(break_off=True)

    def read_again(self, *, is_over: bool = False) -> None:
        """Reads on while that process writes; when it `is_over`, everything that was counted is counted anew."""
        self.work.resume()
        self.work.reopen()
        self._looking = self._counting = False
        if is_over:
            self._tally = FlagTally()
        self.state_changed.emit("" if is_over else "decoding again")
        self._watch.start()
        self.look()

    def leave(self) -> None:
        """Begins to end the child, the readers and their threads, and waits for none; `gone` follows."""
        if self._leaving.isActive():
            return
        self.ending.emit("")
        self._watch.stop()
        self._recount.stop()
        self.work.stop()
        if self.child is not None:
            self.child.progressed.disconnect(self._told)
            self.child.ended.disconnect(self._child_ended)
            self.child.stop()
        self._leaving.start()

    def close(self) -> None:
        """Ends all of it before it returns; by force what has not ended within seconds."""
        self.leave()
        self.work.join()
        if self.child is not None:
            self.child.end(8_000)

    def _check_gone(self) -> None:
        if not self.is_capturing and not self.work.is_running:
            self._leaving.stop()
            self.gone.emit("")

    # ---- looking at the file

    def look(self) -> None:
        """Asks how far the capture is, unless that is being asked."""
        self._listen()
        if self._looking:
            return
        self._looking = True
        path = self.path

        def seen(reader: CaptureReader) -> _Seen:
            return _Seen(reader.watermark(), _is_live(path), reader.masks.rules if reader.masks is not None else 0)

        self.work.run(seen, self._saw, self._saw_nothing)

    def _saw(self, seen: _Seen) -> None:
        self._looking = False
        self.work.lets_go = seen.is_live and not self.is_capturing
        if seen.is_live != self._was_live:
            self._was_live = seen.is_live
            self._watch.setInterval(LIVE_MS if seen.is_live or self.is_capturing else _IDLE_MS)
            self.work.reopen()  # an immutable reader sees no change, a live one needs its side files
            QTimer.singleShot(0, self, self.look)
        if seen.masks != self.masks and not self.is_unmasked:
            self.masks = seen.masks
            self.masks_found.emit(seen.masks)
        first = self.watermark is None
        if seen.mark != self.watermark:
            self.watermark = seen.mark
            self.watermark_changed.emit(seen.mark)
        if first:
            self._count()

    def _saw_nothing(self, error: str) -> None:
        self._looking = False
        if self._is_excused or error == "stopped":
            return
        self._watch.stop()
        self.failed.emit(error)

    def _count(self) -> None:
        if self._counting or self.watermark is None:
            return
        self._counting = True
        self._asked_at_s = time.monotonic()
        path, tally, mark = self.path, self._tally, self.watermark

        def counted(reader: CaptureReader) -> Account:
            return account_of(reader, path, tally, mark)

        self.work.run(counted, self._counted, self._not_counted)

    def _counted(self, account: Account) -> None:
        self._counting = False
        took_ms = int(1000 * (time.monotonic() - self._asked_at_s))
        self._recount.setInterval(max(_ACCOUNT_MS, _ACCOUNT_SHARE * took_ms))
        self.account_changed.emit(account)
        if not account.is_final:
            self._count()

    def _not_counted(self, error: str) -> None:
        self._counting = False
        if error != "stopped":
            self.messages.say("warning", f"the capture could not be counted: {error}")

    # ---- the child

    def _told(self, line: Mapping[str, Any]) -> None:
        self._heard_s = time.monotonic()
        kind = line.get("type")
        if kind == "progress":
            self.rate_changed.emit(line.get("rate"))
            self.capture_told.emit(line)
        elif kind == "state":
            self._state = str(line.get("text", ""))
            self.state_changed.emit(self._state)
            if self._state == FINISHING:
                self.work.hold()
        self._listen()

    def _listen(self) -> None:
        """A process that stands still cannot say so: its silence is said, and taken back when it speaks again."""
        is_silent = self.is_capturing and self._heard_s is not None and time.monotonic() - self._heard_s > _SILENT_S
        if is_silent == self._is_silent:
            return
        self._is_silent = is_silent
        if is_silent:
            self.rate_changed.emit(0.0)
            since = (datetime.now(UTC) - timedelta(seconds=_SILENT_S)).strftime("%H:%M:%S")
            self.state_changed.emit(f"! the capture has said nothing since {since} UTC: it stands still; what it stored is kept")
        else:
            self.state_changed.emit(self._state)

    def _child_ended(self, error: str) -> None:
        self.work.resume()
        self.work.reopen()
        self._looking = self._counting = self._is_silent = False
        self._heard_s, self._state = None, ""
        self.state_changed.emit("")
        self.rate_changed.emit(None)
        self.capture_ended.emit(error)
        self._is_excused = bool(error) and self.watermark is None
        if self._is_excused:
            self._watch.stop()
        else:
            self._watch.start()
            self.look()


def _is_live(path: Path) -> bool:
    return any(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-lock"))
