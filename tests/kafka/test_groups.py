"""Consumer groups of a real broker: positions exact, times true, members named, and nothing of us there afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from inspector.lag.report import live
from inspector.lag.watch import Watch
from inspector.sources.group_samples import open_groups
from inspector.sources.groups import Group, GroupsReader, Standing
from tests.kafka.consumers import GroupConsumer
from tests.kafka.helpers import Cluster, consume_all
from tests.kafka.launcher import Broker
from tests.kafka.secure import GROUP, STORY, SecureBroker


@pytest.fixture
def reader(cluster: Cluster) -> Iterator[GroupsReader]:
    opened = open_groups(cluster.url)
    assert opened is not None
    yield opened
    opened.close()


def of(reader: GroupsReader, name: str) -> Group:
    (group,) = reader.look([name]).groups
    assert not group.error, group.error
    return group


def standing(group: Group, partition: int = 0) -> Standing:
    return next(one for one in group.standings if one.place[1] == partition)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_positions_times_and_members(cluster: Cluster, reader: GroupsReader, name: str, protocol: str) -> None:
    cluster.create(name, 2)
    hour_ago_ms = int(time.time() * 1000) - 3_600_000
    cluster.produce(name, [b"x"] * 100, time_ms=hour_ago_ms)
    cluster.produce(name, [b"x"] * 50, partition=1, time_ms=hour_ago_ms)
    with GroupConsumer(cluster, name, name, protocol=protocol, client_id="billing-1") as consumer:
        consumer.join()
        consumer.take(120)
        look = reader.look([name])
        (group,) = look.groups
        assert (group.kind, group.state) == (protocol, "stable")
        (member,) = group.members
        assert (member.client_id, member.host) == ("billing-1", "127.0.0.1")
        assert member.places == {(name, 0), (name, 1)}
        assert sum(one.positions or 0 for one in group.standings) == 30
        assert sum(one.committed or 0 for one in group.standings) == 120
        for one in group.standings:
            if one.positions:
                assert one.next_position == one.committed
                assert one.behind_us(look.time_us) == pytest.approx(look.time_us - hour_ago_ms * 1000, abs=1_000_000)
            else:
                assert one.behind_us(look.time_us) == 0
        consumer.take(30)
        assert [one.positions for one in of(reader, name).standings] == [0, 0]
    stopped = of(reader, name)
    assert (stopped.state, list(stopped.members)) == ("empty", [])
    cluster.produce(name, [b"x"] * 7)
    assert standing(of(reader, name)).positions == 7


def test_group_that_is_not_there_is_said(cluster: Cluster, reader: GroupsReader, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"])
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(1)
        known, absent = reader.look([name, "nobody"]).groups
        assert known.error == ""
        assert absent.error == "there is no group nobody"
        assert name in {group.name for group in reader.look().groups}


def test_past_commits_are_read_from_the_broker(cluster: Cluster, reader: GroupsReader, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"] * 60)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        for _ in range(3):
            consumer.take(10)
        before_us = time.time_ns() // 1000
        look = reader.look([name])
        past = reader.past(look)
    assert [(one.group, one.place, one.position) for one in past.commits] == [(name, (name, 0), position) for position in (10, 20, 30)]
    assert all(before_us - 60_000_000 < one.time_us <= before_us for one in past.commits)
    assert {end for _, _, end in past.ends} == {60}
    assert past.notes == []


def test_next_record_is_after_what_was_aborted(cluster: Cluster, reader: GroupsReader, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"a"], time_ms=1_000_000)
    producer = cluster.producer(transactional_id=name)
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(name, b"aborted", partition=0, timestamp=2_000_000)
    producer.flush()
    producer.abort_transaction()
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(1)
    found = standing(of(reader, name))
    assert (found.committed, found.positions, found.next_position) == (1, 2, None)
    assert found.behind_us(time.time_ns() // 1000) == 0
    watch, seen = Watch(), reader.look([name])
    watch.add(seen)
    (account,) = live(watch, seen)
    assert (account.positions, account.motion.to_zero_s) == (2, 0)
    cluster.produce(name, [b"b"], time_ms=3_000_000)
    found = standing(of(reader, name))
    assert (found.committed, found.positions, found.next_position, found.next_time_us) == (1, 3, 3, 3_000_000_000)


def test_retention_takes_unread_records(cluster: Cluster, reader: GroupsReader, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"a"] * 10)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(2)
    cluster.delete_records(name, 0, 6)
    found = standing(of(reader, name))
    assert (found.committed, found.first, found.lost, found.positions, found.next_position) == (2, 6, 4, 4, 6)


def test_nothing_of_us_is_left(own_broker: Broker) -> None:
    """Where no group was ever used, none comes to be, nor the topic that groups are kept in; elsewhere no group is added."""
    cluster = Cluster(own_broker)
    opened = open_groups(cluster.url)
    assert opened is not None
    cluster.create("orders")
    cluster.produce("orders", [b"x"] * 5)
    look = opened.look(["billing"])
    assert look.groups[0].error == "there is no group billing, or we may not see it: DESCRIBE on it is wanted then"
    look = opened.look()
    assert (look.groups, look.notes) == ([], ["no consumer group is to be seen: there is none, or DESCRIBE on groups is wanted"])
    assert cluster.topics() == ["orders"]
    with GroupConsumer(cluster, "billing", "orders") as consumer:
        consumer.join()
        consumer.take(3)
        (group,) = opened.look(["billing"]).groups
        opened.past(opened.look(["billing"]))
        assert [member.client_id for member in group.members] == ["reader"]
        assert standing(group).positions == 2
    opened.close()
    assert cluster.groups() == ["billing"]
    assert cluster.topics() == ["__consumer_offsets", "orders"]
    kept = consume_all(own_broker.bootstrap, "__consumer_offsets", range(2))
    assert kept
    assert all(b"billing" in (message.key() or b"") for message in kept)


def test_rights_are_said_for_each_group(secure_broker: SecureBroker) -> None:
    """Who may see one group and nothing else of groups is told of that one; what was before needs a right of its own."""
    with GroupConsumer(secure_broker.cluster, GROUP, STORY) as consumer:
        consumer.join()
        consumer.take(2)
        opened = open_groups(
            secure_broker.url("CLEAR"), {**secure_broker.login("SCRAM-SHA-256", "erin"), "security.protocol": "SASL_PLAINTEXT"}
        )
        assert opened is not None
        look = opened.look([GROUP, "billing"])
        seen, unseen = look.groups
        assert (seen.error, standing(seen).positions, standing(seen).next_position) == ("", 1, 2)
        assert "DESCRIBE on it is wanted" in unseen.error
        assert [group.name for group in opened.look().groups] == [GROUP]
        assert "READ on __consumer_offsets is not granted to us" in opened.past(look).notes[0]
        opened.close()
    for user in ("alice", "dora"):
        config = {**secure_broker.login("SCRAM-SHA-256", user), "security.protocol": "SASL_PLAINTEXT"}
        opened = open_groups(secure_broker.url("CLEAR"), config)
        assert opened is not None
        (group,) = opened.look([GROUP]).groups
        assert "DESCRIBE on it is wanted" in group.error
        opened.close()
