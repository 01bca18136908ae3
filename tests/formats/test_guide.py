"""A user adds a format with one TOML file, following the guide's page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.formats.descriptor import FIELDS
from tests.formats.samples import MS, US

PAGE = Path(__file__).parents[2] / "resources" / "guide" / "imports.md"
TOML = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
SCAN = {"number": 41, "depot": 2, "parcel": "p-1", "what": "Loaded", "scan": {"at": MS}, "meta": {"batch": "b-7"}}
LINE = json.dumps(SCAN)[:-1] + ', "details": {"kg": 1.10}}\n'


@pytest.mark.parametrize("is_given", [True, False], ids=["--map", "in the folder"])
def test_the_pages_format_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_given: bool) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    place = tmp_path / "shipments.toml" if is_given else tmp_path / "home" / "data" / "formats" / "shipments.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(TOML)
    (tmp_path / "feed.jsonl").write_text(LINE + LINE.replace("41", "42"))
    out = tmp_path / "out.evcap"
    given = ["--map", str(place)] if is_given else []
    assert main(["import", str(tmp_path / "feed.jsonl"), "-o", str(out), *given]) == 0
    with CaptureReader(out) as reader:
        first, second = reader.events(EventQuery(order="log"))
    assert (first.partition, first.position, second.position, first.time_us) == (2, 41, 42, US)
    assert (first.key, first.value, first.headers) == (b"p-1", b'{"kg": 1.10}', '[["batch","b-7"]]')
    assert (first.type, first.stream, first.category, first.correlation_id) == ("Loaded", "p-1", "parcel", "b-7")


def test_the_page_names_fields_that_there_are() -> None:
    said = PAGE.read_text(encoding="utf-8").split("where a field is: `")[1].split(" …`")[0].split()
    assert set(said) <= set(FIELDS)
