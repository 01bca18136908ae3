"""How far packed bytes may expand: counted against the bytes of the file itself, over all layers of packing. Opens nothing.

Read `unpacking` for what undoes a packing, `opening` for who puts the layers together.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from typing import IO, cast

from inspector.formats import DamagedInput

MOST_EXPANSION = 300
"""A file may unpack to so many times its size."""
FREE_BYTES = 2_000_000_000
"""Beyond that, all files of one import together may unpack to so many bytes more before they are taken for bombs."""
MOST_MEMORY_BYTES = 160 * 1024 * 1024
"""What undoing a packing may take: a dictionary or window of 128 MB, and a little."""
STEP_BYTES = 1 << 20
_SHORT_STEP_BYTES = 1 << 16
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, ValueError)
_TOO_MUCH = ("Memory usage limit exceeded", "requires too much memory")


class UnpackingError(ValueError):
    """Packed bytes cannot be unpacked, or not within the bounds; the text says why."""


class Allowance:
    """The bytes beyond `MOST_EXPANSION` times their size that the files of one import may still unpack to, together."""

    def __init__(self) -> None:
        self.left_bytes = FREE_BYTES


class Packed(io.RawIOBase):
    """The bytes of a file as they are, counted: `taken` of them were read so far."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw = raw
        self.taken = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        data = self._raw.read(len(view))
        view[: len(data)] = data
        self.taken += len(data)
        return len(data)


class Plain(io.RawIOBase):
    """Unpacked bytes with a bound: they end where the packing is damaged or expands without measure, and `damage` says so.

    An exception in the middle of a buffered read would lose what was read just before it.
    """

    def __init__(self, stream: IO[bytes], packed: Packed, allowance: Allowance, *, is_packed: bool) -> None:
        super().__init__()
        self._packed, self._allowance, self._is_packed = packed, allowance, is_packed
        # what a longer read had before the damage would be lost with it
        self._read = getattr(stream, "read1", stream.read)
        self._step_bytes = STEP_BYTES if hasattr(stream, "read1") else _SHORT_STEP_BYTES
        self.given = 0
        self.damage: DamagedInput | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        if self.damage is not None:
            return 0
        try:
            data = self._read(min(len(view), self._step_bytes, self._room() + 1))
        except DAMAGE as error:
            if not self._is_packed:
                raise
            self.damage = DamagedInput(self.given, why(error))
            return 0
        view[: len(data)] = data
        self.given += len(data)
        if self._room() < 0:
            self.damage = DamagedInput(self.given, _bomb())
        return len(data)

    def _excess(self) -> int:
        return self.given - MOST_EXPANSION * self._packed.taken if self._is_packed else 0

    def _room(self) -> int:
        """So many bytes may still come before it is too much; more when more is taken of the file. Negative: it is too much."""
        return self._allowance.left_bytes - self._excess()

    def settle(self) -> None:
        """Its reading is over: what it took of the allowance is gone for the others."""
        self._allowance.left_bytes = max(0, self._allowance.left_bytes - max(0, self._excess()))
        self._allowance = Allowance()


def _bomb() -> str:
    return (
        f"it unpacks to more than {MOST_EXPANSION} times its size, and the {FREE_BYTES / 1e6:,.0f} MB more that such files may take "
        "together in one import are used up, as bombs do; the rest of it is not read. If you trust it, unpack it yourself and import that"
    )


def why(error: Exception) -> str:
    """Why nothing more can be unpacked, in words for people."""
    if isinstance(error, UnpackingError):
        return str(error)
    if any(text in str(error) for text in _TOO_MUCH):
        return (
            f"to unpack it takes more than {MOST_MEMORY_BYTES >> 20} MB of memory; "
            "it is not read. If you trust it, unpack it yourself and import that"
        )
    return f"the compression is damaged there ({error}); what stands before was read"
