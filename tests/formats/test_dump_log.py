"""kafka-dump-log: rows by offset with what the dump says of their batches, raw values of any lines, and what is not in a dump."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Flag
from inspector.formats import Place
from inspector.formats.dump_log import DumpLog
from tests import public_data
from tests.contracts import FileRead, FormatContract, read_file

FILE = b"Dumping /var/kafka/orders.v1-2/00000000000000000000.log\nLog starting offset: 0\n"


def batch(base: int, last: int, **other: str | int) -> bytes:
    words: dict[str, str | int] = {
        "baseOffset": base,
        "lastOffset": last,
        "count": last - base + 1,
        "baseSequence": -1,
        "lastSequence": -1,
        "producerId": -1,
        "producerEpoch": -1,
        "partitionLeaderEpoch": 0,
        "isTransactional": "false",
        "isControl": "false",
        "deleteHorizonMs": "OptionalLong.empty",
        "position": 0,
        "CreateTime": 1700000000000,
        "size": 70,
        "magic": 2,
        "compresscodec": "none",
        "crc": 1,
        "isvalid": "true",
        **other,
    }
    return " ".join(f"{name}: {value}" for name, value in words.items()).encode() + b"\n"


def record(offset: int, key: bytes | None, value: bytes | None, *, sequence: int = -1, headers: bytes = b"") -> bytes:
    key_size, size = (-1 if data is None else len(data) for data in (key, value))
    line = f"| offset: {offset} CreateTime: 1700000000000 keySize: {key_size} valueSize: {size} sequence: {sequence} headerKeys: ["
    line_bytes = line.encode() + headers + b"]"
    return line_bytes + (b"" if key is None else b" key: " + key) + (b"" if value is None else b" payload: " + value) + b"\n"


def read(data: bytes) -> FileRead:
    return read_file(DumpLog(), data)


class TestContract(FormatContract):
    form = DumpLog()
    examples = (
        FILE + batch(0, 0) + record(0, b"k", b"v"),
        FILE + batch(0, 4) + b"".join(record(number, None, b"a\nb", headers=b"x,y") for number in range(5)),
    )


_TEXT = st.none() | st.text(st.characters(exclude_characters="\ufffd", exclude_categories=["Cs"]), max_size=12).map(str.encode)
_TEXTS = _TEXT | st.sampled_from([b" payload: x", b"| offs", b"\n\n", b"key: "])


@given(records=st.lists(st.tuples(_TEXTS, _TEXTS), max_size=6))
def test_keys_and_values_of_any_text_come_back_by_their_sizes(records: list[tuple[bytes | None, bytes | None]]) -> None:
    found = read(FILE + batch(0, len(records)) + b"".join(record(number, *one) for number, one in enumerate(records)))
    assert found.told == records
    assert not any(row.flags for row in found.rows)


def test_rows_say_what_their_batch_is() -> None:
    data = FILE + batch(0, 1, producerId=7, producerEpoch=3, partitionLeaderEpoch=4, isTransactional="true", compresscodec="zstd")
    data += record(0, b"k", b"v", sequence=11, headers=b"a,b") + record(1, b"k", b"v", sequence=12)
    data += batch(2, 2, producerId=7, producerEpoch=4, isTransactional="true", isControl="true", deleteHorizonMs="OptionalLong[123]")
    data += b"| offset: 2 CreateTime: 1700000000000 keySize: 4 valueSize: 6 sequence: -1 headerKeys: []"
    data += b" endTxnMarker: COMMIT coordinatorEpoch: 0\n"
    first, _, marker = read(data).rows
    assert first.place == Place("orders.v1", 2, True)
    assert first.extra == {
        "batch": [0, 1],
        "leader_epoch": 4,
        "codec": "zstd",
        "producer_id": 7,
        "producer_epoch": 3,
        "transactional": True,
        "transaction": "committed",
        "sequence": 11,
        "header_names": ["a", "b"],
    }
    assert (marker.flags, marker.extra["control"], marker.extra["coordinator_epoch"]) == (Flag.control, "COMMIT", 0)
    assert marker.extra["delete_horizon_ms"] == 123


def marker(offset: int, name: str) -> bytes:
    line = f"| offset: {offset} CreateTime: 1700000000000 keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] endTxnMarker: {name}"
    return f"{line} coordinatorEpoch: 0\n".encode()


def test_transactions_are_decided_by_the_markers_of_their_producer() -> None:
    data = FILE
    for offset, producer, name in ((0, 7, ""), (1, 8, ""), (2, 7, "ABORT"), (3, 7, ""), (4, 8, "COMMIT"), (5, 8, ""), (6, 7, "COMMIT")):
        words: dict[str, str | int] = {"producerId": producer, "isTransactional": "true", "isControl": str(bool(name)).lower()}
        data += batch(offset, offset, **words) + (marker(offset, name) if name else record(offset, b"k", b"v", sequence=0))
    rows = {row.position: row for row in read(data + batch(7, 7) + record(7, b"k", b"v")).rows}
    assert {at: row.extra.get("transaction") for at, row in rows.items() if not row.flags & Flag.control} == {
        0: "aborted",
        1: "committed",
        3: "committed",
        5: "unknown",
        7: None,
    }
    assert [at for at, row in rows.items() if row.flags & Flag.aborted] == [0]


def test_without_its_data_a_record_is_no_tombstone() -> None:
    line = b"| offset: 0 CreateTime: 1700000000000 keySize: 2 valueSize: 5 sequence: -1 headerKeys: []\n"
    (row,) = read(FILE + batch(0, 0) + line).rows
    assert row.flags == Flag.damaged
    assert row.error == "its key (2 bytes) and value (5 bytes) are not in the dump: dump with --print-data-log"


def test_bytes_that_are_no_text_are_said_to_be_lost() -> None:
    line = record(0, b"k", b"12345").replace(b"payload: 12345", "payload: 1\ufffd5".encode())
    (row,) = read(FILE + batch(0, 0) + line).rows
    assert (row.value, row.flags) == ("1\ufffd5".encode(), Flag.damaged)
    (row,) = read(FILE + batch(0, 0) + record(0, b"k", "\ufffd".encode())).rows
    assert row.error == "it holds U+FFFD, which the dump also shows for bytes that are not UTF-8"


def test_a_wrong_checksum_in_the_dump_is_one_here() -> None:
    found = read(FILE + batch(0, 0, isvalid="false") + record(0, b"k", b"v"))
    assert found.rows[0].flags == Flag.damaged
    assert "wrong checksum" in found.notes[0]


def test_garbage_and_a_cut_line_are_rows() -> None:
    found = read(b"oops\n" + FILE + batch(0, 0) + record(0, b"k", b"v") + b"| offset: 1 Creat")
    assert [(row.value, row.flags) for row in found.rows] == [(b"oops", Flag.damaged), (b"v", 0), (b"| offset: 1 Creat", Flag.damaged)]
    assert found.rows[2].error.endswith("the file was cut off")


@public_data.needed("kafka-legacy")
def test_a_dump_of_old_message_sets_is_read() -> None:
    folder = public_data.folder("kafka-legacy")
    assert folder is not None
    found = read((folder / "dump-log.txt").read_bytes())
    assert not any(row.flags for row in found.rows)
    assert len({(row.place, row.position) for row in found.rows}) == len(found.rows) == 240
    assert {row.extra["magic"] for row in found.rows} == {0, 1}
