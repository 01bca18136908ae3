"""The fold process: answers replay questions as JSON lines, so that neither a long fold nor a user's reducer stops a window.

One request a line on standard input, `{"id": 1, "do": …}`; any number of `{"id": 1, "progress": {"applied": n}}` come
back (at most 10 a second) and then `{"id": 1, "ok": {…}}` or `{"id": 1, "error": {"kind", "text", "exit"}}`, kind being
usage, capture, cancelled, findings or bug. Requests are answered in turn, only `cancel` at once:

    open      capture                                       → events, first_seq, last_seq; again for another capture
    replay    stream [source at version count event reducer diff blame without]
              → the object of `eventscope replay` with `state` only up to 256 KB (`state_bytes` says its size); `diff` cut
                to 1,000 changes of which `from` and `to` are JSON texts of at most 500 characters, `diff_count` in all;
                with `blame` also `step`, what the last event changed, and `step_count`. `count` is a number of events,
                `event` the number of one in the capture
    steps     stream [… as replay] [first] [limit]          → steps, each an event with its changes as in `diff`
    children  of [path offset limit]                        → one level of the state that replay `of` found: for each
                child key, path, kind, text (at most 500 characters), children, and set_by where `blame` was asked
    cancel    request                                       → cancelled; the request ends with an error of that kind
    close     —                                             → lets go of the capture; states found stay

It ends when its input ends. A request names code to run only in `reducer`, which is what the user chose.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import apsw
import orjson

from inspector.capture.reader import CaptureReader
from inspector.errors import EventscopeError, UsageError
from inspector.replay import NOW, Question, Replay, after_events, at_either, at_event, at_time, at_version, preview, said
from inspector.replay.preview import Kept
from inspector.values import to_json

log = logging.getLogger(__name__)

_KEPT_STATES = 4
_PROGRESS_EVERY_S = 0.1
_END_WITHIN_S = 2.0

Request = Mapping[str, object]


class _CancelledError(Exception):
    """The request under way is no longer wanted."""


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers every line of `requests` on `answers` until they end."""
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
        self._kept: OrderedDict[object, Kept] = OrderedDict()
        self._told_s = 0.0
        self._does: dict[str, Callable[[Request], object]] = {
            "open": self._open,
            "replay": self._replay,
            "steps": self._steps,
            "children": self._children,
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
            request = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            self._say({"id": None, "error": {"kind": "usage", "text": f"a request is not JSON: {error}", "exit": 2}})
            return
        if not isinstance(request, dict):
            self._say({"id": None, "error": {"kind": "usage", "text": "a request is not an object", "exit": 2}})
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
        self._finished.set()

    def _answered(self, request: Request) -> dict[str, object]:
        try:
            self._check_wanted(request)
            return {"ok": self._does.get(str(request.get("do")), self._unknown)(request)}
        except EventscopeError as error:
            return _error(error.exit_status.name.lower(), str(error), int(error.exit_status))
        except (_CancelledError, apsw.InterruptError):
            return _error("cancelled", "cancelled", 130)
        except Exception as error:
            log.exception("request %s failed", request.get("do"))
            return _error("bug", f"{type(error).__name__}: {error}", 1)

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
        self._close({})
        if self._path != (path := Path(_text(request, "capture"))):
            self._path = path
            self._kept.clear()
        self._reader = CaptureReader(path)
        mark = self._reader.watermark()
        return {"events": mark.events, "first_seq": mark.first_seq, "last_seq": mark.last_seq}

    def _close(self, _request: Request) -> object:
        if self._reader is not None:
            self._reader.close()
        self._reader = None
        return {}

    def _asked(self, request: Request) -> Replay:
        if self._reader is None:
            raise UsageError("no capture is open")
        return Replay(self._reader, _question(request), lambda applied: self._progress(request, applied))

    def _replay(self, request: Request) -> object:
        answer = self._asked(request).answer()
        self._kept[request.get("id")] = Kept(answer.folded.state, answer.blame or {}, answer.log_labels)
        while len(self._kept) > _KEPT_STATES:
            self._kept.popitem(last=False)
        return preview.bounded(answer)

    def _steps(self, request: Request) -> object:
        replay = self._asked(request)
        first, limit = _count(request, "first", 0), _count(request, "limit", 100)
        return {
            "steps": [
                {**said(step.event, replay.log_labels), "changes": preview.changed(step.changes), "change_count": len(step.changes)}
                for step in islice(replay.steps(), first, first + limit)
            ]
        }

    def _children(self, request: Request) -> object:
        kept = self._kept.get(request.get("of"))
        if kept is None:
            raise UsageError("that state is no longer kept: replay again")
        return kept.children(str(request.get("path") or ""), _count(request, "offset", 0), _count(request, "limit", 200))


# ---- requests


def _text(request: Request, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"the request needs {name!r} as text")
    return value


def _count(request: Request, name: str, default: int) -> int:
    value = request.get(name, default)
    if not isinstance(value, int) or value < 0:
        raise UsageError(f"{name!r} must be a count")
    return min(value, preview.LISTED) if name == "limit" else value


def _question(request: Request) -> Question:
    """The question of a `replay` or `steps` request; `at` is a time, `version` a number, `diff` either as text."""
    moment = NOW
    if request.get("at") is not None:
        moment = at_time(_text(request, "at"))
    elif request.get("version") is not None:
        moment = at_version(_count(request, "version", 0))
    elif request.get("count") is not None:
        moment = after_events(_count(request, "count", 0))
    elif request.get("event") is not None:
        moment = at_event(_count(request, "event", 0))
    without = request.get("without") or []
    if not isinstance(without, list):
        raise UsageError("'without' must be a list of sequence numbers or ids")
    return Question(
        _text(request, "stream"),
        _text(request, "source") if request.get("source") else None,
        moment,
        _text(request, "reducer") if request.get("reducer") else None,
        at_either(str(request["diff"])) if request.get("diff") is not None else None,
        blame=bool(request.get("blame")),
        without=tuple(str(item) for item in without),
    )


def _error(kind: str, text: str, exit_status: int) -> dict[str, object]:
    return {"error": {"kind": kind, "text": text, "exit": exit_status}}
