"""Messages between a window's fold and a user's code: a head of JSON and a body of bytes, by their lengths. Pure framing.

Read `process` for who asks, `child` for who answers.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import IO, Any

import orjson

from inspector.values import parse, to_json

_LENGTHS = struct.Struct("<QQ")
PLACE = struct.Struct("<q")
"""The place of the event under way in its batch, in the file both see; -1 before the first."""


def write(pipe: IO[bytes], head: Mapping[str, object], body: bytes = b"") -> None:
    """Sends one message. Raises OSError when nobody takes it."""
    try:
        text = orjson.dumps(head)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        text = to_json(head).encode()
    pipe.write(b"".join((_LENGTHS.pack(len(text), len(body)), text, body)))
    pipe.flush()


def read(pipe: IO[bytes], most: int | None = None) -> tuple[dict[str, Any], bytes] | None:
    """The next message; None at the end. Raises ValueError for what is none, or is more than `most` bytes."""
    lengths = _exactly(pipe, _LENGTHS.size)
    if lengths is None:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    if most is not None and head_length + body_length > most:
        raise ValueError(f"a message of {head_length + body_length:,} bytes")
    head = _exactly(pipe, head_length)
    body = _exactly(pipe, body_length) if body_length else b""
    if head is None or body is None:
        return None
    found = parse(head.decode())
    return (found if isinstance(found, dict) else {}), body


def _exactly(pipe: IO[bytes], length: int) -> bytes | None:
    found = pipe.read(length)
    return found if len(found) == length else None
