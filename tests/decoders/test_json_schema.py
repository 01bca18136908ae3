"""JSON whose schema a value names: the body is the document, exactly as with plain JSON."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, Decoded
from inspector.decoders.json_schema import JsonSchema
from inspector.decoders.json_text import JsonText
from inspector.event import FROM_VALUE, Flag, Schema
from inspector.schemas import Schemas
from tests.contracts import DecoderContract

FRAME = b"\0\0\0\0\7"
GUID = uuid.UUID("11223344-5566-7788-99aa-bbccddeeff00")


def described(title: str = "OrderPlaced", wire: str = "id:7") -> Schema:
    return Schema(wire, registry="http://r", kind="JSON", text=f'{{"title": "{title}", "type": "object"}}', subject="orders-value")


def context(*schemas: Schema) -> Context:
    return Context(log="orders", schemas=Schemas(known=schemas))


def decode(*values: bytes | None) -> Decoded:
    return JsonSchema().decode(list(values), [None] * len(values), context(described()))


class TestJsonSchema(DecoderContract):
    decoder = JsonSchema()
    context = context(described())
    examples = (FRAME + b'{"a": 1}', FRAME + b"[1]", FRAME + b"12.50")


def test_the_body_is_the_document() -> None:
    decoded = decode(FRAME + b'{"amount": 900.10, "n": 12345678901234567890}', None, FRAME + b"{}")
    assert decoded.data == ['{"amount": 900.10, "n": 12345678901234567890}', None, "{}"]
    assert decoded.document == [{"amount": 900.1, "n": 12345678901234567890}, None, {}]
    assert decoded.name == {0: "OrderPlaced", 2: "OrderPlaced"}
    assert [schema and schema.wire for schema in decoded.schema] == ["id:7", None, "id:7"]


def test_with_a_header_the_value_is_the_document_itself() -> None:
    content = base64.b64encode(b"\1" + GUID.bytes).decode()
    headers = f'[["__value_schema_id",{{"base64":"{content}"}}]]'
    decoded = decoders.decode([b'{"a": 1}'], [headers], context(described(wire=f"guid:{GUID}")))
    assert decoded.decoder == ["json-schema"]
    assert decoded.data == [FROM_VALUE]


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b'{"a":1,"a":2}', b'"\\ud800"', b"1e999", b"[" * 1001 + b"]" * 1001, b'{"a":"\\u0022"}']),
        max_size=6,
    )
)
def test_a_body_is_read_exactly_as_plain_json(bodies: list[bytes]) -> None:
    bodies = [body for body in bodies if body]
    framed = JsonSchema().decode([FRAME + body for body in bodies], [None] * len(bodies), context(described()))
    plain = JsonText().decode(bodies, [None] * len(bodies), Context())
    assert framed.document == plain.document
    assert framed.error == plain.error
    assert framed.flags == plain.flags
    for row, body in enumerate(bodies):
        assert framed.data[row] == (body.decode() if plain.data[row] is FROM_VALUE else None)


def test_a_body_that_is_no_json_is_undecodable_with_the_reason() -> None:
    decoded = decoders.decode([FRAME + b'{"a":'], [None], context(described()))
    assert decoded.decoder == ["confluent"]
    assert (decoded.error[0] or "").startswith("json-schema: not JSON: unexpected end of data")
    assert decoded.flags == [Flag.undecodable]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"title": "shop.OrderPlaced"}', "shop.OrderPlaced"),
        ('{"title": "Order placed by a customer"}', None),
        ('{"title": 5}', None),
        ("{}", None),
        ("true", None),
        ("no JSON", None),
    ],
)
def test_a_title_that_is_a_name_is_the_name(text: str, name: str | None) -> None:
    schema = Schema("id:7", kind="JSON", text=text)
    assert JsonSchema().decode([FRAME + b"{}"], [None], context(schema)).name.get(0) == name


def test_other_kinds_are_not_its_own() -> None:
    for schema in (Schema("id:7", kind="AVRO", text='"int"'), Schema("id:7")):
        assert JsonSchema().priority(FRAME + b"{}", None, context(schema)) == 0
        assert JsonSchema().decode([FRAME + b"{}"], [None], context(schema)).error == ["it names no JSON Schema"]
