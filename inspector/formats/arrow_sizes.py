"""About how many bytes each row of an Arrow column takes as JSON and while it is made, told by offsets alone. No Python values, no I/O.

A text that stands once in a dictionary and is meant a million times is counted a million times, and made not once. Read
`arrow_batches` for who asks.
"""

from __future__ import annotations

from typing import Any

_NULL, _MEMBER, _CONTAINER, _OTHER = 4, 8, 56, 40
"""`null`; what a value in a list or an object costs besides its text; a list or an object itself; a value of another type."""
_LONG_BYTES = 64 * 1024
"""Texts that are longer than this on average are looked at for characters that JSON escapes with six."""
_ESCAPED = r"[\x00-\x1f]"


def sizes(array: Any) -> Any:
    """An Arrow array of whole numbers: about the bytes that each value takes."""
    import pyarrow as pa
    from pyarrow import compute, types

    if hasattr(array.type, "storage_type"):
        return sizes(array.storage)
    if types.is_map(array.type):
        pair = pa.struct([pa.field("key", array.type.key_type, nullable=False), pa.field("value", array.type.item_type)])
        array = array.cast(pa.list_(pair))
    kind = array.type
    if types.is_dictionary(kind):
        return compute.fill_null(compute.take(sizes(array.dictionary), array.indices), _NULL)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _lists(array)
    if types.is_struct(kind):
        return summed([member.name for member in kind], array.flatten(), len(array))
    return _texts(array) if _is_text(kind) else _all(_width(kind), len(array))


def summed(names: list[str], columns: list[Any], count: int) -> Any:
    """The same of rows that are objects with these members."""
    from pyarrow import compute

    same = _CONTAINER + sum(len(name.encode()) + _MEMBER for name in names)
    differing = [column for column in columns if not _is_plain(column.type)]
    found = _all(same + sum(_width(column.type) for column in columns if _is_plain(column.type)), count)
    for column in differing:
        found = compute.add(found, sizes(column))
    return found


def _lists(array: Any) -> Any:
    from pyarrow import compute

    lengths = compute.fill_null(array.value_lengths(), 0).cast("int64")
    ends = compute.cumulative_sum(lengths)
    upto = _from_nought(compute.cumulative_sum(compute.add(sizes(array.flatten()), _MEMBER)))
    inner = compute.subtract(compute.take(upto, ends), compute.take(upto, compute.subtract(ends, lengths)))
    return compute.add(inner, _CONTAINER)


def _from_nought(sums: Any) -> Any:
    import pyarrow as pa

    return pa.concat_arrays([pa.array([0], "int64"), sums])


def _texts(array: Any) -> Any:
    from pyarrow import compute, types

    found = compute.fill_null(compute.binary_length(array), _NULL).cast("int64")
    if not (types.is_string(array.type) or types.is_large_string(array.type)):
        return compute.add(compute.divide(compute.multiply(found, 4), 3), _OTHER)
    if len(array) and (compute.sum(found).as_py() or 0) > _LONG_BYTES * len(array):
        escaped = compute.fill_null(compute.count_substring_regex(array.cast("large_binary"), _ESCAPED), 0).cast("int64")
        found = compute.add(found, compute.multiply(escaped, 5))
    return found


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return any(is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary))


def _is_plain(kind: Any) -> bool:
    """Whether all values of a type take as much."""
    from pyarrow import types

    return not (types.is_nested(kind) or types.is_dictionary(kind) or hasattr(kind, "storage_type") or _is_text(kind))


def _width(kind: Any) -> int:
    from pyarrow import types

    if types.is_null(kind):
        return _NULL
    if types.is_decimal(kind):
        return int(kind.precision) + _MEMBER
    if types.is_fixed_size_binary(kind):
        return int(kind.byte_width) * 4 // 3 + _OTHER
    return max(_MEMBER, min(20, kind.bit_width * 3 // 8)) if types.is_primitive(kind) and not types.is_temporal(kind) else _OTHER


def _all(size: int, count: int) -> Any:
    import pyarrow as pa

    return pa.repeat(pa.scalar(size, "int64"), count)
