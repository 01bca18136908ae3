"""Kafka's small files: text checkpoints, `meta.properties`, `partition.metadata`, producer snapshots. Bytes in, values out.

Nothing of this is needed to read a segment: what is damaged raises ValueError with the reason, and is a note. Read `layout`
for where they lie.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import google_crc32c

MOST_BYTES = 16 * 1024 * 1024
_SNAPSHOT_HEADER = struct.Struct(">hIi")
_PRODUCER = struct.Struct(">qhiqiqiq")
_AS_LIBRDKAFKA = str.maketrans("-_", "+/")
_TOPIC_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def offsets(data: bytes) -> dict[tuple[str, int], int]:
    """(topic, partition) → offset of a checkpoint file: version 0, count, `topic partition offset`. Raises ValueError."""
    found = {}
    for line in _lines(data):
        topic, partition, offset = _words(line, 3)
        found[topic, int(partition)] = int(offset)
    return found


def leader_epochs(data: bytes) -> list[tuple[int, int]]:
    """(epoch, first offset) of `leader-epoch-checkpoint`. Raises ValueError."""
    return [(int(epoch), int(start)) for epoch, start in (_words(line, 2) for line in _lines(data))]


def _lines(data: bytes) -> list[str]:
    lines = [line for line in data.decode("ascii").splitlines() if line.strip()]
    if not lines:
        return []  # a broker that was started a moment ago has not written it yet
    version, count, *lines = [*lines, "0"] if len(lines) == 1 else lines
    if version.strip() != "0":
        raise ValueError(f"version {version[:20]!r} is not known")
    if int(count) != len(lines):
        raise ValueError(f"it says {int(count)} entries and has {len(lines)}")
    return lines


def _words(line: str, count: int) -> list[str]:
    words = line.split()
    if len(words) != count:
        raise ValueError(f"the line {line[:80]!r} does not have {count} words")
    return words


def properties(data: bytes) -> dict[str, str]:
    """`name=value` lines, as `meta.properties` has them; also `name: value`, as `partition.metadata` does. Raises ValueError."""
    found = {}
    for line in data.decode("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, separator, value = line.partition("=") if "=" in line else line.partition(":")
            if not separator:
                raise ValueError(f"the line {line[:80]!r} has no value")
            found[name.strip()] = value.strip()
    return found


def topic_id(data: bytes) -> str:
    """The topic's id of `partition.metadata` as the live source has it: librdkafka writes + and / where Kafka writes - and _.

    Raises ValueError.
    """
    found = properties(data).get("topic_id", "")
    if not _TOPIC_ID.fullmatch(found):
        raise ValueError(f"no topic id but {found[:40]!r}")
    return found.translate(_AS_LIBRDKAFKA)


@dataclass(frozen=True, slots=True)
class Producer:
    """What a broker knew of one producer: its last sequence and offset, and where its open transaction began (-1: none)."""

    producer_id: int
    epoch: int
    last_sequence: int
    last_offset: int
    offset_delta: int
    time_ms: int
    coordinator_epoch: int
    transaction_first: int


def producers(data: bytes) -> list[Producer]:
    """The entries of a producer snapshot, version 1 (Kafka's `ProducerStateManager`). Raises ValueError."""
    if len(data) < _SNAPSHOT_HEADER.size:
        raise ValueError(f"it ends after {len(data)} bytes")
    version, crc, count = _SNAPSHOT_HEADER.unpack_from(data)
    if version != 1:
        raise ValueError(f"version {version} is not known")
    if google_crc32c.value(data[6:]) != crc:
        raise ValueError("its checksum does not hold")
    if len(data) != _SNAPSHOT_HEADER.size + count * _PRODUCER.size:
        raise ValueError(f"{len(data)} bytes do not hold {count} producers")
    return [Producer(*values) for values in _PRODUCER.iter_unpack(data[_SNAPSHOT_HEADER.size :])]
