"""Making text that anyone may have written safe to look at. Pure; used by every table, list and pane.

Nothing is stripped: what could hide, reorder or forge text is shown as an escape, and copying gives the original.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LINE_CHARACTERS = 1_024
"""More than any line on a screen shows."""
_PLAIN = re.compile(r"[ -~]*\Z")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
_SLICE = 16_384
_SHORT = {"\n": "⏎", "\t": "⇥"}


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return f"⟨U+{ord(character):04X}⟩"
    return character


def visible(text: str) -> str:
    """`text` on one line, with control, bidi, format, private and unpaired characters shown as escapes such as ⟨U+202E⟩."""
    if _PLAIN.match(text):
        return text
    if len(text) > _SLICE:  # one call for megabytes would hold the interpreter's lock for as long
        return "".join(visible(text[place : place + _SLICE]) for place in range(0, len(text), _SLICE))
    return "".join(map(_shown, text))


def shortened(text: str, most: int = LINE_CHARACTERS) -> str:
    """`text`, or its first `most` characters and an ellipsis: who lays out a line takes time for all of it, seen or not."""
    return text if len(text) <= most else f"{text[:most]}…"


def visible_lines(text: str) -> str:
    """As `visible`, but line breaks and tabs stay what they are: for panes that show several lines."""
    return "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in text.replace("\r\n", "\n").split("\n"))


def is_whole(text: str) -> bool:
    """Whether UTF-8 can hold it: no half of a character is in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(text: str) -> str:
    """`text` as UTF-8 can hold it: the bytes of a file's name that are no UTF-8, which come as unpaired surrogates, as `\\xff`."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # surrogates that stand for no bytes
        return text.encode("utf-8", "backslashreplace").decode()


def bytes_text(value: bytes | None) -> str:
    """`value` as one visible line: its text when it is UTF-8, else its bytes as `0x…`; empty for None."""
    if value is None:
        return ""
    try:
        return visible(value.decode())
    except UnicodeDecodeError:
        return f"0x{value.hex()}"
