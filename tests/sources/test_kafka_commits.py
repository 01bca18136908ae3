"""Records of `__consumer_offsets`, in all versions that brokers wrote."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.sources.kafka_commits import CommitKey, CommitValue, commit_key, commit_value, offsets_partition

TEXT = st.text(max_size=20).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)


def text(content: str) -> bytes:
    return struct.pack(">h", len(content.encode())) + content.encode()


@given(TEXT, TEXT, st.integers(0, 10_000), st.sampled_from([0, 1]))
def test_key_says_who_committed_where(group: str, topic: str, partition: int, version: int) -> None:
    key = struct.pack(">h", version) + text(group) + text(topic) + struct.pack(">i", partition)
    assert commit_key(key) == CommitKey(group, topic, partition)
    assert commit_key(struct.pack(">h", 2) + text(group)) is None
    assert commit_key(None) is None


@given(st.integers(0, 4), st.integers(0, 1 << 60), st.text(max_size=200), st.integers(0, 1 << 44))
def test_value_of_each_version(version: int, offset: int, note: str, time_ms: int) -> None:
    encoded = note.encode("utf-8", "replace")
    if version < 4:
        noted = struct.pack(">h", len(encoded)) + encoded
    else:
        size, head = len(encoded) + 1, b""
        while size >= 0x80:
            head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
        noted = head + bytes([size]) + encoded
    epoch = struct.pack(">i", 7) if version >= 3 else b""
    after = {1: struct.pack(">q", 5), 4: b"\x00"}.get(version, b"")
    value = struct.pack(">hq", version, offset) + epoch + noted + struct.pack(">q", time_ms) + after
    assert commit_value(value) == CommitValue(offset, time_ms)


@given(st.binary(max_size=40))
def test_damaged_records_are_refused_and_nothing_else_is_raised(content: bytes) -> None:
    for read in (commit_key, commit_value):
        with contextlib.suppress(ValueError):
            read(content)


def test_partition_is_by_javas_hash() -> None:
    # the known pair of one hash
    assert offsets_partition("Aa", 50) == offsets_partition("BB", 50) == 2112 % 50
    assert offsets_partition("polygenelubricants", 50) == 0  # its hash is the smallest integer, whose size Java cannot say
    assert offsets_partition("", 50) == 0


def test_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 5"):
        commit_value(struct.pack(">hqi", 5, 1, 0))
