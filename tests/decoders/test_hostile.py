"""Whatever bytes come, every known decoder ends soon, takes little memory and says no more than its error."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc

import pytest

from inspector import decoders
from inspector.decoders import Context, Decoder, ShowsBytes
from inspector.event import Flag

MOST_S = 0.05
MOST_BYTES = 64 * 1024 * 1024
TRIES = 3
"""Another program may take the processor's cache away: the quickest try counts."""

MARKS = (
    b"", b"{", b"[", b'"', b"<", b"<?xml ", b"\x1f\x8b\x08\x00", b"\x78\x9c", b"BZh91AY&SY", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18",
    b"\x82SNAPPY\x00", b"\xff\x06\x00\x00sNaPpY", b"\x00\x00\x00\x00\x01", b"\x03\x00", b"\xc3\x01", b"Obj\x01", b"\xd9\xd9\xf7", b"\x82",
    b"\x91", b"\xde\x00\x05", b"\xdd\xff\xff\xff\xff", b"\xa2", b"\xbf", b"\x9f", b"\x9b\x00\x00\x00\x01\x00\x00\x00\x00", b"\x0a\x05",
    b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xac\xed\x00\x05", b"\x80\x04", b"PAR1", b":)\n\x00",
)  # fmt: skip


def randoms() -> list[bytes]:
    pick = random.Random(6)
    sizes = [0, 1, 2, 4, 8, 16, 17, 60, 300, 2_000, 20_000]
    return [mark + pick.randbytes(size) for mark in MARKS for size in sizes]


def nests() -> list[bytes]:
    framed = struct.pack("<i", 20_000) + b"\x03a\0" * 5000
    return [
        b"[" * 20_000, b'{"a":' * 20_000, b"\x91" * 20_000, b"\x81" * 20_000, b"\x9f" * 20_000, b"\xc1" * 20_000, b"\xd8\x1c" * 10_000,
        b"<a>" * 7_000, b"\x0b" * 20_000, b"\x0a\xff\x7f" * 7_000, framed[:19_999] + b"\0", b"\xdd\xff\xff\xff\xff" * 4_000,
        b"\x80" * 20_000, b"\x90" * 20_000, b"\xa0" * 20_000, b"\xf6" * 20_000, b"9" * 20_000, b"1e" + b"9" * 20_000,
    ]  # fmt: skip


VALUES = [*randoms(), *nests()]


def work(decoder: Decoder, value: bytes) -> float:
    """Seconds that everything asked of a decoder takes."""
    before = time.process_time()
    decoder.priority(value, None, Context())
    decoded = decoder.decode([value], [None], Context())
    if isinstance(decoder, ShowsBytes):
        decoder.spans(value, None, Context())
    taken = time.process_time() - before
    assert decoded.decoder[0] is not None or (decoded.error[0] and decoded.flags[0] & Flag.undecodable)
    assert decoded.data[0] is None or not decoded.flags[0] & Flag.undecodable
    return taken


@pytest.mark.parametrize("name", [decoder.name for decoder in decoders.known()])
def test_any_bytes_end_in_50_ms(name: str) -> None:
    decoder = decoders.named(name)
    work(decoder, b"x" * 100)
    slow = [value for value in VALUES if work(decoder, value) > MOST_S and min(work(decoder, value) for _ in range(TRIES)) > 3 * MOST_S]
    assert [value[:40] for value in slow] == []


@pytest.mark.parametrize("name", [decoder.name for decoder in decoders.known()])
def test_any_bytes_take_less_than_64_mb(name: str) -> None:
    decoder = decoders.named(name)
    tracemalloc.start()
    try:
        for value in VALUES[::3]:
            tracemalloc.reset_peak()
            work(decoder, value)
            assert tracemalloc.get_traced_memory()[1] < MOST_BYTES, value[:40]
    finally:
        tracemalloc.stop()


def test_the_automatic_choice_ends_too() -> None:
    before = time.process_time()
    decoded = decoders.decode(VALUES, [None] * len(VALUES), Context())
    assert time.process_time() - before < 10
    assert None not in decoded.decoder
    for value in VALUES[::20]:
        assert len(decoders.attempts(value, None, Context())) == len(decoders.known())
