"""The fold process: answers replay questions as JSON lines, so that neither a long fold nor a user's reducer stops a window.

One request a line on standard input, `{"id": 1, "do": …}`; any number of `{"id": 1, "progress": {"applied": n}}` come
back (at most 10 a second) and then `{"id": 1, "ok": {…}}` or `{"id": 1, "error": {"kind", "text", "exit"}}`, kind being
usage, capture, cancelled, consent, findings or bug. Requests are answered in turn, only `cancel` at once:

    open      capture                                       → events, first_seq, last_seq; again for another capture
    replay    stream [source at version count event reducer diff blame without]
              → the object of `eventscope replay` with `state` only up to 256 KB (`state_bytes` says its size); `diff` cut
                to 1,000 changes of which `from` and `to` are JSON texts of at most 500 characters, `diff_count` in all;
                with `blame` also `step`, what the last event changed, and `step_count`. `count` is a number of events,
                `event` the number of one in the capture
    look      stream, or stream_id [source version count event at reducer] [open limit]
              → the state at a place of a stream that is asked about again and again: total place applied version last_version
                last skipped_aborted duplicates failed_at step …, and `levels`: as `children` gives them, of the outermost
                value, of the paths in `open`, of containers with few children (`small`), and of those that the last event
                changed something in (`revealed`)
    sure      as look                                       → history, missing, gone, scope, applied, reducer
    extent    stream, or stream_id [source reducer]         → total: how many events there are by now
    copy      of [path]                                     → text: the JSON of a value, up to 16 MB
    steps     stream [… as replay] [first] [limit]          → steps, each an event with its changes as in `diff`
    children  of [path offset limit]                        → one level of the state that replay `of` found: for each
                child key, path, kind, text (at most 500 characters), children, and set_by where `blame` was asked; after
                a `look` also op, from, inside (so many changes in it), and `changed`, `removed` beside `children`
    cancel    request                                       → cancelled; the request ends with an error of that kind
    suggest   stream or category [source]                   → suggestions: reducer, why, needs_file; chosen: what is remembered
    choose    stream reducer [source python_path consent]   → remembers the reducer for the stream's category; `default` forgets
    allow     reducer consent [python_path]                 → remembers that this code may run
    close     —                                             → lets go of the capture; states found stay

It ends when its input ends. Nothing in a capture names code to run: only `reducer` does, and what was remembered by `choose`.
Code (`FILE.py`, `FILE.py:Name`) runs that the user allowed: what is asked for without that ends with an error of the kind
`consent`, which also has path, sha256, size, imports (path and sha256 of each), digest, changed. With `consent`, the digest,
in the request it runs this time. `python_path` are folders for its imports; `time_limit` is seconds for an event (5) and
`memory_limit` MB of its process (1024). One that goes beyond ends the replay at that event.
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

from inspector.capture.masked import open_masked
from inspector.capture.opening import is_live
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import find_stream
from inspector.errors import EventscopeError, UsageError
from inspector.replay import Replay, choices, fields, preview, said
from inspector.replay.fields import Request
from inspector.replay.looking import Looker
from inspector.replay.preview import Kept
from inspector.replay.story import Story
from inspector.replay.suggesting import suggest
from inspector.user_code import ConsentError, StoppedError, is_code
from inspector.user_code.codes import Codes
from inspector.user_code.consent import consent_of, remember
from inspector.values import to_json

log = logging.getLogger(__name__)

_KEPT_STATES = 4
_COPIED_CHARACTERS = 16 * 1024 * 1024
_PROGRESS_EVERY_S = 0.1
_END_WITHIN_S = 2.0


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
        self._is_live = False
        self._stamp: tuple[int, int] | None = None
        self._is_unmasked = False
        self._hides = ""
        self._kept: OrderedDict[object, Kept] = OrderedDict()
        self._codes = Codes(asks=True, is_wanted=self._is_wanted)
        self._looker = Looker(self._codes)
        self._told_s = 0.0
        self._does: dict[str, Callable[[Request], object]] = {
            "open": self._open,
            "replay": self._replay,
            "look": self._look,
            "sure": self._sure,
            "extent": lambda request: self._looker.extent(self._story(request)),
            "copy": self._copy,
            "steps": self._steps,
            "children": self._children,
            "suggest": self._suggest,
            "choose": self._choose,
            "allow": self._allow,
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
            self._kept.clear()
        if (self._path, self._stamp, self._is_unmasked, self._hides) != (path, _stamp(path), is_unmasked, hides):
            self._looker.forget()
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

    def _asked(self, request: Request) -> Replay:
        return Replay(self._opened(), fields.question(request), lambda applied: self._progress(request, applied), codes=self._codes)

    def _story(self, request: Request) -> Story:
        stream = request.get("stream_id")
        text = stream if isinstance(stream, int) else fields.text(request, "stream")
        source, reducer = fields.maybe_text(request, "source"), fields.maybe_text(request, "reducer")
        return self._looker.story(self._opened(), text, source, reducer, fields.terms(request))

    def _look(self, request: Request) -> object:
        paths, limit = fields.paths(request), fields.count(request, "limit", 200)
        looked = self._looker.look(self._story(request), fields.moment(request), paths, limit, lambda at: self._progress(request, at))
        self._keep(request, looked.kept)
        return looked.printed

    def _sure(self, request: Request) -> object:
        return self._looker.sure(self._story(request), fields.moment(request), lambda at: self._progress(request, at))

    def _copy(self, request: Request) -> object:
        return {"text": self._kept_state(request).whole(str(request.get("path") or ""), _COPIED_CHARACTERS)}

    def _replay(self, request: Request) -> object:
        answer = self._asked(request).answer()
        blame = answer.blame or {}
        self._keep(request, Kept(answer.folded.state, lambda path, _is_inside: blame.get(path), answer.log_labels))
        return preview.bounded(answer)

    def _keep(self, request: Request, state: Kept) -> None:
        self._kept[request.get("id")] = state
        while len(self._kept) > _KEPT_STATES:
            self._kept.popitem(last=False)

    def _steps(self, request: Request) -> object:
        replay = self._asked(request)
        first, limit = fields.count(request, "first", 0), fields.count(request, "limit", 100)
        return {
            "steps": [
                {**said(step.event, replay.log_labels), "changes": preview.changed(step.changes), "change_count": len(step.changes)}
                for step in islice(replay.steps(), first, first + limit)
            ]
        }

    def _children(self, request: Request) -> object:
        path, offset = str(request.get("path") or ""), fields.count(request, "offset", 0)
        return self._kept_state(request).children(path, offset, fields.count(request, "limit", 200))

    def _suggest(self, request: Request) -> object:
        reader, chosen = self._opened(), None
        if (category := fields.maybe_text(request, "category")) is not None:
            return {"suggestions": [found.told() for found in suggest(reader, category)], "chosen": None}
        stream = find_stream(reader, fields.text(request, "stream"), fields.maybe_text(request, "source"))
        if (choice := choices.chosen(stream.source, stream.category)) is not None:
            chosen = {"reducer": choice.reducer, "python_path": choice.python_path}
        return {"suggestions": [found.told() for found in suggest(reader, stream)], "chosen": chosen}

    def _choose(self, request: Request) -> object:
        stream = find_stream(self._opened(), fields.text(request, "stream"), fields.maybe_text(request, "source"))
        reducer, terms = fields.text(request, "reducer"), fields.terms(request)
        if is_code(reducer):
            self._codes.read(reducer, terms)
        choices.choose(stream.source, stream.category, choices.Choice(reducer, terms.python_path))
        self._looker.forget()
        return {"category": stream.category, "source": stream.source}

    def _allow(self, request: Request) -> object:
        sources = self._codes.read(fields.text(request, "reducer"), fields.terms(request))
        remember(consent_of(sources))
        return {"path": str(sources.path), "digest": sources.digest}

    def _kept_state(self, request: Request) -> Kept:
        kept = self._kept.get(request.get("of"))
        if kept is None:
            raise UsageError("that state is no longer kept: replay again")
        return kept


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a finished capture is written anew; None while it is being written."""
    if is_live(path):
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _error(kind: str, text: str, exit_status: int) -> dict[str, dict[str, object]]:
    return {"error": {"kind": kind, "text": text, "exit": exit_status}}
