"""Where a stored event's fields come from: the rules of now, in their own words."""

from __future__ import annotations

from pathlib import Path

from inspector.capture.origins import origins
from inspector.capture.reader import CaptureReader
from tests.replay.captures import Log, Written, write


def test_what_the_rules_of_now_would_find_elsewhere_is_said(tmp_path: Path) -> None:
    """The test's writer stores a type that no rule finds in the document, and a stream that is no key."""
    path = write(tmp_path / "a.evcap", [Log([Written(0, '{"type":"Placed","n":1}', type="Changed")])])
    with CaptureReader(path) as reader:
        event = reader.event(1)
        assert event is not None
        found = origins(reader, event)
    assert found["type"] == "not data.type: there the rules of now find Placed"
    assert found["time"] == "the record's timestamp"
