"""The same topics by four tools and live: the same events, less exactly what each tool is known to lose."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from inspector import plugins
from inspector.capture.rows import Event
from inspector.event import Flag, TimeKind
from tests.kafka import captures
from tests.kafka.exporting import Exported, by_place, console, imported, java_tool, kcat, needs_kcat, prepared, segments
from tests.kafka.helpers import Cluster

Place = tuple[str, int, int]
_REPLACED = "\ufffd".encode()
_EVERYTHING = ("timestamp", "partition", "offset", "delivery", "epoch", "headers", "key", "value")


@pytest.fixture(scope="module")
def exported(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return prepared(cluster, tmp_path_factory.mktemp("exports"))


def told(event: Event) -> tuple[object, ...]:
    """What a record is, without what the broker knows besides."""
    return (event.recorded_us or event.time_us, event.recorded_kind or event.time_kind, event.key, event.value, event.headers)


def pairs(event: Event) -> list[tuple[str, object]]:
    return json.loads(event.headers) if event.headers else []


def differing(live: Mapping[Place, Event], found: Mapping[Place, Event]) -> list[tuple[object, ...]]:
    return [(place, told(live[place]), told(found[place])) for place in live if told(live[place]) != told(found[place])]


@needs_kcat
def test_kcat_json_loses_nothing_of_a_record(exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_bytes(kcat(exported, "-J"))
    found = by_place(imported(path, tmp_path / "a.evcap"))
    assert found.keys() == exported.live.keys()
    assert differing(exported.live, found) == []
    assert not any(event.flags & Flag.damaged for event in found.values())


def printed(headers: Sequence[tuple[str, object]], null: str) -> str:
    """Headers as a tool prints them that knows no escapes: what it loses is lost here too."""
    return ",".join(f"{name}={null if value is None else value}" for name, value in headers)


def as_kcat_prints(event: Event) -> list[tuple[str, object]]:
    """Header values end at their first zero byte; `bytes` is the only one that has one, and then is no UTF-8 still."""
    return [(name, {"base64": "/w=="} if name == "bytes" else value) for name, value in pairs(event)]


@needs_kcat
def test_kcat_format_with_sizes_loses_the_clock_and_the_bounds_of_headers(exported: Exported, tmp_path: Path) -> None:
    pattern = "%t %p %o %T %K %S %h|%k%s\\n"
    path = tmp_path / "all.txt"
    path.write_bytes(kcat(exported, "-f", pattern))
    found = by_place(imported(path, tmp_path / "a.evcap", "--format", "kcat-format", "--set", f"pattern={pattern}"))
    assert found.keys() == exported.live.keys()
    for place, event in exported.live.items():
        assert (found[place].key, found[place].value, found[place].recorded_us) == (event.key, event.value, event.recorded_us), place
        assert printed(pairs(found[place]), "NULL") == printed(as_kcat_prints(event), "NULL"), place
        assert not found[place].flags & Flag.damaged


@needs_kcat
def test_kcat_format_with_sizes_is_recognised(exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    path.write_bytes(kcat(exported, "-f", "%t %p %o %T %K %S %k %s\\n"))
    found = by_place(imported(path, tmp_path / "a.evcap"))
    assert {place: (event.key, event.value) for place, event in found.items()} == {
        place: (event.key, event.value) for place, event in exported.live.items()
    }


@needs_kcat
def test_kcat_format_without_sizes_says_which_keys_it_cannot_tell(exported: Exported, tmp_path: Path) -> None:
    pattern = "%t\\t%p\\t%o\\t%T\\t%k\\t%s\\n"
    path = tmp_path / "all.txt"
    path.write_bytes(kcat(exported, "-f", pattern))
    found = by_place(imported(path, tmp_path / "a.evcap"))
    assert found.keys() == exported.live.keys()
    assert {place: (event.key, event.value) for place, event in found.items()} == {
        place: (event.key or b"", event.value or b"") for place, event in exported.live.items()
    }


def test_console_consumer_loses_null_and_the_bounds_of_headers(exported: Exported, tmp_path: Path) -> None:
    properties = [f"print.{column}=true" for column in _EVERYTHING]
    for topic in exported.topics:
        live = {place: event for place, event in exported.live.items() if place[0] == topic}
        path = tmp_path / f"{topic}.txt"
        path.write_bytes(console(exported, topic, len(live), *properties))
        options = ("--set", f"topic={topic}", "--set", "headers_separator=,")
        found = by_place(imported(path, tmp_path / f"{topic}.evcap", *options))
        assert found.keys() == live.keys()
        for place, event in live.items():
            assert _console_bytes(found[place]) == _console_bytes(event), place
            assert told(found[place])[:2] == told(event)[:2]
            assert _console_headers(found[place]) == _console_headers(event)
            assert not found[place].flags & Flag.damaged


def _console_bytes(event: Event) -> list[bytes]:
    return [b"null" if one is None else one for one in (event.key, event.value)]


def _console_headers(event: Event) -> str:
    return printed(pairs(event), "null")


def test_console_consumer_without_offsets_proves_order_only(exported: Exported, tmp_path: Path) -> None:
    topic = exported.topics[1]
    path = tmp_path / "values.txt"
    path.write_bytes(console(exported, topic, 3, "print.timestamp=true", "print.key=true"))
    found = imported(path, tmp_path / "a.evcap", "--set", f"topic={topic}")
    live = [event for place, event in exported.live.items() if place[0] == topic]
    assert [(event.log, event.position) for event in found] == [(topic, 1), (topic, 2), (topic, 3)]
    assert [(event.time_us, event.time_kind, event.key, event.value) for event in found] == [
        (event.time_us, TimeKind.append, event.key, event.value) for event in live
    ]


def test_dump_log_loses_header_values_and_bytes_that_are_no_text(exported: Exported, tmp_path: Path) -> None:
    files = ",".join(map(str, segments(exported)))
    path = tmp_path / "dump.txt"
    path.write_bytes(java_tool("kafka.tools.DumpLogSegments", "--deep-iteration", "--print-data-log", "--files", files))
    found = by_place(imported(path, tmp_path / "a.evcap"))
    records = {place: event for place, event in found.items() if not event.flags & Flag.control}
    assert records.keys() == exported.live.keys()
    for place, event in exported.live.items():
        assert told(records[place])[:2] == told(event)[:2]
        assert json.loads(records[place].extra or "{}").get("header_names", []) == [name for name, _ in pairs(event)]
        for column in ("key", "value"):
            exact, shown = getattr(event, column), getattr(records[place], column)
            if shown != exact:
                assert exact is not None
                assert shown == exact.decode(errors="replace").encode() or _REPLACED in shown
                assert records[place].flags & Flag.damaged, place
        if records[place].flags & Flag.damaged:
            assert _REPLACED in (records[place].key or b"") + (records[place].value or b"")
    markers = [json.loads(event.extra or "{}")["control"] for event in found.values() if event.flags & Flag.control]
    assert markers == ["COMMIT", "ABORT", "COMMIT"]
    assert [event.value for event in found.values() if event.flags & Flag.aborted] == [b"aborted-1"]


def test_segments_hold_what_every_export_shows(exported: Exported, tmp_path: Path) -> None:
    if "kafka-log" not in plugins.names("sources"):
        pytest.skip("KAFKA'S OWN FILES ARE NOT READ YET: the source kafka-log is missing")
    copied = tmp_path / "copied"
    for path in segments(exported):
        target = copied / path.parent.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    captures.run("capture", f"kafka-log://{copied}", "-o", tmp_path / "a.evcap")
    found = {place: event for place, event in by_place(captures.events(tmp_path / "a.evcap")).items() if not event.flags & Flag.control}
    assert found.keys() == exported.live.keys()
    assert differing(exported.live, found) == []
