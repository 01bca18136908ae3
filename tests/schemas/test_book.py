"""The book of schemas: who is asked, in which order, how often, and what is said when nobody knows."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.event import Schema
from inspector.schemas import RETRY_S, Schemas, SchemaUnavailableError


@dataclass
class Shelf:
    """A place with a few schemas; `down` says why it cannot be asked."""

    name: str
    schemas: dict[str, Schema] = field(default_factory=dict)
    is_final: bool = False
    down: str = ""
    asked: list[str] = field(default_factory=list)

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        self.asked.append(wire)
        if self.down:
            raise SchemaUnavailableError(self.down)
        return self.schemas.get(wire)

    def close(self) -> None:
        pass


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def schema(number: int, registry: str, subject: str = "") -> Schema:
    return Schema(f"id:{number}", registry, "AVRO", '"string"', subject)


def value(number: int) -> bytes:
    return b"\0" + number.to_bytes(4, "big") + b"body"


def test_what_the_capture_holds_is_not_asked_for_and_what_the_user_names_now_goes_before_it() -> None:
    registry, folder = Shelf("http://r", {"id:1": schema(1, "http://r")}), Shelf("folder", {"id:2": schema(2, "folder")}, is_final=True)
    book = Schemas([registry, folder], [schema(1, "stored"), schema(2, "stored")])
    assert book.find("id:1", "orders", "value").registry == "stored"
    assert book.find("id:2", "orders", "value").registry == "folder"
    assert registry.asked == []


def test_of_schemas_called_alike_the_newest_registered_for_the_log_is_taken() -> None:
    book = Schemas((), [schema(1, "two", "orders-value"), schema(1, "one", "payments-value")])
    assert book.find("id:1", "orders", "value").registry == "two"
    assert book.find("id:1", "other", "value").registry == "one"
    subjects = ("orders-value", "orders-key", "orders-eu-value", "ordersold")
    book = Schemas((), [schema(1, subject, subject) for subject in subjects])
    assert book.find("id:1", "orders", "value").registry == "orders-value"
    assert book.find("id:1", "orders", "key").registry == "orders-key"
    assert book.find("id:1", "orders-eu", "value").registry == "orders-eu-value"
    assert book.find("id:1", "orders-us", "value").registry == "ordersold"


def test_a_number_that_is_known_by_another_logs_subject_is_asked_for_once_more() -> None:
    place = Shelf("http://r", {"id:1": schema(1, "http://r", "orders-value")})
    known = [schema(1, "http://r", "orders-archive-value"), schema(1, "http://r", "orders-key")]
    book = Schemas([place], known)
    assert book.find("id:1", "orders", "value").subject == "orders-value"
    assert book.find("id:1", "orders-archive", "value").subject == "orders-archive-value"
    assert book.find("id:1", "orders", "key").subject == "orders-key"
    assert place.asked == ["id:1"]
    place.down = "http://r does not answer"
    assert book.find("id:1", "refunds", "value").text is not None, "what is known will do"
    assert Schemas((), known).find("id:1", "orders", "value").text is not None


def test_a_column_asks_once_for_each_number() -> None:
    place = Shelf("http://r", {"id:1": schema(1, "http://r")})
    book = Schemas([place])
    found = book.column([value(1), None, value(1), b'{"a":1}', value(2), value(2)], [None] * 6, "orders")
    assert [framed and framed.schema.registry for framed in found] == ["http://r", None, "http://r", None, "", ""]
    assert place.asked == ["id:1", "id:2"]
    assert found[0] is not None
    assert found[2] is not None
    assert found[0].schema is found[2].schema


def test_a_missing_schema_says_why_and_is_asked_for_again_after_a_while() -> None:
    clock, place = Clock(), Shelf("http://r", down="http://r does not answer")
    book = Schemas([place], clock=clock)
    missing = book.find("id:7", "orders", "value")
    assert missing.text is None
    assert missing.error == "schema 7, http://r does not answer"
    place.down, place.schemas = "", {"id:7": schema(7, "http://r")}
    assert book.find("id:7", "orders", "value") is missing
    clock.now += RETRY_S
    assert book.find("id:7", "orders", "value").text is not None


def test_a_schema_that_turns_up_among_the_records_is_known_at_once() -> None:
    book = Schemas()
    assert book.find("id:7", "orders", "value").error == "schema 7, no registry set"
    book.add(schema(7, "_schemas"))
    assert book.find("id:7", "orders", "value").registry == "_schemas"


def test_numbers_that_are_no_schema_numbers_are_not_asked_for_without_end() -> None:
    place, clock = Shelf("http://r", {"id:9000": schema(9000, "http://r")}), Clock()
    book = Schemas([place], clock=clock)
    assert book.find("id:9000", "measurements", "value").text is not None
    for number in range(1, 200):
        assert "schema" in book.find(f"id:{number}", "measurements", "value").error
    assert len(place.asked) == 51, "one that is known frees no other"
    book.find("id:1", "orders", "value")
    assert len(place.asked) == 52, "another log has its own account"
    clock.now += 3
    for number in range(200, 300):
        book.find(f"id:{number}", "measurements", "value")
    assert len(place.asked) == 55, "one a second"


def test_a_log_is_not_blind_for_ever_for_numbers_that_nobody_knows() -> None:
    place, clock = Shelf("http://r", {"id:9000": schema(9000, "http://r")}), Clock()
    book = Schemas([place], clock=clock)
    for number in range(1, 200):
        book.find(f"id:{number}", "orders", "value")
    missing = book.find("id:9000", "orders", "value")
    assert missing.error == "schema 9000, not asked for now: this log has named 50 others that nobody knows"
    clock.now += RETRY_S
    assert book.find("id:9000", "orders", "value").text is not None


def test_with_nobody_to_ask_it_is_said_so_of_every_number() -> None:
    book = Schemas()
    assert {book.find(f"id:{number}", "orders", "value").error.partition(", ")[2] for number in range(1, 200)} == {"no registry set"}
