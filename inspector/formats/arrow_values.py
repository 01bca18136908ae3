"""Columns of Arrow as values that JSON writes exactly: decimals keep their digits, times their unit and zone, bytes stay bytes. No I/O.

A time in a zone ends in `Z`; one without says none. Read `parquet_table` for who reads files.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import orjson

from inspector.formats.rows import each_once
from inspector.schemas.float32 import shortest

Values = Sequence[object]


def json_of(value: object) -> bytes:
    """The JSON text of a value, or of an object of values."""
    return orjson.dumps(value, default=_written, option=orjson.OPT_NON_STR_KEYS)


def _written(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, int):  # of more than 64 bits
        return orjson.Fragment(str(value))
    return str(value)


def values(array: Any) -> Values:
    """The values of an Arrow array in order."""
    from pyarrow import types

    kind = array.type
    for is_kind, read in _readers():
        if is_kind(kind):
            return read(array)
    if types.is_float16(kind) or types.is_float32(kind):
        return [None if value is None else shortest(value) if value - value == 0 else _not_finite(value) for value in array.to_pylist()]
    try:
        found: list[object] = array.to_pylist()
    except (ValueError, UnicodeDecodeError):  # text that is none
        return _bytes_of(array)
    return found


def _readers() -> Sequence[tuple[Callable[[Any], bool], Callable[[Any], Values]]]:
    from pyarrow import types

    return (
        (types.is_timestamp, _timestamps),
        (types.is_date, lambda array: _formatted(array, "%Y-%m-%d")),
        (types.is_time, lambda array: _formatted(array, "%H:%M:%S")),
        (
            types.is_float64,
            lambda array: [value if value is None or value - value == 0 else _not_finite(value) for value in array.to_pylist()],
        ),
        (types.is_duration, lambda array: array.view("int64").to_pylist()),
        (types.is_dictionary, lambda array: values(array.dictionary_decode())),
        (types.is_run_end_encoded, _run_ends),
        (types.is_map, _maps),
        (types.is_struct, _structs),
        (lambda kind: types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind), _lists),
        (lambda kind: hasattr(kind, "storage_type"), lambda array: values(array.storage)),
        (types.is_interval, lambda array: [None if value is None else str(value) for value in array.to_pylist()]),
    )


def _doubles(array: Any) -> Values:
    return [value if value is None or value - value == 0 else _not_finite(value) for value in array.to_pylist()]


def _not_finite(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124 - only NaN differs from itself


def _timestamps(array: Any) -> Values:
    import pyarrow as pa

    local = array.view("int64").view(pa.timestamp(array.type.unit))  # the instant in UTC, whatever its zone
    return _formatted(local, "%Y-%m-%dT%H:%M:%SZ" if array.type.tz else "%Y-%m-%dT%H:%M:%S")


def _formatted(array: Any, pattern: str) -> Values:
    from pyarrow import compute

    found: list[object] = compute.strftime(array, pattern).to_pylist()
    return found


def _run_ends(array: Any) -> Values:
    from pyarrow import compute

    return values(compute.run_end_decode(array))


def _bytes_of(array: Any) -> Values:
    found: list[object] = []
    for value in array.cast("large_binary").to_pylist():
        try:
            found.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            found.append(value)
    return found


def _lists(array: Any) -> Values:
    inner = iter(values(array.flatten()))
    return [None if size is None else [next(inner) for _ in range(size)] for size in array.value_lengths().to_pylist()]


def _structs(array: Any) -> Values:
    names = each_once([member.name for member in array.type])
    columns = [values(member) for member in array.flatten()]
    rows = zip(*columns, strict=True) if columns else ((),) * len(array)
    there = array.is_valid().to_pylist()
    return [dict(zip(names, row, strict=True)) if is_there else None for row, is_there in zip(rows, there, strict=True)]


def _maps(array: Any) -> Values:
    """Objects where names are texts, each once; else lists of key and value."""
    import pyarrow as pa

    kind = array.type
    pair = pa.struct([pa.field("key", kind.key_type, nullable=False), pa.field("value", kind.item_type)])
    found = _lists(array.cast(pa.list_(pair)))
    return [_object(entries) if isinstance(entries, list) else None for entries in found]


def _object(entries: list[dict[str, object]]) -> object:
    names = [entry["key"] for entry in entries]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {entry["key"]: entry["value"] for entry in entries}
    return entries
