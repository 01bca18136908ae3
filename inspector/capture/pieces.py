"""How large the parts of one event are, and pieces of them: a value of 256 MB is looked at without being read whole. Read-only.

Read `reader` for events, `app.models.hex_table` for who looks at bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import apsw

from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError

Part = Literal["key", "value", "data", "metadata", "extra"]
_PIECE_BYTES = 4 << 20
_TABLES: dict[Part, str] = {"key": "record", "value": "record", "data": "event", "metadata": "event", "extra": "event"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Stored bytes of each part; None where there is none. `data`, `metadata` and `extra` are JSONB."""

    key: int | None
    value: int | None
    data: int | None
    metadata: int | None
    extra: int | None = None


def sizes(reader: CaptureReader, seq: int) -> Sizes | None:
    """The sizes of an event's parts, or None when the event is not there. Reads none of them."""
    if reader.masks is not None:
        shown = _shown(reader, seq)
        return Sizes(*(None if part is None else len(part) for part in shown.values())) if shown else None
    rows = reader.select(
        "SELECT length(record.key), length(record.value), length(event.data), length(event.metadata), length(event.extra) "
        "FROM event LEFT JOIN record ON record.seq = event.seq WHERE event.seq = ?",
        (seq,),
    )
    return Sizes(*rows[0]) if rows else None


def whole(reader: CaptureReader, seq: int, part: Part, size: int) -> bytes:
    """A part of `size` bytes, taken in pieces, so that 100 MB hold the interpreter for no longer than one of them. Raises CaptureError."""
    return b"".join(piece(reader, seq, part, start, _PIECE_BYTES) for start in range(0, size, _PIECE_BYTES))


def piece(reader: CaptureReader, seq: int, part: Part, start: int, length: int) -> bytes:
    """At most `length` bytes of a part from byte `start` on. Raises CaptureError when the part is not there."""
    if reader.masks is not None:
        return (_shown(reader, seq).get(part) or b"")[start : start + length]
    try:
        blob = reader.connection.blob_open("main", _TABLES[part], part, seq, False)
        try:
            blob.seek(min(start, blob.length()))
            found: bytes = blob.read(length)
        finally:
            blob.close(True)
    except (apsw.SQLError, apsw.CorruptError, apsw.AbortError) as error:
        raise CaptureError(f"the {part} of event {seq:,} cannot be read: {error}") from error
    return found


_PARTS: tuple[Part, ...] = ("key", "value", "data", "metadata", "extra")
_SHOWN = (
    "SELECT record.key, record.value, jsonb(json(event.data)), jsonb(json(event.metadata)), jsonb(json(event.extra)) "
    "FROM event LEFT JOIN record ON record.seq = event.seq WHERE event.seq = ?"
)


def _shown(reader: CaptureReader, seq: int) -> dict[Part, bytes | None]:
    """The parts as the masks let them be seen; empty when the event is not there."""
    rows = reader.select(reader.shown(_SHOWN), (seq,))
    return dict(zip(_PARTS, rows[0], strict=True)) if rows else {}
