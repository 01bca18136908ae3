"""Rows as Parquet, with typed columns: of events the fields of the JSON lines, keys and values as the bytes that were captured.

What is null is null and what is empty is empty; documents and headers stand as JSON text with the digits as written. Read
`export` for the other forms.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import IO, Any, Generic, TypeVar

from inspector.capture.rows import Event
from inspector.event import Flag, TimeKind, checked_time
from inspector.export import COLUMNS

ROW_GROUP = 20_000
ROW_GROUP_BYTES = 32 * 1024 * 1024
"""A group of rows ends at either of these: so much is held at a time."""
_TYPES = dict.fromkeys(("seq", "partition", "position", "version", "value_bytes"), "int64")
_TYPES |= {"time": "time", "recorded_time": "time", "captured_time": "time", "flags": "strings", "key": "binary", "value": "binary"}
T = TypeVar("T")


class Typed(Generic[T]):
    """Parquet with Zstandard compression, in groups of rows. `columns` are names and Arrow types; `size` is roughly a row's in bytes."""

    def __init__(self, columns: Mapping[str, str], values: Callable[[T], Iterable[object]], size: Callable[[T], int]) -> None:
        self.columns, self.values, self.size = columns, values, size

    def writing(self, file: IO[bytes]) -> AbstractContextManager[Callable[[T], int]]:
        """See `export.Form`."""
        return _writing(self, file)


class Parquet(Typed[Event]):
    """Events."""

    def __init__(self) -> None:
        super().__init__({name: _TYPES.get(name, "string") for name in COLUMNS}, _values, _size)


@contextlib.contextmanager
def _writing(form: Typed[T], file: IO[bytes]) -> Iterator[Callable[[T], int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, _type(pa, kind)) for name, kind in form.columns.items()])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        group = _Group(form)

        def put(row: T) -> int:
            group.add(row)
            if group.is_full:
                writer.write_table(group.table(pa, schema))
                group.clear()
            return file.tell() + group.size_bytes

        yield put
        if group.rows:
            writer.write_table(group.table(pa, schema))


def _type(pa: Any, kind: str) -> Any:
    if kind == "time":
        return pa.timestamp("us", tz="UTC")
    return pa.list_(pa.string()) if kind == "strings" else getattr(pa, kind)()


class _Group(Generic[T]):
    """Rows that are not written yet, by column."""

    def __init__(self, form: Typed[T]) -> None:
        self._form = form
        self.clear()

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.columns[0])

    @property
    def is_full(self) -> bool:
        """Whether they are to be written now."""
        return self.rows >= ROW_GROUP or self.size_bytes >= ROW_GROUP_BYTES

    def add(self, row: T) -> None:
        """One more."""
        for column, value in zip(self.columns, self._form.values(row), strict=True):
            column.append(value)
        self.size_bytes += self._form.size(row)

    def table(self, pa: Any, schema: Any) -> Any:
        """As Arrow has them."""
        arrays = [pa.array(column, type=field.type) for column, field in zip(self.columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def clear(self) -> None:
        """They are written."""
        self.columns: list[list[object]] = [[] for _ in self._form.columns]
        self.size_bytes = 0


def _size(event: Event) -> int:
    texts = (event.data, event.metadata, event.headers, event.extra)
    return len(event.value or b"") + len(event.key or b"") + sum(len(text or "") for text in texts) + 100


def _values(event: Event) -> Iterator[object]:
    """The fields in the order of `COLUMNS`."""
    yield from (event.seq, event.log, event.partition, event.position, checked_time(event.time_us), TimeKind.text(event.time_kind))
    yield from (checked_time(event.printed_recorded_us), checked_time(event.captured_us), event.key, event.value, event.headers)
    yield from (event.stream, event.category, event.version, event.type, event.event_id, event.schema_version, event.correlation_id)
    yield from (event.causation_id, event.actor, event.data, event.metadata, event.decoder, event.error, Flag.names(event.flags))
    yield from (event.value_bytes, event.extra)
