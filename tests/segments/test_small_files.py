"""Checkpoints, snapshots, indexes: what they say, and what is refused of damaged ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.segments import checkpoints, indexes
from inspector.segments.control import Marker, marker
from inspector.segments.order import Step, chain
from tests.segments import encoder


def test_checkpoints_say_offsets() -> None:
    assert checkpoints.offsets(b"0\n2\norders 0 7\npayments-eu 11 90\n") == {("orders", 0): 7, ("payments-eu", 11): 90}
    assert checkpoints.offsets(b"") == checkpoints.offsets(b"0\n") == checkpoints.offsets(b"0\n0\n") == {}
    assert checkpoints.leader_epochs(b"0\n1\n3 50\n") == [(3, 50)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"1\n0\n", "version '1' is not known"),
        (b"0\n2\norders 0 7\n", "it says 2 entries and has 1"),
        (b"0\n1\norders 7\n", "does not have 3 words"),
        (b"\xff", "can't decode"),
        (b"0\n1\norders 0 x\n", "invalid literal"),
    ],
)
def test_damaged_checkpoints_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checkpoints.offsets(data)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_values_or_a_refusal(data: bytes) -> None:
    for read in (checkpoints.offsets, checkpoints.leader_epochs, checkpoints.properties, checkpoints.topic_id, checkpoints.producers):
        try:
            read(data)
        except ValueError:
            continue
    indexes.offset_entries(data, 0)
    indexes.time_problem(indexes.time_entries(data, 0), 0, 10, 10)


def test_the_topics_id_has_the_form_of_the_client() -> None:
    assert checkpoints.topic_id(b"version: 0\ntopic_id: ToVzhxB1SbSp3uwL_w-nCg\n") == "ToVzhxB1SbSp3uwL/w+nCg"


def test_snapshots_tell_where_transactions_began() -> None:
    assert [(one.producer_id, one.transaction_first) for one in checkpoints.producers(encoder.snapshot([(5, 90), (6, -1)]))] == [
        (5, 90),
        (6, -1),
    ]


def test_control_records_of_later_versions_are_accepted() -> None:
    assert marker(b"\0\1\0\1more", b"\0\1\0\0\0\7more") == Marker("COMMIT", 7)
    assert marker(b"\0\0\0\4", b"") == Marker("SnapshotFooter")
    assert marker(b"\0\0\0\x63", None) == Marker("unknown type 99")
    assert marker(None, None) == Marker("unknown")


def test_the_longest_chain_is_believed_and_of_equal_ones_the_likelier() -> None:
    def steps(*bounds: tuple[int, int]) -> list[Step]:
        return [Step((0, number), low, high, 0, 1, is_whole=True) for number, (low, high) in enumerate(bounds)]

    assert [one.low for one in chain(steps((0, 2), (90, 92), (6, 8), (9, 11)), 0)] == [0, 6, 9]
    assert [one.low for one in chain(steps((900, 902), (3, 5)), 0)] == [3]
    assert [one.low for one in chain(steps((1, 3), (3, 5)), 0)] == [3]
    assert chain(steps((1, 2)), 5) == []
