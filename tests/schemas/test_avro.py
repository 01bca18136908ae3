"""Avro schemas: names, canonical form and the number that single-object encoding calls them by."""

from __future__ import annotations

import json

import pytest
from fastavro.schema import fingerprint as their_fingerprint
from fastavro.schema import to_parsing_canonical_form
from hypothesis import given

from inspector.event import Reference
from inspector.schemas.avro import AvroSchemaError, canonical, fingerprint, parse
from inspector.schemas.framing import frame_of
from tests import public_data
from tests.decoders.avro_values import NODE, ORDER, Json, record, schemas_and_values


@given(schemas_and_values())
def test_the_canonical_form_and_the_number_are_those_of_fastavro(made: tuple[Json, Json]) -> None:
    text = json.dumps(made[0])
    form = to_parsing_canonical_form(made[0])
    assert canonical(parse(text)) == form
    assert bytes.fromhex(fingerprint(text).removeprefix("crc64:"))[::-1].hex() == their_fingerprint(form, "CRC-64-AVRO")


@pytest.mark.parametrize("schema", [ORDER, NODE, "string", ["null", {"type": "string", "avro.java.string": "String"}]])
def test_what_does_not_matter_for_reading_is_left_out(schema: Json) -> None:
    assert canonical(parse(json.dumps(schema))) == to_parsing_canonical_form(schema)


@public_data.needed("avro")
def test_a_message_names_its_schema_by_this_number() -> None:
    folder = public_data.folder("avro")
    assert folder is not None
    frame = frame_of((folder / "messageV1/test_message.bin").read_bytes(), None)
    assert frame is not None
    assert fingerprint((folder / "messageV1/test_schema.avsc").read_text()) == frame.wire


def test_names_are_looked_for_in_the_namespace_around_and_without_one() -> None:
    inner = {"type": "record", "name": "b.Inner", "fields": [{"name": "again", "type": ["null", "Inner"]}]}
    schema = {
        "type": "record",
        "name": "a.Outer",
        "fields": [
            {"name": "one", "type": inner},
            {"name": "two", "type": "b.Inner"},
            {"name": "three", "type": {"type": "enum", "name": "E", "namespace": "", "symbols": ["X"]}},
            {"name": "four", "type": "E"},
            {"name": "five", "type": {"type": "fixed", "name": "F", "size": 2}},
        ],
    }
    root = parse(json.dumps(schema)).root
    kinds = {name: kind.name for name, kind in root.fields}
    assert kinds == {"one": "b.Inner", "two": "b.Inner", "three": "E", "four": "E", "five": "a.F"}


def test_a_schema_that_refers_to_others_is_called_by_its_whole_form() -> None:
    money = record(("cents", "long"), name="Money")
    inline, by_name = record(("price", money)), record(("price", "shop.Money"))
    assert fingerprint(json.dumps(by_name), [Reference("shop.Money", json.dumps(money))]) == fingerprint(json.dumps(inline))


@pytest.mark.parametrize("text", ["", "{", "[]]", '"shop.Money"', '{"type": "record"}', "\0", '"\\ud800"'])
def test_what_is_no_schema_has_no_number(text: str) -> None:
    with pytest.raises(AvroSchemaError):
        fingerprint(text)
