"""Compressed values and text with a byte order mark: what is inside is decoded; damage and bombs are refused in words."""

from __future__ import annotations

import bz2
import gzip
import json
import resource
import time
import zlib
from collections.abc import Callable

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
    "gzip": gzip.compress,
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
        (gzip.compress(JSON)[:-9], "gzip, but it ends too early"),
        (gzip.compress(JSON) + b"more", "gzip, but it does not unpack"),
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
