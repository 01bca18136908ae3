"""Patterns of `kcat -f` as readers of what they print: `%t %p %o %T %k %K %s %S %h %R %%`, and escapes as in C. Pure.

A pattern is cut into stretches, each a regular expression, with a key or value of known size between two of them. The meaning of
fields and escapes is that of kcat's `format.c`. Read `kcat_format` for who reads by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from inspector.errors import UsageError

_NUMBERS = {"p": rb"\d{1,10}", "o": rb"\d{1,19}", "T": rb"-?\d{1,19}", "K": rb"-1|\d{1,10}", "S": rb"-1|\d{1,10}"}
_SIZES = {"k": ("K",), "s": ("S", "R")}
_NAMES = {"p": "partition", "o": "offset", "T": "time", "K": "key_size", "S": "size", "R": "raw_size", "t": "topic", "h": "headers"}
_NAMES |= {"k": "key", "s": "value"}
_ESCAPE = re.compile(rb"\\(?:x(\d[0-9A-Fa-f]*)|(\d+)|x?(.))", re.DOTALL)
_PLAIN = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
_TOPIC = rb"[A-Za-z0-9._-]{1,249}"


@dataclass(frozen=True, slots=True)
class Field:
    """One `%…` of a pattern, by its letter."""

    letter: str

    @property
    def name(self) -> str:
        """What it is called among what a stretch finds."""
        return _NAMES[self.letter]


Token = Field | bytes


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a pattern, and what of known size follows it: `key`, `value` or nothing at the end."""

    expression: re.Pattern[bytes]
    then: str


@dataclass(frozen=True)
class Pattern:
    """A pattern, understood."""

    tokens: tuple[Token, ...]

    @property
    def letters(self) -> set[str]:
        """The fields that it has."""
        return {token.letter for token in self.tokens if isinstance(token, Field)}

    @cached_property
    def is_framed(self) -> bool:
        """Whether the size of every key and value stands before it, so that they may hold anything."""
        return all(self._is_sized(place) for place, token in enumerate(self.tokens) if isinstance(token, Field) and token.letter in _SIZES)

    @property
    def end(self) -> bytes:
        """The literal that it ends with."""
        last = self.tokens[-1]
        return last if isinstance(last, bytes) else b""

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """Of a framed pattern."""
        found, begin = [], 0
        for place, token in enumerate(self.tokens):
            if isinstance(token, Field) and token.letter in _SIZES:
                found.append(Stretch(re.compile(self._expression(begin, place), re.DOTALL), token.name))
                begin = place + 1
        return (*found, Stretch(re.compile(self._expression(begin, len(self.tokens)), re.DOTALL), ""))

    @cached_property
    def record(self) -> re.Pattern[bytes]:
        """A whole record of a pattern that is not framed, without the line end behind it."""
        return re.compile(self._expression(0, len(self.tokens)).removesuffix(re.escape(b"\n")) + rb"\Z", re.DOTALL)

    @cached_property
    def head(self) -> re.Pattern[bytes] | None:
        """How a record begins: up to its first key, value or headers. None where it says too little to tell it from other text."""
        tokens = self.tokens[: self._head_end]
        if not {token.letter for token in tokens if isinstance(token, Field)} & {"p", "o", "T", "K", "S"}:
            return None
        return re.compile(self._expression(0, self._head_end), re.DOTALL)

    @property
    def _head_end(self) -> int:
        places = [place for place, token in enumerate(self.tokens) if isinstance(token, Field) and token.letter in "kshR"]
        return min(places, default=len(self.tokens))

    def _is_sized(self, place: int) -> bool:
        token = self.tokens[place]
        before = {one.letter for one in self.tokens[:place] if isinstance(one, Field)}
        return isinstance(token, Field) and bool(before & set(_SIZES.get(token.letter, ())))

    def _expression(self, begin: int, end: int) -> bytes:
        named = {token.letter for token in self.tokens[:begin] if isinstance(token, Field)}
        parts: list[bytes] = []
        is_settled = False
        for place in range(begin, end):
            token = self.tokens[place]
            if isinstance(token, bytes):
                parts.append(b"" if is_settled else re.escape(token))
                is_settled = False
                continue
            group = b"(?:" if token.letter in named else b"(?P<%s>" % token.name.encode()
            named.add(token.letter)
            parts.append(group + self._field(place, token.letter) + b")")
            following = self.tokens[place + 1] if place + 1 < end else None
            if self._is_settled(place) and isinstance(following, bytes):
                # settled at the first separator: expressions that try every one take a time that grows with the square
                parts[-1:] = [b"(?>", parts[-1], re.escape(following), b")"]
                is_settled = True
        return b"".join(parts)

    def _is_settled(self, place: int) -> bool:
        """Whether a field ends at the first separator, wherever the others end: all open ones but the last."""
        open_fields = [
            at for at, token in enumerate(self.tokens) if isinstance(token, Field) and token.letter in "khs" and not self._is_sized(at)
        ]
        return place in open_fields[:-1]

    def _field(self, place: int, letter: str) -> bytes:
        if letter in _NUMBERS:
            return _NUMBERS[letter]
        if letter == "R":
            return rb".{4}"
        is_last = not any(isinstance(token, Field) for token in self.tokens[place + 1 :])
        return _TOPIC if letter == "t" else rb".*" if is_last and not self.is_framed else rb".*?"


@lru_cache(maxsize=256)
def understood(pattern: str) -> Pattern:
    """Raises UsageError for one that kcat would not take, or that cannot be read back."""
    tokens: list[Token] = []
    rest = pattern.encode("utf-8", "surrogateescape")
    while rest:
        text, sign, rest = rest.partition(b"%")
        if text:
            tokens.append(_ESCAPE.sub(_escaped, text))
        if sign:
            letter, rest = rest[:1].decode("ascii", "replace"), rest[1:]
            if letter != "%" and letter not in _NAMES:
                raise UsageError(f"the pattern has %{letter}; kcat knows %t %p %o %T %k %K %s %S %h %R %%")
            tokens.append(b"%" if letter == "%" else Field(letter))
    found = Pattern(tuple(_merged(tokens)))
    _check(found)
    return found


def _escaped(match: re.Match[bytes]) -> bytes:
    """One escape, read as `strtoul` reads it: `\\x` is hexadecimal, a leading nought octal."""
    hexadecimal, digits, other = match.groups()
    if hexadecimal:
        return bytes([int(hexadecimal, 16) % 256])
    if digits:
        is_octal = digits.startswith(b"0") and not set(digits) & set(b"89")
        return bytes([int(digits, 8 if is_octal else 10) % 256])
    return _PLAIN.get(other, other)


def _merged(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    for token in tokens:
        before = found[-1] if found else None
        if isinstance(token, bytes) and isinstance(before, bytes):
            found[-1] = before + token
        else:
            found.append(token)
    return found


def _check(pattern: Pattern) -> None:
    if not pattern.letters & {"k", "s"}:
        raise UsageError("the pattern has neither %k nor %s: nothing of a record is in such a file")
    letters = [token.letter for token in pattern.tokens if isinstance(token, Field)]
    if any(letters.count(letter) > 1 for letter in "ksh"):
        raise UsageError("the pattern has %k, %s or %h twice: it cannot be read back")
    for place, (token, following) in enumerate(zip(pattern.tokens, (*pattern.tokens[1:], b"\n"), strict=True)):
        is_open = isinstance(token, Field) and token.letter != "R" and not pattern._is_sized(place)  # noqa: SLF001 - of one module
        if is_open and isinstance(token, Field) and isinstance(following, Field):
            raise UsageError(f"the pattern has %{token.letter}%{following.letter} with nothing between them: where one ends cannot be told")
    last = pattern.tokens[-1]
    if pattern.is_framed and isinstance(last, Field) and last.letter not in _SIZES:
        raise UsageError(f"the pattern ends with %{last.letter}: where that ends cannot be told; end it with \\n")
    if not pattern.is_framed and not pattern.end.endswith(b"\n"):
        raise UsageError("the pattern has no sizes (%K, %S) and does not end with \\n: where a record ends cannot be told")
