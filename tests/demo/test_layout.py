"""Where events are written: the partitions that Java's partitioner chooses."""

from __future__ import annotations

from collections import Counter

import pytest

from inspector.demo.layout import PARTITIONS, partition_of
from tests.demo.story import placed, told


@pytest.mark.parametrize(
    ("key", "hashed"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536), (b"abc", 479470107)],
)
def test_hash_is_that_of_java(key: bytes, hashed: int) -> None:
    many = 2**31 - 1
    assert partition_of(key, many) == (hashed & 0x7FFFFFFF) % many


def test_offsets_of_each_partition_are_dense() -> None:
    story = placed(told())
    offsets: dict[tuple[str, int], list[int]] = {}
    for event in story:
        offsets.setdefault((event.event.category.topic, event.partition), []).append(event.offset)
    assert all(found == list(range(len(found))) for found in offsets.values())


def test_orders_spread_over_all_partitions() -> None:
    spread = Counter(event.partition for event in placed(told()) if event.event.category.name == "order")
    assert set(spread) == set(range(PARTITIONS))
