"""The choice among decoders. No I/O; a decoder never raises for bad data.

A decoder is one file and one entry point in `eventscope.decoders`. It takes a batch of values and gives a document, a
reason, or both for each. Read `inspector.decoding` for what one is, `json_text` for the most used one, `identify` for who asks.

The choice is by priority, highest first. When the automatic choice finds that a value is not of its kind, the next one
is asked and the row keeps a note in `error`; when the user's own choice fails, the row is undecodable with the reason.
What the first values of a log turned out to be decides about later ones that several decoders could read (see `Habit`).
A decoder that can also say which bytes hold which field has a method `spans` (see `ShowsBytes`); `attempts` tells of one
value what every decoder makes of it.
"""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple, cast

from inspector import plugins
from inspector.composing import MOST_SPANS, FieldSpan, Path, Spans, Step
from inspector.decoding import PRIMITIVE_TYPES, UNDECODABLE, Context, Decoded, Decoder, KnowsBeginnings, Room, ShowsBytes, joined
from inspector.errors import UsageError
from inspector.event import Schema, _FromValue
from inspector.schemas.content import may_tell, tells

__all__ = [
    "CERTAIN",
    "MOST_SPANS",
    "PRIMITIVE_TYPES",
    "SAMPLE",
    "UNDECODABLE",
    "Attempt",
    "Context",
    "Decoded",
    "Decoder",
    "FieldSpan",
    "Habit",
    "Inside",
    "KnowsBeginnings",
    "Path",
    "Room",
    "ShowsBytes",
    "Spans",
    "Step",
    "attempts",
    "choose",
    "decode",
    "decode_inside",
    "joined",
    "known",
    "named",
]

log = logging.getLogger(__name__)

CERTAIN = 0.9
"""A decoder that is as sure as this, by a mark, a header or a schema that is there, is not overruled by a habit."""
_ALIKE = 0.02
"""Formats whose priorities differ by no more are told apart by a habit, others by their priority."""
_FORMLESS = {"primitive", "text"}
"""Whatever has the right length, or is readable, may be these: they are no other format that a habit would have to heed."""
SAMPLE = 200
"""So many values of a log are decided each by itself; then it has its habit, or none."""
_failures: set[tuple[str, str]] = set()
"""Decoders that failed, and how: what the log has been told."""


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
    data: str | _FromValue | None
    """The same as it would be stored."""


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


@dataclass(slots=True)
class Habit:
    """What the first 200 values of a log turned out to be, each decided by itself; nulls do not count.

    Then `favourite` is the decoder that made documents of at least half of them, and stays so for as long as the log is read.
    """

    seen: int = 0
    favourite: str | None = None
    documents: Counter[str] = field(default_factory=Counter)

    def left(self, values: Sequence[bytes | None]) -> int:
        """How many of `values` from the first on belong to the sample: all, when it is not full after them."""
        wanted = SAMPLE - self.seen
        if len(values) <= wanted:
            return len(values)
        for row, value in enumerate(values):
            if not wanted:
                return row
            wanted -= value is not None
        return len(values)

    def learn(self, values: Sequence[bytes | None], chosen: Sequence[str | None]) -> None:
        """`chosen` names the decoder that made a document of each value, if one did."""
        self.seen += len(values) - values.count(None)
        self.documents.update(name for name in chosen if name)
        if self.seen >= SAMPLE:
            name, count = max(self.documents.items(), key=lambda item: (item[1], item[0]), default=("", 0))
            self.favourite = name if count * 2 >= self.seen else None

    def settled(self) -> Habit:
        """As it is now, for values that it is not to learn from."""
        return replace(self, seen=max(self.seen, SAMPLE))


def choose(
    value: bytes, headers: str | None, context: Context, decoders: Iterable[Decoder] | None = None, favourite: str | None = None
) -> list[Decoder]:
    """The decoders that may understand `value`, the likeliest first; those with priority 0 are left out.

    `favourite` goes first when it may understand the value, none is certain of it and no other format is likelier.
    """
    if decoders is None:
        told = not value or (headers is not None and tells(headers)) or "schema" in context.options
        decoders = known() if told else _asked_about(value[0])
    ranked = [(priority, decoder) for decoder in decoders if (priority := _priority(decoder, value, headers, context)) > 0]
    if len(ranked) > 1:
        ranked.sort(key=lambda pair: -pair[0])
        if favourite is not None and ranked[0][0] < CERTAIN:
            likeliest = max((priority for priority, decoder in ranked if decoder.name not in _FORMLESS), default=0.0)
            ranked.sort(key=lambda pair: pair[1].name != favourite or pair[0] + _ALIKE < likeliest)
    return [decoder for _priority, decoder in ranked]


@cache
def _asked_about(first: int) -> tuple[Decoder, ...]:
    """The decoders that may read a value that begins with this byte."""
    return tuple(decoder for decoder in known() if not isinstance(decoder, KnowsBeginnings) or first in decoder.begins)


def decode(
    values: Sequence[bytes | None], headers: Sequence[str | None], context: Context, chosen: str | None = None, habit: Habit | None = None
) -> Decoded:
    """Every value decoded by `chosen`, or else by the best automatic choice for each. Never raises for bad data.

    `habit` is the log's; it learns until its sample is full. How the values of a log are cut into batches changes nothing.
    Raises UsageError when there is no decoder named `chosen`.
    """
    if chosen is not None:
        return _by_choice(named(chosen), values, headers, context)
    if habit is None or habit.seen >= SAMPLE:
        return _automatic(values, headers, context, habit.favourite if habit else None)[0]
    sample = habit.left(values)
    decoded, by = _automatic(values[:sample], headers[:sample], context)
    habit.learn(values[:sample], by)
    if sample < len(values):
        decoded.extend(_automatic(values[sample:], headers[sample:], context, habit.favourite)[0])
    return decoded


def _automatic(
    values: Sequence[bytes | None], headers: Sequence[str | None], context: Context, habit: str | None = None
) -> tuple[Decoded, list[str | None]]:
    """Every value decoded, and by row the name of the decoder that made a document of it."""
    first = next((row for row, value in enumerate(values) if value is not None), None)
    if first is None:
        return Decoded.empty(len(values)), [None] * len(values)
    favourite = choose(values[first] or b"", headers[first], context, favourite=habit)[0]
    rest: Sequence[int] = range(len(values))
    if favourite.sure:
        decoded = _read(favourite, values, headers, context)
        rest = _to_be_asked_again(decoded, values, headers)
        decoded.clear(rest)
        by: list[str | None] = [None if data is None else favourite.name for data in decoded.data]
    else:
        decoded, by = Decoded.empty(len(values)), [None] * len(values)
    _one_by_one(decoded, by, rest, values, headers, context, habit)
    return decoded, by


def _to_be_asked_again(decoded: Decoded, values: Sequence[bytes | None], headers: Sequence[str | None]) -> list[int]:
    """The rows that were refused, and those whose headers may tell that they are of another kind."""
    refused = (
        [row for row, name in enumerate(decoded.decoder) if name is None and values[row] is not None] if None in decoded.decoder else []
    )
    if any(headers) and may_tell("\n".join(filter(None, headers))):
        telling = (row for row, said in enumerate(headers) if said is not None and values[row] is not None and tells(said))
        return sorted({*refused, *telling})
    return refused


def _by_choice(decoder: Decoder, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
    asked = replace(context, options={**context.options, "asked": True})
    decoded = _read(decoder, values, headers, asked)
    if None in decoded.decoder:
        decoded.decoder = [
            decoder.name if name is None and value is not None else name for name, value in zip(decoded.decoder, values, strict=True)
        ]
    return decoded


def _one_by_one(
    decoded: Decoded,
    by: list[str | None],
    rows: Iterable[int],
    values: Sequence[bytes | None],
    headers: Sequence[str | None],
    context: Context,
    habit: str | None,
) -> None:
    """Fills `rows`, each by its own ranking; rows that have the same ranking are decoded together."""
    waiting: dict[tuple[Decoder, ...], list[int]] = {}
    for row in rows:
        value = values[row]
        if value is not None:
            waiting.setdefault(tuple(choose(value, headers[row], context, favourite=habit)), []).append(row)
    for ranking, alike in waiting.items():
        left = alike
        for decoder in ranking:
            part = _read(decoder, [values[row] for row in left], [headers[row] for row in left], context)
            _note(part, decoder)
            decoded.take(left, part)
            for place, row in enumerate(left):
                by[row] = decoder.name if part.data[place] is not None else by[row]
            left = [row for place, row in enumerate(left) if part.decoder[place] is None]
            if not left:
                break


def _read(decoder: Decoder, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
    """What a decoder makes of values, of each by itself where it fails: no capture ends because of a decoder."""
    try:
        return decoder.decode(values, headers, context)
    except Exception as error:  # noqa: BLE001 - whatever it is
        if len(values) > 1:
            parts = [_read(decoder, [value], [said], context) for value, said in zip(values, headers, strict=True)]
            decoded = parts[0]
            for part in parts[1:]:
                decoded.extend(part)
            return decoded
        decoded = Decoded.empty(1)
        if values[0] is not None:
            decoded.refuse(0, _failed(decoder, error))
        return decoded


def _priority(decoder: Decoder, value: bytes, headers: str | None, context: Context) -> float:
    try:
        return decoder.priority(value, headers, context)
    except Exception as error:  # noqa: BLE001 - whatever it is
        _failed(decoder, error)
        return 0.0


def _stopped_at(decoder: ShowsBytes, value: bytes, headers: str | None, context: Context) -> int | None:
    try:
        return decoder.spans(value, headers, context).stopped_at
    except Exception as error:  # noqa: BLE001 - whatever it is
        _failed(decoder, error)
        return None


def _failed(decoder: object, error: Exception) -> str:
    """What to say of a decoder that failed, which is logged once, without what the value holds."""
    name, kind = getattr(decoder, "name", ""), type(error).__name__
    if (name, kind) not in _failures:
        _failures.add((name, kind))
        at = traceback.extract_tb(error.__traceback__)[-1]
        log.warning("the decoder %s failed (%s in %s, line %s): it has a fault", name, kind, at.name, at.lineno)
    return f"this decoder failed ({kind})"


class Inside(NamedTuple):
    """What a value turned out to hold: its row, the form it was packed in, and what is inside."""

    row: int
    form: str
    value: bytes
    headers: str | None


def decode_inside(decoded: Decoded, inside: Sequence[Inside], context: Context) -> None:
    """Fills the rows of `inside` with what the automatic choice makes of what is in them; their decoder names both."""
    if not inside:
        return
    layers = context.options.get("layers", 0)
    within = replace(context, options={"layers": (layers if isinstance(layers, int) else 0) + 1})
    part = decode([one.value for one in inside], [one.headers for one in inside], within)
    for place, one in enumerate(inside):
        part.decoder[place] = f"{one.form} {part.decoder[place]}"
        if isinstance(part.data[place], _FromValue):
            part.data[place] = one.value.decode()
    decoded.take([one.row for one in inside], part)


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
    priority = _priority(decoder, value, headers, context)
    decoded = _read(decoder, [value], [headers], context)
    failed = decoded.decoder[0] is None or decoded.flags[0] & UNDECODABLE
    stopped_at = None
    reason = decoded.error[0]
    if failed and priority > 0 and isinstance(decoder, ShowsBytes):
        stopped_at = _stopped_at(decoder, value, headers, context)
    error = (reason or "not of this kind") if failed else None
    return Attempt(decoder.name, priority, error, stopped_at, decoded.schema[0], decoded.document[0], decoded.data[0])
