"""Which bytes of a JSON text hold which value of its document. Pure; reads any bytes and says where it had to stop.

A walk without recursion, so that any depth is followed. Read `decoders.json_text` for who is asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

Step = str | int
Path = tuple[Step, ...]
_TOKEN = re.compile(rb'("(?:[^"\\\x00-\x1f]|\\.)*")|(-?\d[\d.eE+-]*|true|false|null)|([\[\]{}:,])')
_MOST_STEPS = 400_000
"""So many steps of all paths together: values deep inside each other have long paths."""
_BLANKS = re.compile(rb"[ \t\n\r]*")


@dataclass(slots=True)
class _Open:
    """A container that is walked: its path, its place among what was found, and where in it the next value goes."""

    path: Path
    place: int
    is_object: bool
    step: Step = 0


class JsonWalk:
    """The values of one JSON text as `(path, start, end)` in `found`, containers before what is in them; at most `most`.

    `stopped_at` is the byte where it could not go on, with `reason`; None when all was followed.
    """

    def __init__(self, value: bytes, most: int) -> None:
        self.found: list[tuple[Path, int, int]] = []
        self.stopped_at: int | None = None
        self.reason = ""
        self._value, self._most = value, most
        self._open: list[_Open] = []
        self._steps = 0
        self._walk()

    def _walk(self) -> None:
        at, state = self._blanks(0), "value"
        while state != "end":
            match = _TOKEN.match(self._value, at)
            state = self._take(state, match) if match is not None else ""
            if not state or match is None:
                self.stopped_at = at
                self.reason = self.reason or ("the text ends too early" if at >= len(self._value) else "this is no JSON")
                return
            at = self._blanks(match.end())
        if at < len(self._value):
            self.stopped_at, self.reason = at, "bytes follow the document"

    def _blanks(self, at: int) -> int:
        match = _BLANKS.match(self._value, at)
        return match.end() if match is not None else at

    def _take(self, state: str, match: re.Match[bytes]) -> str:
        """What may come after a token; empty when it may not stand here."""
        text, scalar, sign = match.groups()
        if state in {"value", "value or end"} and (text or scalar or sign in {b"[", b"{"}):
            return self._take_value(match, sign)
        if state in {"name", "name or end"} and text:
            self._open[-1].step = _name(text)
            return "colon"
        if state == "colon":
            return "value" if sign == b":" else ""
        closes = b"}" if self._open and self._open[-1].is_object else b"]"
        if self._open and sign == closes and state in {"comma or end", "value or end", "name or end"}:
            return self._close(match.end())
        return self._take_comma() if state == "comma or end" and sign == b"," else ""

    def _take_value(self, match: re.Match[bytes], sign: bytes | None) -> str:
        if len(self.found) >= self._most:
            self.reason = f"more than {self._most:,} values are not followed"
            return ""
        self._steps += len(self._open)
        if self._steps > _MOST_STEPS:
            self.reason = "it nests too deep to be followed"
            return ""
        path = (*self._open[-1].path, self._open[-1].step) if self._open else ()
        self.found.append((path, match.start(), match.end()))
        if not sign:
            return "comma or end" if self._open else "end"
        self._open.append(_Open(path, len(self.found) - 1, sign == b"{"))
        return "name or end" if sign == b"{" else "value or end"

    def _take_comma(self) -> str:
        above = self._open[-1]
        if above.is_object:
            return "name"
        above.step = above.step + 1 if isinstance(above.step, int) else 0
        return "value"

    def _close(self, end: int) -> str:
        closed = self._open.pop()
        path, start, _ = self.found[closed.place]
        self.found[closed.place] = path, start, end
        return "comma or end" if self._open else "end"


def _name(text: bytes) -> str:
    if b"\\" not in text:
        return text[1:-1].decode(errors="replace")
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1].decode(errors="replace")
