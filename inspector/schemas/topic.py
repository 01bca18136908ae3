"""The topic that registries keep their schemas in (`_schemas`): its records as schemas. No I/O.

A capture of that topic needs no registry. What was deleted there stays known: older records were written with it. Read
`catalogue` for how references are found, `inspector.feed` and `inspector.redecode` for who hands over records.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from inspector.event import Schema
from inspector.schemas.catalogue import Catalogue, Entry, listed_entry, readable

TOPIC = "_schemas"
_LARGEST = 16 * 1024 * 1024


class SchemasTopic:
    """The schemas of one cluster's topic, as far as its records were seen."""

    def __init__(self, registry: str = TOPIC) -> None:
        self._catalogue = Catalogue(registry)
        self._waiting: list[tuple[str, Entry]] = []
        """Schemas that refer to some that were not seen yet."""

    def learn(self, records: Iterable[tuple[bytes | None, bytes | None]]) -> list[Schema]:
        """The schemas that can be used now and could not before, from further (key, value) in the topic's order."""
        new = list(self._waiting)
        for key, value in records:
            entry = topic_entry(key, value)
            if entry is not None and self._catalogue.add(entry):
                new.extend((wire, entry) for wire in entry.wires)
        schemas, self._waiting = readable(self._catalogue, new)
        return schemas


def topic_entry(key: bytes | str | None, value: bytes | str | None) -> Entry | None:
    """The schema that one record of the topic registers; None for a setting, a deletion, and for what is none of these."""
    if key is None or value is None or len(value) > _LARGEST:
        return None
    try:
        named, found = orjson.loads(key), orjson.loads(value)
    except ValueError:
        return None
    if not isinstance(named, dict) or not isinstance(found, dict) or named.get("keytype") != "SCHEMA":
        return None
    return listed_entry(found)
