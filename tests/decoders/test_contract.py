"""Every built-in decoder keeps the contract."""

from __future__ import annotations

import struct
import uuid
import zlib

from inspector.decoders.confluent import ConfluentFrame
from inspector.decoders.json_text import JsonText
from inspector.decoders.primitive import KafkaPrimitive
from inspector.decoders.raw import Raw
from inspector.decoders.stored_state import StoredState
from inspector.decoders.text import Text
from tests.contracts import DecoderContract


class TestJsonText(DecoderContract):
    decoder = JsonText()
    examples = (
        b'{"a": 1}',
        b"[1]",
        b'"text"',
        b"12.50",
        b"null",
        b' {"a": []} ',
    )


class TestText(DecoderContract):
    decoder = Text()
    examples = (
        b"",
        b"plain",
        "žluťoučký\n".encode(),
    )


class TestRaw(DecoderContract):
    decoder = Raw()
    examples = (
        b"",
        b"\xff\xfe",
    )


class TestConfluentFrame(DecoderContract):
    decoder = ConfluentFrame()
    examples = (b"\0" + struct.pack(">I", 1234) + b"\x02ab",)


class TestKafkaPrimitive(DecoderContract):
    decoder = KafkaPrimitive()
    examples = (
        struct.pack(">q", 42),
        struct.pack(">d", 1.5),
        struct.pack(">i", -7),
        uuid.UUID(int=2**120, version=4).bytes,
    )


class TestStoredState(DecoderContract):
    decoder = StoredState()
    examples = (zlib.compress(b'{"timestamp": 1}'),)
