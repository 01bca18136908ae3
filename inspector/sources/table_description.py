"""A table of any database as a guess needs it: names, types, what is unique, and a few rows. No I/O, no database.

A source describes its tables so (see `sql_survey`); `sql_guess` says what the columns are likely to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Sampled = str | bytes | int | float | None
"""One cell of a sample: text, a BLOB, a number, or nothing. Long ones are cut."""
MOST_SAMPLED = 4_096
"""Characters or bytes of a cell that a sample has at most."""


@dataclass(frozen=True, slots=True)
class TableDescription:
    """One table. Its rows are samples in the order of the key, the first of the table and the last ones."""

    name: str
    types: Mapping[str, str]
    """Column → the type it was declared with, as the database says it."""
    unique: frozenset[frozenset[str]] = frozenset()
    """Sets of columns that are unique together, the primary key among them."""
    primary_key: tuple[str, ...] = ()
    has_row_number: bool = False
    """It has a hidden row number that can be read as `rowid()`."""
    rows: Sequence[Sequence[Sampled]] = ()
    first_rows: int = 0
    """So many of `rows` are from the beginning; the others are from the end."""
    about_rows: int | None = None
    """An estimate that cost no counting; None where there is none."""
    descriptor: str = ""
    """The title of the descriptor that reads it; empty when none fits."""
    schema: str = ""
    """Where the database has several, the one it is in."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self.types)

    @property
    def signature(self) -> str:
        """What it is remembered by."""
        return signature(self.types)


def signature(types: Mapping[str, str]) -> str:
    """A digest of the names and types of columns, whatever their order: another table with the same ones is read alike."""
    lines = sorted(f"{name.lower()}\x1f{kind.strip().upper()}" for name, kind in types.items())
    return hashlib.sha256("\x1e".join(lines).encode(errors="surrogatepass")).hexdigest()[:16]
