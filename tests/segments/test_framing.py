"""Batches of every version and codec are cut and decoded; each kind of damage is said, and what lies around it is read."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.event import Flag, TimeKind
from inspector.segments.framing import Frame, Skipped
from tests.public_data import folder as public
from tests.public_data import needed
from tests.segments import encoder
from tests.segments.encoder import NOW_MS, Batch, Rec
from tests.segments.reading import attempt, parts, rows

CODECS = list(encoder.CODECS)


def five(codec: str = "none") -> list[bytes]:
    """Five batches of three records each."""
    return [
        encoder.batch(Batch(base, [Rec(b"%d-%d " % (base, number) * 5) for number in range(3)], codec=codec)) for base in range(0, 15, 3)
    ]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("framing", ["xerial", "raw"])
def test_every_codec_gives_the_same_records(tmp_path: Path, codec: str, framing: str) -> None:
    records = [Rec(None), Rec(b"", None), Rec(b"x" * 100_000, b"", [(b"a", b"1"), (b"a", None), (b"b", b"\xff")], NOW_MS - 5), Rec(b"end")]
    (frame,) = parts(tmp_path, encoder.batch(Batch(7, records, codec=codec, framing=framing)))
    found = rows(frame)
    assert found.position == [7, 8, 9, 10]
    assert found.value == [record.value for record in records]
    assert found.key == [record.key for record in records]
    assert found.time_us == [record.time_ms * 1000 for record in records]
    assert found.time_kind == [TimeKind.create] * 4
    assert found.headers == [None, None, '[["a","1"],["a",null],["b",{"base64":"/w=="}]]', None]


def test_gaps_append_time_horizon_and_an_empty_batch_are_read_as_they_are(tmp_path: Path) -> None:
    data = encoder.batch(Batch(10, [Rec(delta=2), Rec(delta=7)], last_delta=9))
    data += encoder.batch(Batch(20, [Rec(time_ms=NOW_MS), Rec(time_ms=NOW_MS + 9)], append_time=True))
    data += encoder.batch(Batch(22, [Rec(time_ms=NOW_MS - 1000)], horizon_ms=NOW_MS))
    data += encoder.batch(Batch(23, [], last_delta=4))
    gaps, appended, horizon, empty = parts(tmp_path, data)
    assert rows(gaps).position == [12, 17]
    assert rows(appended).time_us == [(NOW_MS + 9) * 1000] * 2
    assert rows(appended).time_kind == [TimeKind.append] * 2
    assert rows(horizon).time_us == [(NOW_MS - 1000) * 1000]
    assert len(rows(empty)) == 0
    assert isinstance(empty, Frame)
    assert (empty.base, empty.last) == (23, 27)


def test_a_header_name_that_is_not_utf8_loses_nothing(tmp_path: Path) -> None:
    records = [Rec(b"1"), Rec(b"2", headers=[(b"ok", b"v"), (b"caf\xe9", b"w")]), Rec(b"3")]
    (frame,) = parts(tmp_path, encoder.batch(Batch(0, records, codec="zstd")))
    found = rows(frame)
    assert found.value == [b"1", b"2", b"3"]
    assert found.headers[1] == '[["ok","v"],["caf\\\\xe9","w"]]'
    assert found.extra == {1: {"header_names_base64": {"1": "Y2Fm6Q=="}}}
    assert not found.flags


def test_times_that_no_calendar_has_are_kept(tmp_path: Path) -> None:
    (frame,) = parts(tmp_path, encoder.batch(Batch(0, [Rec(time_ms=-1), Rec(time_ms=2**62), Rec()])))
    found = rows(frame)
    assert found.time_us == [None, None, NOW_MS * 1000]
    assert found.extra == {1: {"time_ms": 2**62}}


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4"])
def test_old_messages_are_read(tmp_path: Path, magic: int, codec: str) -> None:
    values = [b"one", None, b"", b"four" * 1000]
    if codec == "none":
        data = b"".join(encoder.message(5 + number, value, b"k%d" % number, magic=magic) for number, value in enumerate(values))
    else:
        data = encoder.wrapper(5, values, codec, magic=magic)
    found = [rows(part) for part in parts(tmp_path, data)]
    assert [position for one in found for position in one.position] == [5, 6, 7, 8]
    assert [value for one in found for value in one.value] == values
    assert {time for one in found for time in one.time_us} == ({NOW_MS * 1000} if magic else {None})


def test_a_wrapper_at_offset_nought_has_absolute_offsets_and_one_with_the_brokers_time_gives_it_to_all(tmp_path: Path) -> None:
    old, appended = parts(
        tmp_path, encoder.wrapper(0, [b"a", b"b"], "gzip", offset=0) + encoder.wrapper(2, [b"c", b"d"], "gzip", append_ms=NOW_MS + 3)
    )
    assert rows(old).position == [0, 1]
    assert rows(appended).position == [2, 3]
    assert rows(appended).time_us == [(NOW_MS + 3) * 1000] * 2
    assert rows(appended).time_kind == [TimeKind.append] * 2


def test_the_version_may_change_from_batch_to_batch(tmp_path: Path) -> None:
    data = (
        encoder.message(0, b"v0", magic=0)
        + encoder.wrapper(1, [b"v1", b"v1"], "gzip")
        + encoder.batch(Batch(3))
        + encoder.message(4, b"v1")
    )
    assert [position for part in parts(tmp_path, data) for position in rows(part).position] == [0, 1, 2, 3, 4]


@needed("kafka-legacy")
@pytest.mark.parametrize("name", [f"v{magic}-{codec}" for magic in (0, 1) for codec in ("none", "gzip", "snappy", "lz4")])
def test_files_of_kafkas_own_encoder_equal_its_dump(tmp_path: Path, name: str) -> None:
    data = public("kafka-legacy")
    assert data is not None
    found = [rows(part) for part in parts(tmp_path, (data / f"{name}.log").read_bytes())]
    ours = [
        (position, -1 if key is None else len(key), -1 if value is None else len(value))
        for one in found
        for position, key, value in zip(one.position, one.key, one.value, strict=True)
    ]
    dumped = (data / "dump-log.txt").read_text().split(f"Dumping d/{name}/")[1].split("Dumping ")[0]
    theirs = []
    for line in dumped.splitlines():
        words = line.split()
        if line.startswith("| offset:"):
            theirs.append((int(words[2]), int(words[words.index("keySize:") + 1]), int(words[words.index("valueSize:") + 1])))
    assert ours == theirs
    assert len(ours) == 30


# ---- damage


def test_zeros_at_the_end_are_the_end(tmp_path: Path) -> None:
    *found, end = parts(tmp_path, b"".join(five()) + bytes(100_000))
    assert len(found) == 5
    assert isinstance(end, Skipped)
    assert end.is_end


@pytest.mark.parametrize("left", [9, 17, 40, 61, 80])
def test_a_cut_tail_is_said(tmp_path: Path, left: int) -> None:
    data = b"".join(five())
    *found, end = parts(tmp_path, data + five()[4][:left])
    assert len(found) == 5
    assert isinstance(end, Skipped)
    assert "the file ends" in end.reason
    assert (end.start, end.end) == (len(data), len(data) + left)


@pytest.mark.parametrize(
    ("at", "new", "reason"),
    [
        (8, struct.pack(">i", 2**31 - 1), "the file ends"),
        (8, struct.pack(">i", -5), "the impossible length -5"),
        (8, struct.pack(">i", 10), "the impossible length 10"),
    ],
)
def test_a_wrong_length_loses_nothing_where_the_checksum_finds_the_true_one(tmp_path: Path, at: int, new: bytes, reason: str) -> None:
    batches = five("gzip")
    batches[2] = batches[2][:at] + new + batches[2][at + len(new) :]
    found = parts(tmp_path, b"".join(batches))
    assert len(found) == 5
    assert isinstance(found[2], Frame)
    assert not found[2].is_sound
    assert reason in found[2].problem
    assert "its checksum holds" in found[2].problem
    damaged = rows(found[2])
    assert damaged.position == [6, 7, 8]
    assert damaged.flags == dict.fromkeys(range(3), int(Flag.damaged))


def test_a_batch_whose_checksum_fails_is_shown_as_damaged_where_it_can_be_read(tmp_path: Path) -> None:
    batches = five()
    batches[1] = batches[1][:-3] + b"?" + batches[1][-2:]
    found = parts(tmp_path, b"".join(batches))
    assert [isinstance(part, Frame) and part.is_sound for part in found] == [True, False, True, True, True]
    damaged = rows(found[1])
    assert damaged.position == [3, 4, 5]
    assert "not to be trusted: the checksum is" in damaged.error[0]


def test_a_version_of_the_future_and_an_unknown_codec_are_said_and_left_behind(tmp_path: Path) -> None:
    batches = five()
    batches[1] = batches[1][:16] + b"\x03" + batches[1][17:]
    batches[3] = encoder.batch(Batch(9, codec="brotli", last_delta=2))
    first, future, third, unknown, last = parts(tmp_path, b"".join(batches))
    assert isinstance(future, Skipped)
    assert future.reason == "unknown magic 3"
    with pytest.raises(ValueError, match="unknown codec 5"):
        rows(unknown)
    assert rows(first).position + rows(third).position + rows(last).position == [0, 1, 2, 6, 7, 8, 12, 13, 14]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("framing", ["xerial", "raw"])
def test_a_bomb_is_damage_and_takes_no_memory(tmp_path: Path, codec: str, framing: str) -> None:
    (frame,) = parts(tmp_path, encoder.batch(Batch(0, [Rec(bytes(96 * 1024 * 1024))], codec=codec, framing=framing)))
    with pytest.raises(ValueError, match="unpacks to more than 64 MB"):
        rows(frame)


def test_counts_and_sizes_that_lie_are_damage_after_what_could_be_read(tmp_path: Path) -> None:
    for count, given_rows in ((5, 3), (2, 2)):
        (frame,) = parts(tmp_path, encoder.batch(Batch(0, [Rec()] * 3, count=count, last_delta=9)))
        read, reason = attempt(frame)
        assert len(read) == given_rows
        assert "record" in reason


def test_a_segment_within_a_record_is_not_taken_for_batches(tmp_path: Path) -> None:
    inner = b"".join(five())
    data = encoder.batch(Batch(0, [Rec(inner)])) + encoder.batch(Batch(1))
    assert [rows(part).position for part in parts(tmp_path, data)] == [[0], [1]]


def test_a_file_of_nothing_but_beginnings_ends_in_time(tmp_path: Path) -> None:
    fake = struct.pack(">qiibIhi", 0, 2_000_000, 0, 2, 1, 0, 0)
    *_, skipped = parts(tmp_path, fake * 150_000)
    assert isinstance(skipped, Skipped)
    assert "given up" in skipped.reason


@given(
    damage=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=4),
    cut=st.one_of(st.none(), st.integers(0, 10**6)),
    codec=st.sampled_from(CODECS),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flips_and_cuts_never_lose_a_record_of_an_undamaged_batch(
    tmp_path: Path, damage: list[tuple[int, int]], cut: int | None, codec: str
) -> None:
    batches = [*five(codec), encoder.wrapper(15, [b"a", b"b"], "gzip"), encoder.message(17, b"c")]
    data, hurt = bytearray(b"".join(batches)), set()
    starts = [sum(map(len, batches[:number])) for number in range(len(batches) + 1)]
    for place, bits in damage:
        at = place % len(data)
        data[at] ^= bits
        hurt.add(next(number for number in range(len(batches)) if at < starts[number + 1]))
    size = len(data) if cut is None else cut % (len(data) + 1)
    whole = [number for number in range(len(batches)) if number not in hurt and starts[number + 1] <= size]
    found = parts(tmp_path, bytes(data[:size]))
    sound = {part.at for part in found if isinstance(part, Frame) and part.is_sound}
    assert {starts[number] for number in whole} <= sound
    for part in found:
        if isinstance(part, Frame):
            attempt(part)


@given(st.binary(max_size=3000))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_under_a_valid_checksum_end_in_rows_or_a_reason(tmp_path: Path, body: bytes) -> None:
    for data in (encoder.sealed(0, 0, body.ljust(40, b"\0")), encoder.message(0, body), encoder.message(0, body, attributes=1)):
        for part in parts(tmp_path, data):
            if isinstance(part, Frame):
                attempt(part)
