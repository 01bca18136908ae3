"""What a record's bytes say of a filter before anything is decoded: records that cannot match are left out early. Pure.

A sieve lets through everything that may match, and more. Read `compiler` for what then decides, `sources` for who uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.query.grammar import Node
from inspector.schemas.content import may_tell, tells

Test = Callable[[bytes | None, bytes | None, str | None], bool]
"""Whether a record with this key, value and headers (JSON text) may match."""
Starts = Callable[[], set[bytes]]
"""How values begin (see `_start`)."""
Glance = Callable[[bytes, Starts], bool]
"""Whether any of many records may match, given all their bytes and how their values begin."""
Heed = Callable[[Sequence[str | None]], bool]
"""Whether headers are such that a glance at keys and values does not do."""
_GLANCED = 128
"""So many records are looked at together: one look at all their bytes costs a tenth of a look at each."""

_HIDDEN = re.compile(r'[\x00-\x1f"\\/\x7f]')
"""Characters that JSON text may write in another way without a backslash before `u`, or has to."""
_ASCII = re.compile(r"[\x20-\x7e]+")
_UUID_BYTES = 16
_BEGINNINGS = {b"{", b"["}
_UNLIKE_JSON = (b"\\", b"base64", b"\0", b"|")
"""What a value may hold whose document has texts that its bytes do not have. See `_in_document`."""
_ENDS = {"contains": ("", ""), "startsWith": ('"', ""), "endsWith": ("", '"')}


@dataclass(frozen=True, slots=True)
class Sieve:
    """`test` is true of every record that may match, `glance` of every batch that holds one."""

    test: Test
    glance: Glance
    needs_keys: bool = False
    """Somebody looks at keys."""
    needs_headers: bool = False
    """`test` looks at headers, `glance` never."""
    heeds: Heed = any
    """Whether these headers must be looked at with each record: then nothing is told by a glance."""

    def rows(self, keys: Sequence[bytes | None], values: Sequence[bytes | None], headers: Sequence[str | None]) -> list[int]:
        """The rows that may match, in order; `keys` and `headers` may be empty when they are not needed."""
        kept: list[int] = []
        for first in range(0, len(values), _GLANCED):
            part = slice(first, first + _GLANCED)
            kept.extend(first + row for row in self._among(keys[part], values[part], headers[part]))
        return kept

    def _among(self, keys: Sequence[bytes | None], values: Sequence[bytes | None], headers: Sequence[str | None]) -> Sequence[int]:
        if not (self.needs_headers and self.heeds(headers)):
            content = b"\n".join([*filter(None, keys), *filter(None, values)] if self.needs_keys else filter(None, values))
            if not self.glance(content, lambda: {_start(value) for value in values if value}):
                return ()
        none = [None] * len(values)
        each = zip(keys if self.needs_keys else none, values, headers if self.needs_headers else none, strict=True)
        test = self.test
        return [row for row, (key, value, said) in enumerate(each) if test(key, value, said)]


def sieve_of(node: Node) -> Sieve | None:
    """What the bytes of a match must have; None when they tell nothing."""
    made = {"both": _both, "either": _either, "eq": _equal, "within": _within, "method": _method, "call": _call}.get(node.kind)
    return made(node) if made is not None else None


def search_sieve(wanted: str) -> Sieve | None:
    """For a text that is looked for in key, value and headers, upper and lower case alike in ASCII, as SQLite's LIKE has it."""
    runs = _ASCII.findall(wanted)
    if not runs:
        return None
    needle = max(runs, key=len).lower()
    part, quoted = needle.encode(), '"' in needle or "\\" in needle

    def test(key: bytes | None, value: bytes | None, headers: str | None) -> bool:
        if value is not None and part in value.lower():
            return True
        if key is not None and part in key.lower():
            return True
        # what headers look like as JSON text is only known once it is written
        return headers is not None and (quoted or needle in headers.lower())

    return Sieve(test, lambda content, _starts: part in content.lower(), needs_keys=True, needs_headers=True)


def _both(node: Node) -> Sieve | None:
    found = [sieve for part in node.parts if (sieve := sieve_of(part)) is not None]
    if len(found) < 2:
        return found[0] if found else None
    one, other = found
    return Sieve(
        lambda key, value, headers: one.test(key, value, headers) and other.test(key, value, headers),
        lambda content, starts: one.glance(content, starts) and other.glance(content, starts),
        *_needs(found),
    )


def _either(node: Node) -> Sieve | None:
    found = [sieve for part in node.parts if (sieve := sieve_of(part)) is not None]
    return _any(found) if len(found) == len(node.parts) else None


def _any(found: Sequence[Sieve]) -> Sieve | None:
    if not found:
        return None
    return Sieve(
        lambda key, value, headers: any(sieve.test(key, value, headers) for sieve in found),
        lambda content, starts: any(sieve.glance(content, starts) for sieve in found),
        *_needs(found),
    )


def _needs(found: Sequence[Sieve]) -> tuple[bool, bool, Heed]:
    heeding = [sieve.heeds for sieve in found if sieve.needs_headers]
    return any(sieve.needs_keys for sieve in found), bool(heeding), lambda headers: any(heeds(headers) for heeds in heeding)


def _equal(node: Node) -> Sieve | None:
    left, right = node.parts
    for place, constant in ((left, right), (right, left)):
        if constant.kind == "string" and (sieve := _is(place, str(constant.value))) is not None:
            return sieve
    return None


def _within(node: Node) -> Sieve | None:
    place, owner = node.parts
    if owner.kind == "list":
        if not all(part.kind == "string" for part in owner.parts):
            return None
        found = [sieve for part in owner.parts if (sieve := _is(place, str(part.value))) is not None]
        return _any(found) if len(found) == len(owner.parts) else None
    if place.kind == "string" and _root(owner) == "data":
        return _in_document(str(place.value), '"', '"')
    return None


def _is(place: Node, text: str) -> Sieve | None:
    """For a place that is equal to `text`."""
    root = _root(place)
    if root == "data":
        return _in_document(text, '"', '"')
    if place.kind == "name" and root in {"key", "value"}:
        whole = text.encode("utf-8", "surrogatepass")
        if root == "key":
            return Sieve(lambda key, _value, _headers: key == whole, lambda content, _starts: whole in content, needs_keys=True)
        return Sieve(lambda _key, value, _headers: value == whole, lambda content, _starts: whole in content)
    return None


def _method(node: Node) -> Sieve | None:
    if node.value not in _ENDS or len(node.parts) != 2 or node.parts[1].kind != "string" or not node.parts[1].value:
        return None
    place, text = node.parts[0], str(node.parts[1].value)
    root = _root(place)
    if root == "data":
        return _in_document(text, *_ENDS[node.value])
    if place.kind == "name" and root in {"key", "value"}:
        part = text.encode("utf-8", "surrogatepass")
        return Sieve(
            lambda key, value, _headers: (found := key if root == "key" else value) is not None and part in found,
            lambda content, _starts: part in content,
            needs_keys=root == "key",
        )
    return None


def _call(node: Node) -> Sieve | None:
    if node.value == "search" and len(node.parts) == 1 and node.parts[0].kind == "string":
        return search_sieve(str(node.parts[0].value))
    return None


def _root(node: Node) -> str:
    """The field that a place begins with; empty for what is no place."""
    while node.kind in {"attribute", "index"}:
        node = node.parts[0]
    return str(node.value) if node.kind == "name" else ""


def _start(value: bytes) -> bytes:
    """The first byte; empty for what may be a UUID, which is text of its own, whatever byte it begins with."""
    return value[:1] if len(value) != _UUID_BYTES or value.isascii() else b""


def _in_document(text: str, before: str, after: str) -> Sieve | None:
    """For a text of a document, with what stands around it.

    Only values are judged that no decoder but JSON's makes a document of: those that begin with a brace or a bracket. Of others
    that begin so, BSON and CBOR have zeros, Protobuf ends a group that begins with a brace with a bar and one that begins with a
    bracket with a backslash, and anything else has headers that tell. JSON is not judged where it writes characters by number,
    holds a document within a text, or says of anything that it is base64.
    """
    if _HIDDEN.search(text):
        return None
    part = f"{before}{text}{after}".encode("utf-8", "surrogatepass")

    def test(_key: bytes | None, value: bytes | None, headers: str | None) -> bool:
        if value is None:
            return False
        if part in value or (headers is not None and tells(headers)):
            return True
        return _start(value) not in _BEGINNINGS or any(sign in value for sign in _UNLIKE_JSON)

    def glance(content: bytes, starts: Starts) -> bool:
        return part in content or any(sign in content for sign in _UNLIKE_JSON) or bool(starts() - _BEGINNINGS)

    return Sieve(test, glance, needs_headers=True, heeds=_any_tells)


def _any_tells(headers: Sequence[str | None]) -> bool:
    return any(headers) and may_tell("\n".join(filter(None, headers)))
