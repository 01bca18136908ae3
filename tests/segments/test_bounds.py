"""What takes more room than it may: packed batches without a checksum, many of them, headers without number. Told, and read around."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from inspector.event import Flag
from inspector.segments import allowance, records
from inspector.segments.allowance import Allowance
from inspector.segments.framing import Frame
from inspector.sources import Bound, Request
from tests.segments import encoder
from tests.segments.encoder import NOW_MS, Batch, Rec
from tests.segments.reading import Read, attempt, folder, parts, rows

MB = 1024 * 1024


def plain(base: int, count: int = 3) -> bytes:
    return encoder.batch(Batch(base, [Rec(b"%d" % (base + number)) for number in range(count)]))


def unproven(made: bytes) -> bytes:
    """The batch with another checksum than that of its bytes."""
    return made[:17] + bytes([made[17] ^ 0xFF]) + made[18:]


def of_records(base: int, last: int, count: int, body: bytes, codec: str = "none") -> bytes:
    """A batch of records that are given as bytes."""
    header = struct.pack(">hiqqqhii", encoder.CODECS[codec], last, NOW_MS, NOW_MS, -1, -1, -1, count)
    return encoder.sealed(base, 0, header + encoder.packed(body, codec))


def with_headers(count: int, header: bytes = b"\0\1") -> bytes:
    """A record of so many headers."""
    body = b"\0\0\0" + encoder.sized(b"k") + encoder.sized(b"v") + encoder.varint(count) + header * count
    return encoder.varint(len(body)) + body


# ---- what no checksum proves


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_nothing_is_unpacked_that_no_checksum_proves(tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "unpacked", lambda *_args, **_more: pytest.fail("it was unpacked"))
    made = [unproven(encoder.batch(Batch(3, [Rec(b"x" * 1000)] * 3, codec=codec))), unproven(encoder.wrapper(3, [b"a", b"b"], "gzip"))]
    for hurt in made:
        read = Read(folder(tmp_path, {0: plain(0) + hurt + plain(6)}))
        assert read.positions == [0, 1, 2, 6, 7, 8]
        assert [(one.start, one.end) for one in read.absent] == [(3, 6)]
        (gap,) = read.files[0].gaps
        assert (gap.start, gap.end) == (len(plain(0)), len(plain(0)) + len(hurt))
        assert gap.reason.startswith("the checksum is")
        assert gap.reason.endswith("not unpacked unless its checksum holds")


def test_a_batch_of_a_wrong_length_is_unpacked_where_its_checksum_proves_it(tmp_path: Path) -> None:
    made = encoder.batch(Batch(3, [Rec()] * 3, codec="zstd"))
    found = parts(tmp_path, plain(0) + made[:8] + struct.pack(">i", -1) + made[12:] + plain(6))
    assert rows(found[1]).position == [3, 4, 5]


def test_a_large_batch_without_proof_is_left_alone(tmp_path: Path) -> None:
    for made in (of_records(0, 30_000, 30_001, b"\x0c\0\0\0\1\1\0" * 30_001), encoder.batch(Batch(0, [Rec(bytes(5 * MB))]))):
        (frame,) = parts(tmp_path, unproven(made))
        assert "too many to be taken apart" in attempt(frame)[1]


# ---- what unpacks to more than all may


def bombs(count: int, size: int) -> bytes:
    """So many batches of one record, which lie in a few bytes."""
    one = encoder.batch(Batch(0, [Rec(bytes(size))], codec="zstd"))
    return b"".join((3 + number).to_bytes(8, "big") + one[8:] for number in range(count))


def test_many_bombs_are_refused_together_and_what_is_not_packed_so_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "FREE_BYTES", 5 * MB)
    usual = encoder.batch(Batch(13, [Rec(b"%d" % number * 20) for number in range(200)], codec="zstd"))
    read = Read(folder(tmp_path, {0: plain(0) + bombs(10, 2 * MB) + usual + plain(213)}))
    assert read.positions == [0, 1, 2, 3, 4, *range(13, 216)]
    assert {(one.start, one.end) for one in read.absent} == {(at, at + 1) for at in range(5, 13)}
    assert {gap.reason.partition(",")[0] for gap in read.files[0].gaps} == {"it unpacks to more than 256 times its bytes"}
    assert len(read.files[0].gaps) == 8


def test_looking_for_a_time_counts_too_and_what_it_cannot_look_into_is_read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "FREE_BYTES", 5 * MB)
    late = bytearray(bombs(10, 2 * MB))
    for at in range(0, len(late), len(late) // 10):
        late[at + 35 : at + 43] = (NOW_MS + 100).to_bytes(8, "big")
        total = len(late) // 10
        late[at : at + total] = encoder.sealed(int.from_bytes(late[at : at + 8], "big"), 0, bytes(late[at + 21 : at + total]))
    read = Read(folder(tmp_path, {0: plain(0) + bytes(late) + plain(13)}), Request(start=Bound(time_us=(NOW_MS + 50) * 1000)))
    assert read.plan.asked == [(5, 16)]
    assert read.positions == [13, 14, 15]
    assert {(one.start, one.end) for one in read.absent} == {(at, at + 1) for at in range(5, 13)}


def test_a_refused_batch_counts_as_far_as_it_was_unpacked() -> None:
    bomb = encoder.packed(bytes(70 * MB), "zstd")
    account = Allowance(100 * MB)
    with pytest.raises(ValueError, match="more than 64 MB"):
        account.unpacked(bomb, 4)
    with pytest.raises(ValueError, match="more than 256 times its bytes"):
        account.unpacked(bomb, 4)
    assert account.unpacked(encoder.packed(b"x" * 1000, "zstd"), 4, records=1) == b"x" * 1000


def test_records_without_bytes_count_too() -> None:
    empty = encoder.packed(b"\x0c\0\0\0\1\1\0" * 100_000, "zstd")
    with pytest.raises(ValueError, match="more than 256 times its bytes"):
        Allowance(2 * MB).unpacked(empty, 4, records=100_000)


# ---- headers


@pytest.mark.parametrize("header", [b"\0\1", b"\2\xff\1"])
def test_a_record_of_millions_of_headers_is_given_without_them(tmp_path: Path, header: bytes) -> None:
    usual = encoder.record(Rec(b"usual", headers=[(b"a", b"1")]), 1, NOW_MS)
    made = of_records(0, 1, 2, with_headers(300_000, header) + usual, codec="zstd")
    (frame,) = parts(tmp_path, made)
    found = rows(frame)
    assert found.position == [0, 1]
    assert found.value == [b"v", b"usual"]
    assert found.headers == [None, '[["a","1"]]']
    assert found.flags == {0: int(Flag.damaged)}
    assert "300,000 headers, which are left out" in found.error[0]


def test_many_records_of_many_headers_are_decoded_a_few_at_a_time(tmp_path: Path) -> None:
    body = with_headers(100_000) * 6
    (frame,) = parts(tmp_path, of_records(0, 0, 6, body, codec="zstd"))
    assert isinstance(frame, Frame)
    assert [len(batch) for batch in records.columns(frame)] == [2, 2, 2]


def test_a_large_batch_is_the_same_in_steps(tmp_path: Path) -> None:
    made = [Rec(b"%d" % number * (1 + number % 7), headers=[(b"n", b"%d" % number)]) for number in range(60_000)]
    (frame,) = parts(tmp_path, encoder.batch(Batch(0, made, codec="lz4")))
    found = rows(frame)
    assert found.value == [one.value for one in made]
    assert found.position == list(range(60_000))


@pytest.mark.parametrize("number", [b"\xff" * 9 + b"\x7f", b"\x80" * 10 + b"\1", b"\xff" * 40])
def test_a_number_of_more_than_64_bits_is_damage(tmp_path: Path, number: bytes) -> None:
    body = b"\0" + number + bytes(6)
    (frame,) = parts(tmp_path, of_records(0, 0, 1, encoder.varint(len(body)) + body))
    assert "a number of more than 64 bits" in attempt(frame)[1]
