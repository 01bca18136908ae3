"""How a long command learns that it is to end: Ctrl-C, SIGTERM or, for a parent process, the end of standard input."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopping(*, with_stdin: bool) -> Iterator[threading.Event]:
    """An event that is set when the command is to end; what is done by then stays."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    if with_stdin:
        threading.Thread(target=_set_at_the_end_of_stdin, args=(stop,), name="stdin", daemon=True).start()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _set_at_the_end_of_stdin(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()
