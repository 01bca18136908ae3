"""Batches bring documents with exact values, and say which event's document cannot be had."""

from decimal import Decimal

import pytest

from inspector.errors import UsageError
from inspector.event import Flag
from inspector.reducers import DELETED, NO_DOCUMENT, FoldError, batch_of, named
from tests.replay.stories import StoryEvent, event, tombstone, undecodable


def test_documents_keep_the_values_of_their_numbers() -> None:
    digits = "1234567890123456789012345678901234567890"
    batch = batch_of([event(1, "9223372036854775807"), event(2, digits), event(3, "0.1"), event(4, f"0.{digits}")])
    assert batch.documents == [2**63 - 1, int(digits), 0.1, Decimal(f"0.{digits}")]


def test_the_first_of_repeated_keys_wins() -> None:
    batch = batch_of([event(1, '{"a":1}'), event(2, '{"a":1,"b":{"c":3,"c":4},"a":2}', flags=int(Flag.duplicate_keys))])
    assert batch.documents == [{"a": 1}, {"a": 1, "b": {"c": 3}}]


def test_no_document_is_told_from_a_deletion() -> None:
    assert batch_of([tombstone(1), StoryEvent(data=None)]).documents == [DELETED, NO_DOCUMENT]


def test_an_undecodable_event_cannot_be_folded() -> None:
    with pytest.raises(FoldError, match="could not be decoded") as raised:
        batch_of([event(1), undecodable(2)])
    assert raised.value.place == 1


@pytest.mark.parametrize("flag", [Flag.encrypted, Flag.too_deep, Flag.damaged, Flag.oversize])
def test_a_document_out_of_reach_is_not_passed_over(flag: Flag) -> None:
    with pytest.raises(FoldError, match=f"could not be read: {Flag.names(flag)[0].replace('_', ' ')}"):
        batch_of([StoryEvent(data=None, flags=int(flag))])


def test_text_that_is_no_json_names_its_event() -> None:
    with pytest.raises(FoldError, match="cannot be read") as raised:
        batch_of([event(1), event(2, "{")])
    assert raised.value.place == 1
    with pytest.raises(FoldError) as raised:
        batch_of([tombstone(1), event(2), event(3, "{")])
    assert raised.value.place == 2


def test_reducers_are_known_by_name() -> None:
    assert [named(name).name for name in ("latest", "merge")] == ["latest", "merge"]
    with pytest.raises(UsageError, match=r"latest, merge.*\.py"):
        named("nonsense")


def test_a_reason_is_one_line_whatever_it_quotes() -> None:
    assert len(FoldError(0, "x" * 5_000_000).reason) < 1_300
    assert FoldError(0, "no \ud800").reason == "no \\ud800"
