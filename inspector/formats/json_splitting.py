"""JSON cut into its rows where they stand, so that each keeps its own bytes: digits, order and repeated names. Streams; keeps no document.

Whole values are passed over by the compiled scanner of the standard library, on text of which each character is a byte; what it
refuses (a value that is damaged, deeper than it goes, or longer than what was read so far) is followed bracket by bracket. Damage is
a row with its byte, and reading goes on behind it. Read `json_documents` for the format.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from inspector.formats import DamagedInput
from inspector.formats.lines import KEPT_BYTES, MOST_LINE_BYTES, Cut
from inspector.formats.rows import Scanner

_READ_BYTES = 1 << 20
_MOST_AROUND_BYTES = 64 * 1024
_NEXT = re.compile(r"[ \t\n\r]*([,\]}])[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_BLANKS = re.compile(r"[ \t\n\r]*")
_IN_TEXT = re.compile(r'(?:[^"\\\n]++|\\[^\n])*+(["\n]?)')
_SIGN = re.compile(r'["\[\]{},\n]')
_WORD_ENDS = re.compile(r"[ \t\n\r,\]}]")
_FIRST = frozenset('{["-0123456789tfn')
_MOST_INDENT = 1000
_LINE = re.compile(r"\n[ \t]*,?[ \t]*(?=[{\[])")


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


class _Strict(json.JSONDecoder):
    """Finds where values end; numbers are not made, and NaN is none."""

    def __init__(self) -> None:
        super().__init__(strict=True, parse_int=str, parse_float=str, parse_constant=_no_constant)


def _no_constant(word: str) -> object:
    raise ValueError(word)


_scan = cast("Scanner", cast("Any", _Strict()).scan_once)


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
            block = self._stream.read(_READ_BYTES)
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
            if window.left >= _READ_BYTES or not window.more():
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
            if window.left >= 2 * _READ_BYTES or not window.more():
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
        piece = _Following(self.window).piece(inside=inside)
        self._is_damaged = bool(piece.why)
        return piece

    def _garbage(self, *, inside: bool) -> Piece:
        """What is no value, up to where one may begin again."""
        window = self.window
        piece = _Following(window).piece(inside=inside)
        if not piece.text:
            piece.text = window.text[window.at : window.at + 1].encode("latin-1")
            window.at += 1
        piece.why = piece.why or f"no value stands at byte {piece.start:,}"
        return piece


class _Following:
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


_OUTSIDE = re.compile(r'["\[{\n ]')


def _trouble(text: bytes, start: int) -> str:
    """Why bytes are no JSON value; empty when they are one, or one that is only too deep."""
    from inspector import documents

    found = documents.read(text)
    return "" if found.is_json or found.flags else f"{found.error} (it begins at byte {start:,})"
