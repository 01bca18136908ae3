"""A registry that failed is left alone for a while, whatever schema is wanted: reading must not wait for it again and again.

Knows no HTTP. Read `http_get` for who trips it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from inspector.schemas import RETRY_S, SchemaUnavailableError

_SHARE = 10
"""A failure that took long to come is followed by a pause so many times as long: waiting takes a tenth of the time at most."""


class Circuit:
    """Whether a registry may be asked now. May be shared by threads: the worst that can happen is one question more."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until_s = float("-inf")
        self._reason = ""

    def check(self) -> None:
        """Raises SchemaUnavailableError with the last failure while the pause lasts."""
        if self._clock() < self._until_s:
            raise SchemaUnavailableError(self._reason)

    def failed(self, reason: str, took_s: float = 0.0) -> None:
        """The registry could not be asked: nobody asks it for a while."""
        self._reason = reason
        self._until_s = self._clock() + max(RETRY_S, _SHARE * took_s)

    def worked(self) -> None:
        """It answers (again)."""
        self._until_s = float("-inf")
