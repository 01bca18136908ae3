"""What is asked of each row of a table of states: a filter, in the language of all filters, and what rows are ordered by. No I/O.

A filter is compiled as for events, to SQL, and asked of one state after the other in an SQLite in memory, so that it means the
same. Read `inspector.query` for the language, `table` for who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import apsw

from inspector.errors import UsageError
from inspector.query import functions
from inspector.query.compiler import compile_filter
from inspector.query.names import STATES
from inspector.query.places import state_place
from inspector.reducers import ABSENT
from inspector.replay.many import StreamState

TEXT_CHARACTERS = 1_024
"""Texts are ordered by so many characters."""
_ORDERED = tuple(name for name in STATES if name != "state")

Facts = dict[str, str | int | None]


def facts(found: StreamState) -> Facts:
    """What can be asked of a row besides its state."""
    last = found.last
    return {
        "stream": found.stream.name,
        "source": found.stream.source,
        "version": found.version,
        "applied": found.applied,
        "skipped_aborted": found.skipped_aborted,
        "history": found.history,
        "reducer": found.reducer,
        "type": last.type if last is not None else None,
        "time": last.time_us if last is not None else None,
        "actor": last.actor if last is not None else None,
        "error": found.failure.reason if found.failure is not None else None,
    }


class StateFilter:
    """One filter. Raises QueryError with the column of a mistake."""

    def __init__(self, text: str) -> None:
        compiled = compile_filter(text, STATES)
        self.words = compiled.words
        self._sql, self._bindings = f"SELECT {compiled.sql}", dict(compiled.bindings)
        self._connection = apsw.Connection(":memory:")
        functions.register(self._connection)

    def of(self, found: StreamState, text: str | None) -> bool | None:
        """Whether a row matches, `text` being its state as JSON, None without a state; None where the filter is not applicable."""
        values = {f"state_{name}": value for name, value in facts(found).items()}
        try:
            ((outcome,),) = self._connection.execute(self._sql, {**self._bindings, **values, "state_state": text})
        except (apsw.Error, UnicodeDecodeError, UnicodeEncodeError, OverflowError):
            return None  # deeper than SQLite reads, or with half of a character: it cannot be asked
        return None if outcome is None else bool(outcome)


Key = tuple[int, Decimal | str | int]
"""Numbers before texts before truth values before containers."""


class Order:
    """What rows are ordered by: a place in the state, or a field that a filter may name. Raises UsageError for anything else."""

    def __init__(self, text: str) -> None:
        self._value = _read(text)

    def key(self, found: StreamState) -> Key | None:
        """What a row is ordered by; None for null and where nothing stands: such rows come last."""
        value = self._value(found)
        if value is None:
            return None
        if isinstance(value, bool):
            return 2, int(value)
        if isinstance(value, str):
            return 1, value[:TEXT_CHARACTERS]
        if isinstance(value, int | Decimal):
            return 0, value
        return (0, Decimal(repr(value))) if isinstance(value, float) else (3, 0)


def _read(text: str) -> Callable[[StreamState], object]:
    name = text.strip()
    if name in _ORDERED:
        return lambda found: facts(found)[name]
    try:
        place = state_place(text)
    except UsageError as error:
        raise UsageError(f"rows cannot be ordered by {name}: give a place such as state.balance, or {', '.join(_ORDERED)}") from error
    return lambda found: None if found.state is ABSENT else place.of(found.state)
