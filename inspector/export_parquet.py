"""Events as Parquet: the fields of the JSON lines as typed columns, keys and values as the bytes that were captured. Writes one file.

What is null is null and what is empty is empty; documents and headers stand as JSON text with the digits as written. Read
`export` for the other forms.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any

from inspector.capture.rows import Event
from inspector.event import Flag, TimeKind, checked_time
from inspector.export import COLUMNS

ROW_GROUP = 20_000
ROW_GROUP_BYTES = 32 * 1024 * 1024
"""A group of rows ends at either of these: so much is held at a time."""
_NUMBERS = {"seq": "int64", "partition": "int32", "position": "int64", "version": "int64", "value_bytes": "int64"}
_TIMES = ("time", "recorded_time", "captured_time")
_BYTES = ("key", "value")


class Parquet:
    """Parquet with Zstandard compression, in groups of rows."""

    def writing(self, file: IO[bytes]) -> AbstractContextManager[Callable[[Event], int]]:
        """See `export.Form`."""
        return _writing(file)


@contextlib.contextmanager
def _writing(file: IO[bytes]) -> Iterator[Callable[[Event], int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, _type(pa, name)) for name in COLUMNS])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        group = _Group()

        def put(event: Event) -> int:
            group.add(event)
            if group.is_full:
                writer.write_table(group.table(pa, schema))
                group.clear()
            return file.tell() + group.size_bytes

        yield put
        if group.rows:
            writer.write_table(group.table(pa, schema))


def _type(pa: Any, name: str) -> Any:
    if name in _NUMBERS:
        return getattr(pa, _NUMBERS[name])()
    if name in _TIMES:
        return pa.timestamp("us", tz="UTC")
    if name == "flags":
        return pa.list_(pa.string())
    return pa.binary() if name in _BYTES else pa.string()


class _Group:
    """Rows that are not written yet, by column."""

    def __init__(self) -> None:
        self.columns: list[list[object]] = [[] for _ in COLUMNS]
        self.size_bytes = 0

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.columns[0])

    @property
    def is_full(self) -> bool:
        """Whether they are to be written now."""
        return self.rows >= ROW_GROUP or self.size_bytes >= ROW_GROUP_BYTES

    def add(self, event: Event) -> None:
        """One more."""
        for column, value in zip(self.columns, _values(event), strict=True):
            column.append(value)
        self.size_bytes += len(event.value or b"") + len(event.key or b"") + len(event.data or "") + 100

    def table(self, pa: Any, schema: Any) -> Any:
        """As Arrow has them."""
        arrays = [pa.array(column, type=field.type) for column, field in zip(self.columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def clear(self) -> None:
        """They are written."""
        self.columns = [[] for _ in COLUMNS]
        self.size_bytes = 0


def _values(event: Event) -> Iterator[object]:
    """The fields in the order of `COLUMNS`."""
    yield from (event.seq, event.log, event.partition, event.position, checked_time(event.time_us), TimeKind.text(event.time_kind))
    yield from (checked_time(event.printed_recorded_us), checked_time(event.captured_us), event.key, event.value, event.headers)
    yield from (event.stream, event.category, event.version, event.type, event.event_id, event.schema_version, event.correlation_id)
    yield from (event.causation_id, event.actor, event.data, event.metadata, event.decoder, event.error, Flag.names(event.flags))
    yield from (event.value_bytes, event.extra)
