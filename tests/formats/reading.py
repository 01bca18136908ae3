"""Files read as the import reads them, without a capture: every row as a small record."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inspector.event import Flag
from inspector.formats import Settings
from inspector.formats.descriptor import Descriptor
from inspector.sources import Plan, Request
from inspector.sources.files import FileSource
from inspector.sources.input_file import InputFile


@dataclass
class Row:
    log: str
    partition: int
    position: int
    time_us: int | None
    time_kind: int
    key: bytes | None
    value: bytes | None
    headers: str | None
    flags: int
    error: str | None
    envelope: dict[str, object]

    @property
    def is_damaged(self) -> bool:
        return bool(self.flags & Flag.damaged)


@dataclass
class Read:
    plan: Plan
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    file: InputFile | None = None

    @property
    def format(self) -> str:
        assert self.file is not None
        return str(self.file.settings.get("format"))

    @property
    def values(self) -> list[bytes | None]:
        return [row.value for row in self.rows]


def read(path: Path, *, wanted: str = "", settings: Settings | None = None, descriptors: Sequence[Descriptor] = ()) -> Read:
    source = FileSource([path], wanted=wanted, settings=settings, descriptors=descriptors)
    found = Read(source.pin(Request()))
    for batch in source.read(found.plan, Request(), threading.Event()):
        found.notes.extend(batch.notes)
        found.file = batch.inputs[-1] if batch.inputs else found.file
        records = batch.records
        for row in range(len(records)):
            key = found.plan.logs[records.log[row]].key
            found.rows.append(
                Row(
                    key.name,
                    key.partition,
                    records.position[row],
                    records.time_us[row],
                    records.time_kind[row],
                    records.key[row],
                    records.value[row],
                    records.headers[row],
                    records.flags.get(row, 0),
                    records.error.get(row),
                    {name: column[row] for name, column in records.envelope.items()},
                )
            )
    return found


def read_text(folder: Path, name: str, text: str | bytes, *, wanted: str = "", settings: Settings | None = None) -> Read:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, wanted=wanted, settings=settings)
