"""JSON cut into its rows where they stand, so that each keeps its own bytes: digits, order and repeated names. Streams; keeps no document.

Whole values are passed over by the compiled scanner of the standard library, on text of which each character is a byte; what it
refuses (a value that is damaged, deeper than it goes, or longer than what was read so far) is followed bracket by bracket. Damage is
a row with its byte, and reading goes on behind it. Read `json_documents` for the format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any, cast

from inspector.formats import json_window
from inspector.formats.json_following import Following
from inspector.formats.json_window import Hole, Piece, Window
from inspector.formats.rows import Scanner

_MOST_AROUND_BYTES = 64 * 1024
_NEXT = re.compile(r"[ \t\n\r]*([,\]}])[ \t\n\r]*")
_FIRST = frozenset('{["-0123456789tfn')


class _Strict(json.JSONDecoder):
    """Finds where values end; numbers are not made, and NaN is none."""

    def __init__(self) -> None:
        super().__init__(strict=True, parse_int=str, parse_float=str, parse_constant=_no_constant)


def _no_constant(word: str) -> object:
    raise ValueError(word)


_scan = cast("Scanner", cast("Any", _Strict()).scan_once)


class Splitter:
    """The rows below `path` in every document of a stream; `*` in a path is any member or element.

    With an empty path a document that is an array gives its elements, and any other is a row.
    """

    def __init__(self, stream: IO[bytes], path: tuple[str, ...] = ()) -> None:
        self.window = Window(stream)
        self._path = path
        self.documents = 0
        self._around: dict[str, bytes] = {}
        self._is_damaged = False
        """Whether the last value was: a comma may be in it."""

    def pieces(self) -> Iterator[Piece | Hole]:
        """Rows and what is wrong between them, in order. Raises DamagedInput after the last one where the packing is damaged."""
        window = self.window
        if window.skip_blanks() == "\xef" and window.text[window.at : window.at + 3] == "\xef\xbb\xbf":
            window.at += 3
        while sign := window.skip_blanks():
            self.documents += 1
            self._around = {}
            if sign not in _FIRST:
                yield self._garbage(inside=False)
            elif sign == "[" and not self._path:
                yield from self._elements(())
            elif self._path and sign in "{[":
                yield from self._below(self._path)
            else:
                yield self._value(inside=False)
        if window.damage is not None:
            raise window.damage
        if not self.documents:
            yield Hole(window.byte, window.byte, "there is no document in it")

    # ---- going down

    def _below(self, path: tuple[str, ...]) -> Iterator[Piece | Hole]:
        """What stands at `path` below the value that begins here: the elements of an array, or the value as one row."""
        sign = self.window.skip_blanks()
        if not path:
            if sign == "[":
                yield from self._elements(())
            elif sign:
                yield self._value(inside=True)
        elif sign == "[":
            yield from self._elements(path[1:] if path[0] == "*" else None)
        elif sign == "{":
            yield from self._members(path)
        elif sign:
            self._value(inside=True)

    def _members(self, path: tuple[str, ...]) -> Iterator[Piece | Hole]:
        window = self.window
        window.at += 1
        if window.skip_blanks() == "}":
            window.at += 1
            return
        while True:
            start = window.byte
            name = self._name()
            if name is None:
                yield self._lost(start, "no name and colon stand where a member should begin")
                return
            if path[0] in {"*", name}:
                outside = dict(self._around)
                yield from self._below(path[1:])
                self._around = outside
            elif window.skip_blanks():
                skipped = self._value(inside=True)
                if skipped.why:
                    yield Hole(skipped.start, window.byte, skipped.why)
                elif len(skipped.text) + sum(map(len, self._around.values())) < _MOST_AROUND_BYTES:
                    self._around = {**self._around, name: skipped.text}
            sign = window.skip_blanks()
            window.at += 1
            if sign == "}":
                return
            if sign != ",":
                window.at -= 1
                yield self._lost(window.byte, "the object does not go on")
                return
            window.skip_blanks()

    def _name(self) -> str | None:
        """The name of a member, and its colon, taken."""
        if self.window.skip_blanks() != '"':
            return None
        piece = self._value(inside=True)
        if self.window.skip_blanks() != ":" or piece.why:
            return None
        self.window.at += 1
        try:
            return str(json.loads(piece.text))
        except ValueError:
            return None

    def _lost(self, start: int, why: str) -> Hole:
        """The rest of the line, which cannot be followed."""
        while (end := self.window.text.find("\n", self.window.at)) < 0:
            self.window.at = len(self.window.text)
            if not self.window.more():
                break
        self.window.at = end + 1 if end >= 0 else len(self.window.text)
        return Hole(start, self.window.byte, why)

    # ---- the elements of an array

    def _elements(self, path: tuple[str, ...] | None) -> Iterator[Piece | Hole]:
        """Each element of the array that begins here; below a path what stands there, and nothing where that is None."""
        window = self.window
        window.at += 1
        if window.skip_blanks() == "]":
            window.at += 1
            return
        while True:
            sign = window.skip_blanks()
            if not sign:
                yield Hole(window.byte, window.byte, "the array does not end")
                return
            if sign in ",]":
                yield Hole(window.byte, window.byte + 1, "an element is missing")
            elif path:
                outside = self._around
                yield from self._below(path)
                self._around = outside
            elif path is not None:
                yield from self._quickly()
            else:
                self._value(inside=True)
            sign = window.skip_blanks()
            if sign not in {",", "]"}:
                if sign and not (self._is_damaged and sign in _FIRST):
                    yield self._garbage(inside=True)
                self._is_damaged = False
                continue
            window.at += 1
            if sign == "]":
                return

    def _quickly(self) -> Iterator[Piece]:
        """Elements one after the other as long as the scanner passes over them; at least one in any case."""
        window = self.window
        while True:
            text, at, base = window.text, window.at, window.base
            try:
                while True:
                    _, end = _scan(text, at)
                    follows = _NEXT.match(text, end)
                    if follows is None or follows[1] != "," or follows.end() == len(text) or text[follows.end()] in ",]":
                        break
                    yield Piece(text[at:end].encode("latin-1"), base + at, around=self._around)
                    at = window.at = follows.end()
            except (ValueError, StopIteration, RecursionError):
                pass
            window.at = at
            if window.left >= json_window.READ_BYTES or not window.more():
                break
        yield self._value(inside=True)

    # ---- one value

    def _value(self, *, inside: bool) -> Piece:
        """The value that begins here, taken."""
        window = self.window
        start = window.byte
        while True:
            try:
                _, end = _scan(window.text, window.at)
            except (ValueError, StopIteration, RecursionError):
                end = -1
            if end >= 0 and self._is_over(end, inside=inside):
                piece = Piece(window.text[window.at : end].encode("latin-1"), start, around=self._around)
                window.at = end
                return piece
            if window.left >= 2 * json_window.READ_BYTES or not window.more():
                break
        return self._slowly(inside=inside)

    def _is_over(self, end: int, *, inside: bool) -> bool:
        """Whether a value that was passed over ends there for certain: a number may go on."""
        text = self.window.text
        if end == len(text) and not self.window.is_end:
            return False
        if text[end - 1] in '}]"':
            return not inside or end == len(text) or text[end] in " \t\n\r,]}:"
        return end == len(text) or text[end] in (" \t\n\r,]}" if inside else " \t\n\r{[")

    def _slowly(self, *, inside: bool) -> Piece:
        """The value that begins here, followed by its brackets, whatever is wrong with it."""
        piece = Following(self.window).piece(inside=inside)
        self._is_damaged = bool(piece.why)
        return piece

    def _garbage(self, *, inside: bool) -> Piece:
        """What is no value, up to where one may begin again."""
        window = self.window
        piece = Following(window).piece(inside=inside)
        if not piece.text:
            piece.text = window.text[window.at : window.at + 1].encode("latin-1")
            window.at += 1
        piece.why = piece.why or f"no value stands at byte {piece.start:,}"
        return piece
