"""What every decoder makes of a stored value, by the schemas of the capture; and which of its bytes hold which field."""

from __future__ import annotations

import bz2
import gzip
import json
import re
import subprocess
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from inspector import decoders
from inspector.capture import explaining
from inspector.capture.explaining import MOST_BYTES, decoder_words, explained, value_spans
from inspector.capture.reader import CaptureReader
from inspector.capture.schemas import stored_schemas
from inspector.decoders import Context, Decoded, Decoder, FieldSpan, Spans, compressed
from inspector.event import Schema
from inspector.masks import parse
from tests.app import schema_captures as made
from tests.decoders.avro_values import long


class Fixed:
    """A decoder of our own, `avro`: an order of one letter, and items with a price of two bytes each, by a schema of the capture."""

    name = "avro"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        framed = context.framed(value, headers)
        return 0.95 if framed is not None and framed.schema.text is not None else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        decoded = Decoded.empty(len(values))
        for row, framed in enumerate(context.framed_column(values, headers)):
            value = values[row]
            if value is None or framed is None or framed.schema.text is None:
                decoded.refuse(row, "no schema")
                continue
            body = framed.body(value)
            decoded.schema[row] = framed.schema
            if len(body) % 2 == 0:
                decoded.refuse(row, f"a price is cut at byte {len(value)}")
                continue
            decoded.decoder[row] = self.name
            prices = [int.from_bytes(body[at : at + 2], "big") for at in range(1, len(body), 2)]
            decoded.document[row] = {"order": chr(body[0]), "items": [{"price": price} for price in prices]}
            decoded.data[row] = json.dumps(decoded.document[row])
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        found = [FieldSpan(("order",), 5, 6), FieldSpan(("items",), 6, len(value))]
        for number, at in enumerate(range(6, len(value) - 1, 2)):
            found += [FieldSpan(("items", number), at, at + 2), FieldSpan(("items", number, "price"), at, at + 2)]
        return Spans(found, None if len(value) % 2 == 0 else len(value), "a price is cut" if len(value) % 2 else "")


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> Decoder:
    """The decoder above among the known ones."""
    mine = Fixed()
    others = decoders.known()
    named = decoders.named
    monkeypatch.setattr(decoders, "known", lambda: (mine, *(one for one in others if one.name != mine.name)))
    monkeypatch.setattr(decoders, "named", lambda name: mine if name == mine.name else named(name))
    return mine


ORDER = made.Made(
    made.framed(7, b"A\x01\x02\x03\x04"), "OrderPlaced", made.PLACED_1, "1", "avro", '{"order":"A","items":[{"price":258},{"price":772}]}'
)
CUT = made.Made(made.framed(7, b"A\x01\x02\x03"), "OrderPlaced", made.PLACED_1, "1", "raw", error="avro: a price is cut at byte 9")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[CaptureReader]:
    events = [
        ORDER,
        CUT,
        made.waits(1),
        made.paid(3),
        made.Made(None, "Gone", decoder=None),
        made.Made(b" " * (MOST_BYTES + 1), "Big", decoder="text"),
    ]
    with CaptureReader(made.write(tmp_path / "a.evcap", events)) as opened:
        yield opened


def test_the_likeliest_comes_first_with_what_it_read_and_its_schema(fixed: Decoder, reader: CaptureReader) -> None:
    found = explained(reader, 1)
    first = found.tried[0]
    assert (first.decoder, first.sureness, first.error, first.schema) == ("avro", 0.95, None, "orders-value version 1 (schema 7)")
    assert first.preview.startswith('{\n  "order": "A",')
    assert first.is_used
    assert [one.sureness for one in found.tried] == sorted((one.sureness for one in found.tried), reverse=True)


def test_where_a_decoder_stopped_is_told(fixed: Decoder, reader: CaptureReader) -> None:
    found = explained(reader, 2)
    assert found.reason == "avro: a price is cut at byte 9"
    assert (found.tried[0].decoder, found.tried[0].error, found.tried[0].stopped_at) == ("avro", "a price is cut at byte 9", 9)


def test_a_missing_schema_has_the_reason_it_had_when_somebody_was_asked(reader: CaptureReader) -> None:
    first = explained(reader, 3).tried[0]
    assert (first.decoder, first.error) == ("confluent", f"schema 42, {made.REGISTRY} does not answer")


def test_what_cannot_be_tried_is_refused_in_words(reader: CaptureReader) -> None:
    assert "null" in explained(reader, 5).refused
    assert "more than 256 KB" in explained(reader, 6).refused
    assert "no longer" in explained(reader, 99).refused
    reader.hide(parse('[masks]\npaths = ["value"]'))
    assert "masks" in explained(reader, 3).refused


def test_schemas_are_read_once_for_a_reader_until_there_are_others(
    fixed: Decoder, reader: CaptureReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def heard(select: Any, source_id: int | None = None) -> object:
        asked.append(source_id)
        return stored_schemas(select, source_id)

    monkeypatch.setattr(explaining, "stored_schemas", heard)
    for seq in (1, 2, 3, 1):
        explained(reader, seq)
        value_spans(reader, seq)
    assert asked == [1]


def test_bytes_lead_to_fields_and_fields_to_bytes(fixed: Decoder, reader: CaptureReader) -> None:
    found = value_spans(reader, 1)
    assert found.of(("items", 1, "price")) == FieldSpan(("items", 1, "price"), 8, 10)
    assert found.of(("items", 1, "price", "currency")) == FieldSpan(("items", 1, "price"), 8, 10)
    assert found.of(("nowhere",)) is None
    assert found.at(9) == FieldSpan(("items", 1, "price"), 8, 10)
    assert found.at(5) == FieldSpan(("order",), 5, 6)
    assert found.at(0) is None
    assert value_spans(reader, 5).fields == ()
    assert value_spans(reader, 6).note == "fields are shown in values up to 256 KB"
    assert value_spans(reader, 3).fields == ()


def test_json_shows_its_bytes_too(reader: CaptureReader) -> None:
    found = value_spans(reader, 4)
    assert {span.path for span in found.fields} == {(), ("amount",), ("currency",), ("card",), ("card", "network")}


def test_decoder_and_schema_are_said_in_few_words(reader: CaptureReader) -> None:
    assert decoder_words(reader, 1) == ("avro · orders-value v1", False)
    assert decoder_words(reader, 3) == ("confluent · schema 42 missing", True)
    assert decoder_words(reader, 4) == ("json", False)
    assert decoder_words(reader, 5) == ("", False)
    assert decoder_words(reader, 99) == ("", False)


def test_a_preview_keeps_digits_and_is_bounded(tmp_path: Path) -> None:
    deep = b"[" * 900 + b"]" * 900
    values = [b'{"a":[1.50,null],"b":12345678901234567890}', b"[" + b'"x",' * 20_000 + b"1]", deep, b"plain text"]
    path = made.write(tmp_path / "b.evcap", [made.Made(value, "T", decoder="text") for value in values])
    with CaptureReader(path) as opened:
        shown = [explained(opened, seq).tried[0].preview for seq in range(1, 5)]
    assert shown[0] == '{\n  "a": [\n    1.50,\n    null\n  ],\n  "b": 12345678901234567890\n}'
    assert all(len(text) < 70_000 for text in shown)
    assert shown[1].endswith("\n…")
    assert shown[3] == "plain text"


def test_no_compiler_is_run_for_a_schema_of_a_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: object, **options: object) -> None:
        raise AssertionError("a child process")

    schema = Schema("id:1", made.REGISTRY, "PROTOBUF", 'syntax = "proto3"; message A { string s = 1; }', "a-value", 1)
    value = made.framed(1, b"\0\x0a\x01a")
    path = made.write(tmp_path / "c.evcap", [made.Made(value, schema=schema, decoder="protobuf", data='{"s":"a"}')])
    monkeypatch.setattr(subprocess, "run", run)
    with CaptureReader(path) as opened:
        found = explained(opened, 1).tried[0]
        note = value_spans(opened, 1).note
    reason = "a-value version 1 (schema 1): its descriptors are not in the capture: decode again"
    assert (found.decoder, found.error, note) == ("protobuf", reason, f"followed up to byte 5: {reason}")


def avro_file(content: bytes) -> bytes:
    """An Avro file that somebody made by hand: one text, compressed with bzip2."""
    described = {"avro.codec": b"bzip2", "avro.schema": b'"string"'}
    block = bz2.compress(long(len(content)) + content)
    parts = [b"Obj\x01", long(len(described))]
    for name, said in described.items():
        parts += [long(len(name)), name.encode(), long(len(said)), said]
    return b"".join([*parts, long(0), bytes(16), long(1), long(len(block)), block, bytes(16)])


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "compressed": bz2.compress,
    "avro-container": avro_file,
    "stored-state": zlib.compress,
    "json-schema": lambda content: b"\x03\x05" + bytes(16) + zlib.compress(content),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_value_that_unpacks_to_much_is_not_tried(tmp_path: Path, name: str) -> None:
    large, small = (PACKED[name](b'{"a":"' + b"." * size + b'"}') for size in (3 * 1024 * 1024, 1000))
    glue = Schema("glue:00000000-0000-0000-0000-000000000000", "", "JSON", "{}", "orders-value", 1)
    path = made.write(tmp_path / "a.evcap", [made.Made(value, schema=glue, decoder="raw") for value in (large, small)])
    with CaptureReader(path) as opened:
        first, second = ({one.decoder: one for one in explained(opened, seq).tried}[name] for seq in (1, 2))
    assert re.search("more than [12] MB", first.error or "")
    assert second.error is None
    assert "...." in second.preview


def test_a_value_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked, asked = compressed.unpacked, []

    def heard(value: bytes, *bounds: Any) -> bytes:
        asked.append(len(value))
        return unpacked(value, *bounds)

    monkeypatch.setattr(compressed, "unpacked", heard)
    with CaptureReader(made.write(tmp_path / "a.evcap", [made.Made(gzip.compress(b"{}"), decoder="raw")])) as opened:
        explained(opened, 1)
    assert len(asked) == 1
