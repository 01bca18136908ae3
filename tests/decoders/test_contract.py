"""Every built-in decoder keeps the contract."""

from __future__ import annotations

import bz2
import gzip
import struct
import uuid
import zlib
from decimal import Decimal

import bson
import cbor2
import ormsgpack

from inspector.decoders import Context
from inspector.decoders.binary_file import BinaryFile
from inspector.decoders.bson import Bson
from inspector.decoders.cbor import Cbor
from inspector.decoders.compressed import Compressed
from inspector.decoders.confluent import ConfluentFrame
from inspector.decoders.encoded_text import EncodedText
from inspector.decoders.json_text import JsonText
from inspector.decoders.messagepack import MessagePack
from inspector.decoders.primitive import KafkaPrimitive
from inspector.decoders.raw import Raw
from inspector.decoders.stored_state import StoredState
from inspector.decoders.text import Text
from inspector.decoders.unsafe import Unsafe
from inspector.decoders.xml_text import XmlText
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


class TestMessagePack(DecoderContract):
    decoder = MessagePack()
    examples = (
        ormsgpack.packb({"a": 1, "b": [1.5, "x"]}),
        ormsgpack.packb([None, b"bytes"]),
        b"\x81\xa1a\xca\x3d\xcc\xcc\xcd",
    )


class TestCbor(DecoderContract):
    decoder = Cbor()
    examples = (
        cbor2.dumps({"a": 1, "b": [1.5, "x"]}),
        cbor2.dumps([Decimal("1.10"), b"bytes"]),
        b"\xd9\xd9\xf7\xa0",
    )


class TestBson(DecoderContract):
    decoder = Bson()
    examples = (
        b"\x05\0\0\0\0",
        bson.encode({"a": 1, "b": {"c": [1.5, None]}}),
    )


class TestXmlText(DecoderContract):
    decoder = XmlText()
    examples = (
        b"<?xml version='1.0'?><a>1</a>",
        b"<a x='1'/>",
    )


class TestCompressed(DecoderContract):
    decoder = Compressed()
    examples = (
        gzip.compress(b'{"a": 1}'),
        bz2.compress(b"text"),
    )

    def test_examples_are_of_its_kind(self) -> None:
        assert all(self.decoder.priority(value, None, Context()) > 0 for value in self.examples)
        assert self.decoder.decode(self.examples, [None, None], Context()).decoder == ["gzip json", "bzip2 text"]


class TestEncodedText(DecoderContract):
    decoder = EncodedText()
    examples = (
        '\ufeff{"a": 1}'.encode("utf-16-le"),
        b"\xef\xbb\xbftext",
    )

    def test_examples_are_of_its_kind(self) -> None:
        assert all(self.decoder.priority(value, None, Context()) > 0 for value in self.examples)
        assert self.decoder.decode(self.examples, [None, None], Context()).decoder == ["utf-16 json", "utf-8 text"]


class TestUnsafe(DecoderContract):
    decoder = Unsafe()
    examples = (
        b"\xac\xed\x00\x05sr",
        b"\x80\x04K\x01.",
    )


class TestBinaryFile(DecoderContract):
    decoder = BinaryFile()
    examples = (
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7",
        b":)\n\x00",
        b"PAR1....PAR1",
    )
