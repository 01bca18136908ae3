"""The rows of one log in one batch, as the columns that rules look into; each is made when first asked for. No rules here.

Looking up a name in 20,000 documents that do not have it costs as much as finding it, so the names that occur at all
are gathered once, and a rule for any other name is skipped. Read `expressions` for who asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import orjson

from inspector import documents
from inspector.decoders import Context, decode
from inspector.event import FROM_VALUE, Schema, _FromValue

Step = str | int
Path = tuple[Step, ...]

MAX_NAME_BYTES = 256
"""A longer key is not the name of a stream."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_YAML = (b"---\n", b"---\r\n", b"--- ")
_EMPTY: Mapping[str, object] = {}
_NO_NAMES: frozenset[str] = frozenset()
_FOLDED: dict[str, str] = {}


@dataclass(slots=True)
class Rows:
    """Columns of equal length: what was read and what was decoded of each row of log `log`."""

    log: str
    key: Sequence[bytes | None]
    value: Sequence[bytes | None]
    headers: Sequence[str | None]
    document: Sequence[object]
    data: Sequence[str | _FromValue | None]
    envelope: Mapping[str, Sequence[object]]
    key_document: Sequence[object] | None = None
    """The keys as the profile's key decoder reads them; None: keys are text."""
    key_schemas: frozenset[Schema] = frozenset()
    """The schemas that keys name and were read with."""
    schema: Sequence[Schema | None] = ()
    """The schema that each value names; empty for none."""
    schema_name: Mapping[int, str] = field(default_factory=dict)
    """Row → the full name that its schema gives this kind of value."""
    _values: dict[tuple[str, Path], Sequence[object] | None] = field(default_factory=dict)
    _objects: dict[tuple[str, Path], tuple[Sequence[Mapping[str, object]], set[str] | frozenset[str]]] = field(default_factory=dict)
    _headers: tuple[Sequence[Mapping[str, object]], Mapping[str, list[str]]] | None = None
    _metadata: Sequence[str | None] | None = None
    _metadata_objects: Sequence[object] | None = None
    _keys: Sequence[str | None] | None = None
    _longest: int | None = None

    def __len__(self) -> int:
        return len(self.value)

    def values(self, root: str, path: Path) -> Sequence[object] | None:
        """What each row has at `path` of its `data` or `metadata`; None when no row has anything there."""
        place = (root, path)
        if place not in self._values:
            self._values[place] = self._look_up(root, path)
        return self._values[place]

    def _look_up(self, root: str, path: Path) -> Sequence[object] | None:
        if not path:
            return self.document if root == "data" else self._parsed_metadata()
        *above, step = path
        if isinstance(step, int):
            lists = self.values(root, tuple(above))
            return lists and [item[step] if type(item) is list and len(item) > step else None for item in lists]
        objects, names = self.objects(root, tuple(above))
        return [item.get(step) for item in objects] if step in names else None

    def objects(self, root: str, path: Path) -> tuple[Sequence[Mapping[str, object]], set[str] | frozenset[str]]:
        """The object each row has at `path` (an empty one for anything else), and every name that occurs in them."""
        known = self._objects.get((root, path))
        if known is None:
            known = self._objects[root, path] = _as_objects(self.values(root, path))
        return known

    def header(self, name: str) -> Sequence[object] | None:
        """The first value of header `name` in each row; spelling in case, `-` and `_` is free, the exact one goes first."""
        objects, spelled = self.all_headers()
        found: Sequence[object] | None = None
        for actual in sorted(spelled.get(folded(name), ()), key=lambda spelling: spelling != name):
            column = [item.get(actual) for item in objects]
            found = column if found is None else [new if old is None else old for old, new in zip(found, column, strict=True)]
        return found

    def all_headers(self) -> tuple[Sequence[Mapping[str, object]], Mapping[str, list[str]]]:
        """Each row's headers by name (the first of a name wins), and the spellings that occur by folded name."""
        if self._headers is None:
            self._headers = _parsed_headers(self.headers)
        return self._headers

    def longest(self) -> int:
        """The size of the largest value, document or headers: no text in them is longer."""
        if self._longest is None:
            texts = [text for text in self.data if isinstance(text, str)]
            self._longest = max(map(len, filter(None, (*self.value, *texts, *self.headers, b"0"))))
        return self._longest

    def keys(self) -> Sequence[str | None]:
        """Each row's key as text: UTF-8 without control characters, at most 256 bytes; None for any other."""
        if self._keys is None:
            if self.key_document is None:
                self._keys = _key_texts(self.key)
            else:
                self._keys = [None if item is None else item if isinstance(item, str) else str(item) for item in self.key_document]
        return self._keys

    def schema_values(self, name: str) -> Sequence[object] | None:
        """Each row's schema `name` (of the kind of value), `version` or `subject`; None when no row names a schema that is there."""
        if name == "name":
            return [self.schema_name.get(row) for row in range(len(self))] if self.schema_name else None
        if not any(self.schema):
            return None
        if name == "subject":
            return [None if schema is None else schema.subject or None for schema in self.schema]
        return [None if schema is None else _version(schema) for schema in self.schema]

    def text(self, row: int) -> str:
        """The JSON text of the row's document, digits and all; empty when it has none."""
        data = self.data[row]
        if data is FROM_VALUE:
            return (self.value[row] or b"").decode()
        return data if isinstance(data, str) else ""

    def exact(self, row: int, root: str, path: Path) -> str | None:
        """The JSON text at `path` with its digits as written; None when there is nothing."""
        text = self.text(row) if root == "data" else _at(self.metadata(), row)
        steps = "".join(f"[{step}]" if isinstance(step, int) else "." + orjson.dumps(step).decode() for step in path)
        return documents.exact(text, "$" + steps) if text else None

    def metadata(self) -> Sequence[str | None] | None:
        """The metadata that the source gives of each row as JSON text; None when it gives none."""
        if self._metadata is None and "metadata" in self.envelope:
            self._metadata = [_metadata_text(item) for item in _from_yaml(self.envelope["metadata"])]
        return self._metadata

    def _parsed_metadata(self) -> Sequence[object] | None:
        texts = self.metadata()
        if self._metadata_objects is None and texts is not None:
            self._metadata_objects = [None if text is None else documents.read(text.encode()).value for text in texts]
        return self._metadata_objects


def _version(schema: Schema) -> str:
    """The version of its subject; where that is not known, a number sign and what records call the schema."""
    return str(schema.version) if schema.version is not None else "#" + schema.wire.removeprefix("id:")


def _at(texts: Sequence[str | None] | None, row: int) -> str | None:
    return None if texts is None else texts[row]


def folded(name: str) -> str:
    """`name` without case, `-` and `_`: `Correlation-Id`, `correlation_id` and `correlationId` are one header."""
    known = _FOLDED.get(name)
    if known is None:
        if len(_FOLDED) > 10_000:
            _FOLDED.clear()
        known = _FOLDED[name] = name.lower().replace("-", "").replace("_", "")
    return known


def _as_objects(values: Sequence[object] | None) -> tuple[Sequence[Mapping[str, object]], set[str] | frozenset[str]]:
    if values is None:
        return (), _NO_NAMES
    kinds = set(map(type, values))
    if kinds == {dict}:
        objects = cast("Sequence[Mapping[str, object]]", values)
    else:
        objects = [value if type(value) is dict else _EMPTY for value in values]
    return objects, set().union(*objects) if dict in kinds else _NO_NAMES


def _parsed_headers(texts: Sequence[str | None]) -> tuple[Sequence[Mapping[str, object]], Mapping[str, list[str]]]:
    if not any(texts):
        return (), {}
    loads = orjson.loads
    try:
        objects = [_EMPTY if text is None else dict(loads(text)[::-1]) for text in texts]
    except (ValueError, TypeError):  # a capture made by others may hold anything
        objects = [_EMPTY if text is None else _as_headers(text) for text in texts]
    spelled: dict[str, list[str]] = {}
    for name in set().union(*objects):
        spelled.setdefault(folded(name), []).append(name)
    return objects, spelled


def _as_headers(text: str) -> Mapping[str, object]:
    try:
        found = dict(orjson.loads(text)[::-1])
    except (ValueError, TypeError):
        return _EMPTY
    return {name: value for name, value in found.items() if isinstance(name, str)}


def _key_texts(keys: Sequence[bytes | None]) -> list[str | None]:
    distinct = set(keys)
    distinct.discard(None)
    known: dict[bytes | None, str | None] = _plain_texts(cast("set[bytes]", distinct)) or {key: key_text(key) for key in distinct}
    known[None] = None
    return [known[key] for key in keys]


def _plain_texts(keys: set[bytes]) -> dict[bytes | None, str | None] | None:
    """Every key's text when all are short and plain, which is tested at once; else None."""
    if not keys or b"" in keys or max(map(len, keys)) > MAX_NAME_BYTES:
        return None
    try:
        texts = [key.decode() for key in keys]
    except UnicodeDecodeError:
        return None
    return dict(zip(keys, texts, strict=True)) if "".join(texts).isprintable() else None


def key_text(key: bytes | None) -> str | None:
    """The text of `key` that can name a stream, or None."""
    if not key or len(key) > MAX_NAME_BYTES:
        return None
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or not _CONTROLS.search(text) else None


def _from_yaml(items: Sequence[object]) -> Sequence[object]:
    """Metadata with each YAML document as JSON text; what cannot be read as one stays as it is."""
    places = [place for place, item in enumerate(items) if isinstance(item, bytes) and item.startswith(_YAML)]
    if not places:
        return items
    found = list(items)
    values = [cast("bytes", items[place]) for place in places]
    decoded = decode(values, [None] * len(values), Context(), "yaml-text")
    for place, text in zip(places, decoded.data, strict=True):
        found[place] = text if isinstance(text, str) else items[place]
    return found


def _metadata_text(item: object) -> str | None:
    """Metadata as a store gives it, as JSON text. What is no JSON becomes a JSON string."""
    if item is None:
        return None
    if isinstance(item, bytes):
        item = item.decode(errors="replace")
    if isinstance(item, str):
        return item if documents.is_json(item) else orjson.dumps(item.encode(errors="replace").decode()).decode()
    return orjson.dumps(item, default=str).decode()
