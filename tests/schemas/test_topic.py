"""The registries' own topic: its records as schemas, in any order, whatever else stands there."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from inspector.schemas import Schemas
from inspector.schemas.topic import SchemasTopic

ORDER = '{"type":"record","name":"Order","fields":[]}'


def record(subject: str, version: int, number: int, schema: str = ORDER, **more: object) -> tuple[bytes, bytes]:
    key = {"keytype": "SCHEMA", "subject": subject, "version": version, "magic": 1}
    return json.dumps(key).encode(), json.dumps({"subject": subject, "version": version, "id": number, "schema": schema, **more}).encode()


def test_each_schema_is_learned_once_with_subject_and_version() -> None:
    topic = SchemasTopic()
    (schema,) = topic.learn([record("orders-value", 3, 7, deleted=False)])
    assert (schema.wire, schema.registry, schema.kind, schema.text) == ("id:7", "_schemas", "AVRO", ORDER)
    assert (schema.subject, schema.version) == ("orders-value", 3)
    assert topic.learn([record("orders-value", 3, 7, deleted=True), (record("orders-value", 3, 7)[0], b"")]) == []


def test_settings_deletions_and_what_others_wrote_are_passed_by() -> None:
    others: list[tuple[bytes | None, bytes | None]] = [
        (b'{"keytype":"CONFIG","subject":null,"magic":0}', b'{"compatibilityLevel":"NONE"}'),
        (b'{"keytype":"DELETE_SUBJECT","subject":"a","magic":0}', b'{"subject":"a","version":1}'),
        (b'{"keytype":"NOOP","magic":0}', None),
        (None, b"{}"),
        (b"\0\1", b"x"),
        (b"[]", b"[]"),
    ]
    assert SchemasTopic().learn(others) == []


def test_a_schema_waits_for_what_it_refers_to() -> None:
    topic = SchemasTopic()
    referring = record("pay", 1, 2, "import", schemaType="PROTOBUF", references=[{"name": "m.proto", "subject": "money", "version": 1}])
    assert topic.learn([referring]) == []
    learned = topic.learn([record("money", 1, 1, "message M {}", schemaType="PROTOBUF")])
    assert {schema.wire for schema in learned} == {"id:1", "id:2"}
    assert [one.text for schema in learned for one in schema.references] == ["message M {}"]


def test_of_subjects_that_share_a_number_the_logs_own_is_taken() -> None:
    book = Schemas()
    book.add_new(SchemasTopic().learn([record("payments-value", 1, 7), record("orders-value", 4, 7)]))
    assert book.find("id:7", "orders", "value").version == 4
    assert book.find("id:7", "payments", "value").version == 1


def test_a_book_takes_no_schema_twice() -> None:
    book = Schemas()
    for _ in range(3):
        book.add_new(SchemasTopic().learn([record("orders-value", 1, 7)]))
    assert len(book._known["id:7"]) == 1


@given(st.lists(st.tuples(st.none() | st.binary(max_size=40), st.none() | st.binary(max_size=40))))
def test_no_bytes_break_it(records: list[tuple[bytes | None, bytes | None]]) -> None:
    assert SchemasTopic().learn(records) == []
