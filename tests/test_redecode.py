"""Decoding again: a capture decoded twice equals one captured with those rules, count for count; bytes stay."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Sequence
from pathlib import Path

import apsw
import cbor2
import ormsgpack
import pytest

from inspector import redecode
from inspector.capture.condition import Condition
from inspector.capture.reader import CaptureReader
from inspector.capture.rereading import first_values
from inspector.capture.sqlite import open_reader
from inspector.capture.stage import Stager
from inspector.capture.unread import unread
from inspector.capture.writer import CaptureWriter, Progress
from inspector.cli.decode import add
from inspector.decoders import SAMPLE
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag, LogKey, RecordBatch, TimeKind
from inspector.identify import Identifier, Profile, parse_profile
from inspector.sources import LogInfo, SourceInfo
from tests.replay.captures import Log, Written, write

START_US = 1_700_000_000_000_000
LOGS = [LogInfo(LogKey("orders", 0), 0, 1000), LogInfo(LogKey("orders", 1), 0, 1000), LogInfo(LogKey("payments", 0), 0, 1000)]
PROFILE = parse_profile(
    '[[log]]\nname = "orders"\ntype = "data.kind"\nstream = { from = "data.order", split = "-" }\n'
    'time = { from = "data.at", unit = "us" }\nversion = "data.n"\n'
)
TABLES = {
    "event": "SELECT e.seq, e.time_us, e.time_kind, t.name, c.name, s.name, e.version, e.event_id, e.decoder, e.error, e.flags, "
    "json(e.data), json(e.metadata), json(e.extra) FROM event e LEFT JOIN type t ON t.id = e.type_id "
    "LEFT JOIN stream s ON s.id = e.stream_id LEFT JOIN category c ON c.id = s.category_id ORDER BY 1",
    "record": "SELECT * FROM record ORDER BY seq",
    "type": "SELECT name, events FROM type WHERE events ORDER BY 1",
    "category": "SELECT name, events FROM category WHERE events ORDER BY 1",
    "stream": "SELECT c.name, s.name, s.source_id, s.events, s.first_us, s.last_us "
    "FROM stream s JOIN category c ON c.id = s.category_id ORDER BY 1, 2, 3",
    "members": "SELECT c.name, s.name, x.seq, x.version FROM event_stream x JOIN stream s ON s.id = x.stream_id "
    "JOIN category c ON c.id = s.category_id ORDER BY 1, 2, 3",
    "bucket": "SELECT b.width_s, b.second, b.log_id, t.name, c.name, b.events, b.bytes FROM bucket b LEFT JOIN type t ON t.id = b.type_id "
    "LEFT JOIN category c ON c.id = b.category_id ORDER BY 1, 2, 3, 4, 5",
    "block": "SELECT first_seq, last_seq, min_us, max_us, untimed FROM block ORDER BY 1",
    "usage": "SELECT u.first_seq, u.log_id, t.name, x.wire, u.schema_version, u.decoder, u.events, u.first_us, u.last_us FROM usage u "
    "LEFT JOIN type t ON t.id = u.type_id LEFT JOIN schema x ON x.id = u.schema_ref ORDER BY 1, 2, 3, 4, 5, 6",
    "schema": "SELECT source_id, registry, wire, subject, version, kind, text, refs, compiled, error FROM schema ORDER BY wire",
    "log": "SELECT name, partition, events, bytes, max_time_us, envelope FROM log ORDER BY id",
}


def record_batch(rows: int, *, seed: int = 1) -> RecordBatch:
    """Orders and payments: JSON mostly, with nulls, broken JSON, frames and times that jump."""
    pick = random.Random(seed)
    batch = RecordBatch()
    for number in range(rows):
        document = {
            "type": pick.choice(["A", "B"]),
            "kind": pick.choice(["K", "L", "M"]),
            "order": f"order-{pick.randrange(7)}",
            "at": START_US + pick.randrange(10**9),
            "n": number,
        }
        value = pick.choice([json.dumps(document).encode()] * 8 + [None, b'{"broken":', b"\0\0\0\4\xd2\1\2"])
        batch.log.append(pick.randrange(3))
        batch.position.append(number)
        batch.time_us.append(START_US + number * 1000)
        batch.time_kind.append(int(TimeKind.create))
        batch.key.append(pick.choice([None, b"a", b"b-1"]))
        batch.value.append(value)
        batch.headers.append(pick.choice([None, '[["id","h-1"]]']))
    return batch


def capture(path: Path, batches: Sequence[RecordBatch], profile: Profile | None = None, *, with_values: bool = True) -> None:
    with CaptureWriter(path, with_values=with_values, floor_bytes=0) as writer:
        source = writer.add_source(SourceInfo("kafka", "kafka://shop", "c-1"))
        log_ids = [writer.add_log(source, info) for info in LOGS]
        reading = writer.begin(source, {}, isolation="", filter_text=None, settings={})
        identifier, stager = Identifier(profile=profile), Stager()
        for batch in batches:
            writer.append(reading, log_ids, stager.stage(identifier.events(batch, LOGS)), Progress())
        stager.close()


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = open_reader(path)
    found = {name: list(connection.execute(sql)) for name, sql in TABLES.items()}
    connection.close()
    return found


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redecode, "BATCH_ROWS", 70)


def test_decoded_with_a_profile_it_equals_a_capture_made_with_it(tmp_path: Path) -> None:
    capture(tmp_path / "plain.evcap", [record_batch(400)])
    capture(tmp_path / "profiled.evcap", [record_batch(400)], PROFILE)
    outcome = redecode.run(tmp_path / "plain.evcap", profile=PROFILE)
    assert outcome.events == 400
    changed = redecode.run(tmp_path / "plain.evcap", profile=PROFILE).changed
    assert changed == 0
    assert 0 < outcome.changed < 400
    assert outcome.undecodable > 0
    again, wanted = content(tmp_path / "plain.evcap"), content(tmp_path / "profiled.evcap")
    for name in TABLES:
        assert again[name] == wanted[name], name


def test_decoded_again_without_the_profile_it_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [record_batch(300)])
    before = content(path)
    redecode.run(path, profile=PROFILE)
    assert content(path)["type"] != before["type"]
    after = content(path)["event"]
    same = (1, 2, 3, 4, 5, 6, 7)
    changed = sum([old[n] for n in same] != [new[n] for n in same] for old, new in zip(before["event"], after, strict=True))
    assert redecode.run(path).changed == changed
    assert content(path) == before


def test_what_the_source_knew_survives_a_profile_that_overrides_it(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    batch = record_batch(50)
    batch.envelope = {"type": ["stored" if row % 2 else None for row in range(50)], "stream": [f"s-{row % 3}" for row in range(50)]}
    batch.error = {3: "a header's name is not UTF-8"}
    batch.flags = {4: int(Flag.aborted)}
    batch.extra = {5: {"recorded_time": 2**70}}
    capture(path, [batch])
    before = content(path)
    redecode.run(path, profile=parse_profile('[[log]]\nname = "*"\ntype = "const:mine"\nstream = "const:one"\n'))
    assert content(path)["type"] == [("mine", 50)]
    redecode.run(path)
    assert content(path) == before


def test_only_the_events_of_a_filter_change(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [record_batch(200)])
    before = content(path)["event"]
    outcome = redecode.run(path, profile=PROFILE, condition=Condition("type.name = :name AND log.name = 'orders'", {"name": "A"}))
    chosen = [row[0] for row in before if row[3] == "A" and content(path)["log"]]
    after = content(path)["event"]
    changed = [old[0] for old, new in zip(before, after, strict=True) if old[3] != new[3]]
    assert outcome.events == len(changed) > 0
    assert set(changed) <= set(chosen)


def test_pages_are_cut_by_size_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redecode, "BATCH_BYTES", 500)
    capture(tmp_path / "a.evcap", [record_batch(60)])
    steps: list[int] = []
    assert redecode.run(tmp_path / "a.evcap", progress=steps.append).events == 60
    assert len(steps) > 5
    assert steps == sorted(steps)


def test_stopped_it_is_right_as_far_as_it_got(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [record_batch(300)])
    outcome = redecode.run(path, profile=PROFILE, is_stopped=lambda: True)
    assert (outcome.events, outcome.is_whole) == (70, False)
    redecode.run(path, profile=PROFILE)
    capture(tmp_path / "b.evcap", [record_batch(300)], PROFILE)
    assert content(path) == content(tmp_path / "b.evcap")


def test_a_cut_value_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [record_batch(20)])
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE event SET flags = flags | ?, error = 'as it was' WHERE seq = 3", (int(Flag.oversize),))
    connection.close()
    outcome = redecode.run(path)
    assert (outcome.events, outcome.oversize) == (19, 1)
    assert content(path)["event"][2][9] == "as it was"


def test_what_cannot_be_decoded_again(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="there is no capture"):
        redecode.run(tmp_path / "missing.evcap")
    capture(tmp_path / "bare.evcap", [record_batch(5)], with_values=False)
    with pytest.raises(UsageError, match="without values"):
        redecode.run(tmp_path / "bare.evcap")


def test_the_command_says_how_many_remain_undecodable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    capture(tmp_path / "a.evcap", [record_batch(100)])
    profile = tmp_path / "p.toml"
    profile.write_text('[[log]]\nname = "*"\ndecoder = "raw"\n')
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    args = parser.parse_args(["decode", str(tmp_path / "a.evcap")])
    assert args.run(args) == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["decoded"] == 100
    assert summary["undecodable"] > 0
    args = parser.parse_args(["decode", str(tmp_path / "a.evcap"), "--map", str(profile), "--progress", "json"])
    assert args.run(args) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.err.splitlines()[-1]) == {"type": "done", "stopped": "", "exit": 0}


@pytest.mark.parametrize("damage", ["UPDATE log SET rules = '{'", "UPDATE log SET envelope = '5'"])
def test_notes_of_a_log_that_are_damaged_are_said(tmp_path: Path, damage: str) -> None:
    capture(tmp_path / "a.evcap", [record_batch(5)])
    connection = apsw.Connection(str(tmp_path / "a.evcap"))
    connection.execute(damage)
    connection.close()
    with pytest.raises(CaptureError, match="the capture is damaged: orders's"):
        redecode.run(tmp_path / "a.evcap")


def test_an_extra_made_by_others_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [record_batch(2)])
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE event SET extra = jsonb('[1]') WHERE seq = 1; UPDATE event SET extra = jsonb('{\"source\": 7}') WHERE seq = 2"
    )
    connection.close()
    redecode.run(path)
    assert [row[13] for row in content(path)["event"]] == ['{"extra":[1]}', None]


def test_what_was_searched_by_other_rules_is_searched_again(tmp_path: Path) -> None:
    path, text = tmp_path / "a.evcap", 'stream == "order-9"'
    write(path, [Log([Written(0, '{"a":1}', "order-1", 1)], read=[(0, 500)], end=500, filter=text)])
    with CaptureReader(path) as reader:
        assert unread(reader, text) == []
    redecode.run(path, profile=PROFILE)
    with CaptureReader(path) as reader:
        (part,) = unread(reader, text)
        assert part.ranges == ((0, 500),)
        ((said,),) = reader.select("SELECT filter FROM coverage")
    assert said.startswith(f"{text} // by the rules before 20")


def odd_batch(rows: int, *, seed: int) -> RecordBatch:
    """Values that several decoders could read: CBOR mostly on one log, MessagePack on another, numbers on the third."""
    batch, pick = record_batch(rows, seed=seed), random.Random(seed)
    batch.position = [position + seed * rows for position in batch.position]
    batch.time_us = [START_US + position * 1000 for position in batch.position]
    kinds = [lambda n: cbor2.dumps({"kind": "K", "n": n}), lambda n: ormsgpack.packb({"kind": "L", "n": n}), lambda n: b"%08d" % n]
    for row in range(rows):
        usual = kinds[batch.log[row]](row)
        batch.value[row] = pick.choice([usual] * 6 + [b"\x80", b"\x90", b"12", b"text", None, b'{"n": 1}'])
    return batch


def test_a_log_keeps_its_habit_when_it_is_decoded_again(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [odd_batch(1500, seed=seed) for seed in (1, 2)])
    before = content(path)
    kinds = {row[8] for row in before["event"]}
    assert {"cbor", "messagepack", "json", "text"} <= kinds
    assert redecode.run(path).changed == 0
    after = content(path)
    for name in TABLES:
        assert after[name] == before[name], name


def test_a_part_of_a_log_is_decoded_by_the_habit_of_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    capture(path, [odd_batch(3000, seed=3)])
    before = content(path)["event"]
    redecode.run(path, condition=Condition("event.seq > 2500", {}))
    assert content(path)["event"] == before


def test_the_first_values_of_a_log_are_found_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    batches = [odd_batch(300, seed=seed) for seed in (4, 5, 6)]
    capture(path, batches)
    values = [value for batch in batches for value, log in zip(batch.value, batch.log, strict=True) if value is not None and log < 2]
    with CaptureReader(path) as reader:
        found, headers = first_values(reader.select, 1, "orders")
        assert first_values(reader.select, 1, "nothing") == ([], [])
    assert found == values[:SAMPLE]
    assert len(headers) == SAMPLE


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE usage SET events = 9223372036854775807",
        "UPDATE usage SET events = 9e999",
        "DROP TABLE usage",
        "ALTER TABLE schema RENAME TO elsewhere; CREATE VIEW schema AS SELECT * FROM elsewhere",
    ],
)
def test_a_strangers_capture_is_said_to_be_damaged(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.evcap"
    batch = odd_batch(20, seed=1)
    batch.value = [b"\0\0\0\0" + bytes([number % 2 + 7]) + b"\x02" for number in range(20)]
    capture(path, [batch])
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute(
            f"INSERT INTO usage SELECT first_seq + 1, log_id, type_id, schema_ref, schema_version, decoder, 1, 0, 0 FROM usage; {damage}"
        )
    with pytest.raises(CaptureError, match="is damaged"):
        redecode.run(path)
