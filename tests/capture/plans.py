"""What SQLite plans for every question that is asked while a test listens, whichever connection and thread asks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import apsw

_SCANNED = re.compile(r"SCAN (event|record|event_stream|stream|found)\b")
_QUESTION = re.compile(r"\s*(SELECT|WITH)\b")


class Plans:
    """The steps of what was asked, each with its SQL."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def scans(self) -> list[tuple[str, str]]:
        """Steps that go through a large table."""
        return [(step, sql) for step, sql in self.steps if _SCANNED.search(step)]

    def uses(self, index: str) -> bool:
        """Whether a step looks something up in an index of that name."""
        return any(step.startswith("SEARCH") and index in step for step, _ in self.steps)

    def explain(self, connection: apsw.Connection) -> None:
        """Notes the plans of all that this connection will be asked."""

        def asked(_cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
            if _QUESTION.match(sql):
                self.steps += [(str(row[3]), sql) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)]
            return True

        connection.exec_trace = asked


@contextmanager
def recorded() -> Iterator[Plans]:
    """Listens to every connection that is opened meanwhile."""
    plans = Plans()
    apsw.connection_hooks.append(plans.explain)
    try:
        yield plans
    finally:
        apsw.connection_hooks.remove(plans.explain)
