"""Offsets, counts and times that no log can have: each is told with its byte, moves nothing else, and ends no import."""

from __future__ import annotations

import struct
from contextlib import closing
from pathlib import Path

import pytest

from inspector.event import Flag
from inspector.ingest import Options, run
from inspector.segments import order
from inspector.sources import Request, open_source
from tests.kafka import captures
from tests.segments import encoder
from tests.segments.encoder import NOW_MS, Batch, Rec
from tests.segments.reading import Read, folder

LARGEST = (1 << 63) - 1


def plain(base: int, count: int = 3, **more: int) -> bytes:
    return encoder.batch(Batch(base, [Rec(b"%d" % (base + number)) for number in range(count)], **more))  # type: ignore[arg-type]


def record(offset_delta: int, time_delta: int = 0) -> bytes:
    body = b"\0" + encoder.varint(time_delta) + encoder.varint(offset_delta) + encoder.sized(b"k") + encoder.sized(b"odd") + b"\0"
    return encoder.varint(len(body)) + body


def of(
    base: int, last: int, *records: bytes, count: int | None = None, attributes: int = 0, times: tuple[int, int] = (NOW_MS,) * 2
) -> bytes:
    """A batch with these records, whatever they say."""
    given = len(records) if count is None else count
    header = struct.pack(">hiqqqhii", attributes, last, *times, -1, -1, -1, given)
    return encoder.sealed(base, 0, header + b"".join(records))


ODD = {
    "near the largest": (plain(LARGEST - 5), 3),
    "at the largest": (plain(LARGEST - 2), 3),
    "above the largest": (of(LARGEST, 5, record(0)), 1),
    "an end above the largest": (of(LARGEST - 1, 3, record(0)), 1),
    "below nought": (of(-5, 0, record(0)), 1),
    "beginning below nought": (of(-5, 10, record(0), record(7)), 2),
    "ending before it begins": (of(3, -2, record(0)), 0),
    "one of them below the batch": (of(3, 2, record(-10), record(1)), 1),
    "one of them far above": (of(3, 2, record(0), record((1 << 31) - 1)), 1),
    "one of them above 63 bits": (of(3, 2, record(0), record((1 << 63) - 1)), 1),
    "one of them below 63 bits": (of(3, 2, record(-(1 << 63)), record(1)), 1),
    "the same twice": (of(3, 2, record(1), record(1)), 1),
    "backwards": (of(3, 2, record(2), record(1), record(0)), 2),
    "an old message at the largest": (encoder.message(LARGEST, b"odd"), 1),
    "an old message below nought": (encoder.message(-3, b"odd"), 1),
    "old messages within": (
        encoder.message(
            5, encoder.packed(encoder.message(LARGEST, b"odd") + encoder.message(-LARGEST, b"odd"), "gzip"), None, attributes=1
        ),
        1,
    ),
    "an old wrapper that begins below": (encoder.wrapper(3, [b"odd"] * 3, "gzip", offset=1), 3),
}


@pytest.mark.parametrize("name", ODD)
def test_an_impossible_offset_moves_nothing_else(tmp_path: Path, name: str) -> None:
    odd, strays = ODD[name]
    path, out = folder(tmp_path, {0: plain(0) + odd + plain(100)}), tmp_path / "a.evcap"
    with closing(open_source(f"kafka-log://{path}")) as source:
        outcome = run([(source, Request())], out, options=Options(floor_bytes=0))
    assert outcome.stopped == ["reached the pinned end"]
    logs = {log: covered for log, _, covered in captures.coverage(out)}
    assert logs["orders"][0][:3] in {(0, 3, "read"), (0, 103, "read")}
    assert logs["orders"][-1][1] == 103
    events = captures.events(out)
    assert {event.position for event in events if event.log == "orders" and not event.flags & Flag.damaged} >= {0, 1, 2, 100, 101, 102}
    astray = [event for event in events if event.log != "orders"]
    assert [event.log for event in astray] == [f"{0:020}.log"] * strays
    at = len(plain(0))
    assert all(at <= event.position < at + len(odd) and event.flags & Flag.damaged for event in astray)
    assert outcome.inputs[0].damaged == max(strays, 1)
    assert captures.report(out)["conflicts"] == 0
    undoubted = [event for event in events if event.log == "orders" and not event.flags & Flag.damaged]
    assert sum(records for *_, records in logs["orders"]) == len(undoubted)


def test_a_batch_that_lies_about_its_offset_takes_no_place_of_a_true_one(tmp_path: Path) -> None:
    false = encoder.batch(Batch(100, [Rec(b"false")] * 3))
    hurt = bytearray(encoder.batch(Batch(103, [Rec(b"false")] * 3)))
    hurt[-2] ^= 0xFF
    path, out = folder(tmp_path, {0: plain(0) + false + bytes(hurt) + plain(3) + plain(100, 6)}), tmp_path / "a.evcap"
    with closing(open_source(f"kafka-log://{path}")) as source:
        run([(source, Request())], out, options=Options(floor_bytes=0))
    events = captures.events(out)
    assert {event.position: event.value for event in events if event.log == "orders"} == {
        at: b"%d" % at for at in (*range(6), *range(100, 106))
    }
    assert [event.value for event in events if event.log != "orders"][:3] == [b"false"] * 3
    assert captures.report(out)["conflicts"] == 0


@pytest.mark.parametrize(
    ("odd", "given_rows"),
    [
        (of(3, 2, record(0), count=-1), 0),
        (of(3, 2, record(0), count=(1 << 31) - 1), 0),
        (of(3, 2, record(0), record(1), record(2), count=1), 1),
    ],
)
def test_a_count_that_disagrees_is_a_gap(tmp_path: Path, odd: bytes, given_rows: int) -> None:
    read = Read(folder(tmp_path, {0: plain(0) + odd + plain(6)}))
    assert read.positions == [0, 1, 2, *range(3, 3 + given_rows), 6, 7, 8]
    assert [(one.start, one.end) for one in read.absent] == [(3 + given_rows, 6)]
    assert [(gap.start, gap.end) for gap in read.files[0].gaps] == [(len(plain(0)), len(plain(0)) + len(odd))]
    assert not any("offsets inside hold no record" in note and "-" in note.partition("partition 0:")[2] for note in read.notes)


@pytest.mark.parametrize("times", [(LARGEST, LARGEST), (-LARGEST, LARGEST), (-LARGEST, -LARGEST), (NOW_MS, LARGEST)])
@pytest.mark.parametrize("attributes", [0, 8, 64])
def test_any_time_is_kept_or_left_out(tmp_path: Path, times: tuple[int, int], attributes: int) -> None:
    odd = of(3, 2, record(0, LARGEST), record(1, -LARGEST), record(2), attributes=attributes, times=times)
    path, out = folder(tmp_path, {0: plain(0) + odd + plain(6)}), tmp_path / "a.evcap"
    with closing(open_source(f"kafka-log://{path}")) as source:
        run([(source, Request())], out, options=Options(floor_bytes=0))
    assert [event.position for event in captures.events(out)] == list(range(9))


def test_of_batches_that_fit_nowhere_only_so_many_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "_MOST_ODD", 50)
    flood = b"".join(plain(0, 1) for _ in range(100))
    read = Read(folder(tmp_path, {0: plain(0) + flood + plain(3), 200: plain(200)}))
    assert read.at(0) == [*range(6), 200, 201, 202]
    assert {3, 4, 5} < set(read.flagged(Flag.damaged))
    assert len(read.at(1)) == 100
    assert "do not fit either" in read.records.error[max(read.records.error)]
    assert read.files[0].damaged == 103


def test_a_file_of_another_name_begins_where_most_of_its_batches_say(tmp_path: Path) -> None:
    path = tmp_path / "copy.log"
    path.write_bytes((1 << 62).to_bytes(8, "big") + plain(0)[8:] + b"".join(plain(base) for base in range(50, 80, 3)))
    read = Read(path)
    assert read.at(0) == list(range(50, 80))
    assert read.plan.asked == [(50, 80)]
    path.write_bytes(plain(LARGEST - 3))
    assert Read(path).plan.asked == [(LARGEST - 3, LARGEST)]


@pytest.mark.parametrize("epochs", [(5, 2, 2), (5, -7, 5), (-1, -7, 0)])
def test_epochs_that_go_backwards_move_no_record(tmp_path: Path, epochs: tuple[int, int, int]) -> None:
    data = b"".join(plain(3 * number, leader_epoch=epoch) for number, epoch in enumerate(epochs))
    assert Read(folder(tmp_path, {0: data})).positions == list(range(9))
