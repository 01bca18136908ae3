"""Compressed values and text with a byte order mark: what is inside is decoded; damage and bombs are refused in words."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import resource
import time
import zlib
from collections.abc import Callable
from functools import partial

import cramjam
import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.composing import MAX_UNPACKED_BYTES
from inspector.decoders import Context, Decoded
from inspector.decoders.compressed import unpacked
from inspector.event import Flag

JSON = b'{"total": 12.50, "at": "x"}'


def xerial(content: bytes, size: int = 32_768) -> bytes:
    blocks = [bytes(cramjam.snappy.compress_raw(content[at : at + size])) for at in range(0, len(content), size)]
    return b"\x82SNAPPY\x00" + (1).to_bytes(4, "big") * 2 + b"".join(len(block).to_bytes(4, "big") + block for block in blocks)


def deflated(content: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(content) + stream.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, mtime=0),
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "zstd": lambda content: bytes(cramjam.zstd.compress(content)),
    "lz4": lambda content: bytes(cramjam.lz4.compress(content)),
    "snappy-framed": lambda content: bytes(cramjam.snappy.compress(content)),
    "snappy-xerial": xerial,
}
UNMARKED: dict[str, Callable[[bytes], bytes]] = {"deflate": deflated, "snappy": lambda content: bytes(cramjam.snappy.compress_raw(content))}
forms = pytest.mark.parametrize("form", PACKERS)


def decode(value: bytes, headers: str | None = None) -> Decoded:
    return decoders.decode([value], [headers], Context())


@forms
@pytest.mark.parametrize(("content", "inside"), [(JSON, "json"), (ormsgpack.packb({"a": 1}), "messagepack"), (b"plain", "text")])
def test_what_is_inside_is_decoded(form: str, content: bytes, inside: str) -> None:
    decoded = decode(PACKERS[form](content))
    assert decoded.decoder == [f"{form} {inside}"]
    assert decoded.error == [None]
    assert decoded.flags == [0]
    assert decoded.data == [{"json": JSON.decode(), "messagepack": '{"a":1}', "text": None}[inside]]


@pytest.mark.parametrize("form", UNMARKED)
def test_a_header_names_what_bears_no_mark(form: str) -> None:
    value = UNMARKED[form](JSON)
    assert decode(value, json.dumps([["Content-Encoding", form]])).decoder == [f"{form} json"]
    assert decode(value).data == [None]
    assert decode(JSON, json.dumps([["Content-Encoding", form]])).decoder == ["json"]


@pytest.mark.parametrize("form", [*PACKERS, *UNMARKED])
@given(content=st.binary(max_size=2000))
def test_what_is_packed_is_unpacked(form: str, content: bytes) -> None:
    assert unpacked({**PACKERS, **UNMARKED}[form](content), form) == content


def test_gzip_may_have_several_members() -> None:
    assert decode(gzip.compress(b'{"a":') + gzip.compress(b"1}")).data == ['{"a":1}']


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (gzip.compress(JSON, mtime=0)[:-9], "gzip, but it ends too early"),
        (gzip.compress(JSON, mtime=0) + b"more", "gzip, but it does not unpack"),
        (zlib.compress(JSON) + b"more", "zlib, but 4 bytes follow it"),
        (PACKERS["zstd"](JSON)[:-3], "zstd, but it does not unpack (incomplete frame)"),
        (PACKERS["lz4"](JSON)[:-3], "lz4, but it does not unpack"),
        (bz2.compress(JSON)[:-3], "bzip2, but it ends too early"),
        (xerial(JSON)[:-3], "snappy-xerial, but it ends too early"),
    ],
)
def test_damage_is_said_and_the_bytes_are_kept(value: bytes, reason: str) -> None:
    decoded = decode(value)
    assert decoded.decoder == ["raw"]
    assert (decoded.error[0] or "").startswith(f"compressed: {reason}")
    assert decoded.flags == [Flag.undecodable]


def test_three_layers_are_taken_off() -> None:
    value = gzip.compress(bz2.compress(zlib.compress(JSON)))
    assert decode(value).decoder == ["gzip bzip2 zlib json"]
    deeper = decode(gzip.compress(value))
    assert deeper.decoder == ["gzip gzip bzip2 raw"]
    assert (deeper.error[0] or "").startswith("compressed: more than 3 layers of compression")
    assert deeper.flags == [Flag.undecodable]


@pytest.mark.parametrize("form", [*PACKERS, *UNMARKED])
def test_bombs_are_bounded_in_time_and_memory(form: str) -> None:
    bomb = {**PACKERS, **UNMARKED}[form](bytes(8 * MAX_UNPACKED_BYTES))
    before, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match="unpacks to more than 32 MB"):
        unpacked(bomb, form)
    assert time.process_time() - before < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 4 * MAX_UNPACKED_BYTES / 1024


DOTS = bz2.compress(b'"' + b"." * (MAX_UNPACKED_BYTES - 2) + b'"')
"""47 bytes that hold 32 MB."""


@pytest.mark.parametrize(
    ("bomb", "whole"),
    [(DOTS, 2), (DOTS[:-4] + b"....", 0), (gzip.compress(bytes(8 * MAX_UNPACKED_BYTES), mtime=0), 0)],
    ids=["whole", "damaged", "large"],
)
def test_bombs_of_a_batch_are_bounded_together(bomb: bytes, whole: int) -> None:
    values = [*[bomb] * 20, JSON]
    before, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    decoded = decoders.decode(values, [None] * len(values), Context())
    assert time.process_time() - before < 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 12 * MAX_UNPACKED_BYTES / 1024
    assert decoded.decoder.count("bzip2 json") == whole
    assert "but the values that are read together unpack to too much" in (decoded.error[19] or "")
    assert decoded.decoder[20] == "json"


def test_layers_share_the_room_of_their_batch() -> None:
    values = [gzip.compress(DOTS)] * 20
    decoded = decoders.decode(values, [None] * len(values), Context())
    assert decoded.decoder.count("gzip bzip2 json") <= 2


def test_a_batch_that_is_large_itself_may_unpack_to_more() -> None:
    noise = os.urandom(6 * 1024 * 1024)
    values = [PACKERS["lz4"](noise + bytes(30 * 1024 * 1024 - len(noise)))] * 3
    decoded = decoders.decode(values, [None] * 3, Context())
    assert all((name or "").startswith("lz4") for name in decoded.decoder)


def test_so_many_members_and_no_more() -> None:
    members = gzip.compress(b"[1,2]") + gzip.compress(b"") * 999
    assert decode(members).data == ["[1,2]"]
    before = time.process_time()
    assert "gzip, but it has more than 1,000 members" in (decode(gzip.compress(b"") * 500_000).error[0] or "")
    assert time.process_time() - before < 0.5


def test_a_length_that_snappy_cannot_hold_is_not_believed() -> None:
    lie = b"\xff\xff\xff\x0f\x00a"
    with pytest.raises(ValueError, match="6 bytes cannot hold the 33,554,431 that it says"):
        unpacked(lie, "snappy")


def test_a_value_may_be_bounded_more_tightly() -> None:
    context = Context(most_unpacked=1024 * 1024)
    value = gzip.compress(b'"' + b"." * 1024 * 1024 + b'"')
    decoded = decoders.decode([value, gzip.compress(gzip.compress(JSON)), gzip.compress(value)], [None] * 3, context)
    assert decoded.decoder == ["raw", "gzip gzip json", "gzip raw"]
    assert all("it unpacks to more than 1 MB" in (decoded.error[row] or "") for row in (0, 2))


def test_a_frame_that_wants_much_memory_is_refused() -> None:
    frame = b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + ((100 << 3) | 3).to_bytes(3, "little") + b"a"
    assert "zstd, but it does not unpack (Frame requires too much memory" in (decode(frame).error[0] or "")


def test_many_values_are_decoded_as_each_alone() -> None:
    values = [pack(json.dumps({"n": number}).encode()) for number in range(20) for pack in PACKERS.values()]
    together = decoders.decode(values, [None] * len(values), Context())
    assert together.data == [decode(value).data[0] for value in values]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_text_with_a_byte_order_mark(codec: str) -> None:
    name = codec.removesuffix("-le").removesuffix("-be")
    assert decode('\ufeff{"a": "ž"}'.encode(codec)).decoder == [f"{name} json"]
    assert decode('\ufeff{"a": "ž"}'.encode(codec)).data == ['{"a": "ž"}']
    plain = decode("\ufeffžluť".encode(codec))
    assert (plain.decoder, plain.data, plain.document) == ([f"{name} text"], ['"žluť"'], ["žluť"])


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xff\xfe\xfd", b"\xff\xfea\0\0\xd8", b"\xfe\xff\0\0\0\7", b"\xff\xfea\0\7\0"])
def test_a_mark_before_what_is_no_text_means_nothing(value: bytes) -> None:
    assert decode(value).decoder == ["raw"]


@pytest.mark.parametrize(
    ("text", "codec", "likely"),
    [("Grüße aus Wien", "cp1252", "Windows-1252"), ("日本語テキスト", "shift_jis", "Shift-JIS"), ("简体中文文本", "gb18030", "GB18030")],
)
def test_bytes_that_are_not_utf8_are_kept_with_a_note_of_what_they_could_be(text: str, codec: str, likely: str) -> None:
    decoded = decode(text.encode(codec))
    assert decoded.decoder == ["raw"]
    assert likely in (decoded.error[0] or "")
    assert decoded.data == [None]
