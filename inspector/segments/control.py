"""What control records say: ends of transactions, and the marks of the KRaft metadata log. Pure.

Key: version i16, type i16; value of an end of a transaction: version i16, coordinator epoch i32 (Kafka's `ControlRecordType` and
`EndTransactionMarker`). Longer keys and values of later versions are accepted. Read `transactions` for what ends mean.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspector.event import Flag, RecordBatch

TYPES = {
    0: "ABORT",
    1: "COMMIT",
    2: "LeaderChange",
    3: "SnapshotHeader",
    4: "SnapshotFooter",
    5: "KRaftVersion",
    6: "KRaftVoters",
}
_CONTROL = int(Flag.control)


@dataclass(frozen=True, slots=True)
class Marker:
    """One control record: its type's name, and for ends of transactions the coordinator's epoch."""

    name: str
    coordinator_epoch: int | None = None

    @property
    def ends(self) -> bool:
        """Whether it ends a transaction."""
        return self.name in {"ABORT", "COMMIT"}


def marker(key: bytes | None, value: bytes | None) -> Marker:
    """What a control record says; `unknown` with its number for a type of later versions."""
    if key is None or len(key) < 4:
        return Marker("unknown")
    number = int.from_bytes(key[2:4], "big", signed=True)
    epoch = int.from_bytes(value[2:6], "big", signed=True) if number in {0, 1} and value is not None and len(value) >= 6 else None
    return Marker(TYPES.get(number, f"unknown type {number}"), epoch)


def label(batch: RecordBatch) -> None:
    """Marks the rows of a control batch as such, with their types in `extra`."""
    for row, (key, value) in enumerate(zip(batch.key, batch.value, strict=True)):
        said = marker(key, value)
        batch.flags[row] = batch.flags.get(row, 0) | _CONTROL
        extra = batch.extra.setdefault(row, {})
        extra["control"] = said.name
        if said.coordinator_epoch is not None:
            extra["coordinator_epoch"] = said.coordinator_epoch
