"""What a schema refers to, followed to its ends: each text before those that name it. No I/O of its own.

Places say how one reference is found; read `registry` and `catalogue` for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from inspector.event import Reference
from inspector.schemas import SchemaUnavailableError

MOST = 1_000
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


def resolved(named: Sequence[Named], find: Find) -> tuple[Reference, ...]:
    """All that is needed, each once and before those that name it.

    Raises SchemaUnavailableError when one is not there, and when there are too many.
    """
    done: dict[Named, Reference] = {}
    _follow(named, find, done, set(), 0)
    return tuple(done.values())


def _follow(named: Sequence[Named], find: Find, done: dict[Named, Reference], open_: set[Named], depth: int) -> None:
    for one in named:
        if one in done or one in open_:
            continue
        if len(done) >= MOST or depth > _DEEPEST:
            raise SchemaUnavailableError(f"the schema refers to more than {MOST} others, or {_DEEPEST} deep")
        found = find(one)
        if found is None:
            raise SchemaUnavailableError(f"the schema refers to {one.subject} version {one.version} (as {one.name}), which is not there")
        open_.add(one)
        _follow(found.references, find, done, open_, depth + 1)
        done[one] = Reference(one.name, found.text, one.subject, one.version)


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


def version_of(value: object) -> int | None:
    """A version's number; None for what is none (Apicurio's may be any text)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None
