"""Where a stored event's fields come from: the rules of now, in their own words."""

from __future__ import annotations

from pathlib import Path

from inspector.capture.origins import origins
from inspector.capture.reader import CaptureReader
from inspector.event import RecordBatch
from inspector.identify import Identifier
from tests.replay.captures import Log, Written, write


def test_what_the_rules_of_now_would_find_elsewhere_is_said(tmp_path: Path) -> None:
    """The test's writer stores a type that no rule finds in the document, and a stream that is no key."""
    path = write(tmp_path / "a.evcap", [Log([Written(0, '{"type":"Placed","n":1}', type="Changed")])])
    with CaptureReader(path) as reader:
        event = reader.event(1)
        assert event is not None
        found = origins(reader, event)
    assert found["type"].short == "≠ data.type"
    assert found["type"].words == "not by the rules of now: they find Placed at data.type, by the rule “Names in the document”"
    assert found["stream"].now is None or found["stream"].place
    assert found["time"].words == "the record's timestamp"


def test_the_rule_that_found_a_field_is_named() -> None:
    records = RecordBatch(
        log=[0],
        position=[0],
        time_us=[0],
        time_kind=[2],
        key=[b"order-1"],
        value=[b'{"a":1}'],
        headers=['[["ce_specversion","1.0"],["ce_type","Placed"],["ce_id","7"]]'],
    )
    found = Identifier().origins(records, "orders")
    assert (found["type"].place, found["type"].rule) == ("header.ce_type", "CloudEvents in headers (binary mode)")
    assert (found["stream"].place, found["stream"].value) == ("key", "order-1")
