"""The fold process: answers replay questions as JSON lines, so that neither a long fold nor a user's reducer stops a window.

One request a line on standard input, `{"id": 1, "do": …}`; any number of `{"id": 1, "progress": {"applied": n}}` come
back (at most 10 a second) and then `{"id": 1, "ok": {…}}` or `{"id": 1, "error": {"kind", "text", "exit"}}`, kind being
usage, capture, cancelled, consent, findings or bug. Requests are answered in turn, only `cancel` at once.

STREAM stands for: stream (`name` or `category/name`) or stream_id; source, reducer; aborted (true: aborted events are folded
too); without (numbers or ids of events to leave out, as texts).
PLACE stands for one of these, none being the end: at (time: events whose own time is at most this), known_at (time: events
recorded by then; may stand beside `at`: true then, as known by then), version, count (so many events), event, before (just before it;
both the number of an event in the capture, or its id as text). With `without`, places are those of what happened.

    open      capture                                       → events, first_seq, last_seq; again for another capture
    replay    STREAM PLACE [diff blame]
              → the object of `eventscope replay` with `state` only up to 256 KB (`state_bytes` says its size); `diff` cut
                to 1,000 changes of which `from` and `to` are JSON texts of at most 500 characters, `diff_count` in all;
                with `blame` also `step`, what the last event changed, and `step_count`
    look      STREAM PLACE [open limit quick]
              → the state at a place of a stream that is asked about again and again: total place applied version last_version
                last skipped_aborted includes_aborted passed_over failed_at step …, `arguments` (those with which
                `eventscope replay` means the same place, where no time was asked for), and `levels`: as `children` gives
                them, of the outermost value, of the paths in `open`, of containers with few children (`small`), and of those that
                the last event changed something in (`revealed`). `blamed` false: who set what is not known yet (set_by is null
                everywhere): ask `blame`
                (`quick`: it is never waited for). With a time also `clocks`: later (events of a time up to it that were recorded after it),
                ahead (recorded by then, of a later time), stood_in (no record says when they came: their own time stands in),
                words (sentences). With `without` also `left_out` (events), `outcome` (changes from what happened to what
                would have been, as `step`), `outcome_count`, and `happened`: version applied last kind whole levels of what did
    blame     of [open limit]                               → done, applied; when done, `set_by`: path → event for every child in
                the levels that the look `of` or this request names. Not done: ask again, it goes on where it was
    diff      STREAM a b [open limit offset]                → `a` and `b` are objects of PLACE fields: from a to b, whichever is
                earlier. `changes` (as `step`, at most 1,000 from `offset` on) `count`, `from` and `to`: place applied version last,
                kind whole levels revealed small as in `look`, of b, with what is not as in a
    field     STREAM PLACE path [limit before_place]        → the events that changed the value at a JSON pointer, newest first:
                entries (place op from to, and the event), op being add, remove, replace, or moved for an element of an array that
                came there because others came or went. `next` is the `before_place` to go on with, null when all was looked at;
                done, and applied of total events looked at: while not done ask the same again, it goes on where it was
    series    STREAM PLACE paths (at most 8)                → series: for each path points [place, time in µs or null, number] after
                each event that changed it (a gap, where it is no number: null), thinned to 2,000 keeping least and greatest,
                `changes` in all; done, applied: while not done ask again
    strip     STREAM [first last]                           → the stream's events in replay order, aborted ones too, as columns, in
                at most 2,000 rows: is_bucketed, events, first, last (of how many and which; index counts from 0), types (names),
                index, count (events in the row), place (how many events apply up to its end), seq (of its first), type (the most
                frequent; place in `types`, -1 none), time (earliest, µs or null), until (latest), aborted, late, failed, left_out
                (counts; failed is an event that cannot be folded as far as known)
    snapshots STREAM [limit after]                          → what the store kept as state, against the replay at that version:
                snapshots (seq version time is_equal path kept replayed reason; is_equal null: `reason` says why it cannot be
                compared), `next` to go on after, null at the end
    sure      STREAM PLACE                                  → history, missing, gone, scope, applied, reducer, duplicates,
                skipped_aborted, includes_aborted
    extent    STREAM                                        → total: how many events there are by now
    copy      of [path side]                                → text: the JSON of a value, up to 16 MB
    steps     STREAM PLACE [first] [limit]                  → steps, each an event with its changes as in `diff`
    children  of [path offset limit side]                   → one level of the state that request `of` found: for each
                child key, path, kind, text (at most 500 characters), children, and set_by where it is known; after
                a `look` or `diff` also op, from, inside (so many changes in it), and `changed`, `removed` beside `children`.
                `side` happened: of what did happen, after a look with `without`
    states_open   category [source at known_at version reducer]
              → a table of all aggregates of a category at a moment: streams (so many there are), total (so many may have begun),
                columns, each a path with its kind and in how many of the first states it stands
    states_page   of [show offset limit]                    → total, and rows from a place on (at most 200), folded when asked: `of` is
                a states_open, or a states_all whose rows are in its order; `show` lists at most 20 places (state.balance), and of each
                row's `cells` a text has at most 200 characters. `is` says there, deleted, or not begun
    states_all    of [filter sort reverse deleted show ms]  → begins to look at all rows of a states_open, for `ms` milliseconds (100;
                at most 1,000): finished, done, total, matching, not_begun, deleted, not_applicable, failed, incomplete
    states_more   of [ms]                                   → goes on with a states_all, and answers the same
    suggest   stream or category [source]                   → suggestions: reducer, why, needs_file; chosen: what is remembered
    choose    stream reducer [source python_path consent]   → remembers the reducer for the stream's category; `default` forgets
    allow     reducer consent [python_path]                 → remembers that this code may run
    cancel    request                                       → cancelled; the request ends with an error of that kind
    close     —                                             → lets go of the capture; states found stay

field (once done), series, strip and snapshots answer with `honest` too, diff with one in `from` and in `to`: history missing absent
complete failed_at skipped_aborted includes_aborted (how many aborted events are folded in) left_out (how many). It ends with its input.
Nothing in a capture names code to run: only `reducer` does, and what was remembered by `choose`. Code (`FILE.py`, `FILE.py:Name`)
runs that the user allowed: what is asked for without that ends with an error of the kind `consent`, which also has path, sha256,
size, imports (path and sha256 of each), digest, python_path, changed. With `consent`, the digest, in the request it runs this time.
`python_path` are folders for its imports; `time_limit` is seconds for an event (5) and `memory_limit` MB of its process (1024). One that
goes beyond ends the replay at that event.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

import apsw

from inspector.capture.masked import open_masked
from inspector.capture.opening import is_live
from inspector.capture.reader import CaptureReader
from inspector.errors import EventscopeError, UsageError
from inspector.replay import fields
from inspector.replay.collecting import collecting_rarely
from inspector.replay.desk import Desk, Doing, Recalling
from inspector.replay.fields import Request
from inspector.replay.tables import Answers, Tables
from inspector.user_code import ConsentError, StoppedError
from inspector.user_code.codes import Codes
from inspector.values import parse, to_json

log = logging.getLogger(__name__)

_PROGRESS_EVERY_S = 0.1
_END_WITHIN_S = 2.0
_SWITCH_S = 0.001


class _CancelledError(Exception):
    """The request under way is no longer wanted."""


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers every line of `requests` on `answers` until they end."""
    # whoever moves a slider waits for the thread that listens too
    sys.setswitchinterval(_SWITCH_S)
    with collecting_rarely():
        server = FoldServer(answers)
        threading.Thread(target=server.listen, args=(requests,), name="requests", daemon=True).start()
        server.work()


class FoldServer:
    """Requests come in on one thread (`listen`) and are worked off on another (`work`)."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._writing = threading.Lock()
        self._waiting: queue.Queue[Request | None] = queue.Queue()
        self._state = threading.Lock()
        self._current: object = None
        self._cancelled: set[object] = set()
        self._ended = threading.Event()
        self._finished = threading.Event()
        self._reader: CaptureReader | None = None
        self._path: Path | None = None
        self._is_live = False
        self._stamp: tuple[int, int] | None = None
        self._is_unmasked = False
        self._hides = ""
        self._codes = Codes(asks=True, is_wanted=self._is_wanted)
        self._desk, self._tables = Desk(self._codes), Tables(self._codes)
        self._told_s = 0.0
        self._does: dict[str, Callable[[Request], object]] = {
            "open": self._open,
            **{name: partial(self._ask, doing) for name, doing in self._desk.does.items()},
            **{name: partial(self._recall, doing) for name, doing in self._desk.recalls.items()},
            **{f"states_{name}": self._of_tables(does) for name, does in self._tables.does.items()},
            "close": self._close,
        }

    # ---- the listening thread

    def listen(self, requests: BinaryIO) -> None:
        """Takes requests until they end; then ends the work, by force when a reducer does not come back."""
        for line in requests:
            if line.strip():
                self._take(line)
        self._ended.set()
        self._waiting.put(None)
        self._interrupt()
        if not self._finished.wait(_END_WITHIN_S):
            os._exit(0)

    def _take(self, line: bytes) -> None:
        try:
            request = parse(line.decode())
        except ValueError as error:
            self._say({"id": None, "error": {"kind": "usage", "text": f"a request is not JSON: {error}", "exit": 2}})
            return
        if not isinstance(request, dict):
            self._say({"id": None, "error": {"kind": "usage", "text": "a request is not an object", "exit": 2}})
        elif any(isinstance(request.get(name), dict | list) for name in ("id", "of", "request")):
            self._say({"id": None, "error": {"kind": "usage", "text": "'id', 'of' and 'request' are numbers or texts", "exit": 2}})
        elif request.get("do") == "cancel":
            self._cancel(request)
        else:
            self._waiting.put(request)

    def _cancel(self, request: Request) -> None:
        with self._state:
            self._cancelled.add(request.get("request"))
            if self._current == request.get("request"):
                self._interrupt()
        self._say({"id": request.get("id"), "ok": {"cancelled": request.get("request")}})

    def _interrupt(self) -> None:
        reader = self._reader
        if reader is not None:
            try:
                reader.interrupt()
            except apsw.ConnectionClosedError:
                log.debug("nothing to interrupt: the capture was closed meanwhile")

    # ---- the working thread

    def work(self) -> None:
        """Answers requests in turn until `listen` says there are no more."""
        while (request := self._waiting.get()) is not None and not self._ended.is_set():
            with self._state:
                self._current = request.get("id")
            self._say({"id": request.get("id"), **self._answered(request)})
            with self._state:
                self._cancelled.discard(self._current)
                self._current = None
        self._close({})
        self._codes.close()
        self._finished.set()

    def _answered(self, request: Request) -> Mapping[str, object]:
        try:
            self._check_wanted(request)
            return {"ok": self._does.get(str(request.get("do")), self._unknown)(request)}
        except ConsentError as error:
            asked = _error("consent", str(error), int(error.exit_status))
            return {"error": {**asked["error"], **error.told()}}
        except EventscopeError as error:
            return _error(error.exit_status.name.lower(), str(error), int(error.exit_status))
        except (_CancelledError, StoppedError, apsw.InterruptError):
            return _error("cancelled", "cancelled", 130)
        except Exception as error:
            log.exception("request %s failed", request.get("do"))
            return _error("bug", f"{type(error).__name__}: {error}", 1)

    def _is_wanted(self) -> bool:
        """Whether what is worked on is; asked on another thread while a user's code runs."""
        return not self._ended.is_set() and self._current not in self._cancelled

    def _check_wanted(self, request: Request) -> None:
        if self._ended.is_set() or request.get("id") in self._cancelled:
            raise _CancelledError

    def _progress(self, request: Request, applied: int) -> None:
        self._check_wanted(request)
        now = time.monotonic()
        if now - self._told_s >= _PROGRESS_EVERY_S:
            self._told_s = now
            self._say({"id": request.get("id"), "progress": {"applied": applied}})

    def _say(self, message: Mapping[str, object]) -> None:
        line = to_json(message).encode() + b"\n"
        with self._writing:
            try:
                self._answers.write(line)
                self._answers.flush()
            except (BrokenPipeError, ValueError):  # whoever asked has gone; the end of input follows
                log.debug("nobody listens any more")

    # ---- what can be asked

    def _unknown(self, request: Request) -> object:
        raise UsageError(f"unknown request {request.get('do')!r}; known: {', '.join(self._does)}, cancel")

    def _open(self, request: Request) -> object:
        path = Path(fields.text(request, "capture"))
        self._close({})
        is_unmasked, hides = request.get("unmasked") is True, str(request.get("masks") or "")
        reader = open_masked(path, unmasked=is_unmasked, rules=hides)
        if (self._path, self._is_unmasked, self._hides) != (path, is_unmasked, hides):
            self._desk.forget_states()
        if (self._path, self._stamp, self._is_unmasked, self._hides) != (path, _stamp(path), is_unmasked, hides):
            self._desk.forget_stories()
            self._tables.forget()
        self._is_unmasked, self._hides = is_unmasked, hides
        self._path, self._reader = path, reader
        self._is_live, self._stamp = is_live(path), _stamp(path)
        mark = reader.watermark()
        return {"events": mark.events, "first_seq": mark.first_seq, "last_seq": mark.last_seq}

    def _close(self, _request: Request) -> object:
        if self._reader is not None:
            self._reader.close()
        self._reader = None
        return {}

    def _opened(self) -> CaptureReader:
        """The capture, opened anew when somebody began or ended to write it: one who takes it for finished sees no change."""
        if self._reader is not None and self._path is not None and is_live(self._path) != self._is_live:
            self._open({"capture": str(self._path), "unmasked": self._is_unmasked, "masks": self._hides})
        if self._reader is None:
            raise UsageError("no capture is open")
        return self._reader

    def _ask(self, doing: Doing, request: Request) -> object:
        return doing(self._opened(), request, partial(self._progress, request))

    def _recall(self, doing: Recalling, request: Request) -> object:
        return doing(request, partial(self._progress, request))

    def _of_tables(self, does: Answers) -> Callable[[Request], object]:
        return lambda request: does(self._opened(), request, lambda done: self._progress(request, done))


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a finished capture is written anew; None while it is being written."""
    if is_live(path):
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _error(kind: str, text: str, exit_status: int) -> dict[str, dict[str, object]]:
    return {"error": {"kind": kind, "text": text, "exit": exit_status}}
