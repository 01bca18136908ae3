"""What is taken for a segment, by its name and its bytes; folders and side files of strangers: nothing waits, nothing is silent."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from inspector.event import Flag
from inspector.ingest import Options, run
from inspector.sources import Request, open_source
from inspector.sources.paths import divide
from inspector.sources.segment_files import SegmentFiles
from tests.kafka import captures
from tests.segments import encoder
from tests.segments.encoder import Batch, Rec
from tests.segments.reading import NAME, Read, folder

LOG = f"{0:020}"


def plain(base: int, count: int = 3) -> bytes:
    return encoder.batch(Batch(base, [Rec(b"%d" % (base + number)) for number in range(count)]))


def claimed(*paths: Path) -> list[tuple[str, str]]:
    """(name, words) of what goes to the source of Kafka's files."""
    return [(one.path.name, one.words) for one in divide(paths).claimed if isinstance(one.reader, type) and one.reader is SegmentFiles]


# ---- by name and by content

BEGINNINGS = {
    "bytes that are no text": b"\xff\xfe\x80" * 40,
    "text over the first batch": b"overwritten by somebody " * 10,
    "zeros": bytes(300),
    "more text than is looked at first": b"overwritten by somebody " * 1000,
}


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("is_folder", [True, False])
def test_a_segment_damaged_from_its_first_byte_is_read_from_where_it_can_be(tmp_path: Path, name: str, is_folder: bool) -> None:
    hurt = BEGINNINGS[name]
    path = folder(tmp_path, {0: hurt + plain(3) + plain(6)})
    path = path if is_folder else path / NAME
    assert claimed(path) == [(path.name, "Kafka partition folder" if is_folder else "Kafka segment")]
    out = tmp_path / "a.evcap"
    with closing(SegmentFiles.of_path(path, {})) as source:
        outcome = run([(source, Request())], out, options=Options(floor_bytes=0))
    assert [event.position for event in captures.events(out)] == list(range(3, 9))
    assert outcome.inputs[0].gaps[0].start == 0
    assert outcome.inputs[0].gaps[-1].end == len(hurt)


def test_a_file_of_another_name_is_known_by_a_batch_in_its_first_megabyte(tmp_path: Path) -> None:
    made = {
        "whole.log": plain(0),
        "damaged.log": b"?" * 1_000_000 + plain(0),
        "too late.log": b"?" * 1_100_000 + plain(0),
        "server.log": b"[2026-11-26] INFO started\n" * 100,
        "empty.log": b"",
        "whole.txt": plain(0),
        f"{LOG}.log": b"[2026-11-26] INFO a printed log of that name\n" * 100,
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    found = {name for name in made if claimed(tmp_path / name)}
    assert found == {"whole.log", "damaged.log"}
    assert Read(tmp_path / "damaged.log").positions == [0, 1, 2]


def test_nothing_but_damage_is_told_and_is_no_error(tmp_path: Path) -> None:
    path, out = folder(tmp_path, {0: os.urandom(50_000).replace(b"\0", b"\1")}), tmp_path / "a.evcap"
    assert claimed(path)
    with closing(SegmentFiles.of_path(path, {})) as source:
        outcome = run([(source, Request())], out, options=Options(floor_bytes=0))
    assert [(gap.start, gap.end) for gap in outcome.inputs[0].gaps] == [(0, 50_000)]
    assert outcome.exit_status == 0


# ---- names of strangers


def test_a_partition_is_read_once_whatever_folders_are_called(tmp_path: Path) -> None:
    folder(tmp_path, {0: plain(0)})
    for name in ("orders-00", "orders-٠", "orders-9999999999", "..-", "orders"):
        folder(tmp_path, {0: plain(0)}, name)
    read = Read(tmp_path)
    assert [(info.key.name, info.key.partition) for info in read.plan.logs] == [("orders", 0)]
    assert sum("is not called topic-partition" in note for note in read.notes) == 5


def test_a_name_that_says_an_offset_no_log_can_have_is_left_out_and_said(tmp_path: Path) -> None:
    path = folder(tmp_path, {0: plain(0)})
    for name in ("9" * 20, f"{1 << 63:020}", "٠" * 20, "copy of it"):
        (path / f"{name}.log").write_bytes(plain(3))
    read = Read(path)
    assert read.positions == [0, 1, 2]
    assert sum("its name is no offset" in note for note in read.notes) == 4
    alone = Read(path / f"{'9' * 20}.log")
    assert alone.positions == [3, 4, 5]


def test_names_that_are_no_text_can_be_kept(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n\x1b[31m"))
    path.mkdir()
    (path / NAME).write_bytes(plain(0))
    with closing(SegmentFiles.of_path(path, {})) as source:
        run([(source, Request())], tmp_path / "a.evcap", options=Options(floor_bytes=0))
    assert [event.log for event in captures.events(tmp_path / "a.evcap")] == ["caf\\xe9\n\x1b[31m"] * 3


# ---- side files of strangers

SIDE = ["index", "timeindex", "txnindex", "snapshot"]
SMALL = ["leader-epoch-checkpoint", "partition.metadata"]
ROOT = ["meta.properties", "log-start-offset-checkpoint", "replication-offset-checkpoint", "recovery-point-offset-checkpoint"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "huge", "garbage", "one byte", "digits", "link"])
def test_side_files_of_any_kind_keep_nothing_from_being_read(tmp_path: Path, kind: str) -> None:
    path = folder(tmp_path, {0: plain(0) + plain(3), 6: plain(6)})
    sides = [path / f"{LOG}.{name}" for name in SIDE] + [path / name for name in SMALL] + [tmp_path / name for name in ROOT]
    for side in sides:
        if kind == "pipe":
            os.mkfifo(side)
        elif kind == "folder":
            side.mkdir()
        elif kind == "link":
            side.symlink_to("/dev/zero")
        elif kind == "huge":
            side.touch()
            os.truncate(side, 1 << 40)
        else:
            side.write_bytes({"garbage": os.urandom(4096), "one byte": b"\1", "digits": b"0\n1\norders 0 " + b"9" * 30 + b"\n"}[kind])
    os.mkfifo(path / f"{9:020}.log")
    read = Read(tmp_path)
    assert read.positions == list(range(9))
    assert any(f"{9:020}.log is no ordinary file" in note for note in read.notes)
    if kind in {"pipe", "folder", "huge", "garbage"}:
        said = "\n".join([*read.notes, *(note for facts in read.files for note in facts.notes)])
        for side in sides:
            named = f"its .{side.suffix[1:]}" if side.suffix in {".index", ".timeindex", ".txnindex"} and kind == "garbage" else side.name
            assert named in said or side.name in said


def test_a_pipe_that_is_called_like_a_segment_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    assert SegmentFiles.claims(tmp_path / NAME) == ""
    assert SegmentFiles.claims(tmp_path) == ""


def test_large_indexes_take_little(tmp_path: Path) -> None:
    path = folder(tmp_path, {0: plain(0)})
    (path / f"{LOG}.index").write_bytes(b"".join(encoder.index([(number, number)]) for number in range(1, 600_000)))
    (path / f"{LOG}.timeindex").write_bytes(b"\1" * 24_000_000)
    (path / f"{LOG}.txnindex").write_bytes((bytes(33) + b"\7") * 100_000)
    read = Read(path)
    assert read.positions == [0, 1, 2]
    assert "its .index has 500,000 entries" in read.files[0].notes[0]


# ---- a copy of a running broker


def test_a_live_copy_is_read_up_to_the_cut_which_is_said(tmp_path: Path) -> None:
    data = plain(0) + plain(3)
    path, out = folder(tmp_path, {0: data + plain(6)[:-20]}), tmp_path / "a.evcap"
    (path / f"{LOG}.index").write_bytes(encoder.index([(5, len(plain(0)))], live=True))
    (path / f"{LOG}.timeindex").write_bytes(bytes(10_485_756))
    with closing(open_source(f"kafka-log://{path}")) as source:
        outcome = run([(source, Request())], out, options=Options(floor_bytes=0))
    assert captures.coverage(out) == [("orders", 0, [(0, 6, "read", None, 6)])]
    (gap,) = outcome.inputs[0].gaps
    assert (gap.start, gap.end) == (len(data), len(data) + len(plain(6)) - 20)
    assert "the file ends" in gap.reason
    assert not outcome.inputs[0].notes
    assert not any(event.flags & Flag.damaged for event in captures.events(out))
