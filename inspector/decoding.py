"""What a decoder is: what it is told of values, and what it gives for them. No I/O.

Read `decoders` for the choice among them and `decoders.json_text` for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast, runtime_checkable

from inspector.composing import MAX_UNPACKED_BYTES, Composer, Spans, StoppedError
from inspector.event import Flag, Schema, _FromValue
from inspector.schemas import Framed, Schemas

_NUMBERS = ("long", "int", "short", "double", "float", "uuid")
PRIMITIVE_TYPES = (*_NUMBERS, *(f"{window} {kind}" for window in ("windowed", "session") for kind in ("text", *_NUMBERS)))
"""What a key may be said to be instead of text; `primitive` reads them."""
UNDECODABLE = int(Flag.undecodable)
_LEAST_ROOM = 2 * MAX_UNPACKED_BYTES
_ROOM_PER_BYTE = 20


@dataclass(slots=True)
class Room:
    """How many bytes the values of one batch may still unpack to, all layers of them together.

    It is what bounds the memory and the time of a batch: 47 bytes can hold 32 MB.
    """

    left: int

    @classmethod
    def of(cls, values: Iterable[bytes | None]) -> Room:
        """Of a batch: 64 MB, or 20 bytes for each that there are."""
        return cls(max(_LEAST_ROOM, _ROOM_PER_BYTE * sum(len(value) for value in values if value is not None)))

    def take(self, size: int) -> None:
        """So many bytes were unpacked. Raises ValueError when there was no room for them."""
        self.left -= size
        if self.left < 0:
            raise ValueError(self.full)

    @property
    def full(self) -> str:
        """Why there is none."""
        return "the values that are read together unpack to too much"


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
    most_unpacked: int = MAX_UNPACKED_BYTES
    """A value that unpacks to more is refused."""
    room: Room | None = None
    """What is left of the batch that the values were packed in; None for a batch of its own."""

    def framed(self, value: bytes, headers: str | None) -> Framed | None:
        """The schema that one value names, found or missing."""
        name = self.options.get("schema")
        named = self.schemas.named(str(name), self.log, self.part) if name else self.schemas.framed(value, headers, self.log, self.part)
        return self._bounded(named)

    def framed_column(self, values: Sequence[bytes | None], headers: Sequence[str | None]) -> list[Framed | None]:
        """The same for a column, which is quicker."""
        if name := self.options.get("schema"):
            framed = self._bounded(self.schemas.named(str(name), self.log, self.part))
            return [None if value is None else framed for value in values]
        column = self.schemas.column(values, headers, self.log, self.part)
        return column if self.most_unpacked >= MAX_UNPACKED_BYTES else list(map(self._bounded, column))

    def _bounded(self, framed: Framed | None) -> Framed | None:
        return framed if framed is None or self.most_unpacked >= MAX_UNPACKED_BYTES else framed._replace(most_inflated=self.most_unpacked)


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

    def clear(self, rows: Iterable[int]) -> None:
        """Makes nothing of these rows again."""
        for row in rows:
            self.decoder[row] = self.document[row] = self.data[row] = self.error[row] = self.schema[row] = None
            self.flags[row] = 0
            self.name.pop(row, None)

    def extend(self, other: Decoded) -> None:
        """Adds the rows of `other` below."""
        count = len(self.decoder)
        for mine, more in zip(self._columns(), other._columns(), strict=True):
            mine.extend(more)
        self.name.update({count + row: name for row, name in other.name.items()})

    def _columns(self) -> tuple[list[object], ...]:
        columns = (self.decoder, self.document, self.data, self.error, self.flags, self.schema)
        return cast("tuple[list[object], ...]", columns)

    def take(self, rows: Sequence[int], other: Decoded) -> None:
        """Puts the rows of `other` in the places `rows`, adding to the notes and flags that are there."""
        for place, row in enumerate(rows):
            self.put(row, other, place)

    def put(self, row: int, other: Decoded, place: int) -> None:
        """Puts one row of `other` in the place `row`, adding to the notes and flags that are there."""
        self.decoder[row] = other.decoder[place]
        self.document[row] = other.document[place]
        self.data[row] = other.data[place]
        if other.schema[place] is not None:
            self.schema[row] = other.schema[place]
        if place in other.name:
            self.name[row] = other.name[place]
        self.flags[row] |= other.flags[place]
        self.error[row] = joined(self.error[row], other.error[place])


def joined(*reasons: str | None) -> str | None:
    """The reasons that are given, as one text; None for none."""
    return "; ".join(reason for reason in reasons if reason) or None


class Decoder(Protocol):
    """One way to understand bytes."""

    name: str
    sure: bool
    """True when decoding a value without error is proof that it is of this kind: the others need not be asked."""

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """How sure this decoder is of `value`: 0 (not mine) to 1 (certainly)."""

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value decoded; one that cannot be has its reason in `error` and `Flag.undecodable`. Never raises."""


@runtime_checkable
class KnowsBeginnings(Protocol):
    """What a decoder has besides when values of its kind begin with few bytes: then it is not asked about others.

    Where headers tell anything of the value, and for an empty value, it is asked all the same.
    """

    begins: frozenset[int]
    """The first bytes of values that it may be sure of at all."""


@runtime_checkable
class ShowsBytes(Protocol):
    """What a decoder has besides when it can say which bytes hold which field."""

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """Where the fields of one value lie. Never raises for bad data; at most `MOST_SPANS` fields."""


Walk = Callable[[bytes, Composer], None]
"""Goes through one value and tells a composer what it meets; raises StoppedError where it cannot go on."""


def compose(decoded: Decoded, row: int, value: bytes, *, decoder: str, kind: str, walk: Walk) -> None:
    """Fills a row with the document that `walk` finds in a value; else the row is refused as no `kind`, with the place and the reason."""
    composer = Composer(len(value))
    try:
        walk(value, composer)
    except StoppedError as error:
        decoded.refuse(row, f"not {kind}: {error}")
        return
    decoded.decoder[row], decoded.document[row], decoded.data[row] = decoder, composer.document, composer.text
    if composer.repeats:
        decoded.flags[row] = int(Flag.duplicate_keys)


def composed_spans(value: bytes, walk: Walk) -> Spans:
    """The bytes of every value that `walk` finds, and where it stops."""
    composer = Composer(len(value), spans=True)
    try:
        walk(value, composer)
    except StoppedError as error:
        return Spans(composer.spans, error.at, error.reason)
    return Spans(composer.spans)
