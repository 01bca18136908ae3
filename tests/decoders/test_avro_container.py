"""Avro files as whole values: the records of public files, every codec, and what is damaged or too much."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import time
import tracemalloc
import zlib
from typing import ClassVar

import cramjam
import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, Decoded
from inspector.decoders.avro_container import MAX_RECORDS, AvroContainer
from inspector.event import Flag
from tests import public_data
from tests.contracts import DecoderContract
from tests.decoders.avro_values import NODE, Json, long, record

SYNC = bytes(range(16))
LINE = record(("sku", "string"), ("quantity", "int"), name="Line")
LINES = [{"sku": f"A{number}", "quantity": number} for number in range(5)]


def file(schema: Json, records: list[Json], codec: str = "null") -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec=codec, sync_interval=20)
    return out.getvalue()


def by_hand(schema: Json, *blocks: tuple[int, bytes], codec: str = "null") -> bytes:
    described = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    parts = [b"Obj\x01", long(len(described))]
    for name, content in described.items():
        parts += [long(len(name)), name.encode(), long(len(content)), content]
    parts += [long(0), SYNC]
    for count, block in blocks:
        parts += [long(count), long(len(block)), block, SYNC]
    return b"".join(parts)


def read(value: bytes) -> Decoded:
    return AvroContainer().decode([value], [None], Context())


class TestAvroContainer(DecoderContract):
    decoder = AvroContainer()
    examples: ClassVar = (file(LINE, LINES), by_hand(LINE))


PUBLIC = ["weather.avro", "weather-deflate.avro", "weather-snappy.avro", "weather-zstd.avro"]


@public_data.needed("avro")
@pytest.mark.parametrize("name", [*PUBLIC, "weather-sorted.avro"])
def test_the_weather(name: str) -> None:
    folder = public_data.folder("avro")
    assert folder is not None
    decoded = decoders.decode([(folder / name).read_bytes()], [None], Context())
    assert (decoded.decoder, decoded.error, decoded.name) == (["avro-container"], [None], {0: "test.Weather"})
    wanted = [json.loads(line) for line in (folder / "weather.json").read_text().splitlines()]
    found = json.loads(str(decoded.data[0]))
    assert found == wanted if "sorted" not in name else sorted(map(str, found)) == sorted(map(str, wanted))
    assert decoded.document[0] == found


@public_data.needed("avro")
@pytest.mark.parametrize("folder_name", ["fastavro", "schemas/simple", "schemas/withUnion"])
def test_public_files_are_read_as_fastavro_reads_them(folder_name: str) -> None:
    folder = public_data.folder("avro")
    assert folder is not None
    files = sorted((folder / folder_name).glob("*.avro"))
    assert files
    for path in files:
        decoded = read(path.read_bytes())
        assert decoded.error == [None], path
        wanted = [json.loads(json.dumps(record, default=str)) for record in fastavro.reader(io.BytesIO(path.read_bytes()))]
        assert decoded.document[0] == wanted, path


@public_data.needed("avro")
def test_a_header_that_says_more_than_text() -> None:
    folder = public_data.folder("avro")
    assert folder is not None
    decoded = read((folder / "syncInMeta.avro").read_bytes())
    document = decoded.document[0]
    assert isinstance(document, list)
    assert len(document) == 6001


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", "snappy"])
def test_every_codec_that_fastavro_writes(codec: str) -> None:
    assert read(file(LINE, LINES, codec)).document == [LINES]


def test_zstandard_with_and_without_its_size() -> None:
    content = b"".join(b"\x04A%d" % number + long(number) for number in range(5))
    stream = cramjam.zstd.Compressor()
    stream.compress(content)
    for block in (bytes(cramjam.zstd.compress(content)), bytes(stream.finish())):
        assert read(by_hand(LINE, (5, block), codec="zstandard")).document == [LINES]


def test_values_that_are_no_records_and_none_at_all() -> None:
    assert read(file("int", [1, 2])).data == ["[1,2]"]
    empty = read(by_hand(LINE))
    assert (empty.data, empty.document, empty.error) == (["[]"], [[]], [None])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"PAR1abc", "7 bytes, stopped at byte 0: it does not begin like an Avro file"),
        (b"Obj\x01", "4 bytes, stopped at byte 4: its header: the value ends here"),
        (b"Obj\x01\x02\x03ab", "8 bytes, stopped at byte 5: its header: a length of -2"),
        (b"Obj\x01" + long(2**60), "13 bytes, stopped at byte 13: its header: the value ends here"),
        (by_hand(LINE, codec="lzo"), "stopped at byte 174: compressed with 'lzo', which cannot be read here"),
        (by_hand({"type": "nothing"}), "what stands for its schema is no Avro schema: no type 'nothing' is known"),
        (by_hand(LINE, (1, b"\x02a"))[:-1], "a block of 2 bytes, with 17 bytes left"),
        (by_hand(LINE, (1, b"\x02a\x02"))[:-1] + b"x", "not the marker that ends a block"),
        (by_hand(LINE, (2, b"\x02a\x02\x02a")), "in [1].quantity: int: the value ends here (byte 5 of what the block holds)"),
        (by_hand(LINE, (1, b"\x02a\x02\x02a")), "the last record of the block ends 2 bytes before it"),
        (by_hand(LINE, (1, b"abc"), codec="deflate"), "a block does not inflate"),
        (by_hand(LINE, (1, b"abc"), codec="bzip2"), "a block does not inflate"),
        (by_hand(LINE, (1, b"abc"), codec="xz"), "a block does not inflate"),
        (by_hand(LINE, (1, b"abc"), codec="snappy"), "a block does not inflate"),
        (by_hand(LINE, (1, b"abcdefgh"), codec="zstandard"), "a block does not inflate"),
        (by_hand(LINE, (1, bytes(cramjam.snappy.compress_raw(b"\x02a\x02")) + b"abcd"), codec="snappy"), "its checksum differs"),
    ],
)
def test_a_damaged_file_is_refused_with_the_byte(value: bytes, reason: str) -> None:
    decoded = read(value)
    assert (decoded.decoder, decoded.flags) == ([None], [Flag.undecodable])
    assert reason in (decoded.error[0] or "")


def test_more_records_than_are_read_are_said() -> None:
    decoded = read(by_hand("int", (9_000, b"\x02" * 9_000), (2_000, b"\x02" * 2_000)))
    document = decoded.document[0]
    assert isinstance(document, list)
    assert len(document) == MAX_RECORDS
    assert (decoded.error, decoded.flags) == (["only its first 10,000 records are read"], [0])


MUCH = b"\0" * (33 * 1024 * 1024)


@pytest.mark.parametrize(
    ("codec", "block"),
    [
        ("deflate", zlib.compress(MUCH)[2:-4]),
        ("bzip2", bz2.compress(MUCH)),
        ("xz", lzma.compress(MUCH)),
        ("zstandard", bytes(cramjam.zstd.compress(MUCH))),
        ("snappy", bytes(cramjam.snappy.compress_raw(MUCH)) + b"abcd"),
    ],
)
def test_a_bomb_is_bounded(codec: str, block: bytes) -> None:
    tracemalloc.start()
    decoded = read(
        by_hand("boolean", (2, b"\1\0"), (len(MUCH), block)) if codec == "null" else by_hand("int", (len(MUCH), block), codec=codec)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (decoded.error[0] or "").endswith("its first block inflates to more than 32 MB")
    assert peak < 128 * 1024 * 1024


def test_bombs_of_a_batch_are_bounded_together() -> None:
    text = b"." * (20 * 1024 * 1024)
    bomb = by_hand("string", (1, bz2.compress(long(len(text)) + text)), codec="bzip2")
    decoded = AvroContainer().decode([bomb] * 10, [None] * 10, Context())
    assert sum(document is not None for document in decoded.document) == 4
    assert "the values that are read together unpack to too much" in (decoded.error[9] or "")


@pytest.mark.parametrize("schema", ["null", {"type": "array", "items": "null"}])
def test_a_block_of_endlessly_many_nothings_is_bounded(schema: Json) -> None:
    started = time.process_time()
    decoded = read(by_hand(schema, (2**60, b"")))
    assert time.process_time() - started < 1
    assert decoded.error[0]


def test_a_record_may_nest_less_deep_by_the_list_around_it() -> None:
    value = b"\0\x02" * 998 + b"\0\0"
    assert read(by_hand(NODE, (1, value))).decoder == ["avro-container"]
    assert "it nests more than 1,000 deep" in (read(by_hand(NODE, (1, b"\0\x02" + value))).error[0] or "")


@pytest.mark.parametrize("count", [0, 1])
def test_many_blocks_of_little_end_soon(count: int) -> None:
    nothing = bytes(cramjam.zstd.compress(b""))
    value = by_hand("null", *[(count, nothing)] * 2_000, codec="zstandard")
    started = time.process_time()
    decoded = read(value)
    assert time.process_time() - started < 0.5
    assert decoded.document == ([[None] * 2_000] if count else [None])
    assert "a block of 0 records" in str(decoded.error[0]) or count


@pytest.mark.parametrize("size", [0, 1, 70_000, 600_000, 5_000_000])
def test_a_block_of_any_size_finds_room(size: int) -> None:
    block = bytes(cramjam.zstd.compress(long(size) + b"x" * size))
    assert read(by_hand("string", (1, block), codec="zstandard")).document == [["x" * size]]


@given(st.binary(max_size=60), st.sampled_from(["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]), st.integers(-3, 2**62))
def test_any_block_is_read_or_refused(block: bytes, codec: str, count: int) -> None:
    decoded = read(by_hand(LINE, (count, block), codec=codec))
    assert decoded.decoder == ["avro-container"] or decoded.error[0]


@given(st.binary(max_size=80))
def test_any_header_is_read_or_refused(rest: bytes) -> None:
    decoded = read(b"Obj\x01" + rest)
    assert decoded.decoder == ["avro-container"] or decoded.error[0]
