"""Whole files as values (pictures, archives, tables), and Smile: recognised by how they begin, named, and kept as bytes.

Read `unsafe` for what is recognised and must not be read, `compressed` for what is unpacked.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector.decoders import Context, Decoded
from inspector.event import Flag

_CERTAIN = 0.93
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
)
_PARQUET = b"PAR1"
_SMILE = b":)\n"
_SMILE_FLAGS = 8


class BinaryFile:
    """Says what file a value is."""

    name = "binary-file"
    sure = False
    begins = frozenset(b"\x89\xffG%P:")

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.93 for a beginning that only such a file has."""
        return _CERTAIN if _kind(value) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """What each is in `error`; a value that is none is refused."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is None:
                continue
            kind = _kind(value)
            if not kind:
                decoded.refuse(row, "no known kind of file at byte 0")
                continue
            decoded.decoder[row] = self.name
            decoded.error[row] = f"{kind}: recognised, not read"
            decoded.flags[row] = int(Flag.undecodable)
        return decoded


def _kind(value: bytes) -> str:
    if value.startswith(_SMILE) and len(value) > 3 and value[3] < _SMILE_FLAGS:
        return "Smile (binary JSON), for which there is no kept library"
    if value.startswith(_PARQUET) and value.endswith(_PARQUET) and len(value) >= 12:
        return "a Parquet file"
    return next((kind for beginning, kind in _BEGINNINGS if value.startswith(beginning)), "")
