"""The door for decoders, and the choice among them. No I/O; a decoder never raises for bad data.

A decoder is one file and one entry point in `eventscope.decoders`. It takes a batch of values and gives a document, a
reason, or both for each. Read `json_text` for the most used one, `identify` for who asks.

The choice is by priority, highest first. When the automatic choice finds that a value is not of its kind, the next one
is asked and the row keeps a note in `error`; when the user's own choice fails, the row is undecodable with the reason.
A decoder that can also say which bytes hold which field has a method `spans` (see `ShowsBytes`); `attempts` tells of one
value what every decoder makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple, Protocol, cast, runtime_checkable

from inspector import plugins
from inspector.errors import UsageError
from inspector.event import Flag, Schema, _FromValue
from inspector.schemas import Framed, Schemas

PRIMITIVE_TYPES = ("long", "int", "short", "double", "float", "uuid")
"""What a key may be said to be instead of text; `primitive` reads them."""
UNDECODABLE = int(Flag.undecodable)
Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a decoder may know about the values of one batch: their log and which part of the record they are."""

    log: str = ""
    part: str = "value"
    """`key` or `value`."""
    options: Mapping[str, object] = field(default_factory=dict)
    """`asked` is true when the user or a descriptor named the decoder, `schema` names the one that values without a frame have;
    others are a decoder's own (see `primitive`)."""
    schemas: Schemas = field(default_factory=Schemas)
    """The schemas that values may name."""

    def framed(self, value: bytes, headers: str | None) -> Framed | None:
        """The schema that one value names, found or missing."""
        if name := self.options.get("schema"):
            return self.schemas.named(str(name), self.log, self.part)
        return self.schemas.framed(value, headers, self.log, self.part)

    def framed_column(self, values: Sequence[bytes | None], headers: Sequence[str | None]) -> list[Framed | None]:
        """The same for a column, which is quicker."""
        if name := self.options.get("schema"):
            framed = self.schemas.named(str(name), self.log, self.part)
            return [None if value is None else framed for value in values]
        return self.schemas.column(values, headers, self.log, self.part)


@dataclass(slots=True)
class Decoded:
    """What became of a batch of values, as columns of equal length.

    `document[i]` is the parsed document for identity rules (dict, list, str, int, float, bool or None); `data[i]` is
    what is stored: JSON text, `FROM_VALUE` when the value is itself that text, None when there is no document.
    `decoder[i]` is None where the value is null or not of the decoder's kind (`error[i]` then says why).
    """

    decoder: list[str | None]
    document: list[object]
    data: list[str | _FromValue | None]
    error: list[str | None]
    flags: list[int]
    schema: list[Schema | None]
    """The schema a value names, found or missing."""
    name: dict[int, str] = field(default_factory=dict)
    """Row → what its schema calls this kind of value: the full name of an Avro record or a Protobuf message."""

    @classmethod
    def empty(cls, count: int) -> Decoded:
        """`count` rows of nothing, to be filled."""
        return cls([None] * count, [None] * count, [None] * count, [None] * count, [0] * count, [None] * count)

    def refuse(self, row: int, reason: str) -> None:
        """The value of `row` is not of this decoder's kind."""
        self.error[row] = reason
        self.flags[row] |= UNDECODABLE

    def take(self, rows: Sequence[int], other: Decoded) -> None:
        """Puts the rows of `other` in the places `rows`, adding to the notes and flags that are there."""
        for place, row in enumerate(rows):
            self.decoder[row] = other.decoder[place]
            self.document[row] = other.document[place]
            self.data[row] = other.data[place]
            if other.schema[place] is not None:
                self.schema[row] = other.schema[place]
            if place in other.name:
                self.name[row] = other.name[place]
            self.flags[row] |= other.flags[place]
            self.error[row] = joined(self.error[row], other.error[place])


class Decoder(Protocol):
    """One way to understand bytes."""

    name: str
    sure: bool
    """True when decoding a value without error is proof that it is of this kind: the others need not be asked."""

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """How sure this decoder is of `value`: 0 (not mine) to 1 (certainly)."""

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value decoded; one that cannot be has its reason in `error` and `Flag.undecodable`. Never raises."""


class FieldSpan(NamedTuple):
    """The bytes `[start, end)` of a value that hold what its document has at `path`."""

    path: Path
    start: int
    end: int


@dataclass(slots=True)
class Spans:
    """Where the fields of one value lie in its bytes, as far as they could be followed; containers come before their members."""

    fields: list[FieldSpan] = field(default_factory=list)
    stopped_at: int | None = None
    """The byte where it could not go on; None when all was followed."""
    reason: str = ""


@runtime_checkable
class ShowsBytes(Protocol):
    """What a decoder has besides when it can say which bytes hold which field."""

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """Where the fields of one value lie. Never raises for bad data; at most `MOST_SPANS` fields."""


MOST_SPANS = 20_000
"""A value with more fields is followed no further."""


class Attempt(NamedTuple):
    """What one decoder makes of one value."""

    decoder: str
    priority: float
    """How sure it is of the value, 0 to 1; one with 0 is not asked by the automatic choice."""
    error: str | None
    """Why it is not of its kind; None when it is."""
    stopped_at: int | None
    """The byte where it stopped, where the decoder can say it."""
    schema: Schema | None
    document: object
    """What it read."""


def joined(*reasons: str | None) -> str | None:
    """The reasons that are given, as one text; None for none."""
    return "; ".join(reason for reason in reasons if reason) or None


@cache
def known() -> tuple[Decoder, ...]:
    """Every registered decoder, by name."""
    return tuple(named(name) for name in plugins.names("decoders"))


@cache
def named(name: str) -> Decoder:
    """The decoder registered as `name`. Raises UsageError listing the known ones."""
    try:
        factory = plugins.load("decoders", name)
    except LookupError as error:
        raise UsageError(str(error)) from None
    return cast("Callable[[], Decoder]", factory)()


def choose(value: bytes, headers: str | None, context: Context, decoders: Iterable[Decoder] | None = None) -> list[Decoder]:
    """The decoders that may understand `value`, the likeliest first; those with priority 0 are left out."""
    ranked = [(decoder.priority(value, headers, context), decoder) for decoder in (known() if decoders is None else decoders)]
    return [decoder for priority, decoder in sorted(ranked, key=lambda pair: -pair[0]) if priority > 0]


def decode(values: Sequence[bytes | None], headers: Sequence[str | None], context: Context, chosen: str | None = None) -> Decoded:
    """Every value decoded by `chosen`, or else by the best automatic choice for each. Never raises for bad data.

    Raises UsageError when there is no decoder named `chosen`.
    """
    if chosen is not None:
        return _by_choice(named(chosen), values, headers, context)
    first = next((row for row, value in enumerate(values) if value is not None), None)
    if first is None:
        return Decoded.empty(len(values))
    favourite = choose(values[first] or b"", headers[first], context)[0]
    if not favourite.sure:
        decoded = Decoded.empty(len(values))
        _one_by_one(decoded, range(len(values)), values, headers, context)
        return decoded
    decoded = favourite.decode(values, headers, context)
    refused = [row for row, name in enumerate(decoded.decoder) if name is None and values[row] is not None]
    for row in refused:
        decoded.error[row], decoded.flags[row] = None, 0
    _one_by_one(decoded, refused, values, headers, context)
    return decoded


def _by_choice(decoder: Decoder, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
    asked = replace(context, options={**context.options, "asked": True})
    decoded = decoder.decode(values, headers, asked)
    if None in decoded.decoder:
        decoded.decoder = [
            decoder.name if name is None and value is not None else name for name, value in zip(decoded.decoder, values, strict=True)
        ]
    return decoded


def _one_by_one(
    decoded: Decoded, rows: Iterable[int], values: Sequence[bytes | None], headers: Sequence[str | None], context: Context
) -> None:
    """Fills `rows`, each by its own ranking; rows that start with the same choice are decoded together."""
    waiting: dict[tuple[Decoder, ...], list[int]] = {}
    for row in rows:
        value = values[row]
        if value is not None:
            waiting.setdefault(tuple(choose(value, headers[row], context)), []).append(row)
    for ranking, alike in waiting.items():
        left = alike
        for decoder in ranking:
            part = decoder.decode([values[row] for row in left], [headers[row] for row in left], context)
            _note(part, decoder)
            decoded.take(left, part)
            left = [row for place, row in enumerate(left) if part.decoder[place] is None]
            if not left:
                break


def _note(part: Decoded, decoder: Decoder) -> None:
    """Says in each refused row which decoder refused."""
    for place, name in enumerate(part.decoder):
        reason = part.error[place]
        if name is None and reason is not None:
            part.error[place] = f"{decoder.name}: {reason}"


def attempts(value: bytes, headers: str | None, context: Context) -> list[Attempt]:
    """What every decoder makes of one value, the likeliest first: why a value does not decode, or what else it may be."""
    found = [_attempt(decoder, value, headers, context) for decoder in known()]
    return sorted(found, key=lambda attempt: (-attempt.priority, attempt.decoder))


def _attempt(decoder: Decoder, value: bytes, headers: str | None, context: Context) -> Attempt:
    priority = decoder.priority(value, headers, context)
    decoded = decoder.decode([value], [headers], context)
    failed = decoded.decoder[0] is None or decoded.flags[0] & UNDECODABLE
    stopped_at = None
    reason = decoded.error[0]
    if failed and priority > 0 and isinstance(decoder, ShowsBytes):
        spans = decoder.spans(value, headers, context)
        stopped_at = spans.stopped_at
    error = (reason or "not of this kind") if failed else None
    return Attempt(decoder.name, priority, error, stopped_at, decoded.schema[0], decoded.document[0])
