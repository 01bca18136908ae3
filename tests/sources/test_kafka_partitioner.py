"""The partition a producer would have chosen, against vectors of the clients' own tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.sources.kafka_partitioner import murmur2, partition_of

SIGNED = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "signed"), SIGNED)
def test_murmur2_is_that_of_the_java_client(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


@pytest.mark.parametrize(("key", "signed"), SIGNED)
def test_java_clears_the_sign_bit_before_it_divides(key: bytes, signed: int) -> None:
    assert partition_of(key, 7) == (signed & 0x7FFFFFFF) % 7


def test_crc32_is_the_common_one() -> None:
    assert partition_of(b"123456789", 2**32, "crc32") == 0xCBF43926


@given(st.binary(max_size=64), st.integers(1, 1000), st.sampled_from(["murmur2", "crc32"]))
def test_every_key_has_one_of_the_partitions(key: bytes, partitions: int, partitioner: str) -> None:
    assert 0 <= partition_of(key, partitions, partitioner) < partitions


def test_unknown_partitioner_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown partitioner 'md5'"):
        partition_of(b"k", 4, "md5")
