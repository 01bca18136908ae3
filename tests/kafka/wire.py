"""One Produce request built by hand, for records that no client library writes. Record batch v2, Produce v3, no compression."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence

_CRC32C_POLYNOMIAL = 0x82F63B78


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_CRC32C_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _varint(number: int) -> bytes:
    zigzag = (number << 1) ^ (number >> 63)
    out = b""
    while zigzag > 0x7F:
        out += bytes([zigzag & 0x7F | 0x80])
        zigzag >>= 7
    return out + bytes([zigzag])


def _sized(data: bytes | None) -> bytes:
    return _varint(-1) if data is None else _varint(len(data)) + data


def record_batch(key: bytes | None, value: bytes | None, headers: Sequence[tuple[bytes, bytes | None]], time_ms: int) -> bytes:
    """One batch with one record."""
    body = b"\0" + _varint(0) + _varint(0) + _sized(key) + _sized(value) + _varint(len(headers))
    body += b"".join(_sized(name) + _sized(data) for name, data in headers)
    record = _varint(len(body)) + body
    checked = struct.pack(">hiqqqhii", 0, 0, time_ms, time_ms, -1, -1, -1, 1) + record
    inner = struct.pack(">ibI", -1, 2, _crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(inner)) + inner


def produce_batch(
    bootstrap: str,
    topic: str,
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[bytes, bytes | None]] = (),
    time_ms: int | None = None,
    partition: int = 0,
) -> None:
    """Writes one record and checks that the broker took it."""
    batch = record_batch(key, value, headers, int(time.time() * 1000) if time_ms is None else time_ms)
    name = topic.encode()
    request = struct.pack(">hhih", 0, 3, 1, 4) + b"test" + struct.pack(">hhii", -1, 1, 10_000, 1)
    request += struct.pack(">h", len(name)) + name + struct.pack(">iii", 1, partition, len(batch)) + batch
    host, port = bootstrap.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as answer:
            body = answer.read(struct.unpack(">i", answer.read(4))[0])
    at = 4 + 4 + 2 + len(name) + 4 + 4
    (error,) = struct.unpack_from(">h", body, at)
    assert error == 0, f"the broker refused the batch: error {error}"
