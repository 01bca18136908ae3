"""Descriptors: each that ships recognises its sample and maps it whole; mistakes in one are told with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.formats import library
from inspector.formats.descriptor import Descriptor, parse
from inspector.identify.rules import compile_table
from inspector.ingest import run
from inspector.sources import Request
from inspector.sources.files import FileSource
from tests.formats.reading import read, read_text
from tests.formats.samples import SAMPLES, US


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_every_one_that_ships_has_a_sample() -> None:
    assert {one.name for one in library.built_in()} == {*SAMPLES, "eventscope-parquet"}


@pytest.mark.parametrize("one", library.built_in(), ids=lambda one: one.name)
def test_those_that_ship_say_what_is_lost_and_proved(one: Descriptor) -> None:
    assert one.loses.endswith(".")
    assert one.proves.endswith(".")
    compile_table({name: rule for name, rule in one.events.items() if name != "decoder"})


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_recognised_and_mapped(tmp_path: Path, name: str) -> None:
    sample = SAMPLES[name]
    path = tmp_path / "in" / sample.file
    path.parent.mkdir(parents=True)
    path.write_text(sample.text)
    found = read(tmp_path / "in" if "/" in sample.file else path)
    assert found.format == name
    assert len(found.rows) == sample.rows
    assert not [row.error for row in found.rows if row.error]
    for field, value in sample.first.items():
        assert getattr(found.rows[0], field) == value, field


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.rules])
def test_its_rules_find_what_they_name(tmp_path: Path, name: str) -> None:
    sample = SAMPLES[name]
    (tmp_path / sample.file).write_text(sample.text)
    out = tmp_path / "out.evcap"
    run([(FileSource([tmp_path / sample.file]), Request())], out)
    with CaptureReader(out) as reader:
        event = next(iter(reader.events(EventQuery())))
    said = {"id": event.event_id, "time": event.time_us} | {
        field: getattr(event, field) for field in ("type", "stream", "category", "actor", "correlation_id", "causation_id", "metadata")
    }
    for field in sample.rules:
        assert said[field], field
    if "time" in sample.rules:
        assert event.time_us == US


GOOD = """title = "Mine"
[match]
reader = "json-lines"
fields = ["when", "what"]

[record]
time = { from = "when", unit = "s" }
key = "what"

[events]
type = "data.what"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("title", "titel", 1, "titel"),
        ('"json-lines"', '"xlsx"', 3, "xlsx"),
        ('"what"]', '"what..x"]', 4, "what..x"),
        ('"s"', '"weeks"', 7, "weeks"),
        ('key = "what"', 'key = { from = "what", as = "rot13" }', 8, "rot13"),
        ('key = "what"', 'keys = "what"', 8, "keys"),
        ('key = "what"', 'key = "name:topic"', 8, "topic"),
        ("type =", "typ =", 11, "typ"),
        ("[record]", "[recrod]", 6, "recrod"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, word: str) -> None:
    with pytest.raises(UsageError, match=rf"mine\.toml, line {line}: .*{word}"):
        parse(GOOD.replace(old, new), "mine", "mine.toml")


def test_a_descriptor_of_the_users_own_is_used_and_a_broken_one_left_out(
    tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "data" / "formats").mkdir(parents=True)
    (home / "data" / "formats" / "mine.toml").write_text(GOOD)
    (home / "data" / "formats" / "broken.toml").write_text("titel = 1")
    found = read_text(tmp_path, "a.jsonl", '{"when": 1, "what": "x"}\n{"when": 2, "what": "y"}\n')
    assert (found.format, [row.key for row in found.rows], found.rows[1].time_us) == ("mine", [b"x", b"y"], 2_000_000)
    assert "broken.toml, line 1" in caplog.text


def test_a_mapping_that_was_confirmed_is_remembered_for_the_same_columns(tmp_path: Path) -> None:
    text = "id;at;who\n1;2026-11-23 08:00:00;ada\n2;2026-11-23 08:00:01;bob\n"
    before = read_text(tmp_path, "a.csv", text)
    assert before.format == "csv"
    said = {"delimiter": ";", "zone": "UTC", "fields": {"time": "at", "key": "who"}, "forms": {"time": {"unit": "iso"}}}
    library.remember("csv", ["id", "at", "who"], said, "people")
    after = read_text(tmp_path, "b.csv", text)
    assert after.format.startswith("remembered-")
    assert [(row.key, row.time_us) for row in after.rows] == [(b"ada", US), (b"bob", US + 1_000_000)]
    other = read_text(tmp_path, "c.csv", text.replace("who", "whom"))
    assert other.format == "csv"


def test_settings_of_the_command_line_change_a_mapping(tmp_path: Path) -> None:
    text = "id,at,who\n1,2026-11-23 09:00:00,ada\n2,2026-11-23 09:00:01,bob\n"
    found = read_text(tmp_path, "a.csv", text, settings={"fields.key": "who", "fields.time": "at", "zone": "Europe/Paris"})
    assert [(row.key, row.time_us) for row in found.rows] == [(b"ada", US), (b"bob", US + 1_000_000)]


def test_a_time_without_a_zone_is_asked_for_and_never_assumed(tmp_path: Path) -> None:
    text = "created_at,who,n\n2026-11-23 09:00:00,ada,1\n2026-11-23 09:00:01,bob,2\n"
    found = read_text(tmp_path, "a.csv", text)
    assert [row.time_us for row in found.rows] == [None, None]
    assert any("no zone" in note for note in found.notes)


def test_rows_of_another_kind_are_events_as_they_stand(tmp_path: Path) -> None:
    sample = SAMPLES["eventscope-json"]
    found = read_text(tmp_path, "a.jsonl", sample.text * 9 + '{"other": 1}\nno json\n')
    assert found.format == "eventscope-json"
    assert found.values[-2:] == [b'{"other": 1}', b"no json"]
    assert [(row.log, row.position, row.is_damaged) for row in found.rows[-2:]] == [("a.jsonl", 10, False), ("a.jsonl", 11, True)]
    assert "line 11" in (found.rows[-1].error or "")


def test_documents_that_hold_rows_may_stand_a_line_each(tmp_path: Path) -> None:
    sample = SAMPLES["cloudtrail"]
    found = read_text(tmp_path, "trail.jsonl", f"{sample.text}\n{sample.text}\n")
    assert (found.format, len(found.rows)) == ("cloudtrail", 4)


def test_keys_and_headers_beside_a_sinks_values_are_joined_row_by_row(tmp_path: Path) -> None:
    folder = tmp_path / "topics" / "orders" / "partition=3"
    folder.mkdir(parents=True)
    stem = "orders+3+0000000040"
    (folder / f"{stem}.json").write_text('{"n": 1}\n{"n": 2}\n')
    (folder / f"{stem}.keys.json").write_text('"k1"\n{"id": 2}\n')
    (folder / f"{stem}.headers.json").write_text('[{"key": "h", "value": "1"}]\n[]\n')
    found = read(tmp_path / "topics")
    assert [(row.position, row.key, row.value) for row in found.rows] == [(40, b"k1", b'{"n": 1}'), (41, b'{"id": 2}', b'{"n": 2}')]
    assert [row.headers for row in found.rows] == ['[["h","1"]]', None]
    alone = read(folder / f"{stem}.json")
    assert [row.key for row in alone.rows] == [None, None]
