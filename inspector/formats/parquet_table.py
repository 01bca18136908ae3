"""Parquet files: rows read group by group, each an event whose value is a JSON object of its columns, or what a descriptor says.

Bounded: so many rows at a time as take a few megabytes, and an end where a file becomes far larger than it is. A group that is
damaged, or that cannot be read in little memory, is said with its bytes, and the next one is read; a row that is too large is a
damaged row. Read `arrow_values` for values, `parquet_groups` and `arrow_batches` for the bounds, `library` for what is known of columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from inspector.formats import Chunk, Damage, DamagedInput, Guess, Input, Sample, Settings, library
from inspector.formats.arrow_batches import ROW_BYTES, Part, TooLarge, bounded
from inspector.formats.arrow_values import json_of, values
from inspector.formats.expansion import FREE_BYTES, MOST_EXPANSION
from inspector.formats.generic import GUESSED, WITHOUT_OFFSETS, Found, fields_of
from inspector.formats.mapping import MAPPED, RowMapping
from inspector.formats.parquet_groups import bounds_of, opened, stretch
from inspector.formats.rows import TableRows, each_once

_MAGIC = b"PAR1"
_LOOKED_AT = 20


class ParquetTable:
    """Apache Parquet."""

    name = "parquet"
    title = "Parquet"
    loses = "Parquet keeps rows, not records: offsets and times are there only where columns hold them."
    proves = WITHOUT_OFFSETS
    is_random_access = True
    takes = MAPPED

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Certain by its first bytes."""
        if not sample.head.startswith(_MAGIC):
            return []
        rows = _first_rows(sample.path) if sample.path is not None else None
        why = "it begins as Parquet files do"
        if rows is None:
            return [Guess(0.9, why)]
        found = list(library.guesses(sample, self.name, 0.75, lambda place: None if place else rows, why))
        said, notes = _guessed(rows)
        loses = f"{self.loses} {GUESSED}" if said else ""
        return [*found, Guess(0.8, why, said, library.questions_of(rows, said), loses=loses, columns=rows.ordered(), notes=notes)]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        import pyarrow as pa

        assert source.path is not None
        try:
            with opened(source.path) as file:
                if "fields" not in settings and (rows := _first_rows(source.path)) is not None:
                    settings = {**settings, **_guessed(rows)[0]}
                yield from _Reading(file, RowMapping(settings, source.name), source, source.path).chunks()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DamagedInput(0, f"it is no whole Parquet file: {_words(error)}") from None


class _Reading:
    """The rows of one file."""

    def __init__(self, file: Any, mapping: RowMapping, source: Input, path: Path) -> None:
        self._file, self._mapping, self._source, self._path = file, mapping, source, path
        self._number = 1
        self._made = 0
        self._most = max(FREE_BYTES, MOST_EXPANSION * path.stat().st_size)

    def chunks(self) -> Iterator[Chunk]:
        """Group by group. Raises DamagedInput for a bomb."""
        import pyarrow as pa

        for group in range(self._file.metadata.num_row_groups):
            try:
                yield from self._group(group)
            except (pa.ArrowException, OSError, ValueError) as error:
                start, end = _bytes(self._file.metadata.row_group(group))
                yield Chunk(self._empty(), damage=[Damage(start, end, f"row group {group + 1:,}: {_words(error)}")])
            if self._source.stop.is_set():
                return

    def _empty(self) -> Any:
        return self._mapping.plain([], self._number, {})

    def _group(self, group: int) -> Iterator[Chunk]:
        bounds = bounds_of(self._file, group, self._path)
        with opened(self._path, bounds.by_number, self._file.metadata) as file:
            for batch in file.iter_batches(batch_size=bounds.rows, row_groups=[group], use_threads=False):
                for part in bounded(batch):
                    if self._source.stop.is_set():
                        return
                    yield self._chunk(part, group)

    def _chunk(self, part: Part | TooLarge, group: int) -> Chunk:
        """Rows as records, or the one that is not made. Raises DamagedInput for a bomb."""
        self._made += part.size_bytes if isinstance(part, Part) else ROW_BYTES
        if self._made > self._most:
            start, reason = _bytes(self._file.metadata.row_group(group))[0], "it becomes far larger than it is, as bombs do"
            raise DamagedInput(start, f"{reason}: the {self._number - 1:,} rows before were read")
        if isinstance(part, Part):
            records = self._mapping.records(_rows_of(part.rows), self._number)
        else:
            records = self._mapping.plain([b""], self._number, {0: f"row {self._number:,}: {part.words()}"})
        self._number += len(records)
        return Chunk(records, self._mapping.places, notes=self._mapping.notes, tallies=self._mapping.tallies)


def _rows_of(batch: Any) -> TableRows:
    names = each_once(batch.schema.names)
    return TableRows({name: values(column) for name, column in zip(names, batch.columns, strict=True)}, batch.num_rows, encode=json_of)


def _bytes(group: Any) -> tuple[int, int]:
    """Where a row group stands in the file."""
    stretches = [stretch(group.column(number)) for number in range(group.num_columns)]
    return min((start for start, _ in stretches), default=0), max((end for _, end in stretches), default=0)


def _first_rows(path: Path) -> TableRows | None:
    """The first rows of a file; None where it cannot be read."""
    import pyarrow as pa

    try:
        with opened(path) as file:
            groups = [number for number in range(file.metadata.num_row_groups) if file.metadata.row_group(number).num_rows]
            if not groups:
                return _rows_of(file.schema_arrow.empty_table().to_batches()[0])
            bounds = bounds_of(file, groups[0], path)
        with opened(path, bounds.by_number, file.metadata) as file:
            for batch in file.iter_batches(batch_size=min(_LOOKED_AT, bounds.rows), row_groups=groups[:1], use_threads=False):
                return next((_rows_of(part.rows) for part in bounded(batch) if isinstance(part, Part)), None)
    except (pa.ArrowException, OSError, ValueError, IndexError):
        pass
    return None


def _guessed(rows: TableRows) -> tuple[dict[str, object], Sequence[str]]:
    fields, notes = fields_of(rows, rows.ordered()) if len(rows) else Found({})
    return ({"fields": fields} if fields else {}), notes


def _words(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
