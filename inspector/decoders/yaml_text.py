"""YAML text as stores of Ruby write it (Rails Event Store). Nothing is constructed: tags are kept as texts, never as objects.

Aliases are written out, so what they may add up to is bounded; a value that is JSON is read as that. Scalars are told apart by the
rules of YAML 1.1, which Ruby and PyYAML share (yaml.org/type). Read `composing` for how a document is put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from inspector import documents
from inspector.composing import FALSE, NULL, TRUE, Composer, Scalar, StoppedError, integer, real, text_of
from inspector.decoders import Context, Decoded
from inspector.decoding import compose
from inspector.event import FROM_VALUE

_MOST_BYTES = 4_000_000
"""It is read at some MB a second."""
_MOST_BY_ALIAS = 100_000
"""Values that aliases may bring in, all together, and that anchors may stand on."""
_STARTS = re.compile(rb"(?:\xef\xbb\xbf)?---(?:[ \t\r\n]|\Z)")
_SYMBOL = re.compile(r":[A-Za-z_]\w*[?!]?\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")
_INTEGER = re.compile(r"([-+]?)(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)\Z")
_CLASS = "!"
"""The member that has an object's tag."""
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlText:
    """Decodes YAML: one document with mappings, lists and plain values. Times stay texts; `:name` as a key is called `name`."""

    name = "yaml-text"
    sure = False
    begins = frozenset(b"-\xef")

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.8 for what begins with a document's mark `---`; else 0, as any text is YAML of some kind."""
        return 0.8 if _STARTS.match(value) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value that is JSON, or one YAML document."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is None:
                continue
            found = documents.read(value)
            if found.is_json:
                decoded.decoder[row], decoded.document[row], decoded.data[row] = "json", found.value, FROM_VALUE
                decoded.flags[row], decoded.error[row] = found.flags, found.error
            else:
                compose(decoded, row, value, decoder=self.name, kind="YAML", walk=_walk)
        return decoded


@dataclass(slots=True)
class _Open:
    """A container that is being read."""

    is_map: bool
    anchor: str | None
    start: int
    wants_key: bool = True


@dataclass(slots=True)
class _Walker:
    """Goes through the events of a document; those of an anchor are gone through again for each alias."""

    composer: Composer
    events: list[Any] = field(default_factory=list)
    anchors: dict[str, tuple[int, int]] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    by_alias: int = 0

    def kept(self, event: Any) -> int | None:
        """Its place among the events that an anchor stands for; None for one that no alias can bring again."""
        is_new = not isinstance(event, yaml.AliasEvent) and getattr(event, "anchor", None)
        if not is_new and not any(one.anchor for one in self.stack):
            return None
        if len(self.events) >= _MOST_BY_ALIAS:
            raise StoppedError(f"anchors on more than {_MOST_BY_ALIAS:,} values", _at(event))
        self.events.append(event)
        return len(self.events) - 1

    def take(self, event: Any, number: int | None) -> None:
        """One event; `number` is its place among all, None when an alias brings it again. Raises StoppedError."""
        at = _at(event)
        if isinstance(event, yaml.AliasEvent):
            self._again(str(event.anchor), at)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, at)
            self._anchored(event.anchor, number, number)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event, number, at)
        else:
            self._end(number)

    def _scalar(self, event: Any, at: int) -> None:
        if self.stack and self.stack[-1].is_map and self.stack[-1].wants_key:
            plain = event.style in {None, ""} and _SYMBOL.match(event.value)
            self.composer.name(event.value[1:] if plain else event.value)
            self.stack[-1].wants_key = False
            return
        try:
            scalar = _scalar(event)
        except ValueError as error:
            raise StoppedError(str(error), at) from None
        self.composer.value(scalar, at)
        self._placed()

    def _begin(self, event: Any, number: int | None, at: int) -> None:
        if self.stack and self.stack[-1].is_map and self.stack[-1].wants_key:
            raise StoppedError("a key that is a list or a mapping", at)
        is_map = isinstance(event, yaml.MappingStartEvent)
        self.composer.open(is_object=is_map, at=at)
        if is_map and event.tag:
            self.composer.name(_CLASS)
            self.composer.value(text_of(event.tag), at)
        self.stack.append(_Open(is_map, event.anchor if number is not None else None, number or 0))

    def _end(self, number: int | None) -> None:
        closed = self.stack.pop()
        self.composer.close()
        self._anchored(closed.anchor, closed.start, number)
        self._placed()

    def _placed(self) -> None:
        if self.stack:
            self.stack[-1].wants_key = True

    def _anchored(self, anchor: str | None, start: int | None, end: int | None) -> None:
        if anchor and start is not None and end is not None:
            self.anchors[anchor] = (start, end)

    def _again(self, anchor: str, at: int) -> None:
        """What an anchor stands for, once more; aliases within it go on a list, not down the stack."""
        left = [iter(self._of(anchor, at))]
        while left:
            event = next(left[-1], None)
            if event is None:
                left.pop()
                continue
            self.by_alias += 1
            if self.by_alias > _MOST_BY_ALIAS:
                raise StoppedError(f"aliases that stand for more than {_MOST_BY_ALIAS:,} values", at)
            if isinstance(event, yaml.AliasEvent):
                left.append(iter(self._of(str(event.anchor), at)))
            else:
                self.take(event, None)

    def _of(self, anchor: str, at: int) -> Iterator[Any]:
        found = self.anchors.get(anchor)
        if found is None:
            raise StoppedError("an alias of what is not there before it, or of what it is part of", at)
        return (self.events[place] for place in range(found[0], found[1] + 1))


def _at(event: Any) -> int:
    return int(event.start_mark.index)


def _walk(value: bytes, composer: Composer) -> None:
    """Reads one document. Raises StoppedError; places are characters of the text."""
    if len(value) > _MOST_BYTES:
        raise StoppedError(f"more than {_MOST_BYTES // 1_000_000} MB", _MOST_BYTES)
    try:
        text = value.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoppedError("not UTF-8", error.start) from None
    walker, documents_seen = _Walker(composer), 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                documents_seen += 1
                if documents_seen > 1:
                    raise StoppedError("a second document", _at(event))
            elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                walker.take(event, walker.kept(event))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise StoppedError(str(error.problem or error.context or "no YAML"), 0 if mark is None else int(mark.index)) from None
    except yaml.YAMLError as error:
        raise StoppedError(f"no YAML ({type(error).__name__})", 0) from None
    if not documents_seen:
        raise StoppedError("no document", 0)


def _scalar(event: Any) -> Scalar:
    """The value of a scalar. A tag that is not YAML's own leaves it a text. Raises ValueError."""
    text: str = event.value
    tag = event.tag or (_implicit(text) if event.implicit[0] else None)
    kind = (tag or "").removeprefix("tag:yaml.org,2002:")
    if kind == "null":
        return NULL
    if kind == "bool":
        return TRUE if text.lower() in {"true", "yes", "on"} else FALSE
    if kind in {"int", "float"}:
        return _number(text, kind)
    return text_of(text)


def _implicit(text: str) -> str | None:
    for tag, pattern in [*_RESOLVERS.get(text[:1], ()), *_RESOLVERS.get("*", ())]:
        if pattern.match(text):
            return str(tag)
    return None


def _number(text: str, kind: str) -> Scalar:
    """A number with its digits where JSON writes it alike; one in base 60 stays a text."""
    if _NUMBER.match(text) and kind == "float":
        number = float(text)
        return (number, text) if abs(number) < float("inf") else text_of(text)
    match = _INTEGER.match(text) if kind == "int" else None
    if match is not None:
        digits = match[2].replace("_", "")
        base = {"0b": 2, "0x": 16}.get(digits[:2].lower(), 8 if digits[0] == "0" and len(digits) > 1 else 10)
        if len(digits) > 4_000:
            raise ValueError(f"an integer of {len(digits):,} digits")
        number = int(digits[2:] if base in {2, 16} else digits, base)
        return integer(-number if match[1] == "-" else number)
    if kind == "float" and ":" not in text:
        plain = text.replace("_", "").lower()
        special = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}.get(plain, plain)
        return real(float(special))
    return text_of(text)
