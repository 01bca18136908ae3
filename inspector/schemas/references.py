"""What a schema refers to, followed to its ends: each text before those that name it. No I/O of its own.

Places say how one reference is found; read `registry` and `catalogue` for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote

from inspector.event import Reference
from inspector.schemas import SchemaUnavailableError

MOST = 1_000
MOST_CHARACTERS = 16 * 1024 * 1024
WHOLE_S = 30.0
"""So many schemas, so much text of them in all, and so long to find them: a schema that refers to more is not read."""
_DEEPEST = 100


class Named(NamedTuple):
    """A reference as a schema writes it: the name it imports, and where that is registered."""

    name: str
    subject: str
    version: int | None
    group: str = ""
    """Apicurio's group; empty elsewhere."""


class Text(NamedTuple):
    """A schema that is referred to, and what it refers to itself."""

    text: str
    references: Sequence[Named]


Find = Callable[[Named], Text | None]


def resolved(named: Sequence[Named], find: Find, *, clock: Callable[[], float] = time.monotonic) -> tuple[Reference, ...]:
    """All that is needed, each once and before those that name it.

    Raises SchemaUnavailableError when one is not there, and when they are too many, too large or too slow to come.
    """
    search = _Search(find, clock)
    search.follow(named, 0)
    return tuple(search.done.values())


class _Search:
    def __init__(self, find: Find, clock: Callable[[], float]) -> None:
        self.done: dict[Named, Reference] = {}
        self._find = find
        self._clock = clock
        self._until_s = clock() + WHOLE_S
        self._open: set[Named] = set()
        self._left = MOST_CHARACTERS

    def follow(self, named: Sequence[Named], depth: int) -> None:
        for one in named:
            if one in self.done or one in self._open:
                continue
            if len(self.done) >= MOST or depth > _DEEPEST:
                raise SchemaUnavailableError(f"the schema refers to more than {MOST} others, or {_DEEPEST} deep")
            found = self._found(one)
            self._open.add(one)
            self.follow(found.references, depth + 1)
            self.done[one] = Reference(one.name, found.text, one.subject, one.version)

    def _found(self, one: Named) -> Text:
        if self._clock() > self._until_s:
            raise SchemaUnavailableError(f"what the schema refers to takes more than {WHOLE_S:.0f} s to find")
        found = self._find(one)
        if found is None:
            raise SchemaUnavailableError(f"the schema refers to {one.subject} version {one.version} (as {one.name}), which is not there")
        self._left -= len(found.text)
        if self._left < 0:
            raise SchemaUnavailableError(f"the schema refers to more than {MOST_CHARACTERS // 1024 // 1024} MB of others")
        return found


def named_in(listed: object) -> list[Named]:
    """The references in a registry's JSON (Confluent's or Apicurio's); what is none is left out."""
    if not isinstance(listed, list):
        return []
    found: list[Named] = []
    for one in listed:
        if isinstance(one, dict) and (subject := one.get("subject") or one.get("artifactId")):
            group = str(one.get("groupId") or "")
            found.append(Named(str(one.get("name") or subject), str(subject), version_of(one.get("version")), group))
    return found


def in_path(name: str) -> str:
    """`name` as one step of an address. Raises SchemaUnavailableError for dots, which lead elsewhere."""
    if name in {".", ".."}:
        raise SchemaUnavailableError(f"nothing is asked for by the name {name}")
    return quote(name, safe="")


def version_of(value: object) -> int | None:
    """A version's number; None for what is none (Apicurio's may be any text)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None
