"""Consumer groups of a Kafka cluster: who reads what, and how far. Asks with admin calls; joins nothing, commits nothing.

One look at `n` groups takes `2 n + 5` requests (the list, each group's members and commits, the topics, and three times where partitions
begin and end), however many partitions there are; each broker that leads some of them is asked once. The time of the next unread record
takes one record of each partition whose commit has moved, and only of groups that are named. Read `groups` for the values,
`kafka_next` for those records, `kafka_past` for what was before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import confluent_kafka.admin
from confluent_kafka import ConsumerGroupType, KafkaError, KafkaException

from inspector.sources.groups import Group, GroupsLook, GroupsPast, Member, Place, Standing
from inspector.sources.kafka_client import Clients
from inspector.sources.kafka_config import redact
from inspector.sources.kafka_next import NextRecords
from inspector.sources.kafka_past import past

MOST_GROUPS = 100
"""So many are looked at when none is named."""
_ASK_S = 8.0
_LATE_S = 1.0
_KINDS = {ConsumerGroupType.CLASSIC: "classic", ConsumerGroupType.CONSUMER: "consumer"}
_UNSEEN = "there is no group {0}, or we may not see it: DESCRIBE on it is wanted then"
_NONE_SEEN = "no consumer group is to be seen: there is none, or DESCRIBE on groups is wanted"
_GONE = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._RESOLVE, KafkaError._AUTHENTICATION}
"""Errors of the connection, not of one group."""

GroupTopicPartitions: Any = vars(confluent_kafka)["ConsumerGroupTopicPartitions"]


class KafkaGroups:
    """The consumer groups of one cluster; see `groups.GroupsReader`."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._next = NextRecords(clients)
        self._requests = 0
        self._notes: list[str] = []

    def look(self, names: Sequence[str] = ()) -> GroupsLook:
        """See `groups.GroupsReader.look`."""
        self._requests, self._notes = 0, []
        try:
            found = self._described(self._chosen(names))
            found = [self._with_commits(group) for group in found]
            found = self._with_ends(found)
            time_us = _now_us()
            if names:
                found = self._with_times(found)
        except KafkaException as error:
            raise self._clients.explained(error) from error
        return GroupsLook(time_us, found, self._requests, self._notes)

    def past(self, look: GroupsLook) -> GroupsPast:
        """See `groups.GroupsReader.past`."""
        try:
            return past(self._clients, [group for group in look.groups if not group.error], look.time_us)
        except KafkaException as error:
            raise self._clients.explained(error) from error

    def keys(self, place: Place, position: int, most: int) -> list[bytes | None]:
        """See `groups.GroupsReader.keys`."""
        return self._next.keys(place, position, most)

    def close(self) -> None:
        """Ends the consumer that reads single records."""
        self._next.close()

    # ---- which groups

    def _chosen(self, names: Sequence[str]) -> list[Group]:
        wanted = [Group(name) for name in dict.fromkeys(names)]
        if wanted and self._clients.has_groups(anew=True):
            return wanted
        listed = sorted(self._listed(), key=lambda group: group.name)
        if wanted:
            # asking for a group by name would make a cluster that never had one keep groups from now on
            seen = {group.name for group in listed}
            return [group if group.name in seen else replace(group, error=_UNSEEN.format(group.name)) for group in wanted]
        if not listed:
            self._notes.append(_NONE_SEEN)
        if len(listed) > MOST_GROUPS:
            self._notes.append(f"{len(listed):,} groups are there; the first {MOST_GROUPS} by name are looked at: name others with --group")
        return listed[:MOST_GROUPS]

    def _listed(self) -> Iterable[Group]:
        self._requests += 1
        admin = self._clients.admin()
        try:
            found = admin.list_consumer_groups(request_timeout=_ASK_S).result(_ASK_S + _LATE_S)
        except TimeoutError:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "groups were not listed in time")) from None
        for error in found.errors or ():
            if _code(error) in _GONE:
                raise KafkaException(*error.args) if isinstance(error, KafkaException) else KafkaException(error)
            self._notes.append(f"groups could not be listed: {_said(error)}")
        return [Group(one.group_id, _kind(one)) for one in found.valid or ()]

    # ---- who reads

    def _described(self, groups: Sequence[Group]) -> list[Group]:
        asked = [group.name for group in groups if not group.error]
        if not asked:
            return list(groups)
        self._requests += len(asked)
        futures = self._clients.admin().describe_consumer_groups(asked, request_timeout=_ASK_S)
        return [group if group.error else self._description(group, futures[group.name]) for group in groups]

    def _description(self, group: Group, future: Any) -> Group:
        try:
            said = future.result(_ASK_S + _LATE_S)
        except (KafkaException, TimeoutError) as error:
            return replace(group, error=_trouble(group.name, error))
        if said.state.name == "DEAD":
            return replace(group, error=f"there is no group {group.name}")
        members = [
            Member(
                str(one.member_id),
                str(one.client_id),
                str(one.host).lstrip("/"),
                str(one.group_instance_id or ""),
                frozenset((place.topic, place.partition) for place in one.assignment.topic_partitions),
            )
            for one in said.members
        ]
        state = said.state.name.lower().replace("_", " ")
        return Group(group.name, _kind(said) or group.kind, state, str(said.partition_assignor or ""), members)

    # ---- how far

    def _with_commits(self, group: Group) -> Group:
        if group.error:
            return group
        self._requests += 1
        asked = [GroupTopicPartitions(group.name)]
        try:
            said = self._clients.admin().list_consumer_group_offsets(asked, request_timeout=_ASK_S)[group.name].result(_ASK_S + _LATE_S)
        except (KafkaException, TimeoutError) as error:
            return replace(group, error=_trouble(group.name, error))
        standings = {place: Standing(place) for member in group.members for place in member.places}
        for one in said.topic_partitions:
            place = (one.topic, one.partition)
            committed = one.offset if one.offset >= 0 else None
            standings[place] = Standing(place, committed, error=one.error.str() if one.error is not None else "")
        return replace(group, standings=[standings[place] for place in sorted(standings)])

    def _with_ends(self, groups: Sequence[Group]) -> list[Group]:
        """Begins and ends, asked after the commits: so none lies before a commit that is right."""
        wanted = {one.place for group in groups for one in group.standings}
        there = self._there(wanted)
        if not there:
            return [self._placed(group, {}, {}, {}) for group in groups]
        self._requests += 3
        firsts = self._clients.firsts(there)
        stable = self._clients.ends(there, committed=True)
        ends = self._clients.ends(there)
        return [self._placed(group, firsts, stable, ends) for group in groups]

    def _there(self, wanted: Iterable[Place]) -> list[Place]:
        """Those of topics that are there: a topic may be deleted, and its groups remember it."""
        self._requests += 1
        topics = self._clients.metadata().topics
        return [
            (name, number) for name, number in wanted if name in topics and topics[name].error is None and number in topics[name].partitions
        ]

    def _placed(self, group: Group, firsts: Mapping[Place, int], stable: Mapping[Place, int], ends: Mapping[Place, int]) -> Group:
        standings = [
            replace(
                one,
                first=firsts.get(one.place),
                stable_end=stable.get(one.place),
                end=ends.get(one.place),
                error=one.error or ("" if one.place in ends else "the partition is not there, or has no leader now"),
            )
            for one in group.standings
        ]
        return replace(group, standings=standings)

    def _with_times(self, groups: Sequence[Group]) -> list[Group]:
        wanted = {
            (one.place, max(one.committed, one.first or 0)): one.end
            for group in groups
            for one in group.standings
            if one.committed is not None and one.end is not None and one.positions
        }
        found = self._next.find(wanted, self._notes)

        def timed(one: Standing) -> Standing:
            known = found.get((one.place, max(one.committed or 0, one.first or 0)))
            if known is None or not one.positions:
                return one
            return replace(one, next_position=known.position, next_time_us=known.time_us, is_read_out=known.position is None)

        return [replace(group, standings=[timed(one) for one in group.standings]) for group in groups]


def _kind(said: Any) -> str:
    return _KINDS.get(getattr(said, "type", ConsumerGroupType.UNKNOWN), "")


def _of(error: Any) -> KafkaError | None:
    """The client's error, or the one in its exception."""
    return next((part for part in (error, *getattr(error, "args", ())) if isinstance(part, KafkaError)), None)


def _code(error: Any) -> int:
    found = _of(error)
    return KafkaError._TIMED_OUT if found is None else found.code()


def _said(error: Any) -> str:
    found = _of(error)
    return redact(found.str()) if found is not None else "no answer in time"


def _trouble(name: str, error: Exception) -> str:
    """Why one group cannot be looked at. Raises what is no matter of the group."""
    code = _code(error)
    if code in _GONE:
        raise error if isinstance(error, KafkaException) else KafkaException(KafkaError(code, "groups were not told in time"))
    if code == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return f"we may not see group {name}: DESCRIBE on it is wanted"
    if code in {KafkaError.GROUP_ID_NOT_FOUND, KafkaError.INVALID_GROUP_ID}:
        return f"there is no group {name}"
    return f"group {name} cannot be looked at: {_said(error)}"


def _now_us() -> int:
    return time.time_ns() // 1000
