"""What is not to be seen of events: named places of a document and texts of a shape, hidden before anything is shown or printed.

A rule set is TOML: `[masks]` with `paths` (`data.customer.email`, `data.lines[*].card`, `**.password`, `headers["authorization"]`, `key`),
`patterns` (names of `PATTERNS`) and `regexes` (RE2 of one's own). Names are compared without case. What is hidden is one sign that gives
away neither length nor kind. Stored bytes are never changed. Read `capture.reader` for where this is applied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources as package_files
from typing import Any

import re2

from inspector import toml_text
from inspector.errors import UsageError
from inspector.mask_paths import ANY, DEEP, Path, matches

SIGN = "••••"
"""Stands for all that is hidden."""
SIGN_BYTES = SIGN.encode()
LARGEST = 4_000_000
"""A document of more characters is hidden whole."""
_SIGN_JSON = json.dumps(SIGN, ensure_ascii=False)
_MAYBE_DOCUMENT = re.compile(r'"(?:[{\[ ]|\\[nrtu])')
"""A JSON string that may hold a document itself."""
_LONE = re.compile("[\ud800-\udfff]")
"""Half of a character, which JSON can write and nothing else can."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_STEP = re.compile(r'\.?(\*\*|\*|[^.\[\]"]+)|\[(\*|\d+|"(?:[^"\\]|\\.)*")\]')
_ROOTS = frozenset({"data", "metadata", "extra", "headers", "key", "value", "stream", "category", "type", "id", "schema_version"}) | {
    *("correlation_id", "causation_id", "actor", "error")
}
_MOST_KNOWN = 20_000
_MOST_STEPS, _MOST_RULES, _MOST_MEMORY_BYTES = 100, 500, 1 << 20
"""Of a rule, of a list, and of a pattern: rules come with captures, which may be a stranger's."""


def has_sign(parts: Sequence[object]) -> bool:
    """Whether masks hide something in these JSON values."""
    waiting = list(parts)
    for value in waiting:  # which grows
        if isinstance(value, dict | list):
            waiting += [*value, *value.values()] if isinstance(value, dict) else value
    return any(isinstance(value, str) and SIGN in value for value in waiting)


def _luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812."""
    total = 0
    for place, digit in enumerate(int(character) for character in reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_card(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    return 13 <= len(digits) <= 19 and _luhn(digits)


def _is_iban(found: str) -> bool:
    """The remainder by 97 of ISO 13616."""
    text = re.sub(r"\s", "", found).upper()
    if not 15 <= len(text) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def _is_any(_found: str) -> bool:
    return True


PATTERNS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "email": (r"[\pL\pN._%+\-]+@[\pL\pN\-]+(?:\.[\pL\pN\-]+)+", _is_any),
    "card": (r"\b\d(?:[ \-]?\d){12,18}\b", _is_card),
    "iban": (r"(?i)\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b", _is_iban),
    "token": (r"(?i)\beyJ[A-Z0-9_\-]+\.[A-Z0-9_\-]+(?:\.[A-Z0-9_\-]*)?|\b(?:bearer|basic)\s+[A-Z0-9._~+/\-]{8,}=*", _is_any),
    "phone": (r"\+\d[\d ()./\-]{6,}\d", _is_any),
    "ipv4": (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", _is_any),
}
"""Name → its RE2 and what a find must also be."""


@dataclass(frozen=True)
class Masks:
    """A rule set. `text` is its TOML, as it is kept with a capture."""

    text: str
    paths: tuple[Path, ...] = ()
    patterns: tuple[tuple[Any, Callable[[str], bool]], ...] = ()
    _known: dict[Path, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def rules(self) -> int:
        """How many rules there are."""
        return len(self.paths) + len(self.patterns)

    @property
    def looks_into_values(self) -> bool:
        """Whether a rule is about a place in a document: then a value of which no document was made is hidden whole."""
        return any(path[0] in {"data", "value", DEEP, ANY} for path in self.paths)

    def hides(self, path: Path) -> bool:
        """Whether a place is hidden by its name."""
        found = self._known.get(path)
        if found is None:
            lowered = tuple(step.lower() for step in path)
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            found = self._known[path] = any(matches(rule, lowered) for rule in self.paths)
        return found

    def shown(self, name: str, text: str | None) -> str | None:
        """A text of the envelope, such as `stream`, `actor` or `error`; hidden too where it is usually taken from a hidden place."""
        if text is None:
            return None
        places = ((name,), ("data", name), ("metadata", name), ("headers", name), ("key" if name == "stream" else name,))
        return SIGN if any(map(self.hides, places)) else self.of_text(text)

    def of_text(self, text: str) -> str:
        """`text` without what looks like one of the patterns."""
        shown = whole = text if text.isascii() else _LONE.sub("\ufffd", text)
        for pattern, is_one in self.patterns:
            if pattern.search(shown):
                shown = pattern.sub(lambda found, is_one=is_one: SIGN if is_one(found.group(0)) else found.group(0), shown)
        return text if shown == whole else shown

    def at(self, path: Path, text: str) -> str:
        """A text that stands at a place of an event, such as `("data", "customer", "email")` or `("headers", "auth")`."""
        if len(text) > LARGEST or any(self.hides(path[:steps]) for steps in range(1, len(path) + 1)):
            return SIGN
        return self.inside(("headers",) if path[0] in {"headers", "key"} else path, text)

    def document(self, root: str, text: str | None) -> str | None:
        """A document as JSON text: every other token stays as it is, numbers with their digits, repeated names with them."""
        if text is None:
            return None
        if len(text) > LARGEST or self.hides((root,)):
            return _SIGN_JSON
        return "".join(_Rewriting(self, (root,), text).pieces())

    def headers(self, text: str | None) -> str | None:
        """Headers as JSON text: a list of names and values."""
        if text is None:
            return None
        if len(text) > LARGEST:
            return _SIGN_JSON
        return _json([[self.of_text(str(name)), self._header(str(name), value)] for name, value in json.loads(text)])

    def _header(self, name: str, value: object) -> object:
        if value is None:
            return None
        if self.hides(("headers", name)) or not isinstance(value, str):
            return SIGN  # bytes that are no text may hold anything
        return self.inside(("headers",), value)

    def inside(self, place: Path, text: str) -> str:
        """A text that may be a document itself, in which the steps go on from its own `place`; one too deep to be read is hidden."""
        if text.lstrip()[:1] not in {"{", "["}:
            return self.of_text(text)
        try:
            json.loads(text, parse_int=str, parse_float=str)
        except ValueError:
            return self.of_text(text)
        except RecursionError:
            return SIGN
        shown = "".join(_Rewriting(self, place, text).pieces())
        return text if shown == "".join(_TOKEN.findall(text)) else shown

    def key(self, key: bytes | None) -> bytes | None:
        """A record's key."""
        if not key:
            return key
        try:
            text = key.decode()
        except UnicodeDecodeError:
            return SIGN_BYTES
        return SIGN_BYTES if self.hides(("key",)) else self.inside(("headers",), text).encode()

    def value(self, value: bytes | None, data: str | None, shown: str | None) -> bytes | None:
        """A record's value, of which `data` was made and is to be `shown`: as it is only when nothing in it is hidden."""
        if not value:
            return value
        if self.hides(("value",)):
            return SIGN_BYTES
        if data is not None:
            return value if shown == data else (shown or "").encode()
        if self.looks_into_values or len(value) > LARGEST:
            return SIGN_BYTES
        try:
            return self.of_text(value.decode()).encode()
        except UnicodeDecodeError:
            return SIGN_BYTES


class _Rewriting:
    """One pass over a JSON text, without recursion."""

    def __init__(self, masks: Masks, root: Path, text: str) -> None:
        self._masks, self._root = masks, root
        self._tokens = (found.group(0) for found in _TOKEN.finditer(text))
        self._open: list[_Container] = []

    def pieces(self) -> Iterator[str]:
        """Every token that stays, and the sign for what does not."""
        for lexeme in self._tokens:
            inside = self._open[-1] if self._open else None
            if lexeme in "}]":
                self._open.pop()
            elif lexeme == "," and inside is not None:
                inside.go_on()
            elif lexeme == ":":
                pass
            elif inside is not None and inside.awaits_name:
                inside.name(name := json.loads(lexeme))
                yield lexeme if (shown := self._masks.of_text(name)) == name else _json(shown)
                continue
            elif lexeme in "{[":
                yield self._opened(lexeme)
                continue
            else:
                yield self._scalar(lexeme)
                continue
            yield lexeme

    def _opened(self, lexeme: str) -> str:
        if self._masks.hides(self._place()):
            self._skip()
            return _SIGN_JSON
        self._open.append(_Container(is_object=lexeme == "{"))
        return lexeme

    def _place(self) -> Path:
        return *self._root, *(one.step for one in self._open)

    def _scalar(self, lexeme: str) -> str:
        if lexeme == "null":
            return lexeme
        if self._masks.hides(self._place()):
            return _SIGN_JSON
        if lexeme in {"true", "false"} or not (self._masks.patterns or _MAYBE_DOCUMENT.match(lexeme)):
            return lexeme
        text = json.loads(lexeme) if lexeme.startswith('"') else lexeme
        shown = self._masks.inside(self._place(), text)
        return lexeme if shown == text else _json(shown)

    def _skip(self) -> None:
        """Goes over the rest of a container that was just opened."""
        depth = 1
        while depth and (lexeme := next(self._tokens, "")):
            depth += (lexeme in "{[") - (lexeme in "}]")


class _Container:
    """An object or array that is being gone through."""

    def __init__(self, *, is_object: bool) -> None:
        self.is_object = self.awaits_name = is_object
        self.step = "" if is_object else "[0]"
        self._at = 0

    def go_on(self) -> None:
        """To the next member or item."""
        self.awaits_name = self.is_object
        if not self.is_object:
            self._at += 1
            self.step = f"[{self._at}]"

    def name(self, name: str) -> None:
        """Here is a member's name."""
        self.awaits_name, self.step = False, name


def _json(value: object) -> str:
    """As JSON text that can be stored: half a character stays an escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else _LONE.sub(lambda found: f"\\u{ord(found.group(0)):04x}", text)


def parse_path(text: str) -> Path:
    """The steps of a rule such as `data.lines[*].card`. Raises UsageError with the column of a mistake."""
    steps: list[str] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise UsageError(f'the mask {text!r} is wrong at column {at + 1}: expected a name, [*], [0] or ["a name"]')
        name, item = found.group(1), found.group(2)
        steps.append(name.lower() if name else str(json.loads(item)).lower() if item.startswith('"') else f"[{item}]")
        at = found.end()
    if len(steps) > _MOST_STEPS:
        raise UsageError(f"a mask has at most {_MOST_STEPS} steps")
    if not steps or steps[0] not in _ROOTS | {ANY, DEEP}:
        raise UsageError(f"the mask {text!r} must begin with {', '.join(sorted(_ROOTS))} or **")
    return tuple(steps)


@lru_cache(maxsize=32)
def parse(text: str) -> Masks:
    """The rule set of a TOML text. Raises UsageError that says which rule is wrong and what was expected."""
    try:
        tables = toml_text.loads(text)
    except ValueError as error:
        raise UsageError(f"the masks are no TOML: {error}") from error
    table = tables.get("masks")
    if not isinstance(table, dict) or set(table) - {"paths", "patterns", "regexes"}:
        raise UsageError("masks are a table [masks] with the lists paths, patterns and regexes")
    paths = tuple(parse_path(path) for path in _texts(table, "paths"))
    named = [_named(name) for name in _texts(table, "patterns")]
    own = [(_compiled(pattern), _is_any) for pattern in _texts(table, "regexes")]
    return Masks(text, paths, (*named, *own))


def production() -> Masks:
    """What is hidden of a production connection unless said otherwise."""
    return parse((package_files.files("resources") / "masks.toml").read_text(encoding="utf-8"))


def _texts(table: Mapping[str, object], name: str) -> Iterable[str]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise UsageError(f"masks: {name} is a list of texts")
    if len(found) > _MOST_RULES:
        raise UsageError(f"masks: at most {_MOST_RULES} {name}")
    return found


def _named(name: str) -> tuple[Any, Callable[[str], bool]]:
    if name not in PATTERNS:
        raise UsageError(f"no pattern is named {name!r}: there are {', '.join(PATTERNS)}; one of your own goes into regexes")
    pattern, is_one = PATTERNS[name]
    return _compiled(pattern), is_one


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise UsageError(f"masks: {pattern!r} is no RE2 pattern: {error}") from error
