"""A filter over a batch that is about to be stored: what does not match never reaches the capture.

Read `capture.writer` for where it is asked, `names.STAGED` for the fields there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import apsw

from inspector import plugins
from inspector.query import functions
from inspector.query.compiler import compile_filter
from inspector.query.names import STAGED
from inspector.query.sieve import Sieve

DECODERS = frozenset({
    "avro", "avro-container", "binary-file", "bson", "cbor", "compressed", "confluent", "encoded-text", "json", "json-schema",
    "messagepack", "primitive", "protobuf", "protobuf-guess", "raw", "stored-state", "text", "unsafe", "xml", "yaml-text",
})  # fmt: skip
"""Of these it is known which bytes the automatic choice lets them make documents of (see `sieve`)."""
_IN_JSON = frozenset({"confluent", "json", "json-schema", "raw", "stored-state", "text"})
"""Of these it is known too when the user chose them: their documents are JSON text, or begin otherwise."""
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


def staged_sieve(text: str, chosen: Collection[str] = ()) -> Sieve | None:
    """What the bytes of a record must have to match the filter `text`; None when they tell nothing. Raises QueryError.

    `chosen` are the decoders that the user chose for some log. Of what another's decoder makes of bytes they tell nothing.
    """
    is_known = DECODERS.issuperset(plugins.names("decoders")) and _IN_JSON.issuperset(chosen)
    return compile_filter(text, STAGED).sieve if is_known else None
