"""Parquet files: rows read group by group, each an event whose value is a JSON object of its columns, or what a descriptor says.

Bounded: so many rows at a time as take a few megabytes, and an end where a file becomes far larger than it is. A group that is
damaged is said with its bytes, and the next one is read. Read `arrow_values` for values, `library` for what is known of columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from inspector.formats import CHUNK_BYTES, Chunk, Damage, DamagedInput, Guess, Input, Sample, Settings, library
from inspector.formats.arrow_values import json_of, values
from inspector.formats.expansion import FREE_BYTES, MOST_EXPANSION
from inspector.formats.generic import GUESSED, WITHOUT_OFFSETS, Found, fields_of
from inspector.formats.mapping import MAPPED, RowMapping
from inspector.formats.rows import TableRows

_MAGIC = b"PAR1"
_MOST_ROWS = 10_000
_LOOKED_AT = 20
_LOOK_BYTES = 64 * 1024 * 1024
"""Of a file whose first row may be larger than this only the schema is looked at."""


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
        from pyarrow import parquet

        assert source.path is not None
        try:
            with parquet.ParquetFile(source.path, pre_buffer=False, buffer_size=1 << 20) as file:
                if "fields" not in settings and (rows := _first_rows(source.path)) is not None:
                    settings = {**settings, **_guessed(rows)[0]}
                yield from _Reading(file, RowMapping(settings, source.name), source).chunks()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DamagedInput(0, f"it is no whole Parquet file: {_words(error)}") from None


class _Reading:
    """The rows of one file."""

    def __init__(self, file: Any, mapping: RowMapping, source: Input) -> None:
        self._file, self._mapping, self._source = file, mapping, source
        self._number = 1
        self._made = 0
        self._most = max(FREE_BYTES, MOST_EXPANSION * (source.path.stat().st_size if source.path else 0))

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
        size = _rows_at_once(self._file.metadata.row_group(group))
        for batch in self._file.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
            if self._source.stop.is_set():
                return
            self._made += batch.nbytes
            if self._made > self._most:
                raise DamagedInput(_bytes(self._file.metadata.row_group(group))[0], "it becomes far larger than it is, as bombs do")
            records = self._mapping.records(_rows_of(batch), self._number)
            self._number += len(records)
            yield Chunk(records, self._mapping.places, notes=self._mapping.notes, tallies=self._mapping.tallies)


def _rows_of(batch: Any) -> TableRows:
    names: list[str] = []
    for number, name in enumerate(batch.schema.names, 1):
        names.append(name if name not in names else f"{name}_{number}")
    return TableRows({name: values(column) for name, column in zip(names, batch.columns, strict=True)}, batch.num_rows, encode=json_of)


def _rows_at_once(group: Any) -> int:
    """So many rows as take a few megabytes, as the group says of itself."""
    average = group.total_byte_size / max(1, group.num_rows)
    return int(max(1, min(_MOST_ROWS, CHUNK_BYTES / 2 / max(1.0, average))))


def _bytes(group: Any) -> tuple[int, int]:
    """Where a row group stands in the file."""
    columns = [group.column(number) for number in range(group.num_columns)]
    starts = [min(filter(None, (column.dictionary_page_offset, column.data_page_offset)), default=0) for column in columns]
    ends = [start + column.total_compressed_size for start, column in zip(starts, columns, strict=True)]
    return min(starts, default=0), max(ends, default=0)


def _first_rows(path: Path) -> TableRows | None:
    """The first rows of a file; None where it cannot be read."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            groups = [number for number in range(file.metadata.num_row_groups) if file.metadata.row_group(number).num_rows]
            if not groups or file.metadata.row_group(groups[0]).total_byte_size > _LOOK_BYTES * _rows_in(file, groups[0]):
                return _rows_of(file.schema_arrow.empty_table().to_batches()[0]) if not groups else None
            for batch in file.iter_batches(batch_size=_LOOKED_AT, row_groups=groups[:1], use_threads=False):
                return _rows_of(batch)
    except (pa.ArrowException, OSError, ValueError, IndexError):
        pass
    return None


def _rows_in(file: Any, group: int) -> int:
    return max(1, int(file.metadata.row_group(group).num_rows))


def _guessed(rows: TableRows) -> tuple[dict[str, object], Sequence[str]]:
    fields, notes = fields_of(rows, rows.ordered()) if len(rows) else Found({})
    return ({"fields": fields} if fields else {}), notes


def _words(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
