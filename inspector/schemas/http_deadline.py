"""Ends the connection of a request that takes too long in all: httpx bounds only each wait for bytes. Read `http_get` for who asks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any


class Deadline:
    """Of one connection at a time, which `trace` hears of."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether the last request was ended."""
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpx calls as its `trace` extension."""
        if event == "connection.connect_tcp.complete":
            self.close()
            # a second handle: TLS takes the first one away, and closing it while a thread waits for it ends no wait
            self._socket = info["return_value"].get_extra_info("socket").dup()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Requests in here fail once it is over."""
        self.is_over = False
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Lets go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
