"""What the pages of a Parquet column say of themselves: how large each is unpacked, and how many values it holds. Unpacks nothing.

The description at the end of a file may say anything; memory is taken by what stands here. Thrift's compact protocol, as far as
page headers need it. Read `parquet_groups` for who asks before a group of rows is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

DICTIONARY = 2
"""The kind of a page that holds a dictionary."""
_DATA, _DATA_2 = 0, 3
_HEADS = {_DATA: 5, DICTIONARY: 7, _DATA_2: 8}
"""Kind of a page → the field of its header that says more."""
_FIRST_READ_BYTES, _MOST_HEADER_BYTES = 512, 16 * 1024 * 1024
_MOST_DEPTH = 20
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `encoding` is the number that the format gives it."""

    kind: int
    unpacked_bytes: int
    values: int
    encoding: int


def pages(file: IO[bytes], start: int, end: int, values: int) -> Iterator[Page]:
    """The pages of a column that stands in bytes `[start, end)`, until so many values are there. Raises ValueError where one is none."""
    seen = 0
    while seen < values and start < end:
        fields, size = _header(file, start)
        kind, unpacked, packed = (_number(fields, field) for field in (1, 2, 3))
        said = fields.get(_HEADS.get(kind, 0), {})
        inner = said if isinstance(said, dict) else {}
        count = _number(inner, 1)
        if min(unpacked, packed, count) < 0:
            raise ValueError(f"a page at byte {start:,} says a size below 0")
        yield Page(kind, unpacked, count, _number(inner, 4 if kind == _DATA_2 else 2))
        seen += 0 if kind == DICTIONARY else count
        start += size + packed


def _number(fields: dict[int, Any], field: int) -> int:
    value = fields.get(field, 0)
    return value if isinstance(value, int) else 0


def _header(file: IO[bytes], start: int) -> tuple[dict[int, Any], int]:
    """The header that begins there, and its size."""
    wanted = _FIRST_READ_BYTES
    while True:
        file.seek(start)
        data = file.read(wanted)
        reader = _Compact(data)
        try:
            return reader.struct(), reader.at
        except IndexError:
            if len(data) < wanted or wanted >= _MOST_HEADER_BYTES:
                raise ValueError(f"a page at byte {start:,} has no whole header") from None
            wanted *= 16


class _Compact:
    """Reads one struct of Thrift's compact protocol; of texts only that they are there. Raises IndexError behind the end, ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Field → number or struct."""
        if depth > _MOST_DEPTH:
            raise ValueError("a header of a page nests too deep")
        fields: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._zigzag()
            fields[field] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in {_TRUE, _FALSE}:
            return kind == _TRUE
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in {_LIST, _SET}:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            for _ in range(count):
                if head & 15 in {_TRUE, _FALSE}:
                    self._skip(1)
                else:
                    self._value(head & 15, depth + 1)
            return None
        sizes = {_BYTE: 1, _DOUBLE: 8}
        if kind not in sizes and kind != _BINARY:
            raise ValueError("a header of a page is none")
        self._skip(sizes[kind] if kind in sizes else self._varint())
        return None

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self._data):
            raise IndexError(self.at)

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number in a page's header is too long")
        return value | byte << shift

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
