"""What a capture says of schemas and versions: by type, with what is missing, what is unused, and what masks hide of it."""

from __future__ import annotations

from pathlib import Path

import apsw

from inspector.capture.reader import CaptureReader
from inspector.capture.versions import known_schema, report, schema_text, versions
from inspector.masks import SIGN, parse
from tests.app import schema_captures as made
from tests.capture.plans import recorded


def test_each_type_has_its_versions_by_when_they_were_first_seen(tmp_path: Path) -> None:
    with CaptureReader(made.shop(tmp_path / "a.evcap")) as reader:
        found = {one.name: one for one in versions(reader)}
    placed = found["OrderPlaced"]
    assert [(one.schema.short if one.schema else "", one.declared, one.events) for one in placed.versions] == [
        ("orders-value v1", "1", 60),
        ("orders-value v2", "2", 60),
        ("orders-value v3", "3", 100),
    ]
    assert placed.versions[1].first_us == made.START_US + 60_000_000
    assert placed.versions[1].last_us == made.START_US + 119_000_000
    assert placed.versions[0].decoders == ["avro"]
    assert [(one.declared, one.events) for one in found["OrderShipped"].versions] == [("1", 20), ("2", 40)]
    assert found["PaymentAuthorised"].undeclared is not None
    assert list(found) == ["OrderPlaced", "PaymentAuthorised", "OrderShipped", None], "the most frequent first"


def test_missing_schemas_are_counted_with_their_reason(tmp_path: Path) -> None:
    with CaptureReader(made.shop(tmp_path / "a.evcap")) as reader:
        waiting = report(reader).waiting
    assert [(known.label, events, known.error) for known, events in waiting] == [
        ("schema 42", 37, f"schema 42, {made.REGISTRY} does not answer"),
        ("schema 43", 1, f"schema 43, {made.REGISTRY} does not answer"),
    ]


def test_texts_are_read_one_at_a_time_and_cut(tmp_path: Path) -> None:
    with CaptureReader(made.shop(tmp_path / "a.evcap")) as reader:
        known = next(one.schema for one in versions(reader)[0].versions if one.schema is not None)
        assert known.characters == len(made.PLACED_1.text or "")
        assert schema_text(reader, known.id, 1_000) == made.PLACED_1.text
        assert schema_text(reader, known.id, 5) == (made.PLACED_1.text or "")[:5]
        assert known_schema(reader, known.id) == known
        assert known_schema(reader, 999) is None


def test_the_account_is_read_without_the_events(tmp_path: Path) -> None:
    path = made.shop(tmp_path / "a.evcap")
    with recorded() as plans, CaptureReader(path) as reader:
        report(reader)
    assert [(step, sql) for step, sql in plans.scans() if "usage" not in sql] == []


def test_a_type_and_a_version_that_masks_hide_are_hidden(tmp_path: Path) -> None:
    with CaptureReader(made.shop(tmp_path / "a.evcap")) as reader:
        reader.hide(parse('[masks]\npaths = ["type", "schema_version"]'))
        found = report(reader)
    assert {one.name for one in found.types} == {SIGN, None}
    assert {version.declared for one in found.types for version in one.versions} <= {SIGN, ""}


def test_a_schema_that_no_event_names_is_told(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.placed(made.PLACED_1, 1), made.placed(made.PLACED_2, 2)])
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE usage SET schema_ref = 1")
    connection.execute("DELETE FROM usage WHERE schema_version = '2'")
    connection.close()
    with CaptureReader(path) as reader:
        assert [known.short for known in report(reader).unused] == ["orders-value v2"]


def test_a_capture_without_an_account_says_so(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.paid(1)])
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE usage")
    connection.close()
    with CaptureReader(path) as reader:
        assert report(reader).is_counted is False
        assert versions(reader) == []


def test_what_a_stranger_wrote_into_the_account_is_no_crash(tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.paid(1), made.placed(made.PLACED_1, 2)])
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE usage SET schema_ref = 77, first_us = 'yesterday', events = 'many' WHERE decoder = 'avro'")
    connection.execute("UPDATE schema SET subject = x'00ff', version = 'three', registry = 5")
    connection.close()
    with CaptureReader(path) as reader:
        found = report(reader)
    lost = next(one for kind in found.types for one in kind.versions if one.schema is not None)
    assert lost.schema is not None
    assert lost.schema.error == "the capture does not hold it"
    assert lost.first_us is None
