"""What a cluster still knows of the commits made before anybody looked: read out of `__consumer_offsets`, bounded.

Reads only the partitions that the groups are kept in, from at most `MOST_RECORDS` before their end, and leaves no trace. Where logs
ended at earlier moments is asked by time. Read `kafka_commits` for the records, `kafka_groups` for who asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from inspector.sources.groups import Commit, Group, GroupsPast, Place
from inspector.sources.kafka_client import Clients, OffsetSpec
from inspector.sources.kafka_commits import commit_key, commit_value, offsets_partition

OFFSETS = "__consumer_offsets"
MOST_RECORDS = 200_000
"""Of each partition of `__consumer_offsets`: the newest."""
MOST_MOMENTS = 24
"""Moments at which it is asked where logs ended, evenly over the time of the commits."""
_WAIT_S = 15.0
_POLL_S = 0.2
_DENIED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
_NOT_GRANTED = f"what was committed before is not known: READ on {OFFSETS} is not granted to us"


def past(clients: Clients, groups: Sequence[Group], now_us: int) -> GroupsPast:
    """The commits of the groups, and where their partitions ended meanwhile. Raises KafkaException when nothing answers."""
    topic = clients.metadata().topics.get(OFFSETS)
    if not groups or topic is None or topic.error is not None:
        return GroupsPast(notes=[] if not groups else [_NOT_GRANTED])
    numbers = {offsets_partition(group.name, len(topic.partitions)) for group in groups}
    notes: list[str] = []
    names = {group.name for group in groups}
    try:
        commits = [one for one in _commits(clients, sorted(numbers), notes) if one.group in names]
    except KafkaException as error:
        if error.args[0].code() not in _DENIED:
            raise
        return GroupsPast(notes=[_NOT_GRANTED])
    commits.sort(key=lambda one: one.time_us)
    places = {one.place for group in groups for one in group.standings if one.end is not None}
    commits = [one for one in commits if one.place in places]
    ends = _ends(clients, sorted(places), commits[0].time_us, now_us) if commits else []
    return GroupsPast(commits, ends, notes)


def _commits(clients: Clients, numbers: Sequence[int], notes: list[str]) -> Iterator[Commit]:
    """What the records say that are there now. Raises KafkaException where they may not be read."""
    places = [(OFFSETS, number) for number in numbers]
    ends, firsts = clients.ends(places), clients.firsts(places)
    left = {place: end for place, end in ends.items() if firsts.get(place, 0) < end}
    starts = {place: max(firsts.get(place, 0), end - MOST_RECORDS) for place, end in left.items()}
    if any(starts[place] > firsts.get(place, 0) for place in starts):
        notes.append(f"only the newest {MOST_RECORDS:,} records of {OFFSETS} were read: what was committed before them is left out")
    consumer = clients.consumer("read_committed")
    try:
        consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
        until_s = time.monotonic() + _WAIT_S
        while left and time.monotonic() < until_s:
            for message in consumer.consume(10_000, _POLL_S):
                place, error = (message.topic(), message.partition()), message.error()
                if error is not None and error.code() in _DENIED:
                    raise KafkaException(error)
                if error is not None or message.offset() + 1 >= ends.get(place, 0):
                    left.pop(place, None)
                if error is None and (commit := _commit(message.key(), message.value(), message.timestamp()[1])) is not None:
                    yield commit
    finally:
        consumer.close()
    if left:
        notes.append(f"not all of {OFFSETS} came within {_WAIT_S:.0f} s: earlier commits may be missing")


def _commit(key: bytes | None, value: bytes | None, stamp_ms: int) -> Commit | None:
    try:
        named = commit_key(key)
        if named is None:
            return None
        place = (named.topic, named.partition)
        if value is None:
            return Commit(named.group, place, None, stamp_ms * 1000)
        said = commit_value(value)
        return Commit(named.group, place, said.offset, said.time_ms * 1000)
    except ValueError:
        return None


def _ends(clients: Clients, places: Sequence[Place], since_us: int, now_us: int) -> list[tuple[int, Place, int]]:
    """Where the partitions ended at evenly spread moments: before the first record with a later time."""
    found: list[tuple[int, Place, int]] = []
    now = clients.ends(places)
    step_us = max(1_000_000, (now_us - since_us) // MOST_MOMENTS)
    for time_us in range(since_us, now_us, step_us):
        at = clients.offsets(dict.fromkeys(places, OffsetSpec.for_timestamp(time_us // 1000)))
        found += [(time_us, place, _end(place, offset, now)) for place, offset in at.items() if place in now]
    return found


def _end(place: Place, offset: int, now: Mapping[Place, int]) -> int:
    return now[place] if offset < 0 else offset
