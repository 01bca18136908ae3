"""Dumps of PostgreSQL that are no text: they are recognised, and the command is said that makes text of them. Reads nothing.

Read `pg_copy` for the text.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from inspector.formats import Chunk, DamagedInput, Guess, Input, Sample, Settings

_MAGIC = b"PGDMP"
_TABLE_OF_CONTENTS = "toc.dat"


class PgCustom:
    """The custom and the directory format of `pg_dump`."""

    name = "pg-custom"
    title = "PostgreSQL dump (custom format)"
    loses = "Nothing of it is read: pg_restore makes the text of it that is."
    proves = "It proves nothing before it is made text."
    is_random_access = False
    takes: tuple[str, ...] = ()

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Sure for the five bytes that such a dump begins with."""
        return [Guess(0.99, "it begins with PGDMP as pg_dump's custom format does")] if sample.head.startswith(_MAGIC) else []

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """Raises DamagedInput with the command to type."""
        del settings
        folder, _, name = source.name.rpartition("/")
        dump = (folder or ".") if name == _TABLE_OF_CONTENTS else source.name
        raise DamagedInput(0, f"this dump is no text. Type: pg_restore --data-only -f out.sql {shlex.quote(dump)} and import out.sql")
        yield  # it is a generator as every other
