"""What an import would do: kinds of files, five events of each by the real rules, bounded whatever the files are."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from inspector.cli import main
from inspector.formats.wishes import wishes
from inspector.identify import parse_profile
from inspector.import_preview import MOST_LOOKED_AT, Preview, lines, preview
from inspector.import_sample import places
from inspector.sources import Source, open_source
from inspector.sources.files import FileSource


def documents(path: Path, count: int, **more: object) -> Path:
    rows = [{"type": f"Type{n % 2}", "order_id": f"o-{n}", "time": "2026-11-23T08:00:00Z", **more} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def of(*paths: Path, formats: tuple[str, ...] = (), settings: tuple[tuple[str, str], ...] = ()) -> Preview:
    return preview(FileSource(paths, wishes=wishes(formats, settings)))


def kinds(found: Preview) -> list[tuple[str, int, int]]:
    return [(group.recognised, group.files, group.alike) for group in found.groups]


def test_files_of_one_kind_are_one_group_with_five_events(tmp_path: Path) -> None:
    documents(tmp_path / "a.jsonl", 1_000)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(documents(tmp_path / "b", 3).read_bytes()))
    (tmp_path / "b").unlink()
    (tmp_path / "c.bin").write_bytes(bytes(range(256)))
    found = of(tmp_path)
    assert kinds(found) == [("json-lines", 2, 0), ("unknown", 1, 0)]
    group = found.groups[0]
    assert group.names == ["a.jsonl", "b.jsonl.gz"]
    assert [(event.log, event.position, event.type) for event in group.events] == [
        ("a.jsonl", n, f"Type{(n - 1) % 2}") for n in range(1, 6)
    ]
    assert {event.time_us for event in group.events} == {1_795_420_800_000_000}
    assert group.score > 0.5
    assert "cannot be told" in group.loses
    assert found.size_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_the_users_rules_of_identity_are_used(tmp_path: Path) -> None:
    profile = parse_profile('[[log]]\nname = "*"\nstream = "data.order_id"\n', "own.toml")
    found = preview(FileSource([documents(tmp_path / "a.jsonl", 2)]), profile=profile)
    assert [event.stream.rpartition(" / ")[2] for event in found.groups[0].events] == ["o-0", "o-1"]


def test_files_that_nobody_looks_at_are_counted_and_rare_kinds_are_met(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number:05}.jsonl").write_bytes(b'{"type":"A"}\n')
    (tmp_path / "zzz.bin").write_bytes(b"\x00\x01")
    begun_s = time.monotonic()
    found = of(tmp_path)
    assert time.monotonic() - begun_s < 10
    assert kinds(found) == [("json-lines", MOST_LOOKED_AT - 1, 10_000 - MOST_LOOKED_AT + 1), ("unknown", 1, 0)]
    assert (found.files, found.looked_at) == (10_001, MOST_LOOKED_AT)
    assert found.groups[0].size_bytes == 130_000


def test_a_bomb_and_a_long_line_are_looked_at_quickly(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.jsonl.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(b" " * 1_000_000)
    long = tmp_path / "long.jsonl"
    long.write_bytes(b'{"type":"A"}\n{"type":"B","text":"' + b"x" * 20_000_000 + b'"}\n')
    begun_s = time.monotonic()
    found = of(bomb, long)
    assert time.monotonic() - begun_s < 5
    group = next(group for group in found.groups if group.recognised == "json-lines")
    assert [event.type for event in group.events] == ["A"]


def test_a_row_larger_than_the_first_look_is_seen(tmp_path: Path) -> None:
    found = of(documents(tmp_path / "a.jsonl", 8, text="y" * 400_000), formats=("json-lines",))
    assert [event.position for event in found.groups[0].events] == [1, 2, 3, 4, 5]
    assert len(found.groups[0].events[0].value or "") == 300


def test_what_is_damaged_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(documents(tmp_path / "a", 20_000).read_bytes())
    (tmp_path / "a").unlink()
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:200])
    group = of(tmp_path / "cut.jsonl.gz", formats=("json-lines",)).groups[0]
    assert "compression is damaged" in group.problem


def test_what_is_left_out_is_said_and_what_cannot_be_opened_too(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hosts")
    documents(tmp_path / "a.jsonl", 2)
    found = of(tmp_path)
    assert kinds(found) == [("json-lines", 1, 0)]
    assert len(found.notes) == 2
    assert any("not followed" in note for note in found.notes)


def test_a_file_that_goes_before_it_is_looked_at_is_its_own_group(tmp_path: Path) -> None:
    source = FileSource([documents(tmp_path / "a.jsonl", 2), documents(tmp_path / "b.jsonl", 2)])
    (tmp_path / "b.jsonl").unlink()
    found = preview(source)
    assert [(group.recognised, group.files, group.name) for group in found.groups] == [("json-lines", 1, "json-lines"), ("", 1, "")]
    assert "cannot read" in found.groups[1].problem


def test_a_wish_for_what_nothing_fits_shows_its_events(tmp_path: Path) -> None:
    (tmp_path / "c.bin").write_bytes(b"no json\nat all\n")
    found = of(tmp_path, formats=("unknown:json-lines",))
    group = found.groups[0]
    assert (group.recognised, group.name) == ("unknown", "json-lines")
    assert [event.flags for event in group.events] == [("undecodable",)] * 2 or group.events[0].value == "no json"


@dataclass
class Store:
    """A store as whoever divides paths tells of it."""

    path: Path
    words: str = "SQLite event store"

    @property
    def reader(self) -> Store:
        return self

    def of_path(self, path: Path, config: Mapping[str, str]) -> Source:
        return open_source(f"sqlite:///{path}", config)


def test_a_store_is_a_group_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB)")
    rows = [(f"order-{n}", 1, "shop:Order.Placed", b'{"total":1}') for n in range(7)]
    connection.executemany("INSERT INTO stored_events VALUES (?, ?, ?, ?)", rows)
    connection.close()
    found = preview(FileSource([documents(tmp_path / "a.jsonl", 2)]), [Store(path)])
    assert [(group.kind, group.title) for group in found.groups] == [("store", "SQLite event store"), ("files", "JSON lines")]
    assert len(found.groups[0].events) == 5


def test_a_store_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    found = preview(None, [Store(tmp_path / "none.db")])
    group = found.groups[0]
    assert (group.name, group.events) == ("", [])
    assert group.problem


def test_paths_are_written_as_mappings_write_them() -> None:
    assert places([b'{"a":{"b c":1,"d":[1]},"":0}', b"no", None, b'{"a":2,"e.f":1}']) == ["a", 'a."b c"', "a.d", '"e.f"']
    assert len(places([json.dumps({f"n{n}": {"m": 1} for n in range(5_000)}).encode()])) == 200


def test_lines_for_programs_are_short_whatever_the_files_hold(tmp_path: Path) -> None:
    path = tmp_path / ("\u202e<b>" + "n" * 200 + ".jsonl")
    path.write_bytes(json.dumps({"type": "<img src=x>\u202e", "text": "z" * 900_000}).encode() + b"\n")
    said = [json.dumps(line) for line in lines(of(tmp_path, formats=("json-lines",)))]
    assert len(said) == 2
    assert max(map(len, said)) < 100_000
    assert json.loads(said[0])["events"][0]["type"] == "<img src=x>\u202e"


def test_the_command_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents(tmp_path / "a.jsonl", 3)
    assert main(["import", str(tmp_path), "--preview", "--print", "jsonl"]) == 0
    group, whole = map(json.loads, capsys.readouterr().out.splitlines())
    assert (group["type"], whole["type"], whole["files"]) == ("group", "preview", 1)
    assert {"name": "json-lines", "title": "JSON lines"} in whole["formats"]
    assert main(["import", str(tmp_path), "--preview", "--print", "table"]) == 0
    assert "JSON lines: 1 file" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_standard_input_is_not_previewed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "-", "--preview"]) == 2
    assert "cannot be read twice" in capsys.readouterr().err
