"""Records of `__consumer_offsets` as commits: keys of types 0 and 1, values of versions 0 to 4. Pure.

Read `kafka_groups` for who reads them.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_COMMIT_KEYS = {0, 1}
_FLEXIBLE = 4
_LEADER_EPOCH_FROM = 3


class CommitKey(NamedTuple):
    """Who committed where."""

    group: str
    topic: str
    partition: int


class CommitValue(NamedTuple):
    """The next offset to be read, and when that was committed (milliseconds)."""

    offset: int
    time_ms: int


def commit_key(key: bytes | None) -> CommitKey | None:
    """What a record's key says; None for records of other kinds (members, assignments). Raises ValueError for a damaged one."""
    try:
        if key is None or struct.unpack_from(">h", key)[0] not in _COMMIT_KEYS:
            return None
        group, at = _text(key, 2)
        topic, at = _text(key, at)
        return CommitKey(group, topic, struct.unpack_from(">i", key, at)[0])
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise ValueError(f"not a key of a commit: {error}") from None


def commit_value(value: bytes) -> CommitValue:
    """What a commit says. Raises ValueError for one that is damaged or of a version nobody knows."""
    try:
        version, offset = struct.unpack_from(">hq", value)
        at = 10 + (4 if version >= _LEADER_EPOCH_FROM else 0)
        if not 0 <= version <= _FLEXIBLE:
            raise ValueError(f"commits of version {version} are not known")
        at = _after_compact_text(value, at) if version == _FLEXIBLE else _text(value, at)[1]
        return CommitValue(offset, struct.unpack_from(">q", value, at)[0])
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise ValueError(f"not the value of a commit: {error}") from None


def offsets_partition(group: str, partitions: int) -> int:
    """The partition of `__consumer_offsets` that a group is kept in: by Java's hash of its name."""
    hashed = 0
    units = group.encode("utf-16-be", "surrogatepass")
    for (unit,) in struct.iter_unpack(">H", units):
        hashed = (hashed * 31 + unit) & 0xFFFFFFFF
    signed = hashed - (1 << 32) if hashed >= 1 << 31 else hashed
    return (0 if signed == -(1 << 31) else abs(signed)) % partitions


def _text(content: bytes, at: int) -> tuple[str, int]:
    """(text, where it ends); a null is an empty one."""
    (size,) = struct.unpack_from(">h", content, at)
    end = at + 2 + max(0, size)
    if end > len(content):
        raise IndexError("it ends too early")
    return content[at + 2 : end].decode(), end


def _after_compact_text(content: bytes, at: int) -> int:
    size = shift = 0
    while True:
        part = content[at]
        at, size, shift = at + 1, size | (part & 0x7F) << shift, shift + 7
        if part < 0x80:
            return at + max(0, size - 1)
