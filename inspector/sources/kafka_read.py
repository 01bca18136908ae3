"""The reading loop: assigned partitions to batches, each partition done by its position and never by an empty poll.

Every batch is checked against the topics' ids after it was received and before it is given on, so that the records of a
topic and of its successor of the same name are never mixed. Read `kafka_columns` for the hot path.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from inspector.event import LogKey, RecordBatch
from inspector.sources import Absence, Batch, Isolation, LogInfo, Plan, Request, Span
from inspector.sources.kafka_client import Clients, Partition, TopicNow
from inspector.sources.kafka_columns import columns
from inspector.sources.kafka_isolation import Undecided

MOST_RECORDS = 20_000
MOST_BYTES = 16 * 1024 * 1024
_POLL_S = 0.2
_LOOK_S = 3.0
_DECIDE_S = 2.0
_ENDS_S = 1.0
_RETRY_S = 0.5

_OUT_OF_RANGE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
_MAYBE_GONE = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.UNKNOWN_TOPIC_ID,
}
_DENIED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}


@dataclass(slots=True)
class _Cursor:
    """Where one partition is: the span being read first, and the position that comes next in it."""

    place: int
    partition: Partition
    spans: deque[Span]
    position: int

    @property
    def end(self) -> int | None:
        return self.spans[0].end


class Reading:
    """One reading of a plan. Not shared between threads."""

    def __init__(self, clients: Clients, plan: Plan, request: Request) -> None:
        self._clients = clients
        self._plan = plan
        self._request = request
        self._cursors: dict[int, _Cursor] = {}
        self._places: dict[tuple[str | None, int | None], int] = {}
        self._most = 500
        self._looked_s = self._decided_s = self._ends_s = time.monotonic()
        self._notes: list[str] = []
        self._awaited: dict[str, str] = {}
        """Topics that were deleted, with their old ids: one of the same name may come."""
        self._undecided = Undecided(clients, {}) if request.isolation is Isolation.both else None
        isolation = "read_committed" if request.isolation is Isolation.committed else "read_uncommitted"
        self._consumer = clients.consumer(isolation)
        for span in sorted(plan.spans, key=lambda span: (span.log, span.start)):
            self._add(span)

    def _add(self, span: Span) -> None:
        cursor = self._cursors.get(span.log)
        if cursor is not None:
            cursor.spans.append(span)
            return
        key = self._plan.logs[span.log].key
        self._cursors[span.log] = cursor = _Cursor(span.log, (key.name, key.partition), deque([span]), span.start)
        self._places[cursor.partition] = span.log
        if self._undecided is not None:
            self._undecided.start(span.log, cursor.partition, span.start)

    # ---- the loop

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Batches until every span is done or `stop` is set."""
        self._consumer.assign([TopicPartition(*cursor.partition, cursor.position) for cursor in self._cursors.values()])
        while (self._cursors or (self._request.follow and self._awaited)) and not stop.is_set():
            batch = self._batch(self._consumer.consume(self._most, _POLL_S))
            while not self._same_topics(batch):
                # without an answer nobody can tell whose records these are: they wait, and the state is said
                yield Batch(state=self._clients.health.take())
                if stop.wait(_RETRY_S):
                    return
            self._adapt(batch.records)
            self._see_ends(batch)
            self._decide_some(batch, stop)
            batch.state = self._clients.health.take()
            batch.notes, self._notes = [*batch.notes, *self._notes], []
            yield batch

    def decided(self) -> Iterator[Batch]:
        """After the last batch: what of it was aborted, and what is still open."""
        if self._undecided is None:
            return
        try:
            changes = list(self._undecided.decide())
        except KafkaException as error:
            yield Batch(notes=[f"could not tell which records were aborted: {self._clients.explained(error)}"])
            return
        if changes:
            yield Batch(changes=changes)

    def close(self) -> None:
        """Lets the consumer go; nothing is committed."""
        self._consumer.close()

    def _batch(self, messages: list[Message]) -> Batch:
        batch = Batch()
        failures = [message for message in messages if message.error() is not None]
        if failures:
            messages = [message for message in messages if message.error() is None]
        if messages:
            self._clients.health.worked()
            self._take(batch, messages)
        for message in failures:
            self._failed(batch, message)
        return batch

    def _take(self, batch: Batch, messages: list[Message]) -> None:
        try:
            records = columns(messages, self._places)
        except KeyError:
            # left over from a partition that is done
            messages = [message for message in messages if (message.topic(), message.partition()) in self._places]
            records = columns(messages, self._places) if messages else RecordBatch()
        if self._outside(records):
            messages = [message for message in messages if self._is_wanted(message)]
            records = columns(messages, self._places) if messages else RecordBatch()
        batch.records = records
        for place, last in self._last.items():
            self._reached(batch, self._cursors[place], last + 1)

    def _outside(self, records: RecordBatch) -> bool:
        """Whether some records lie outside their span (after a seek, or beyond a pinned end). Notes the last of each log."""
        self._last: dict[int, int] = dict(zip(records.log, records.position, strict=True))
        first = dict(zip(reversed(records.log), reversed(records.position), strict=True))
        outside = False
        for place, last in self._last.items():
            cursor = self._cursors[place]
            outside |= first[place] < cursor.position or (cursor.end is not None and last >= cursor.end)
        return outside

    def _is_wanted(self, message: Message) -> bool:
        cursor = self._cursors[self._places[message.topic(), message.partition()]]
        offset = message.offset() or 0
        return cursor.position <= offset and (cursor.end is None or offset < cursor.end)

    def _reached(self, batch: Batch, cursor: _Cursor, position: int) -> None:
        """The partition is read up to `position`; a span that is done makes room for the next."""
        if position < cursor.position:
            return
        end = cursor.end
        cursor.position = position if end is None else min(position, end)
        batch.read_to[cursor.place] = cursor.position
        if end is not None and cursor.position >= end:
            self._next_span(cursor)

    def _next_span(self, cursor: _Cursor) -> None:
        cursor.spans.popleft()
        self._consumer.incremental_unassign([TopicPartition(*cursor.partition)])
        if cursor.spans:
            cursor.position = cursor.spans[0].start
            self._consumer.incremental_assign([TopicPartition(*cursor.partition, cursor.position)])
        else:
            self._drop(cursor)

    def _drop(self, cursor: _Cursor) -> None:
        del self._cursors[cursor.place]
        del self._places[cursor.partition]

    def _adapt(self, records: RecordBatch) -> None:
        """As many records a time as keep a batch under its size."""
        if not len(records):
            return
        size = sum(map(len, filter(None, records.value))) + sum(map(len, filter(None, records.key)))
        average = size / len(records) + 64
        self._most = max(1, min(MOST_RECORDS, int(MOST_BYTES / average), self._most * 8))

    # ---- what is not a record

    def _failed(self, batch: Batch, message: Message) -> None:
        error = message.error()
        assert error is not None
        place = self._places.get((message.topic(), message.partition()))
        code = error.code()
        if code in _DENIED:
            raise self._clients.explained(KafkaException(error), message.topic())
        if place is None:
            return
        cursor = self._cursors[place]
        if code == KafkaError._PARTITION_EOF:
            self._clients.health.worked()
            self._reached(batch, cursor, message.offset() or 0)
        elif code in _OUT_OF_RANGE:
            self._out_of_range(batch, cursor)
        elif code in _MAYBE_GONE:
            self._looked_s = 0.0
        else:
            self._notes.append(f"{cursor.partition[0]} partition {cursor.partition[1]}: {error.str()}")

    def _out_of_range(self, batch: Batch, cursor: _Cursor) -> None:
        """Retention has overtaken the read, or the log is shorter than it was: says so and goes on where records are."""
        self._looked_s = 0.0
        try:
            first = self._clients.firsts([cursor.partition])[cursor.partition]
            end = self._clients.ends([cursor.partition])[cursor.partition]
        except (KafkaException, KeyError):
            self._again(cursor, cursor.position)
            return
        if cursor.position < first:
            gone = first if cursor.end is None else min(first, cursor.end)
            batch.absent.append(Absence(cursor.place, cursor.position, gone, "retention"))
            batch.first[cursor.place] = first
            self._reached(batch, cursor, gone)
        elif cursor.position > end:
            self._notes.append(
                f"{cursor.partition[0]} partition {cursor.partition[1]}: the log ends at {end}, before {cursor.position}: "
                "the cluster has lost records"
            )
            if cursor.end is not None:
                self._next_span(cursor)
                return
            cursor.position = end
        if cursor.place in self._cursors:
            self._again(cursor, cursor.position)

    def _again(self, cursor: _Cursor, position: int) -> None:
        self._consumer.incremental_unassign([TopicPartition(*cursor.partition)])
        self._consumer.incremental_assign([TopicPartition(*cursor.partition, position)])

    def _see_ends(self, batch: Batch) -> None:
        now = time.monotonic()
        if now - self._ends_s < _ENDS_S:
            return
        self._ends_s = now
        for cursor in self._cursors.values():
            try:
                low, high = self._consumer.get_watermark_offsets(TopicPartition(*cursor.partition), cached=True) or (-1, -1)
            except KafkaException:
                continue
            if high >= 0:
                batch.end[cursor.place] = high
            if low >= 0 and high >= 0:
                batch.first[cursor.place] = max(low, batch.first.get(cursor.place, 0))

    def _decide_some(self, batch: Batch, stop: threading.Event) -> None:
        if self._undecided is None:
            return
        self._undecided.read(batch.records.log, batch.records.position, batch.read_to)
        for info, span in batch.opened:
            self._undecided.start(span.log, (info.key.name, info.key.partition), span.start)
        if not self._request.follow or time.monotonic() - self._decided_s < _DECIDE_S or self._clients.health.is_down:
            return
        self._decided_s = time.monotonic()
        try:
            batch.changes.extend(self._undecided.decide(stop))
        except KafkaException as error:
            self._notes.append(f"could not tell which records were aborted: {error.args[0].str()}")

    # ---- one life of a topic, and the next

    def _same_topics(self, batch: Batch) -> bool:
        """Makes sure that the batch's records are of the topics that were asked for; False while that cannot be known."""
        due = time.monotonic() - self._looked_s >= _LOOK_S
        if not len(batch.records) and not due:
            return True
        watched = {info.key.name: info.key.incarnation for info in self._plan.logs if info.key.incarnation}
        if not watched:
            return True
        try:
            now = self._clients.topics_now(watched, timeout_s=2.0)
        except KafkaException:
            return not len(batch.records)
        self._looked_s = time.monotonic()
        for name, topic in now.items():
            self._compare(batch, name, watched[name], topic)
        return True

    def _compare(self, batch: Batch, name: str, old: str, topic: TopicNow | None) -> None:
        """Compares a topic's id with the newest one known, `old`."""
        live = [cursor for cursor in self._cursors.values() if cursor.partition[0] == name]
        touched = {place for place in {*batch.records.log, *batch.read_to} if self._plan.logs[place].key.name == name}
        if topic is not None and topic.topic_id == old:
            if name not in self._awaited and self._request.follow:
                self._new_partitions(batch, name, topic)
            return
        if live or touched:
            self._close_topic(batch, live, touched)
            self._awaited[name] = old
            came = " and made again" if topic is not None else ""
            self._notes.append(f"topic {name} was deleted{came}; what was read of it stays")
        if topic is not None and name in self._awaited and self._request.follow:
            del self._awaited[name]
            for number in self._numbers(topic):
                self._open(batch, LogKey(name, number, topic.topic_id))

    def _close_topic(self, batch: Batch, live: Sequence[_Cursor], touched: set[int]) -> None:
        """Records received before the change was seen may be of either topic: they are left out, and not counted as read."""
        gone = touched.union(cursor.place for cursor in live)
        batch.records = _without(batch.records, gone)
        for place in gone:
            batch.read_to.pop(place, None)
            batch.closed.append(place)
        for cursor in live:
            self._consumer.incremental_unassign([TopicPartition(*cursor.partition)])
            self._drop(cursor)
            if self._undecided is not None:
                self._undecided.forget(cursor.place)

    def _numbers(self, topic: TopicNow) -> list[int]:
        wanted = set(self._request.partitions)
        return [number for number in range(topic.partitions) if not wanted or number in wanted]

    def _new_partitions(self, batch: Batch, name: str, topic: TopicNow) -> None:
        if self._request.key is not None:
            return
        known = {info.key.partition for info in self._plan.logs if info.key.name == name and info.key.incarnation == topic.topic_id}
        for number in self._numbers(topic):
            if number not in known:
                self._notes.append(f"topic {name} has a new partition {number}")
                self._open(batch, LogKey(name, number, topic.topic_id))

    def _open(self, batch: Batch, key: LogKey) -> None:
        info = LogInfo(key, 0, 0)
        span = Span(len(self._plan.logs), 0, None)
        self._plan.logs.append(info)
        batch.opened.append((info, span))
        self._add(span)
        self._consumer.incremental_assign([TopicPartition(key.name, key.partition, 0)])


def _without(records: RecordBatch, places: set[int]) -> RecordBatch:
    """The rows of other logs."""
    kept = [row for row, place in enumerate(records.log) if place not in places]
    if len(kept) == len(records.log):
        return records
    renumbered = {row: new for new, row in enumerate(kept)}
    left = RecordBatch(
        *(
            [column[row] for row in kept]
            for column in (records.log, records.position, records.time_us, records.time_kind, records.key, records.value, records.headers)
        )  # type: ignore[arg-type]
    )
    left.error = {renumbered[row]: text for row, text in records.error.items() if row in renumbered}
    left.flags = {renumbered[row]: bits for row, bits in records.flags.items() if row in renumbered}
    left.extra = {renumbered[row]: extra for row, extra in records.extra.items() if row in renumbered}
    return left
