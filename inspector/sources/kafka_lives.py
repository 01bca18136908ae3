"""The lives of topics while they are followed: deleted, made again under the same name, given more partitions.

Decides from what the cluster says a topic is now; touches no consumer. Read `kafka_read` for what is done about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inspector.event import LogKey
from inspector.sources import Bound, LogInfo, Request
from inspector.sources.kafka_client import TopicNow
from inspector.sources.kafka_partitioner import partition_of


@dataclass(slots=True)
class Turn:
    """What to do: close every log of the topics `gone`, then read the partitions `opened` from their beginning."""

    gone: list[str] = field(default_factory=list)
    opened: list[LogKey] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Lives:
    """The newest life known of each topic that is read."""

    def __init__(self, logs: Iterable[LogInfo], request: Request) -> None:
        self._request = request
        self._grows = request.follow and request.end == Bound()
        self._ids: dict[str, str] = {}
        self._partitions: dict[str, set[int]] = {}
        self._awaited: set[str] = set()
        for info in logs:
            self._ids[info.key.name] = info.key.incarnation
            self._partitions.setdefault(info.key.name, set()).add(info.key.partition)

    @property
    def names(self) -> list[str]:
        """The topics to ask about."""
        return list(self._ids)

    @property
    def have_ids(self) -> bool:
        """Whether topics can be told from others of their name at all: brokers before 2.8 give no ids."""
        return any(self._ids.values())

    @property
    def are_awaited(self) -> bool:
        """Whether a deleted topic may come again and would be read."""
        return self._grows and bool(self._awaited)

    def compare(self, now: Mapping[str, TopicNow | None]) -> Turn:
        """What has changed since the last time."""
        turn = Turn()
        for name, topic in now.items():
            if name in self._awaited:
                self._came(turn, name, topic)
            elif topic is None or topic.topic_id != self._ids[name]:
                self._went(turn, name, topic)
            elif self._grows:
                self._grew(turn, name, topic)
        return turn

    def _went(self, turn: Turn, name: str, topic: TopicNow | None) -> None:
        turn.gone.append(name)
        self._awaited.add(name)
        came = " and made again" if topic is not None else ""
        turn.notes.append(f"topic {name} was deleted{came}; what was read of it stays")
        self._came(turn, name, topic)

    def _came(self, turn: Turn, name: str, topic: TopicNow | None) -> None:
        if topic is None or not self._grows:
            return
        self._awaited.discard(name)
        self._ids[name], self._partitions[name] = topic.topic_id, set()
        self._open(turn, name, topic)

    def _grew(self, turn: Turn, name: str, topic: TopicNow) -> None:
        for number in self._open(turn, name, topic):
            why = "; the key's newer records are there" if self._request.key is not None else ""
            turn.notes.append(f"topic {name} has a new partition {number}{why}")

    def _open(self, turn: Turn, name: str, topic: TopicNow) -> list[int]:
        """The wanted partitions that were not there before."""
        new = sorted(set(self._wanted(topic)) - self._partitions[name])
        self._partitions[name].update(new)
        turn.opened.extend(LogKey(name, number, topic.topic_id) for number in new)
        return new

    def _wanted(self, topic: TopicNow) -> Iterable[int]:
        if self._request.key is not None:
            return [partition_of(self._request.key, topic.partitions, self._request.partitioner)] if topic.partitions else []
        wanted = set(self._request.partitions)
        return [number for number in range(topic.partitions) if not wanted or number in wanted]
