"""What becomes of topics while they are followed: deleted, made again, grown."""

from __future__ import annotations

from dataclasses import replace

from inspector.event import LogKey
from inspector.sources import Bound, LogInfo, Request
from inspector.sources.kafka_client import TopicNow
from inspector.sources.kafka_lives import Lives
from inspector.sources.kafka_partitioner import partition_of

FOLLOW = Request(logs=["t"], follow=True)


def lives(request: Request = FOLLOW, partitions: int = 1, topic_id: str = "one") -> Lives:
    return Lives([LogInfo(LogKey("t", number, topic_id), 0, 1) for number in range(partitions)], request)


def test_nothing_happens_while_nothing_changes() -> None:
    turn = lives().compare({"t": TopicNow("one", 1)})
    assert (turn.gone, turn.opened, turn.notes) == ([], [], [])


def test_a_deleted_topic_is_awaited_and_read_from_its_start_when_it_comes() -> None:
    topic = lives()
    assert topic.compare({"t": None}).gone == ["t"]
    assert topic.are_awaited
    assert topic.compare({"t": None}).gone == []
    turn = topic.compare({"t": TopicNow("two", 2)})
    assert turn.opened == [LogKey("t", 0, "two"), LogKey("t", 1, "two")]
    assert not topic.are_awaited


def test_a_topic_made_again_at_once_is_closed_and_opened_in_one_turn() -> None:
    turn = lives().compare({"t": TopicNow("two", 1)})
    assert (turn.gone, turn.opened) == (["t"], [LogKey("t", 0, "two")])
    assert turn.notes == ["topic t was deleted and made again; what was read of it stays"]


def test_without_following_a_deleted_topic_is_only_said() -> None:
    topic = lives(replace(FOLLOW, follow=False))
    turn = topic.compare({"t": TopicNow("two", 1)})
    assert (turn.gone, turn.opened) == (["t"], [])
    assert not topic.are_awaited


def test_a_reading_up_to_a_bound_takes_up_nothing_new() -> None:
    topic = lives(replace(FOLLOW, end=Bound(position=5)))
    assert topic.compare({"t": TopicNow("one", 3)}).opened == []
    assert topic.compare({"t": TopicNow("two", 3)}).opened == []


def test_new_partitions_are_opened_once() -> None:
    topic = lives()
    assert topic.compare({"t": TopicNow("one", 2)}).opened == [LogKey("t", 1, "one")]
    assert topic.compare({"t": TopicNow("one", 2)}).opened == []


def test_only_the_partitions_asked_for_are_opened() -> None:
    topic = lives(replace(FOLLOW, partitions=[0, 2]))
    assert topic.compare({"t": TopicNow("one", 4)}).opened == [LogKey("t", 2, "one")]


def test_under_a_key_the_partition_that_a_grown_topic_gives_it_is_opened() -> None:
    key = b"order-7"
    before, after = partition_of(key, 1, "murmur2"), partition_of(key, 7, "murmur2")
    assert before != after
    topic = lives(replace(FOLLOW, key=key))
    turn = topic.compare({"t": TopicNow("one", 7)})
    assert turn.opened == [LogKey("t", after, "one")]
    assert turn.notes == [f"topic t has a new partition {after}; the key's newer records are there"]


def test_topics_without_ids_are_watched_for_deletion_and_growth() -> None:
    topic = lives(topic_id="")
    assert not topic.have_ids
    assert topic.compare({"t": TopicNow("", 2)}).opened == [LogKey("t", 1, "")]
    assert topic.compare({"t": None}).gone == ["t"]
