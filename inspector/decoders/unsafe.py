"""Objects that a language serialised: recognised by how they begin, and never decoded, because to read them is to run them.

Read `binary_file` for other values that are recognised and not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector.decoders import Context, Decoded
from inspector.event import Flag

_JAVA = b"\xac\xed\x00\x05"
_PICKLE_PROTOCOLS = range(2, 6)
_STOP = b"."
_CERTAIN = 0.95


class Unsafe:
    """Says what such a value is."""

    name = "unsafe"
    sure = False
    begins = frozenset({0xAC, 0x80})

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.95 for Java's and Python's marks."""
        return _CERTAIN if _language(value) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The reason in `error`; a value without a mark is refused."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is None:
                continue
            language = _language(value)
            if not language:
                decoded.refuse(row, "neither a Java object nor a pickle at byte 0")
                continue
            decoded.decoder[row] = self.name
            decoded.error[row] = f"{language}: never decoded, because reading it can run what it holds"
            decoded.flags[row] = int(Flag.undecodable)
        return decoded


def _language(value: bytes) -> str:
    if value.startswith(_JAVA):
        return "a serialised Java object"
    if len(value) > 2 and value[0] == 0x80 and value[1] in _PICKLE_PROTOCOLS and value.endswith(_STOP):
        return f"a Python pickle (protocol {value[1]})"
    return ""
