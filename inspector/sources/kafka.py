"""Kafka as a source: what there is, what a request means now, and reading it. Leaves no trace in the cluster.

What a broker sees of a reading client is said in `kafka_client`. Read `kafka_bounds` for how times become offsets,
`kafka_read` for the reading loop, `kafka_isolation` for aborted records.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from inspector.errors import SourceError, UsageError
from inspector.event import LogKey
from inspector.sources import UNKNOWN, Absence, Batch, Isolation, LogInfo, Oldest, Plan, Request, SourceInfo, Span, Step
from inspector.sources.group_samples import with_samples
from inspector.sources.kafka_bounds import Bounds
from inspector.sources.kafka_check import check
from inspector.sources.kafka_client import Clients, Partition
from inspector.sources.kafka_config import redact
from inspector.sources.kafka_groups import KafkaGroups
from inspector.sources.kafka_oldest import oldest
from inspector.sources.kafka_partitioner import partition_of
from inspector.sources.kafka_read import Reading

_URL = re.compile(r"kafka://(?P<servers>[^/?#]+)(?:/(?P<topic>[^/?#]*))?/?\Z")


class KafkaSource:
    """One cluster at `kafka://host:port[,host:port…][/topic]`; `config` holds client properties.

    Raises UsageError for an address or a property that means nothing. Connects when first asked something.
    """

    def __init__(self, url: str, config: Mapping[str, str]) -> None:
        if "@" in url:
            raise UsageError("a Kafka address holds no user and no password: give them with --config instead, - reads standard input")
        match = _URL.match(url)
        if not match:
            raise UsageError(f"{redact(url)!r} is not kafka://host:port[,host:port][/topic]")
        self._servers = match["servers"]
        self._topic = match["topic"] or None
        self._config = dict(config)
        self._clients = Clients(self._servers, config)
        self._metadata: Any = None
        self._early: list[Absence] = []
        self._wanted: list[str] = []

    @staticmethod
    def check(url: str, config: Mapping[str, str], names: Sequence[str] = ()) -> Iterator[Step]:
        """Tests the connection step by step; see `kafka_check`."""
        source = KafkaSource(url, config)
        yield from check(source._servers, config, *source._named(names))

    @staticmethod
    def oldest(url: str, config: Mapping[str, str], names: Sequence[str] = ()) -> Iterator[Oldest]:
        """How old the first record of each partition of the named topics is; see `kafka_oldest`."""
        source = KafkaSource(url, config)
        yield from oldest(source._clients, source.logs(source._named(names)))

    @staticmethod
    def groups(url: str, config: Mapping[str, str]) -> KafkaGroups:
        """Looks at the cluster's consumer groups; see `kafka_groups`."""
        return KafkaGroups(KafkaSource(url, config)._clients)

    def info(self) -> SourceInfo:
        """The cluster, with its id; once pinned, also which of the wanted topics are compacted (where we may ask that)."""
        metadata = self._metadata or self._clients.metadata()
        attributes = {"compacted": self._clients.compacted(self._wanted)} if self._wanted else {}
        return SourceInfo("kafka", f"kafka://{self._servers}", cluster_id=metadata.cluster_id or "", attributes=attributes)

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """Every partition of the named topics (none named: of all), with the offsets there are now."""
        topics = self._topics(self._named(names))
        partitions = [(name, number) for name in sorted(topics) for number in sorted(topics[name].partitions)]
        return self._described(partitions)

    def _named(self, names: Sequence[str]) -> list[str]:
        """The topics that are asked for, each once: those named, else the one in the address."""
        return list(dict.fromkeys(names)) or ([self._topic] if self._topic else [])

    def _topics(self, wanted: Sequence[str]) -> dict[str, Any]:
        """The metadata of the wanted topics; all of them when none is named. Raises SourceError for one that is not there."""
        self._metadata = self._clients.metadata()
        topics: dict[str, Any] = self._metadata.topics
        for name in wanted:
            error = topics[name].error if name in topics else KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
            if error is not None:
                raise self._no_topic(name, error)
        return {name: topics[name] for name in (wanted or topics)}

    def _no_topic(self, name: str, error: KafkaError) -> SourceError:
        """A topic that is not listed may be there but hidden from this user: asking for it by id tells which."""
        try:
            found = self._clients.topics_now([name]).get(name)
        except KafkaException as failure:
            return self._clients.explained(failure, name)
        return (
            self._clients.explained(KafkaException(error), name)
            if found is None
            else SourceError(f"topic {name}: {error.str()}", step="topic")
        )

    def _described(self, partitions: Sequence[Partition]) -> list[LogInfo]:
        try:
            firsts, ends = self._clients.firsts(partitions), self._clients.ends(partitions)
            now = self._clients.topics_now({name for name, _ in partitions})
            ids = {name: topic.topic_id if topic else "" for name, topic in now.items()}
        except KafkaException as error:
            raise self._clients.explained(error, partitions[0][0] if len({name for name, _ in partitions}) == 1 else None) from error
        return [
            LogInfo(LogKey(name, number, ids.get(name, "")), firsts.get(place, UNKNOWN), ends.get(place, UNKNOWN), name.startswith("__"))
            for place in partitions
            for name, number in (place,)
        ]

    def pin(self, request: Request) -> Plan:
        """The partitions, their offsets and ends, decided once."""
        wanted = self._named(request.logs)
        if not wanted:
            raise UsageError("no topic given: name one with --topic or as kafka://host:port/topic; `eventscope logs` lists them")
        notes: list[str] = []
        self._wanted = wanted
        partitions = [place for name, topic in self._topics(wanted).items() for place in self._chosen(name, topic, request, notes)]
        logs = self._described(partitions)
        for info in logs:
            if UNKNOWN in {info.first, info.end}:
                raise SourceError(
                    f"{info.key.name} partition {info.key.partition} has no leader now, so nothing of it can be read: try again, "
                    "or name the partitions to read with --partition",
                    retry=True,
                )
        bounds = Bounds(self._clients, request, notes)
        try:
            asked, self._early = bounds.resolve(logs)
        except KafkaException as error:
            raise self._clients.explained(error) from error
        spans = [
            Span(place, max(start, logs[place].first), end)
            for place, (start, end) in enumerate(asked)
            if end is None or max(start, logs[place].first) < end
        ]
        return Plan(logs=logs, spans=spans, asked=list(asked), notes=notes)

    def _chosen(self, name: str, topic: Any, request: Request, notes: list[str]) -> list[Partition]:
        numbers = sorted(topic.partitions)
        unknown = sorted(set(request.partitions) - set(numbers))
        if unknown:
            raise UsageError(f"topic {name} has no partition {unknown[0]}; it has 0 to {numbers[-1] if numbers else 0}")
        if request.partitions:
            numbers = [number for number in numbers if number in set(request.partitions)]
        if request.key is not None:
            chosen = partition_of(request.key, len(topic.partitions), request.partitioner)
            by = (
                "the Java client's default partitioner (murmur2)"
                if request.partitioner == "murmur2"
                else "librdkafka's partitioner (CRC32)"
            )
            notes.append(
                f"topic {name}: only partition {chosen} of {len(topic.partitions)} is read, where {by} puts this key; "
                "a producer with another partitioner, or a change of the number of partitions, may have put it elsewhere"
            )
            numbers = [chosen]
        return [(name, number) for number in numbers]

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """Batches until every span is done, or `stop`."""
        batches = self._batches(plan, request, stop)
        if request.groups:
            # with clients of their own: they are asked in another thread
            batches = with_samples(batches, KafkaGroups(Clients(self._servers, self._config)), request.groups, stop)
        for batch in batches:
            if request.isolation is Isolation.both and batch.decided is None:
                batch.decided = []
            yield batch

    def _batches(self, plan: Plan, request: Request, stop: threading.Event) -> Generator[Batch, None, None]:
        reading = Reading(self._clients, plan, request)
        try:
            if self._early:
                yield Batch(absent=list(self._early))
            yield from reading.batches(stop)
            yield from reading.decided(stop)
        finally:
            reading.close()

    def close(self) -> None:
        """Nothing is held between calls but handles that end by themselves."""
