"""Whether a group of rows in a Parquet file can be read in little memory, and how: how many rows at a time, and which columns by number.

Asked before anything is unpacked: of what the pages say, and of how long the texts in dictionaries are. Read `parquet_pages` for
pages, `parquet_table` for who reads rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from inspector.formats import CHUNK_BYTES
from inspector.formats.expansion import MOST_EXPANSION
from inspector.formats.parquet_pages import DICTIONARY, Page, pages

MOST_ROWS = 10_000
MOST_PAGE_BYTES = 64 * 1024 * 1024
"""A page is unpacked as a whole."""
_MOST_PAGES_BYTES = 128 * 1024 * 1024
"""Of all columns of a group together, a page each is held at a time; where they take more, the file must be as large itself."""
_FREE_VALUES, _MOST_VALUES = 4_000_000, 24_000_000
"""Values that one row of a list may have: so many in any case, so many where the file is not far smaller than they are."""
_VALUES_AT_ONCE = 500_000
_BYTE_ARRAY, _FIXED = "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, _BYTE_ARRAY: 8}
_CELL_BYTES = 16
_PREFIXED = 7
"""The encoding whose texts begin as the one before: each may be as long as its page."""
_BY_NUMBER = (2, 8)
_BUFFERS_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How a group of rows is read."""

    rows: int
    """So many at a time."""
    by_number: tuple[str, ...] = ()
    """Columns of texts that are kept as numbers into their dictionary: written out, they would take too much."""


def opened(path: Path, by_number: tuple[str, ...] = (), metadata: Any = None) -> Any:
    """The file, with buffers that are small where there are many columns. Raises ArrowException, OSError."""
    from pyarrow import parquet

    known = metadata if metadata is not None else parquet.read_metadata(path)
    size = max(4096, min(1 << 20, _BUFFERS_BYTES // max(1, known.num_columns)))
    return parquet.ParquetFile(path, metadata=known, pre_buffer=False, buffer_size=size, read_dictionary=list(by_number) or None)


def stretch(column: Any) -> tuple[int, int]:
    """The bytes `[start, end)` of a column of a group."""
    start = min(filter(None, (column.dictionary_page_offset, column.data_page_offset)), default=0)
    return start, start + column.total_compressed_size


def bounds_of(file: Any, group: int, path: Path) -> Bounds:
    """How a group may be read. Raises ValueError, saying which column of it takes too much, or has pages that are none."""
    found = file.metadata.row_group(group)
    rows = max(1, found.num_rows)
    most = min(MOST_ROWS, CHUNK_BYTES / 2 / max(1.0, found.total_byte_size / rows))
    leaves = [file.schema.column(number) for number in range(found.num_columns)]
    most = min(most, CHUNK_BYTES / max(1, sum(map(_cell_bytes, leaves))))
    looks = []
    held = packed = 0
    with path.open("rb") as raw:
        for number, leaf in enumerate(leaves):
            column = found.column(number)
            look = _looked_at(raw, leaf, column)
            held += look.page_bytes + look.dictionary_bytes
            packed += column.total_compressed_size
            looks.append(look)
            most = min(most, _most_rows(look, leaf, column, rows))
    if held > max(_MOST_PAGES_BYTES, 20 * packed):
        raise ValueError(f"its columns are unpacked to {held:,} bytes at a time; write the file with smaller pages")
    at_once = max(1, int(most))
    doubtful = [look for look in looks if look.dictionary_bytes and look.is_text and look.dictionary_bytes * at_once > CHUNK_BYTES]
    by_number = [look.name for look in doubtful if not look.is_by_number or _may_be_long(look, file, group, path, at_once)]
    return Bounds(at_once, tuple(by_number))


@dataclass(slots=True)
class _Look:
    """What the pages of one column say."""

    name: str
    is_text: bool
    page_bytes: int = 0
    """The largest of them."""
    dictionary_bytes: int = 0
    values: int = 0
    is_by_number: bool = True
    """Whether the first values are numbers into the dictionary, so that reading one gives all of it."""
    is_prefixed: bool = False


def _looked_at(raw: IO[bytes], leaf: Any, column: Any) -> _Look:
    """Raises ValueError for a page that is too large."""
    look = _Look(leaf.path, leaf.physical_type == _BYTE_ARRAY)
    for page in pages(raw, *stretch(column), column.num_values):
        _add(look, page)
    return look


def _add(look: _Look, page: Page) -> None:
    if page.unpacked_bytes > MOST_PAGE_BYTES:
        raise ValueError(
            f"column {look.name[:80]} has a page of {page.unpacked_bytes:,} bytes, more than the {MOST_PAGE_BYTES:,} that are unpacked at "
            "a time; write the file with smaller pages"
        )
    if page.kind == DICTIONARY:
        look.dictionary_bytes = max(look.dictionary_bytes, page.unpacked_bytes)
        return
    if not look.values:
        look.is_by_number = page.encoding in _BY_NUMBER
    look.values += page.values
    look.page_bytes = max(look.page_bytes, page.unpacked_bytes)
    look.is_prefixed |= page.encoding == _PREFIXED


def _cell_bytes(leaf: Any) -> int:
    width = leaf.length if leaf.physical_type == _FIXED else _WIDTHS.get(leaf.physical_type, 8)
    return len(leaf.path.encode()) + int(width) + _CELL_BYTES


def _most_rows(look: _Look, leaf: Any, column: Any, rows: int) -> float:
    """So many rows of a column at a time. Raises ValueError where one row may be too much."""
    most: float = MOST_ROWS
    if leaf.max_repetition_level:
        largest, packed = look.values - rows + 1, max(1, column.total_compressed_size)
        if largest > _FREE_VALUES and (look.values > _MOST_VALUES or look.values > MOST_EXPANSION * packed):
            raise ValueError(
                f"column {look.name[:80]} has {look.values:,} values in {rows:,} rows, and one row may hold nearly all of them, which is "
                "more than can be read; write the file with smaller groups of rows"
            )
        most = min(most, _VALUES_AT_ONCE * rows / max(1, look.values))
    return min(most, CHUNK_BYTES / max(1, look.page_bytes)) if look.is_prefixed else most


def _may_be_long(look: _Look, file: Any, group: int, path: Path, at_once: int) -> bool:
    """Whether a batch of texts out of a dictionary may take too much, as long as its longest one is."""
    import pyarrow as pa
    from pyarrow import compute

    with opened(path, (look.name,), file.metadata) as numbered:
        column = [number for number in range(len(file.schema)) if file.schema.column(number).path == look.name]
        if len(column) != 1 or file.schema.column(column[0]).max_repetition_level:
            return True
        for batch in numbered.iter_batches(batch_size=1, row_groups=[group], columns=[look.name], use_threads=False):
            array = batch.column(0)
            while pa.types.is_struct(array.type):
                array = array.field(0)
            if not pa.types.is_dictionary(array.type):
                return True
            return int(compute.max(compute.binary_length(array.dictionary)).as_py() or 0) * at_once > 4 * CHUNK_BYTES
    return True
