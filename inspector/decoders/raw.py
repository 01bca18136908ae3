"""Bytes as they are: what is left when no decoder understands a value, or what the user asked for.

Read `decoders` for how it comes last in every automatic choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector.decoders import Context, Decoded
from inspector.event import Flag

LAST_RESORT = 0.01
_UNKNOWN = "no decoder knows these bytes: neither text nor a known framing"
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ENCODINGS = (("cp1252", "Windows-1252 (or Latin-1)"), ("shift_jis", "Shift-JIS"), ("gb18030", "GB18030"))
_LOOKED_BYTES = 1_000


class Raw:
    """Takes any bytes. `Context.options["asked"]` true: the user chose it, so that nothing is wrong with the row."""

    name = "raw"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """Always the last resort."""
        return LAST_RESORT

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value kept as bytes; unless asked for, that is a row nobody could decode."""
        decoded = Decoded.empty(len(values))
        asked = bool(context.options.get("asked"))
        for row, value in enumerate(values):
            if value is None:
                continue
            decoded.decoder[row] = self.name
            if not asked:
                likely = likely_encodings(value)
                decoded.error[row] = f"{_UNKNOWN}; it could be text in {' or '.join(likely)}" if likely else _UNKNOWN
                decoded.flags[row] = int(Flag.undecodable)
        return decoded


def likely_encodings(value: bytes) -> list[str]:
    """The encodings in which bytes that are not UTF-8 would be readable text: a guess by the first 1,000 bytes, not a decoding."""
    part = value[:_LOOKED_BYTES]
    letters = sum(chr(byte).isalnum() or byte == 0x20 for byte in part if byte < 0x80)
    if len(part) < 4 or _CONTROLS.search(part):
        return []
    found = []
    for codec, name in _ENCODINGS:
        if codec == "cp1252" and letters * 2 < len(part):
            continue
        try:
            text = part.decode(codec)
        except UnicodeDecodeError as error:
            if error.start < _LOOKED_BYTES - 4:
                continue
            text = part[: error.start].decode(codec)
        if all(character.isprintable() or character in "\t\r\n" for character in text):
            found.append(name)
    return found
