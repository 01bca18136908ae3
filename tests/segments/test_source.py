"""Folders of segments through the source: transactions, log start, damage, order, and what coverage says of each."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.errors import SourceError, UsageError
from inspector.event import Flag
from inspector.ingest import Options, run
from inspector.sources import Bound, Isolation, Request, open_source
from inspector.sources.segment_files import SegmentFiles
from inspector.sources.segment_read import NO_FILE
from tests.kafka import captures
from tests.segments import encoder
from tests.segments.encoder import NOW_MS, Batch, Rec
from tests.segments.reading import Read, committed, folder


def plain(base: int, count: int = 3, **more: int) -> bytes:
    """A batch outside transactions."""
    return encoder.batch(Batch(base, [Rec(b"%d" % (base + number)) for number in range(count)], **more))  # type: ignore[arg-type]


def within(base: int, producer_id: int, count: int = 1, epoch: int = 0) -> bytes:
    """A transactional batch."""
    records = [Rec(b"t%d" % (base + number)) for number in range(count)]
    return encoder.batch(Batch(base, records, producer_id=producer_id, producer_epoch=epoch, sequence=base, transactional=True))


# ---- transactions


def test_every_record_has_the_state_of_its_transaction(tmp_path: Path) -> None:
    one, two = b"", b""
    one += plain(0, 1) + within(1, 7, 2) + within(3, 8) + encoder.marker(4, 7, commit=True, epoch=1) + within(5, 7)
    two += encoder.marker(6, 7, commit=False) + within(7, 9) + plain(8, 1) + within(9, 7) + encoder.marker(10, 7, commit=True)
    two += encoder.marker(11, 8, commit=False)
    read = Read(folder(tmp_path, {0: one, 6: two}))
    assert read.positions == list(range(12))
    assert read.flagged(Flag.aborted) == [3, 5]
    assert read.flagged(Flag.open) == [7, 8, 9, 10, 11]
    assert read.flagged(Flag.control) == [4, 6, 10, 11]
    assert read.extra("control") == [*[None] * 4, "COMMIT", None, "ABORT", None, None, None, "COMMIT", "ABORT"]
    states = [None, "committed", "committed", "aborted", None, "aborted", None, "open", None, "committed", None, None]
    assert read.extra("transaction") == states
    assert read.extra("not_yet_visible") == [*[None] * 7, *[True] * 5]
    assert read.extra("sequence")[:4] == [None, 1, 2, 3]
    assert any("1 transactions have no end" in note and "from offset 7 on" in note for note in read.notes)
    assert committed(tmp_path / "orders-0").positions == [0, 1, 2]


def test_a_part_of_the_log_is_classified_by_markers_that_lie_beyond_it(tmp_path: Path) -> None:
    path = folder(tmp_path, {0: within(0, 7, 3) + plain(3, 2) + encoder.marker(5, 7, commit=False)})
    read = Read(path, Request(start=Bound(position=1), end=Bound(position=4)))
    assert read.positions == [1, 2, 3]
    assert read.flagged(Flag.aborted) == [1, 2]


def test_a_snapshot_tells_of_a_transaction_that_began_before_the_first_file(tmp_path: Path) -> None:
    path = folder(tmp_path, {100: plain(100) + within(103, 5)})
    assert Read(path).flagged(Flag.open) == [103]
    (path / f"{100:020}.snapshot").write_bytes(encoder.snapshot([(5, 90), (6, -1)]))
    assert Read(path).flagged(Flag.open) == [100, 101, 102, 103]
    (path / f"{100:020}.snapshot").write_bytes(encoder.snapshot([(5, 90)])[:-1] + b"x")
    assert any("its checksum does not hold" in note for note in Read(path).notes)


def test_what_was_open_before_damage_is_unknown(tmp_path: Path) -> None:
    hurt = bytearray(plain(2, 2))
    hurt[-2] ^= 0xFF
    data = within(0, 7) + within(1, 7) + bytes(hurt) + within(4, 7) + encoder.marker(5, 7, commit=False)
    read = Read(folder(tmp_path, {0: data}))
    assert read.extra("transaction") == ["unknown", "unknown", None, None, "aborted", None]
    assert read.flagged(Flag.aborted) == [4]
    assert read.flagged(Flag.damaged) == [2, 3]


def made_of(kind: str, offset: int, producer_id: int) -> bytes:
    """One batch of one record or marker."""
    if kind == "plain":
        return plain(offset, 1)
    return within(offset, producer_id) if kind == "data" else encoder.marker(offset, producer_id, commit=kind == "commit")


@given(st.lists(st.tuples(st.sampled_from(["plain", "data", "commit", "abort"]), st.integers(1, 3)), max_size=30), st.integers(1, 10))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_interleaving_is_classified_as_a_slow_reading_of_the_rule_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], per_file: int
) -> None:
    files: dict[int, bytes] = {}
    waiting: dict[int, list[int]] = {}
    aborted: set[int] = set()
    for offset, (kind, producer_id) in enumerate(steps):
        made = made_of(kind, offset, producer_id)
        files[offset - offset % per_file] = files.get(offset - offset % per_file, b"") + made
        if kind == "data":
            waiting.setdefault(producer_id, []).append(offset)
        elif kind != "plain":
            ended = waiting.pop(producer_id, [])
            aborted |= set(ended) if kind == "abort" else set()
    stable = min((offsets[0] for offsets in waiting.values()), default=len(steps))
    read = Read(folder(tmp_path_factory.mktemp("any"), files or {0: b""}))
    assert set(read.flagged(Flag.aborted)) == aborted
    assert set(read.flagged(Flag.open)) == set(range(stable, len(steps))) - aborted


# ---- what is on disk and what is not


def test_records_below_the_log_start_are_marked_and_the_small_files_are_read(tmp_path: Path) -> None:
    path = folder(tmp_path, {0: plain(0, 10)})
    (tmp_path / "log-start-offset-checkpoint").write_text("0\n1\norders 0 7\n")
    (tmp_path / "replication-offset-checkpoint").write_text("0\n1\norders 0 9\n")
    (tmp_path / "recovery-point-offset-checkpoint").write_text("broken")
    (tmp_path / "meta.properties").write_text("#\nversion=1\ncluster.id=4L6g3nShT-eMCtK--X86sw\nnode.id=1\n")
    (path / "partition.metadata").write_text("version: 0\ntopic_id: sus3_3VjRliVJ5--8tYojA\n")
    read = Read(tmp_path)
    assert read.info.cluster_id == "4L6g3nShT-eMCtK--X86sw"
    assert read.info.attributes == {"node_id": "1", "clean_shutdown": False}
    assert read.plan.logs[0].key.incarnation == "sus3/3VjRliVJ5++8tYojA"
    assert read.flagged(Flag.below_start) == list(range(7))
    assert any("offsets 0 to 6 are below the log start 7" in note for note in read.notes)
    assert any("offsets 9 to 9 are above the high watermark" in note for note in read.notes)
    assert any("recovery-point-offset-checkpoint cannot be used" in note for note in read.notes)


def test_what_is_asked_below_the_first_file_is_absent_by_retention(tmp_path: Path) -> None:
    path = folder(tmp_path, {50: plain(50), 53: plain(53)})
    read = Read(path, Request(start=Bound(position=10)))
    assert [(one.start, one.end, one.reason) for one in read.absent] == [(10, 50, "retention")]
    assert read.positions == list(range(50, 56))


def test_a_missing_file_is_absent_and_holes_inside_are_not(tmp_path: Path) -> None:
    compacted = encoder.batch(Batch(10, [Rec(delta=1)], last_delta=4)) + plain(20)
    read = Read(folder(tmp_path, {0: plain(0), 10: compacted, 40: plain(40)}))
    assert [(one.start, one.end, one.reason) for one in read.absent] == [(3, 10, NO_FILE), (23, 40, NO_FILE)]
    assert read.positions == [0, 1, 2, 11, 20, 21, 22, 40, 41, 42]
    assert any("9 offsets inside hold no record, as compaction leaves them" in note for note in read.notes)


def test_damage_is_absent_with_its_bytes_and_its_rows_are_marked(tmp_path: Path) -> None:
    first, second, third = plain(0), bytearray(plain(3)), plain(6)
    second[16] = 3
    read = Read(folder(tmp_path, {0: first + bytes(second) + third}))
    start, end = len(first), len(first) + len(second)
    assert [(one.start, one.end, one.reason) for one in read.absent] == [(3, 6, f"damaged: bytes {start}–{end} of {0:020}.log")]
    (facts,) = read.files
    assert [(gap.start, gap.end, gap.reason) for gap in facts.gaps] == [(start, end, "unknown magic 3")]
    assert facts.rows == 6
    assert facts.is_whole
    assert len(facts.sha256) == 64


def test_the_only_and_the_last_batch_may_be_damaged(tmp_path: Path) -> None:
    hurt = bytearray(plain(3))
    hurt[-2] ^= 0xFF
    read = Read(folder(tmp_path, {0: plain(0) + bytes(hurt)}))
    assert read.positions == [0, 1, 2, 3, 4, 5]
    assert read.flagged(Flag.damaged) == [3, 4, 5]
    assert read.plan.asked == [(0, 3)]
    only = Read(folder(tmp_path, {0: bytes(hurt)}, "other-0"))
    assert only.flagged(Flag.damaged) == [3, 4, 5]


@pytest.mark.parametrize("wrong", [0, 4, 8, 1 << 40])
def test_a_base_offset_that_does_not_fit_is_marked_and_not_those_around_it(tmp_path: Path, wrong: int) -> None:
    edited = wrong.to_bytes(8, "big") + plain(6)[8:]
    read = Read(folder(tmp_path, {0: plain(0) + plain(3) + edited + plain(9) + plain(12)}))
    at = len(plain(0)) + len(plain(3))
    assert read.flagged(Flag.damaged) == [at, at + 1, at + 2]
    assert read.at(0) == [*range(6), *range(9, 15)]
    assert read.at(1) == [at, at + 1, at + 2]
    assert read.plan.logs[1].key.name == f"{0:020}.log"
    assert read.files[0].damaged == 3
    assert sum(f"it says offset {wrong + number}, where" in text for number in range(3) for text in read.records.error.values()) == 3
    assert [(one.start, one.end) for one in read.absent] == [(6, 9)]
    assert read.plan.asked == [(0, 15)]


@pytest.mark.parametrize("epoch", [0, 9])
def test_a_leader_epoch_that_does_not_fit_is_marked(tmp_path: Path, epoch: int) -> None:
    data = [plain(base, leader_epoch=3 if base < 6 else 4) for base in range(0, 15, 3)]
    data[2] = plain(6, leader_epoch=epoch)
    read = Read(folder(tmp_path, {0: b"".join(data)}))
    assert read.flagged(Flag.damaged) == [6, 7, 8]
    assert "leader epoch" in read.records.error[6]
    assert read.positions == list(range(15))


def test_a_bomb_is_absent_and_the_rest_is_read(tmp_path: Path) -> None:
    bomb = encoder.batch(Batch(3, [Rec(bytes(96 << 20))], codec="zstd", last_delta=2))
    read = Read(folder(tmp_path, {0: plain(0) + bomb + plain(6)}))
    assert read.positions == [0, 1, 2, 6, 7, 8]
    ((start, end, reason),) = [(one.start, one.end, one.reason) for one in read.absent]
    assert (start, end) == (3, 6)
    assert "unpacks to more than 64 MB" in reason


def test_indexes_are_compared_and_not_needed(tmp_path: Path) -> None:
    data = plain(0) + plain(3)
    path = folder(tmp_path, {0: data})
    (path / f"{0:020}.index").write_bytes(encoder.index([(5, len(data) // 2)], live=True))
    assert not Read(path).files[0].notes
    (path / f"{0:020}.index").write_bytes(encoder.index([(5, 17), (99, len(data) // 2)]))
    (path / f"{0:020}.timeindex").write_bytes((NOW_MS + 1).to_bytes(8, "big") + bytes(4) + bytes(1200))
    (path / f"{0:020}.txnindex").write_bytes(b"".join(number.to_bytes(8, "big") for number in (7, 0, 1, 0)).rjust(34, b"\0"))
    notes = "\n".join(Read(path).files[0].notes)
    assert "its .index has 2 entries" in notes
    assert "newest record" in notes
    assert "aborted transaction of producer 7" in notes


def test_only_the_wanted_stretch_is_given_in_any_order_of_windows(tmp_path: Path) -> None:
    data = b"".join(plain(base) for base in range(0, 3000, 3))
    path = folder(tmp_path, {0: data, 3000: b"".join(plain(base) for base in range(3000, 6000, 3))})
    read = Read(path, Request(start=Bound(position=2999), end=Bound(position=3002)))
    assert read.positions == [2999, 3000, 3001]
    assert Read(path, Request(start=Bound(last=4))).positions == list(range(5996, 6000))


def test_a_time_is_the_first_offset_at_or_after_it(tmp_path: Path) -> None:
    records = [Rec(b"%d" % number, time_ms=NOW_MS + number) for number in range(6)]
    path = folder(tmp_path, {0: encoder.batch(Batch(0, records[:3])) + encoder.batch(Batch(3, records[3:]))})
    assert Read(path, Request(start=Bound(time_us=(NOW_MS + 4) * 1000))).positions == [4, 5]
    late = Read(path, Request(start=Bound(time_us=(NOW_MS + 99) * 1000)))
    assert late.positions == []
    assert any("nothing at or after" in note for note in late.notes)


# ---- hostile folders


def test_links_pipes_and_folders_set_aside_are_not_opened(tmp_path: Path) -> None:
    outside = folder(tmp_path / "outside", {0: plain(0)}, "secret-0")
    root = tmp_path / "root"
    path = folder(root, {0: plain(0)})
    (root / "linked-0").symlink_to(outside)
    (path / f"{50:020}.log").symlink_to(outside / f"{0:020}.log")
    (path / f"{3:020}.log.deleted").write_bytes(plain(3))
    os.mkfifo(path / f"{60:020}.log")
    folder(root, {0: plain(0)}, f"old.{'0' * 32}-delete")
    (root / "loop-0").mkdir()
    (root / "loop-0" / "again-0").symlink_to(root)
    read = Read(root)
    assert [info.key.name for info in read.plan.logs] == ["orders"]
    assert read.positions == [0, 1, 2]
    notes = "\n".join(read.notes)
    for said in ("linked-0 is a symbolic link", f"{50:020}.log is a symbolic link", "removed by retention", "being deleted"):
        assert said in notes
    with pytest.raises(SourceError, match="symbolic link"):
        SegmentFiles(f"kafka-log://{root}/linked-0", {})


def test_text_and_nothing_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text("[2026-11-26] INFO started\n" * 100)
    with pytest.raises(SourceError, match="import it as a text export"):
        Read(path)
    with pytest.raises(SourceError, match="holds no Kafka log"):
        SegmentFiles(f"kafka-log://{tmp_path}", {})
    with pytest.raises(SourceError, match="there is no"):
        SegmentFiles(f"kafka-log://{tmp_path}/gone", {})
    with pytest.raises(UsageError):
        SegmentFiles("kafka-log:", {})
    folder(tmp_path, {0: plain(0)})
    with closing(open_source(f"kafka-log://{tmp_path}")) as source:
        with pytest.raises(SourceError, match="no files of topic nothing"):
            source.pin(Request(logs=["nothing"]))
        with pytest.raises(UsageError, match="not followed"):
            source.pin(Request(follow=True))


def test_a_file_that_grows_or_is_cut_after_it_was_looked_through_is_said(tmp_path: Path) -> None:
    path = folder(tmp_path, {0: plain(0) + plain(3)})
    whole = plain(0) + plain(3)
    for changed in (whole + plain(6), whole[:-20]):
        file = path / f"{0:020}.log"
        file.write_bytes(whole)
        with closing(SegmentFiles(f"kafka-log://{path}", {})) as source:
            plan = source.pin(Request())
            reading = source.read(plan, Request(), threading.Event())
            while not any("reading" in batch.state for batch in [next(reading)]):
                pass
            file.write_bytes(changed)
            batches = list(reading)
            (facts,) = source.files()
        assert any("was changed after it was checked" in note for batch in batches for note in batch.notes)
        assert not facts.is_whole
        assert [at for batch in batches for at in batch.records.position][:3] == [0, 1, 2]


def test_an_empty_folder_and_empty_files_are_a_log_without_records(tmp_path: Path) -> None:
    read = Read(folder(tmp_path, {17: b""}))
    assert read.positions == []
    assert read.plan.asked == [(17, 17)]


# ---- into a capture


def test_an_import_accounts_for_everything_and_the_same_files_again_add_nothing(tmp_path: Path) -> None:
    hurt = bytearray(plain(3))
    hurt[16] = 3
    data = plain(0) + bytes(hurt) + within(6, 7) + encoder.marker(7, 7, commit=False) + plain(8)
    path, out = folder(tmp_path, {0: data}), tmp_path / "a.evcap"
    for _ in range(2):
        with closing(open_source(f"kafka-log://{path}")) as source:
            outcome = run([(source, Request())], out, options=Options(floor_bytes=0))
        assert outcome.exit_status == 0
    ((log, partition, covered),) = captures.coverage(out)
    assert (log, partition) == ("orders", 0)
    assert [(low, high, state, records) for low, high, state, _, records in covered] == [
        (0, 3, "read", 3),
        (3, 6, "absent", 0),
        (6, 11, "read", 5),
    ]
    events = captures.events(out)
    assert [event.position for event in events] == [0, 1, 2, 6, 7, 8, 9, 10]
    assert [Flag.names(event.flags) for event in events][3:5] == [["aborted"], ["control"]]
    assert captures.report(out)["conflicts"] == 0


def test_newest_first_gives_the_same(tmp_path: Path) -> None:
    path = folder(tmp_path, {0: b"".join(plain(base) for base in range(0, 12_000, 3))})
    found = []
    for newest in (False, True):
        out = tmp_path / f"{newest}.evcap"
        with closing(open_source(f"kafka-log://{path}")) as source:
            run([(source, Request(newest_first=newest, isolation=Isolation.both))], out, options=Options(floor_bytes=0))
        found.append([(event.position, event.value, event.extra) for event in captures.events(out)])
    assert found[0] == found[1]
    assert len(found[0]) == 12_000


def read_hurt(path: Path, damage: list[tuple[int, int]]) -> tuple[Read, set[int]]:
    """What is read of ten batches over two files after bytes of them were changed, and the offsets of batches left alone."""
    batches = [plain(base) if base % 2 else within(base, 7, 3) for base in range(0, 27, 3)]
    batches.append(encoder.marker(27, 7, commit=False))
    data, hurt = bytearray(b"".join(batches)), set()
    starts = [sum(map(len, batches[:number])) for number in range(len(batches) + 1)]
    for place, bits in damage:
        at = place % len(data)
        data[at] ^= bits
        hurt.add(next(number for number in range(len(batches)) if at < starts[number + 1]))
    read = Read(folder(path, {0: bytes(data[: starts[5]]), 15: bytes(data[starts[5] :])}))
    whole = {base + number for base in range(0, 27, 3) if base // 3 not in hurt for number in range(3)}
    return read, whole | ({27} if 9 not in hurt else set())


def check_account(read: Read, whole: set[int]) -> set[int]:
    """No record of a batch left alone is missing, or counted as absent; gives those not marked as damaged."""
    assert whole <= set(read.at(0))
    bits = read.records.flags
    trusted = {at for row, at in enumerate(read.positions) if not bits.get(row, 0) & Flag.damaged}
    assert len(set(read.at(0))) == len(read.at(0))
    for one in read.absent:
        assert one.start < one.end
        assert not trusted & set(range(one.start, min(one.end, 1000)))
    reached = read.plan.asked[0][0]
    for batch in read.batches:
        to = batch.read_to.get(0, reached)
        assert to >= reached
        reached = to
    assert reached == read.plan.asked[0][1] or not read.plan.spans
    return trusted


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_byte_makes_doubtful_only_the_batch_it_is_in(tmp_path_factory: pytest.TempPathFactory, place: int, bits: int) -> None:
    read, whole = read_hurt(tmp_path_factory.mktemp("one"), [(place, bits)])
    assert whole <= check_account(read, whole)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=2, max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_what_was_left_alone_is_given(tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]) -> None:
    read, whole = read_hurt(tmp_path_factory.mktemp("many"), damage)
    check_account(read, whole)
