"""One JSON value followed sign by sign, however long, deep or damaged it is: to its end, or to where the next one may begin.

A text that a line's end cuts is damage for certain. Read `json_splitting` for who asks when the compiled scanner gives up.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from inspector import documents
from inspector.formats.json_window import Piece, Window
from inspector.formats.lines import KEPT_BYTES, MOST_LINE_BYTES, Cut

_IN_TEXT = re.compile(r'(?:[^"\\\n]++|\\[^\n])*+(["\n]?)')
_SIGN = re.compile(r'["\[\]{},\n]')
_OUTSIDE = re.compile(r'["\[{\n ]')
_MOST_INDENT = 1000
_LINE = re.compile(r"\n[ \t]*,?[ \t]*(?=[{\[])")


class Following:
    """One value followed sign by sign from where the window is, however long, deep or damaged it is."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._start = window.byte
        self._kept: list[str] = []
        self._size = 0
        self._digest: Any = None
        self._begun = window.at
        line = window.text.rfind("\n", 0, window.at)
        self._indent = window.at - line - 1

    def piece(self, *, inside: bool) -> Piece:
        """The value, taken; with the reason where it is none."""
        why = self._follow(inside=inside)
        self._take()
        text = "".join(self._kept).rstrip(" \t\n\r").encode("latin-1")
        if self._digest is not None:
            return Piece(text[:KEPT_BYTES], self._start, why, Cut(self._size, self._digest.hexdigest()))
        return Piece(text, self._start, why or _trouble(text, self._start))

    def _take(self) -> None:
        """Keeps what was passed, or only its digest where it is too much."""
        window = self._window
        part = window.text[self._begun : window.at]
        self._size += len(part)
        if self._digest is None and self._size > MOST_LINE_BYTES:
            kept = "".join(self._kept)
            self._digest = hashlib.sha256(kept.encode("latin-1"))
            self._kept = [kept[:KEPT_BYTES] or part[:KEPT_BYTES]]
        if self._digest is None:
            self._kept.append(part)
        else:
            self._digest.update(part.encode("latin-1"))
        self._begun = window.at

    def _more(self) -> bool:
        self._take()
        is_more = self._window.more()
        self._begun = self._window.at
        return is_more

    def _follow(self, *, inside: bool) -> str:
        """To the end of the value; why it is none."""
        window, depth = self._window, 0
        while True:
            found = _SIGN.search(window.text, window.at) if depth else self._outside(inside=inside)
            if found is None:
                window.at = len(window.text)
                if self._more():
                    continue
                return f"it does not end: {depth:,} brackets are open" if depth else ""
            sign = found[0]
            if not depth and sign in ",]}\n ":
                window.at = found.start()
                return ""
            window.at = found.end()
            if sign == '"':
                if why := self._text():
                    return why
            elif sign in "[{":
                depth += 1
            elif sign in "]}":
                depth -= 1
            if depth <= 0 and sign in '"]}' and not (inside and self._goes_on()):
                return ""

    def _outside(self, *, inside: bool) -> re.Match[str] | None:
        """The next sign where no bracket is open."""
        return (_SIGN if inside else _OUTSIDE).search(self._window.text, self._window.at)

    def _goes_on(self) -> bool:
        """Whether something stands right behind a value that does not belong there."""
        self._take()
        sign = self._window.skip_blanks()
        self._begun = self._window.at
        return sign not in {",", "]", "}", ":", ""}

    def _text(self) -> str:
        """To the end of a text; why it has none. A line that ends within one is damage for certain."""
        window = self._window
        while True:
            found = _IN_TEXT.match(window.text, window.at)
            assert found is not None
            window.at = found.end()
            if found[1] == '"':
                return ""
            if found[1] == "\n" or window.text[window.at : window.at + 2] == "\\\n":
                self._resync()
                return "a text does not end on its line"
            if not self._more():
                window.at = len(window.text)
                return "it does not end: a text is open"

    def _resync(self) -> None:
        """To a later line that begins as this value did, where the next row may be."""
        window = self._window
        window.at -= window.text[window.at - 1] == "\n"
        while True:
            for found in _LINE.finditer(window.text, window.at):
                if found.end() - found.start() - 1 <= self._indent:
                    window.at = found.start()
                    return
            window.at = max(window.at, len(window.text) - _MOST_INDENT)
            if not self._more():
                window.at = len(window.text)
                return


def _trouble(text: bytes, start: int) -> str:
    """Why bytes are no JSON value; empty when they are one, or one that is only too deep."""
    found = documents.read(text)
    return "" if found.is_json or found.flags else f"{found.error} (it begins at byte {start:,})"
