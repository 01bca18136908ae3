"""What a filter becomes for a reader: SQL, and what of it an index may answer. No I/O.

Read `query` for who makes it, `lookups` for what indexes there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import apsw

DOCUMENTS = ("data", "metadata")
COLUMNS = {
    "id": "event_id",
    "schema_version": "schema_version",
    "correlation_id": "correlation_id",
    "causation_id": "causation_id",
    "actor": "actor",
}
"""Fields of the envelope that can be indexed, and the column each is in."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Something every match has: `field` compared by `operator` with one of `values` (several only with `=`)."""

    field: str
    """`stream`, one of `COLUMNS`, or a document and a JSON path in it, such as `data$."total"`."""
    operator: str
    """`=`, `<`, `<=`, `>` or `>=`."""
    values: tuple[str | int | Decimal, ...]
    """Texts or numbers, never both."""


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over the tables of `FROM` with named bindings: what a filter becomes."""

    sql: str
    bindings: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[apsw.Connection], None] | None = None
    """Makes a connection ready for it (functions it calls)."""
    lookups: tuple[Lookup, ...] = ()
    """What must hold of every match; an index of any of it finds all that may match."""
