"""The process that a user's code runs in, as the fold sees it: asked, watched, and ended when it goes beyond its terms.

A thread looks every tenth of a second which event is under way (the child writes its place into a file that both have
mapped), since when, and how much memory there is. Whatever happens to the child, the place is known. Read `child` for
what runs there, `outside` for the reducer.
"""

from __future__ import annotations

import codecs
import contextlib
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from inspector.errors import UsageError
from inspector.text import visible_lines
from inspector.user_code import StoppedError, Terms, frames, memory
from inspector.user_code.kept import KeptStates
from inspector.user_code.sources import Sources

_LOOK_S = 0.1
_LOAD_S = 30.0
"""Importing the user's file may take so long, or as long as an event where that is more."""
_END_S = 5.0
_PRINTED_S = 1.0
"""So long is waited for what was printed, where something that the code started has left its group and goes on."""
_MOST_PRINTED = 64 * 1024
MOST_ANSWER = 80 * 1024 * 1024
"""More bytes than a state and what is said of it."""
_START = "import sys; sys.path.append(sys.argv[2]); from inspector.user_code.child import main; main()"


class EndedError(Exception):
    """The process ended, or was ended, at the event at `place` of the batch (-1: none was begun), for `reason`."""

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(reason)
        self.place, self.reason = place, reason


class CodeProcess:
    """One user's file, loaded. Raises UsageError when it cannot be run.

    `projection` are the labels and names of one, for a file that is no reducer.
    `is_wanted` is asked while a message is under way; once it is false the process is ended and StoppedError raised.
    """

    def __init__(
        self,
        sources: Sources,
        attribute: str | None,
        terms: Terms,
        is_wanted: Callable[[], bool],
        *,
        only_allowed: bool = False,
        projection: tuple[Sequence[str], Sequence[str]] | None = None,
    ) -> None:
        handle, name = tempfile.mkstemp(prefix="eventscope-reducer-")
        with os.fdopen(handle, "w+b") as file:
            file.write(bytes(frames.PLACE.size))
            file.flush()
            self._places = mmap.mmap(file.fileno(), frames.PLACE.size)
        self._child, self._number = _started(name), 0
        printed = threading.Thread(target=_pass_on, args=(self._child.stderr,), name="reducer output", daemon=True)
        printed.start()
        self._watch = _Watch(self._child, self._places, terms, is_wanted)
        self.kept = KeptStates()
        self._end = weakref.finalize(self, _ended, self._child, self._watch, printed, self._places, Path(name))
        self.keeps_states = bool(self._loaded(sources, attribute, terms, only_allowed, projection)["keeps"])
        """Whether a state is an object that only the process has."""

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._end.alive and self._child.poll() is None

    def close(self) -> None:
        """Ends the process."""
        self._end()

    def _loaded(self, sources: Sources, attribute: str | None, terms: Terms, only_allowed: bool, projection: object) -> dict[str, Any]:
        head = {
            "do": "load",
            "name": sources.name,
            "path": str(sources.path),
            "root": str(sources.root),
            "attribute": attribute,
            "python_path": sources.python_path,
            "modules": [(name, str(path), len(content)) for name, (path, content) in sources.modules.items()],
            "memory_mb": terms.memory_mb,
            "only_read": only_allowed,
            "projection": projection,
        }
        body = b"".join(content for _, content in sources.modules.values())
        try:
            return self.ask(head, body, event_s=max(_LOAD_S, terms.event_s))[0]
        except EndedError as error:
            raise UsageError(f"the file {sources.path} cannot be run: while it was imported, {error.reason}") from error
        except UsageError:
            self.close()
            raise

    def ask(self, head: Mapping[str, object], body: bytes = b"", *, event_s: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The answer to one message. Raises EndedError, StoppedError, or UsageError for an answer that is an error."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._watch.begin(event_s)
        self._number += 1
        answer: tuple[dict[str, Any], bytes] | None = None
        said = ""
        try:
            frames.write(self._child.stdin, {**head, "number": self._number}, body)
            answer = frames.read(self._child.stdout, MOST_ANSWER)
            if answer is not None and answer[0].get("number") != self._number:
                answer, said = None, "its process gave an answer to another question: does the code fork?"
        except OSError:
            answer = None
        except ValueError as error:
            said = f"its process wrote what is no answer ({error})"
        except BaseException:  # Ctrl-C while it is waited for: what comes back later would be taken for another answer
            self.close()
            raise
        finally:
            reason = self._watch.end()
        if reason is not None or answer is None:
            place = int(frames.PLACE.unpack_from(self._places)[0])
            reason = reason or said or _how_it_ended(self._child)
            self.close()
            if reason == _NOT_WANTED:
                raise StoppedError
            raise EndedError(place, reason)
        if "error" in answer[0]:
            raise UsageError(str(answer[0]["error"]))
        return answer


_NOT_WANTED = "not wanted"


class _Watch:
    """Ends the process when an event takes too long, the memory is too much, or nobody wants the answer."""

    def __init__(self, child: subprocess.Popen[bytes], places: mmap.mmap, terms: Terms, is_wanted: Callable[[], bool]) -> None:
        self._child, self._places, self._terms, self._is_wanted = child, places, terms, is_wanted
        self._lock = threading.Lock()
        self._is_under_way, self._reason = False, ""
        self._event_s, self._since_s, self._seen = terms.event_s, 0.0, -1
        self._wake = threading.Event()
        self.is_over = False
        self.thread = threading.Thread(target=self._look, name="reducer watch", daemon=True)
        self.thread.start()

    def begin(self, event_s: float | None) -> None:
        """A message is sent: an event of it may take `event_s`, else what the terms say."""
        with self._lock:
            self._event_s, self._since_s, self._seen = event_s or self._terms.event_s, time.monotonic(), -1
            self._is_under_way = True
        self._wake.set()

    def end(self) -> str | None:
        """The answer is here, or there is none: why the process was ended, None when it was not by us."""
        with self._lock:
            self._is_under_way = False
        self._wake.clear()
        return self._reason or None

    def close(self) -> None:
        """Looks no more."""
        self.is_over = True
        self._wake.set()

    def _look(self) -> None:
        while not self.is_over:
            self._wake.wait()
            time.sleep(_LOOK_S)
            with self._lock:
                if self._is_under_way and not self.is_over and (reason := self._beyond()):
                    self._reason = reason
                    kill(self._child)
                    return

    def _beyond(self) -> str:
        """Why the process must end; empty while it need not."""
        place, now_s = int(frames.PLACE.unpack_from(self._places)[0]), time.monotonic()
        if place != self._seen:
            self._seen, self._since_s = place, now_s
        elif now_s - self._since_s > self._event_s:
            return f"it took longer than {self._event_s:g} s and was ended; mend the code, or allow more with --time-limit"
        used = memory.resident_bytes(self._child.pid)
        if used is not None and used > self._terms.memory_mb * 1_000_000:
            return (
                f"it used more than {self._terms.memory_mb:,} MB of memory and was ended; mend the code, or allow more with --memory-limit"
            )
        return "" if self._is_wanted() else _NOT_WANTED


def _started(places: str) -> subprocess.Popen[bytes]:
    """A new process, in a group of its own where the platform has groups, so that what it starts ends with it."""
    command = [sys.executable, "-P", "-c", _START, places, str(Path(__file__).parents[2])]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=os.name == "posix")


def _pass_on(printed: IO[bytes]) -> None:
    """What the process and all it starts print goes to our own standard error, up to a bound; the rest is read and dropped.

    It may have been read from an event: controls are shown by their names, so that none of them reaches a terminal.
    """
    left, decoder = _MOST_PRINTED, codecs.getincrementaldecoder("utf-8")("backslashreplace")
    with contextlib.suppress(OSError, ValueError):  # closed meanwhile
        while text := os.read(printed.fileno(), 1 << 16):
            shown = visible_lines(decoder.decode(text[:left])).encode(errors="backslashreplace")[:left]
            left -= len(shown)
            if shown:
                os.write(2, shown if left else shown + b"\n(the code prints more than is shown)\n")


def kill(child: subprocess.Popen[bytes]) -> None:
    """Ends a process and all it started, by force."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def _ended(child: subprocess.Popen[bytes], watch: _Watch, printed: threading.Thread, places: mmap.mmap, path: Path) -> None:
    watch.close()
    kill(child)
    child.wait(_END_S)
    printed.join(_PRINTED_S)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    if threading.current_thread() is not watch.thread:
        watch.thread.join(_END_S)
    places.close()
    path.unlink(missing_ok=True)


def _how_it_ended(child: subprocess.Popen[bytes]) -> str:
    try:
        status = child.wait(_END_S)
    except subprocess.TimeoutExpired:
        return "its process let go of its pipes"
    if status < 0:
        return f"its process was ended by signal {-status}" + (" (out of memory?)" if -status == 9 else "")
    return f"its process ended with status {status}"
