"""A filter over a batch that is about to be stored: what does not match never reaches the capture.

Read `capture.writer` for where it is asked, `names.STAGED` for the fields there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw

from inspector import plugins
from inspector.query import functions
from inspector.query.compiler import compile_filter
from inspector.query.names import STAGED
from inspector.query.sieve import Sieve

DECODERS = frozenset({"confluent", "json", "primitive", "raw", "stored-state", "text"})
"""Of these it is known how a text of a document stands in the bytes it was made of."""
_DOCUMENTS = (
    "UPDATE staged.row SET data = CASE typeof(data) WHEN 'text' THEN jsonb(data) WHEN 'integer' THEN jsonb(CAST(value AS TEXT)) END "
    "WHERE data IS NOT NULL"
)


def staged_condition(text: str) -> Callable[[apsw.Connection], tuple[str, dict[str, Any]]]:
    """Prepares a connection for the filter `text` and gives its SQL over `staged.row` with what is bound.

    Raises QueryError with the column of a mistake, at once.
    """
    compiled = compile_filter(text, STAGED)

    def prepare(connection: apsw.Connection) -> tuple[str, dict[str, Any]]:
        functions.register(connection)
        connection.execute(_DOCUMENTS)
        return compiled.sql, dict(compiled.bindings)

    return prepare


def staged_sieve(text: str) -> Sieve | None:
    """What the bytes of a record must have to match the filter `text`; None when they tell nothing. Raises QueryError.

    Of what another's decoder makes of bytes they tell nothing.
    """
    return None if set(plugins.names("decoders")) - DECODERS else compile_filter(text, STAGED).sieve
