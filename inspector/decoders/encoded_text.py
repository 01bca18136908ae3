"""Text with a byte order mark: UTF-8, UTF-16 or UTF-32, decoded as the automatic choice decodes the same text in plain UTF-8.

The decoder of such an event names both: `utf-16 json`. Plain text becomes a document, a JSON string, since the value's bytes are not
that text. Read `text` for text without a mark.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from inspector.composing import MAX_UNPACKED_BYTES, text_of
from inspector.decoders import Context, Decoded, Inside, decode_inside

_CERTAIN = 0.92
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
"""UTF-32 goes before UTF-16, whose mark it begins with."""


class EncodedText:
    """Takes the byte order mark off and decodes what follows."""

    name = "encoded-text"
    sure = False
    begins = frozenset(b"\xef\xff\xfe\x00")

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.92 for a byte order mark before readable text; else 0."""
        try:
            text = _text(value)[0]
        except ValueError:
            return 0.0
        return _CERTAIN if text and _is_readable(text) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """What each is as plain UTF-8, decoded."""
        decoded = Decoded.empty(len(values))
        inside: list[Inside] = []
        for row, value in enumerate(values):
            if value is None:
                continue
            try:
                text, name = _text(value)
            except ValueError as error:
                decoded.refuse(row, str(error))
                continue
            inside.append(Inside(row, name, text.encode(), headers[row]))
        decode_inside(decoded, inside, context)
        for row, form, plain, _headers in inside:
            if decoded.decoder[row] == f"{form} text":
                decoded.document[row], decoded.data[row] = text_of(plain.decode())
        return decoded


def _is_readable(text: str) -> bool:
    return text.isprintable() or all(character.isprintable() or character.isspace() for character in text)


def _text(value: bytes) -> tuple[str, str]:
    """The text after the mark, and the name of its encoding. Raises ValueError with the reason."""
    for mark, codec, name in _MARKS:
        if value.startswith(mark):
            if len(value) > MAX_UNPACKED_BYTES:
                raise ValueError(f"more than {MAX_UNPACKED_BYTES // 1024 // 1024} MB of text")
            try:
                text = value[len(mark) :].decode(codec)
            except UnicodeDecodeError as error:
                raise ValueError(f"not {name.upper()} at byte {len(mark) + error.start}") from None
            if text.startswith("\ufeff"):
                raise ValueError("two byte order marks")
            return text, name
    raise ValueError("no byte order mark at byte 0")
