"""XML files are one event, whatever they hold: no entity is expanded, and nothing outside is opened."""

from __future__ import annotations

from pathlib import Path

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.ingest import run
from inspector.sources import Request
from inspector.sources.files import FileSource

BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;"><!ENTITY f SYSTEM "file:///etc/hostname">]><a>&c;&f;</a>'


def test_entities_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(BOMB)
    out = tmp_path / "a.evcap"
    run([(FileSource([tmp_path / "a.xml"]), Request())], out)
    with CaptureReader(out) as reader:
        (event,) = reader.events(EventQuery())
    assert event.value == BOMB.encode()
    assert "bbbbbb" not in (event.data or "")
