"""Clients for reading: one place that makes consumers and admin handles, and turns their errors and logs into ours.

What a broker sees of us: metadata, offset and fetch requests, and (the client does this for every consumer) a look-up of
the coordinator for the group name; not even that where nobody has used a group yet (see `kafka_groupless`). No group is
joined, nothing is committed, no topic is created, no telemetry is sent.
Read `kafka` next for who asks.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import confluent_kafka.admin
from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from inspector.errors import SourceError
from inspector.sources.kafka_config import client_properties, configuration_error, redact
from inspector.sources.kafka_diagnose import explain, is_final
from inspector.sources.kafka_groupless import GrouplessConsumer, library

log = logging.getLogger(__name__)
client_log = logging.getLogger("inspector.sources.kafka.client")
client_log.setLevel(logging.CRITICAL)
"""librdkafka's own lines go here; `--verbose` may lower the level. What matters reaches the user as a state or an error."""

ANSWER_S = 8.0
"""With the look at what is wrong that follows, a command says within 15 seconds that it cannot connect."""
_SOON_S = 1.5
"""Before this, that no broker can be reached may yet pass: a name with two addresses, a broker that just ends."""
_LATE_S = 1.0
"""The client itself gives up in time, with its own error; this is for the way back."""
_MEGABYTE = 1024
_MANY: Mapping[str, Any] = {"queued.max.messages.kbytes": 32 * _MEGABYTE, "queued.min.messages": 50_000}
_FEW: Mapping[str, Any] = {"queued.max.messages.kbytes": _MEGABYTE, "queued.min.messages": 1, "fetch.message.max.bytes": 64 * 1024}
_MOST_ERRORS = 20

Partition = tuple[str, int]

OffsetSpec: Any = vars(confluent_kafka.admin)["OffsetSpec"]
ConfigResource: Any = vars(confluent_kafka.admin)["ConfigResource"]
"""The client's own classes, which its types do not export."""


_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
"""Sixteen zero bytes: what brokers without topic ids give."""


class TopicNow(NamedTuple):
    """A topic's id (empty where the broker has none) and how many partitions it has."""

    topic_id: str
    partitions: int


class Health:
    """What the client's threads last said of the connection. `take` gives a new state in words, once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.errors: list[KafkaError] = []
        self._state = self._said = ""
        self.is_down = False

    def heard(self, error: KafkaError) -> None:
        """Called by the client with each of its errors."""
        with self._lock:
            others = [known for known in self.errors if not _is_same(known, error)]
            self.errors = [*others[-_MOST_ERRORS:], error]
            if error.code() in {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE}:
                self.is_down = True
                self._state = f"reconnecting: {_short(redact(error.str()))}"

    def unanswered(self) -> None:
        """A question got no answer in its time, though perhaps no connection has failed: a server may stand still."""
        with self._lock:
            if not self.is_down:
                self.is_down = True
                self._state = "the cluster does not answer: waiting for it"

    def worked(self) -> None:
        """Something came through: what was said before it explains nothing any more."""
        if self.errors:
            with self._lock:
                self.errors = []
        if self.is_down:
            with self._lock:
                self.is_down = False
                self._state = "connected again"

    def take(self) -> str:
        """The state if it changed since last asked, else nothing."""
        with self._lock:
            if self._state == self._said:
                return ""
            self._said = self._state
            return self._state


def _is_same(one: KafkaError, other: KafkaError) -> bool:
    return bool(one.code() == other.code() and one.str().partition(" (after")[0] == other.str().partition(" (after")[0])


def _short(text: str) -> str:
    return re.sub(r"\s*\(after \d+ms in state [A-Z_]+\)", "", text.rsplit(": ", 2)[-1] if text.count(": ") > 2 else text)


class Clients:
    """The handles of one cluster, made when first needed. `health` hears all of them."""

    def __init__(self, bootstrap: str, config: Mapping[str, str]) -> None:
        self.health = Health()
        self.properties = client_properties(bootstrap, config)
        self._admin: AdminClient | None = None
        self._controller_seen = False
        self._groups_seen: bool | None = None

    def admin(self) -> AdminClient:
        """A handle that reads metadata and offsets; it has no group."""
        if self._admin is None:
            properties = {name: value for name, value in self.properties.items() if name not in _CONSUMER_ONLY}
            try:
                settings: dict[str, Any] = {**properties, "error_cb": self.health.heard, "logger": client_log}
                self._admin = AdminClient(settings)
            except KafkaException as error:
                raise configuration_error(error.args[0]) from error
        return self._admin

    def consumer(self, isolation: str = "read_uncommitted", *, for_few: bool = False) -> Any:
        """A consumer that is only ever assigned: it never subscribes, commits or stores offsets. `for_few` fetches little ahead.

        Where no group has ever been used, it is one that looks up no group either.
        """
        settings: dict[str, Any] = {
            **self.properties,
            "isolation.level": isolation,
            **(_FEW if for_few else _MANY),
            "fetch.queue.backoff.ms": 20,
            "fetch.wait.max.ms": 100,
            "error_cb": self.health.heard,
            "logger": client_log,
        }
        try:
            if not self.has_groups() and library() is not None:
                return GrouplessConsumer(settings, self.health.heard)
            return Consumer(settings)
        except KafkaException as error:
            raise configuration_error(error.args[0]) from error

    def has_groups(self, *, anew: bool = False) -> bool:
        """Whether the cluster had its offsets topic when it was first asked: looking up a group's coordinator would make it.

        It is asked once: while it is away, what is read next must not fail for want of an answer. `anew` asks until it is there.
        """
        if self._groups_seen is None or (anew and not self._groups_seen):
            self._groups_seen = "__consumer_offsets" in self.metadata().topics
        return self._groups_seen

    def explained(self, error: BaseException, topic: str | None = None) -> SourceError:
        """What went wrong, as one sentence naming the step that failed; takes at most `kafka_diagnose.LOOK_S`."""
        self._hear()
        found = [part for part in getattr(error, "args", ()) if isinstance(part, KafkaError)]
        return explain(self.properties, [*self.health.errors, *found], topic)

    def metadata(self, timeout_s: float = ANSWER_S) -> Any:
        """The metadata of all topics. Never asked by name: an admin handle's request by name would create the topic.

        Raises SourceError naming the step that failed.
        """
        started = time.monotonic()
        while True:
            passed_s = time.monotonic() - started
            wait_s = (_SOON_S if passed_s < _SOON_S else timeout_s) - passed_s
            try:
                found = self.admin().list_topics(timeout=max(_PAUSE_S, wait_s))
            except KafkaException as error:
                self._hear()
                passed_s = time.monotonic() - started
                if passed_s > timeout_s - _PAUSE_S or (passed_s > _SOON_S - _PAUSE_S and is_final(self.health.errors)):
                    raise self.explained(error) from error
                _PAUSE.wait(_PAUSE_S)
                continue
            self.health.worked()
            return found

    def _hear(self) -> None:
        """Lets the client's threads say what they met: it calls back only when polled."""
        if self._admin is not None:
            self._admin.poll(0)

    def topics_now(self, names: Iterable[str], timeout_s: float = ANSWER_S) -> dict[str, TopicNow | None]:
        """Topic → what it is now, None where there is no such topic (any more).

        Raises KafkaException when the cluster does not answer.
        """
        wanted = sorted(set(names))
        found: dict[str, TopicNow | None] = {}
        if not wanted:
            return found
        if not self._has_controller(timeout_s):
            topics = self.admin().list_topics(timeout=timeout_s).topics
            return {name: TopicNow("", len(topics[name].partitions)) if name in topics else None for name in wanted}
        for name, future in self.admin().describe_topics(TopicCollection(wanted), request_timeout=timeout_s).items():
            try:
                described = future.result(timeout_s + _LATE_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
                found[name] = None
                continue
            topic_id = str(described.topic_id or "")
            found[name] = TopicNow("" if topic_id == _NO_ID else topic_id, len(described.partitions))
        return found

    def _has_controller(self, timeout_s: float) -> bool:
        """Whether there is a broker that describes topics; librdkafka's mock cluster has none, and topics there no ids."""
        if not self._controller_seen:
            metadata = self.admin().list_topics(timeout=timeout_s)
            self._controller_seen = metadata.controller_id in metadata.brokers
        return self._controller_seen

    def offsets(self, wanted: Mapping[Partition, Any], *, committed: bool = False, timeout_s: float = ANSWER_S) -> dict[Partition, int]:
        """Partition → offset; -1 where there is none (nothing at or after a time), left out where there is no leader to ask.

        Raises KafkaException when the cluster does not answer.
        """
        found: dict[Partition, int] = {}
        deadline = time.monotonic() + _LEADERS_S
        while left := {place: spec for place, spec in wanted.items() if place not in found}:
            self._ask_offsets(left, found, committed=committed, timeout_s=timeout_s)
            if time.monotonic() > deadline:
                break
            if len(found) < len(wanted):
                _PAUSE.wait(_PAUSE_S)
        return found

    def _ask_offsets(self, wanted: Mapping[Partition, Any], found: dict[Partition, int], *, committed: bool, timeout_s: float) -> None:
        """Fills `found`, but for partitions whose leader is just moving or away."""
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        asked = [(TopicPartition(topic, number), spec) for (topic, number), spec in wanted.items()]
        futures: dict[TopicPartition, Any] = {}
        for start in range(0, len(asked), _ASKED_AT_ONCE):
            part = dict(asked[start : start + _ASKED_AT_ONCE])
            futures.update(self.admin().list_offsets(part, isolation_level=level, request_timeout=timeout_s))
        for place, future in futures.items():
            try:
                found[place.topic, place.partition] = future.result(timeout_s + _LATE_S).offset
            except TimeoutError:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "offsets were not told in time")) from None
            except KafkaException as error:
                # leaders move: the client learns of the new one by being refused
                if error.args[0].code() not in _PASSING:
                    raise
                if error.args[0].code() in _OUTDATED:
                    # a handle asks for a minute by the epochs it knew before a broker restarted; a new one knows none
                    self._admin = None

    def compacted(self, topics: Sequence[str], timeout_s: float = ANSWER_S, *, if_unknown: bool = False) -> list[str]:
        """Those of the topics whose older records per key are cleaned away; with `if_unknown` also those we may not ask about."""
        if not self._has_controller(timeout_s):
            return list(topics) if if_unknown else []
        asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
        found = []
        for resource, future in self.admin().describe_configs(asked, request_timeout=timeout_s).items():
            try:
                policy = future.result(timeout_s + _LATE_S)["cleanup.policy"].value or ""
            except KafkaException as error:
                log.info("cannot read the configuration of %s: %s", resource.name, error.args[0].name())
                policy = "compact" if if_unknown else ""
            if "compact" in policy:
                found.append(str(resource.name))
        return sorted(found)

    def ends(self, partitions: Iterable[Partition], *, committed: bool = False, timeout_s: float = ANSWER_S) -> dict[Partition, int]:
        """Partition → the offset after its last record (committed: after the last stable one)."""
        return self.offsets(dict.fromkeys(partitions, OffsetSpec.latest()), committed=committed, timeout_s=timeout_s)

    def firsts(self, partitions: Iterable[Partition], *, timeout_s: float = ANSWER_S) -> dict[Partition, int]:
        """Partition → the first offset there is."""
        return self.offsets(dict.fromkeys(partitions, OffsetSpec.earliest()), timeout_s=timeout_s)


OUT_OF_RANGE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
"""What a consumer says when a position is not there: retention was quicker, or the log is shorter than it was."""
MAYBE_GONE = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.UNKNOWN_TOPIC_ID,
}
"""What a consumer says when a topic was deleted, or when a broker has not heard of it yet."""
_PASSING = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
}
_OUTDATED = {KafkaError.FENCED_LEADER_EPOCH, KafkaError.UNKNOWN_LEADER_EPOCH}
_ASKED_AT_ONCE = 1_000
"""Partitions in one request for offsets: the client's own work grows with their square."""
_PAUSE = threading.Event()
_PAUSE_S = 0.2
_LEADERS_S = 3.0
"""How long a partition without a leader is waited for."""

_CONSUMER_ONLY = {
    "group.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "check.crcs",
    "enable.partition.eof",
    "allow.auto.create.topics",
    "isolation.level",
}
