"""A stretch of a JSON file as text of which each character is a byte, and what rows cut from it are. Reads a stream; knows no JSON.

Read `json_splitting` for who cuts rows, `json_following` for values that are damaged or too long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from inspector.formats import DamagedInput
from inspector.formats.lines import Cut

READ_BYTES = 1 << 20
_BLANKS = re.compile(r"[ \t\n\r]*")


@dataclass(slots=True)
class Piece:
    """One row where it stands: bytes `[start, start + size)` of the unpacked file. `why` says that it is damaged."""

    text: bytes
    start: int
    why: str = ""
    cut: Cut | None = None
    around: Mapping[str, bytes] | None = None
    """Members of the documents around it that stood before it, short ones."""


@dataclass(slots=True)
class Hole:
    """A place where something is wrong between rows."""

    start: int
    end: int
    why: str


class Window:
    """A stretch of the file as text of bytes: `text[at]` stands at byte `base + at`. Damage of the packing is an end, told in `damage`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.text = ""
        self.at = self.base = 0
        self.is_end = False
        self.damage: DamagedInput | None = None

    @property
    def byte(self) -> int:
        """Where `at` is in the file."""
        return self.base + self.at

    @property
    def left(self) -> int:
        """How much is read and not yet taken."""
        return len(self.text) - self.at

    def more(self) -> bool:
        """Reads on and lets go of what was taken; False at the end."""
        if self.is_end:
            return False
        try:
            block = self._stream.read(READ_BYTES)
        except DamagedInput as error:
            self.damage, block = error, b""
        if not block:
            self.is_end = True
            return False
        self.base += self.at
        self.text = self.text[self.at :] + block.decode("latin-1")
        self.at = 0
        return True

    def skip_blanks(self) -> str:
        """The next sign that is no blank, without taking it; empty at the end."""
        while True:
            found = _BLANKS.match(self.text, self.at)
            assert found is not None
            self.at = found.end()
            if self.left or not self.more():
                return self.text[self.at : self.at + 1]
