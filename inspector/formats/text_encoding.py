"""How a file of text is encoded, told by its beginning, and its bytes made UTF-8 where they are not. Knows no format.

Byte order marks and the zero bytes of UTF-16 are certain; what is no UTF-8 is taken for Windows-1252, which is a guess that is said.
"""

from __future__ import annotations

import codecs
import io
from typing import IO, cast

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_STEP_BYTES = 1 << 20
WIDE = ("utf-16", "utf-16-le", "utf-16-be")


def encoding_of(head: bytes, *, is_whole: bool) -> str:
    """`utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be` or `cp1252`."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[:2000:2].count(0), head[1:2000:2].count(0)
    if max(even, odd) > 0.3 * len(head[:2000]) / 2 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class AsUtf8(io.RawIOBase):
    """The bytes of a stream in UTF-8. What is no text in its encoding becomes U+FFFD."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._waiting = b""
        self._is_end = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        while not self._waiting and not self._is_end:
            block = self._stream.read(_STEP_BYTES)
            self._is_end = not block
            self._waiting = self._decoder.decode(block, final=self._is_end).encode(errors="replace")
        part = self._waiting[: len(view)]
        view[: len(part)] = part
        self._waiting = self._waiting[len(part) :]
        return len(part)
