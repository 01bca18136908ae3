"""Writers' schemas: which one a value names, and where it is found. Knows no decoder and no capture.

A *book* (`Schemas`) holds the schemas met so far and the *places* that may have others: a folder, the `_schemas` topic, a
registry. A schema that no place has or that cannot be asked for now is a missing one, which a later decoding finds. Read
`framing` for how values name schemas, `registry`, `folder` and `topic` for places.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from inspector.event import Schema, wire_words
from inspector.schemas.framing import Frame, frame_of, may_name_schema
from inspector.schemas.places import FITS_BOTH, best, fit

__all__ = ["NO_DESCRIPTORS", "Framed", "Place", "SchemaUnavailableError", "Schemas"]

NO_DESCRIPTORS = b""
"""What stands for the descriptors of a Protobuf schema that is not to be compiled."""
MAX_INFLATED_BYTES = 32 * 1024 * 1024
"""A compressed value that is larger than this is not read."""
RETRY_S = 5.0
"""A schema that could not be had is asked for again after so long."""
_STRANGERS, _FORGIVEN_PER_S = 50, 1.0
"""A log may name so many schemas that nobody knows, and so many more with time: bytes that only look like a frame name ever others."""
_REMEMBERED = 50_000


class SchemaUnavailableError(Exception):
    """A place cannot be asked now; the text says why and what to do."""


class Place(Protocol):
    """Somewhere schemas are found."""

    name: str
    """An address without secrets, or a file's name."""
    is_final: bool
    """True when the user named it for this very reading: it is asked before what the capture already holds."""

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        """The schema that values of `part` of `log` call `wire`; None when there is none here.

        Raises SchemaUnavailableError when this place cannot be asked now.
        """

    def close(self) -> None:
        """Lets go of connections and files."""


class Framed(NamedTuple):
    """A value that names its schema: the schema (perhaps missing) and the frame that says so."""

    schema: Schema
    frame: Frame
    most_inflated: int = MAX_INFLATED_BYTES

    def body(self, value: bytes) -> bytes:
        """What follows the frame, inflated where it says so. Raises ValueError when that cannot be done."""
        if not self.frame.is_deflated:
            return value[self.frame.start :] if self.frame.start else value
        stream = zlib.decompressobj()
        try:
            body = stream.decompress(value[self.frame.start :], self.most_inflated)
        except zlib.error as error:
            raise ValueError(f"it does not inflate ({error})") from None
        if stream.unconsumed_tail:
            raise ValueError(f"it inflates to more than {self.most_inflated // 1024 // 1024} MB")
        if not stream.eof or stream.unused_data:
            raise ValueError("its compressed part ends too early" if not stream.eof else "bytes follow its compressed part")
        return body


@dataclass(slots=True)
class _Missing:
    schema: Schema
    until_s: float
    """When to ask again."""


class Schemas:
    """The schemas of one source: those known, and the places to ask for others, in order. Not shared between threads.

    `known` are schemas met before (a capture's own). Unless it `may_compile`, those of them without descriptors stay so.
    """

    def __init__(
        self,
        places: Sequence[Place] = (),
        known: Iterable[Schema] = (),
        *,
        may_compile: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = list(places)
        self._clock = clock
        self._known: dict[str, list[Schema]] = {}
        self._found: dict[tuple[str, str, str], Schema] = {}
        self._missing: dict[tuple[str, str, str], _Missing] = {}
        self._vain: dict[tuple[str, str], tuple[float, float]] = {}
        """By log and part, how many were asked for in vain, and up to when forgiveness is counted."""
        self._frames: dict[tuple[str, str], dict[bytes, Framed]] = {}
        self._unasked: dict[tuple[str, str, str], list[Place]] = {}
        """Places that need not be asked for a schema, unless the one that is known does not read the values."""
        self._users: set[Schema] = set()
        for schema in known:
            is_left = not may_compile and schema.kind == "PROTOBUF" and schema.compiled is None
            self.add(replace(schema, compiled=NO_DESCRIPTORS) if is_left else schema)

    def add(self, schema: Schema) -> None:
        """Takes in a schema met elsewhere: in the capture, or among the records being read."""
        if schema.text is not None:
            self._known.setdefault(schema.wire, []).append(schema)
            self._missing.clear()
            self._frames.clear()

    def add_new(self, schemas: Iterable[Schema]) -> None:
        """Takes in those of which it knows none from the same place with the same subject and text."""
        for schema in schemas:
            known = self._known.get(schema.wire, ())
            if not any((one.registry, one.subject, one.text) == (schema.registry, schema.subject, schema.text) for one in known):
                self.add(schema)

    def framed(self, value: bytes, headers: str | None, log: str, part: str = "value") -> Framed | None:
        """The schema that one value names; None when it names none."""
        frame = frame_of(value, headers, part)
        return None if frame is None else Framed(self.find(frame.wire, log, part), frame)

    def column(self, values: Sequence[bytes | None], headers: Sequence[str | None], log: str, part: str = "value") -> list[Framed | None]:
        """The same for a column; values that begin alike are looked at once."""
        known = self._frames.setdefault((log, part), {})
        found: list[Framed | None] = []
        for value, header in zip(values, headers, strict=True):
            if value is None:
                found.append(None)
                continue
            plain = header is None or not may_name_schema(header)
            framed = known.get(value[:5]) if plain and len(value) > 5 else None
            if framed is None:
                framed = self.framed(value, header, log, part)
                if framed is not None and plain and framed.frame.form == "confluent" and framed.schema.text is not None:
                    known[value[:5]] = framed
            found.append(framed)
        return found

    def named(self, name: str, log: str, part: str = "value") -> Framed:
        """The schema that the user names for values without a frame: an Avro or Protobuf full name, or a file's."""
        wire = f"name:{name}"
        return Framed(self.find(wire, log, part), Frame(wire, 0, "map"))

    def find(self, wire: str, log: str, part: str) -> Schema:
        """The schema that values of `part` of `log` call `wire`: a missing one, with the reason, when nobody has it."""
        key = (wire, log, part)
        schema = self._found.get(key)
        if schema is not None:
            return schema
        missing = self._missing.get(key)
        if missing is not None and self._clock() < missing.until_s:
            return missing.schema
        schema = self._look(wire, log, part)
        if schema.text is not None:
            self._found[key] = schema
        else:
            if len(self._missing) >= _REMEMBERED:
                self._missing.clear()
            same = missing is not None and missing.schema.error == schema.error
            self._missing[key] = _Missing(missing.schema if same and missing else schema, self._clock() + RETRY_S)
        return self._found.get(key) or self._missing[key].schema

    def others(self, schema: Schema, log: str, part: str) -> list[Schema]:
        """The other schemas that are called as `schema` is: of other registries, of other subjects, or of another time."""
        for place in self._unasked.pop((schema.wire, log, part), ()):
            if found := self._ask(place, schema.wire, log, part, []):
                self.add_new([found])
        by_text = {one.text: one for one in self._known.get(schema.wire, ()) if one.text != schema.text}
        return list(by_text.values())[::-1]

    def is_users(self, schema: Schema) -> bool:
        """Whether the user named the place of a schema for this very reading."""
        return schema in self._users

    def _look(self, wire: str, log: str, part: str) -> Schema:
        reasons: list[str] = []
        may_ask = self._in_vain(log, part) <= _STRANGERS - 1
        for place in self.places if may_ask else ():
            if place.is_final and (schema := self._ask(place, wire, log, part, reasons)):
                self._users.add(schema)
                return schema
        self._ask_others(wire, log, part, reasons, may_ask=may_ask)
        # of schemas that are called alike (by several registries, or at different times) the newest of those that fit alike
        if known := best([(one.subject, one) for one in reversed(self._known.get(wire, ()))], log, part):
            return known
        if not may_ask:
            return Schema(wire, error=f"{wire_words(wire)}, not asked for now: this log has named {_STRANGERS} others that nobody knows")
        if self.places and not reasons:
            self._vain[log, part] = self._in_vain(log, part) + 1, self._clock()
        asked = ", ".join(place.name for place in self.places)
        said = "; ".join(reasons) or (f"not known to {asked}" if asked else "no registry set")
        return Schema(wire, error=f"{wire_words(wire)}, {said}")

    def _ask_others(self, wire: str, log: str, part: str, reasons: list[str], *, may_ask: bool) -> None:
        """Asks one place after the other until a schema is known that is not another log's; the rest is asked when that does not read."""
        others = [place for place in self.places if not place.is_final] if may_ask else []
        while others and all(_is_of_another_log(one, log, part) for one in self._known.get(wire, ())):
            if found := self._ask(others.pop(0), wire, log, part, reasons):
                self.add_new([found])
        self._unasked[wire, log, part] = others

    def _in_vain(self, log: str, part: str) -> float:
        """How many schemas that nobody knows were asked for of late."""
        count, at_s = self._vain.get((log, part), (0.0, 0.0))
        return max(0.0, count - (self._clock() - at_s) * _FORGIVEN_PER_S)

    @staticmethod
    def _ask(place: Place, wire: str, log: str, part: str, reasons: list[str]) -> Schema | None:
        try:
            return place.fetch(wire, log, part)
        except SchemaUnavailableError as error:
            reasons.append(str(error))
            return None

    def close(self) -> None:
        """Lets go of every place."""
        for place in self.places:
            place.close()


def _is_of_another_log(schema: Schema, log: str, part: str) -> bool:
    """Whether a schema is known by a subject of other values: this log's own may be of another version."""
    return schema.subject.endswith(("-key", "-value")) and fit(schema.subject, log, part) < FITS_BOTH
