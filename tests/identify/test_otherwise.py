"""Several schemas of one number: what was read stays as it was, and what one does not read another does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from inspector.event import EventBatch, Schema
from inspector.identify import Identifier
from inspector.schemas import Schemas
from tests.identify.records import batch, log

LONG = Schema("id:10", "http://one", "AVRO", '{"type":"record","name":"A","fields":[{"name":"a","type":"long"}]}', "other-value", 1)
TEXT = Schema("id:10", "http://two", "AVRO", '{"type":"record","name":"B","fields":[{"name":"b","type":"string"}]}', "other-value", 1)
OTHER_LONG = Schema("id:10", "http://three", "AVRO", '{"type":"record","name":"C","fields":[{"name":"c","type":"long"}]}', "other-value", 1)
NUMBER, WORD = b"\0\0\0\0\x0a\x06", b"\0\0\0\0\x0a\x04hi"


@dataclass
class Shelf:
    """A registry."""

    name: str
    schema: Schema
    is_final: bool = False
    asked: list[str] = field(default_factory=list)

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        self.asked.append(wire)
        return self.schema if wire == self.schema.wire else None

    def close(self) -> None:
        pass


def read(book: Schemas, *values: bytes, before: list[Schema | None] | None = None) -> EventBatch:
    records = batch(*values)
    records.read_with = before or []
    return Identifier(schemas=book).events(records, [log()])


def test_what_one_registrys_schema_does_not_read_anothers_does() -> None:
    one, two = Shelf("http://one", LONG), Shelf("http://two", TEXT)
    found = read(Schemas([one, two]), NUMBER, WORD, NUMBER)
    assert found.data == ['{"a":3}', '{"b":"hi"}', '{"a":3}']
    assert found.schema == [LONG, TEXT, LONG]
    assert (found.flags, found.error) == ([0, 0, 0], [None, None, None])


def test_a_registry_is_only_asked_for_what_is_not_known_for_the_log() -> None:
    mine = replace(LONG, subject="orders-value")
    two = Shelf("http://two", TEXT)
    assert read(Schemas([two], [mine]), NUMBER).data == ['{"a":3}']
    assert two.asked == []


def test_what_was_read_before_stays_as_it_was_whatever_is_found_now() -> None:
    book = Schemas((), [OTHER_LONG, LONG])
    assert read(book, NUMBER).schema == [LONG]
    assert read(book, NUMBER, NUMBER, before=[OTHER_LONG, None]).data == ['{"c":3}', '{"a":3}']


def test_a_place_that_the_user_names_now_goes_before_what_was_read_and_so_does_a_schema_of_the_very_log() -> None:
    named = Shelf("folder", LONG, is_final=True)
    assert read(Schemas([named], [OTHER_LONG]), NUMBER, before=[OTHER_LONG]).data == ['{"a":3}']
    mine = replace(LONG, subject="orders-value")
    assert read(Schemas((), [OTHER_LONG, mine]), NUMBER, before=[OTHER_LONG]).data == ['{"a":3}']


def test_without_its_schema_a_value_that_was_read_is_still_read_by_what_the_capture_holds() -> None:
    found = read(Schemas((), [LONG, TEXT]), NUMBER, WORD, before=[LONG, TEXT])
    assert found.data == ['{"a":3}', '{"b":"hi"}']


def test_a_key_whose_schema_is_missing_leaves_a_note() -> None:
    found = Identifier().events(batch({"a": 1}, {"a": 2}, keys=[b"\0\0\0\0\x07\x02", b"order-1"]), [log()])
    assert found.error == ["key: schema 7, no registry set", None]
    assert found.flags == [0, 0]
