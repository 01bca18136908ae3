"""CBOR (RFC 8949): maps and arrays that fill a value to its last byte.

Most values go through the library; one with tags, short floats, repeated keys or keys that are no text is walked here, so that
no tag makes anything but text and numbers. Read `composing` for how a document is put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import cbor2
import orjson

from inspector.composing import Composer, Spans, StoppedError, may_hold_too_many
from inspector.decoders import Context, Decoded
from inspector.decoding import compose, composed_spans
from inspector.schemas import cbor_items
from inspector.schemas.content import content_type

SELF_DESCRIBED = b"\xd9\xd9\xf7"
_TYPES = frozenset({"application/cbor", "application/x-cbor"})
_NAMED, _MARKED, _NAMES, _PLAIN, _ODD = 0.92, 0.92, 0.44, 0.34, 0.29
_CONTAINERS = bytes(range(0x80, 0xC0))
_MOST_DEPTH = 250
_FIRST_KEY = {0xB8: 2, 0xB9: 3, 0xBA: 5, 0xBB: 9}
"""First byte of a map → where its first key is, when its length stands in bytes of its own."""
_TEXT = 3
_NOT_FINITE = tuple(cbor2.dumps(number) for number in (float("nan"), float("inf"), float("-inf")))
"""As the library writes them: it reads and writes others too, but never to the same bytes."""


def _refused(*_arguments: object) -> NoReturn:
    raise ValueError("a tag")


_TAGS = dict.fromkeys((*range(6), *range(21, 26), *range(28, 38), 43000, 43001, 100, 256, 258, 260, 261, 1004, 55799), _refused)
"""What the library would make objects of."""


class Cbor:
    """Decodes CBOR. Big numbers and decimals keep their digits, times are RFC 3339 texts, bytes base64.

    Undefined is null; a tag without a meaning here is `{"tag": 99, "value": …}`, a simple value `{"simple": 99}`.
    """

    name = "cbor"
    sure = False
    begins = frozenset({*range(0x80, 0xC0), 0xD9})
    """Maps, arrays and the mark of CBOR; a number or a text by itself is not told from anything else."""

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """For a map or array that fills the value: 0.92 with the mark or a content type.

        Else 0.44 for a map whose first key is a text, 0.29 for one with another key, 0.34 for an array and an empty map.
        """
        if not value or value[0] not in self.begins or not _container(value):
            return 0.0
        found = _quickly(value)
        composer = Composer(len(value))
        if found is None:
            try:
                _walk(value, composer)
            except StoppedError:
                return 0.0
        if value.startswith(SELF_DESCRIBED):
            return _MARKED
        if headers is not None and content_type(headers) in _TYPES:
            return _NAMED
        document = found[0] if found else composer.document
        if not isinstance(document, dict) or not document:
            return _PLAIN
        return _NAMES if value[_FIRST_KEY.get(value[0], 1)] >> 5 == _TEXT else _ODD

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value that is one CBOR item to its last byte."""
        decoded = Decoded.empty(len(values))
        for row, value in enumerate(values):
            if value is not None:
                _decode_one(decoded, row, value)
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every item, and where it stops."""
        return composed_spans(value, _walk)


def _container(value: bytes) -> bool:
    first = value[len(SELF_DESCRIBED) :][:1] if value.startswith(SELF_DESCRIBED) else value[:1]
    return bool(first) and 0x80 <= first[0] < 0xC0


def _decode_one(decoded: Decoded, row: int, value: bytes) -> None:
    found = _quickly(value)
    if found is not None:
        decoded.decoder[row], decoded.document[row], decoded.data[row] = Cbor.name, *found
        return
    compose(decoded, row, value, decoder=Cbor.name, kind="CBOR", walk=_walk)


def _quickly(value: bytes) -> tuple[object, str] | None:
    """The document and its text by the library, if what it reads is all there is in the value: it writes the same bytes back."""
    if may_hold_too_many(value, _CONTAINERS):
        return None
    try:
        document = cbor2.loads(value, semantic_decoders=_TAGS, max_depth=_MOST_DEPTH)
        if cbor2.dumps(document) != value or any(part in value for part in _NOT_FINITE):
            return None
        return document, orjson.dumps(document, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, OverflowError, MemoryError):
        return None


def _walk(value: bytes, composer: Composer) -> None:
    end = cbor_items.walk(value, composer, len(SELF_DESCRIBED) if value.startswith(SELF_DESCRIBED) else 0)
    if end < len(value):
        raise StoppedError(f"{len(value) - end} bytes follow the value", end)
