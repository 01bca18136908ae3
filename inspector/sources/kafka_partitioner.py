"""Which partition a producer would have chosen for a key. Pure; the hash functions are those of the clients.

`murmur2` is the Java client's default partitioner (seed 0x9747b28c, sign bit cleared); `crc32` is librdkafka's
`consistent_random` for keys that are not empty.
"""

from __future__ import annotations

import zlib

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995


def murmur2(key: bytes) -> int:
    """The 32-bit Murmur2 hash of `key`, unsigned, with the seed of Kafka's Java client."""
    length = len(key)
    hashed = 0x9747B28C ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(key[start : start + 4], "little") * _M & _MASK
        k ^= k >> 24
        hashed = (hashed * _M & _MASK) ^ (k * _M & _MASK)
    if rest := key[whole:]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * _M & _MASK
    hashed = (hashed ^ (hashed >> 13)) * _M & _MASK
    return hashed ^ (hashed >> 15)


def partition_of(key: bytes, partitions: int, partitioner: str = "murmur2") -> int:
    """The partition of `key` among `partitions`. Raises ValueError for an unknown partitioner."""
    if partitioner == "murmur2":
        return (murmur2(key) & 0x7FFFFFFF) % partitions
    if partitioner == "crc32":
        return zlib.crc32(key) % partitions
    raise ValueError(f"unknown partitioner {partitioner!r}")
