"""Plain text: strict UTF-8 that can be read. There is no document: text never poses as data.

Read `raw` next for what is left when nothing understands the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector.decoders import Context, Decoded

_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Text:
    """Recognises UTF-8 text; the value itself is all there is to show."""

    name = "text"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.5 for UTF-8 whose only control characters are tab and line ends, 0.1 for other UTF-8 without NUL."""
        if not _is_utf8(value) or b"\0" in value:
            return 0.0
        return 0.1 if _CONTROLS.search(value) else 0.5

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Marks what is text; what is not UTF-8 is refused with the byte where it breaks."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is None:
                continue
            try:
                value.decode()
                decoded.decoder[row] = self.name
            except UnicodeDecodeError as error:
                decoded.refuse(row, f"not UTF-8 at byte {error.start}")
        return decoded


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
