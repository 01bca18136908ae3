"""The reading loop: assigned partitions to batches, each partition done by its position and never by an empty poll.

Every batch is checked against the topics' ids after it was received and before it is given on, so that the records of a
topic and of its successor of the same name are never mixed. Read `kafka_columns` for the hot path, `kafka_lives` for
topics that come and go, `kafka_isolation` for aborted records.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from inspector.event import LogKey
from inspector.sources import Absence, Batch, Isolation, LogInfo, Plan, Request, Span
from inspector.sources.kafka_client import MAYBE_GONE, OUT_OF_RANGE, Clients, TopicNow
from inspector.sources.kafka_columns import columns, ends, placed, positions_of, sizes, stretches
from inspector.sources.kafka_cursor import Cursor
from inspector.sources.kafka_isolation import Undecided
from inspector.sources.kafka_lives import Lives, Turn

MOST_RECORDS = 20_000
MOST_BYTES = 16 * 1024 * 1024
_POLL_S = 0.2
_LOOK_S = 3.0
_DECIDE_S = 2.0
_ENDS_S = 1.0
_PAUSE_S = 0.05
_AWAY_S = 60.0
_ASK_S = 2.0
"""How long the cluster has to answer while we read: the loop must come round to say what it is waiting for."""

_Question = Future[dict[str, TopicNow | None]]

_DENIED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}


class Reading:
    """One reading of a plan. Not shared between threads."""

    def __init__(self, clients: Clients, plan: Plan, request: Request) -> None:
        self._clients = clients
        self._plan = plan
        self._request = request
        self._cursors: dict[int, Cursor] = {}
        self._places: dict[tuple[str | None, int | None], int] = {}
        self._last: dict[int, int] = {}
        self._moved: set[int] = set()
        """Partitions that went on to another span since the messages at hand were taken: an end said among them is of the old one."""
        topics = {info.key.name for info in plan.logs}
        self._topic = next(iter(topics)) if len(topics) == 1 else None
        self._most = 500
        self._looked_s = self._decided_s = self._ends_s = time.monotonic()
        self._notes: list[str] = []
        self._doubts: dict[int, str] = {}
        """Log → a note that is true only if the topic is still the same."""
        self._lives = Lives(plan.logs, request)
        self._asker = ThreadPoolExecutor(1, thread_name_prefix="topics")
        self._question: _Question | None = None
        self._undecided = Undecided(clients, self._notes) if request.isolation is Isolation.both else None
        isolation = "read_committed" if request.isolation is Isolation.committed else "read_uncommitted"
        for span in sorted(plan.spans, key=lambda span: (span.log, span.start)):
            self._add(span)
        self._consumer = clients.consumer(isolation)

    def _add(self, span: Span) -> Cursor:
        cursor = self._cursors.get(span.log)
        if cursor is not None:
            cursor.spans.append(span)
            return cursor
        self._cursors[span.log] = cursor = Cursor(span.log, self._plan.logs[span.log].key, deque([span]), span.start)
        self._places[cursor.partition] = span.log
        if self._undecided is not None:
            self._undecided.start(span.log, cursor.key, span.start)
        return cursor

    # ---- the loop

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Batches until every span is done or `stop` is set."""
        self._consumer.assign([TopicPartition(*cursor.partition, self._first_offset(cursor)) for cursor in self._cursors.values()])
        while (self._cursors or self._lives.are_awaited) and not stop.is_set():
            batch = self._batch(self._consumer.consume(self._most, _POLL_S))
            if any(cursor.shorter_since_s is not None for cursor in self._cursors.values()):
                stop.wait(_POLL_S)
            self._ask(is_waited_for=self._claims(batch))
            while not self._is_of_these_topics(batch):
                # without an answer nobody can tell whose records these are: they wait, and the state is said
                yield Batch(state=self._clients.health.take())
                if stop.wait(_PAUSE_S):
                    return
            self._see_ends(batch)
            self._decide_some(batch, stop)
            batch.state = self._clients.health.take()
            batch.notes, self._notes[:] = [*batch.notes, *self._notes], []
            yield from self._parts(batch)

    def _first_offset(self, cursor: Cursor) -> int:
        """A start asked for beyond the end is waited for from the end: the broker refuses positions it does not have."""
        asked = self._request.start.position
        end = self._plan.logs[cursor.place].end
        return end if asked is not None and asked == cursor.position > end else cursor.position

    def decided(self, stop: threading.Event) -> Iterator[Batch]:
        """After the last batch: what of it was aborted, and what is still open; a cluster that is away is waited for a while."""
        if self._undecided is None:
            return
        batch, until_s = Batch(), time.monotonic() + _AWAY_S
        said = len(self._notes)
        while not self._decide(batch, stop, is_last=True) and time.monotonic() < until_s and not stop.is_set():
            del self._notes[said:]
            yield Batch(state=self._clients.health.take())
            stop.wait(_POLL_S)
        batch.notes, self._notes[:] = list(self._notes), []
        if batch.changes or batch.decided or batch.notes:
            yield batch

    def close(self) -> None:
        """Lets the consumer go; nothing is committed."""
        self._consumer.close()
        self._asker.shutdown(wait=False, cancel_futures=True)

    def _batch(self, messages: list[Message]) -> Batch:
        batch = Batch()
        self._moved.clear()
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
            log, position = placed(messages, self._places, self._topic)
        except KeyError:
            # left over from a partition that is done
            messages = [message for message in messages if (message.topic(), message.partition()) in self._places]
            log, position = placed(messages, self._places, self._topic)
        if self._outside(log, position):
            messages = [message for message in messages if self._is_wanted(message)]
            log, position = placed(messages, self._places, self._topic)
            self._last = dict(zip(log, position, strict=True))
        sieve = self._request.sieve
        whole = [place for place in self._last if sieve is not None and not self._request.is_sifted(place)]
        batch.records, total = columns(messages, log, position, sieve, whole)
        if self._undecided is not None:
            for place in self._last:
                self._undecided.read(place, positions_of(log, position, place))
        for place, last in self._last.items():
            self._cursors[place].shorter_since_s = None
            self._reached(batch, self._cursors[place], last + 1)
        if messages:
            self._most = max(1, min(MOST_RECORDS, MOST_BYTES * len(messages) // total, self._most * 8))

    def _outside(self, log: list[int], position: list[int]) -> bool:
        """Whether some records lie outside their span (after a seek, or beyond a pinned end). Notes the last of each log."""
        first, self._last = ends(log, position)
        outside = False
        for place, last in self._last.items():
            cursor = self._cursors[place]
            outside |= first[place] < cursor.position or (cursor.end is not None and last >= cursor.end)
        return outside

    def _is_wanted(self, message: Message) -> bool:
        cursor = self._cursors[self._places[message.topic(), message.partition()]]
        offset = message.offset() or 0
        return cursor.position <= offset and (cursor.end is None or offset < cursor.end)

    def _reached(self, batch: Batch, cursor: Cursor, position: int) -> None:
        """The partition is read up to `position`; a span that is done makes room for the next."""
        if position < cursor.position:
            return
        end = cursor.end
        cursor.position = position if end is None else min(position, end)
        batch.read_to[cursor.place] = cursor.position
        if self._undecided is not None:
            self._undecided.reached(cursor.place, cursor.position)
        if end is not None and cursor.position >= end:
            self._next_span(cursor)

    def _next_span(self, cursor: Cursor) -> None:
        cursor.spans.popleft()
        self._moved.add(cursor.place)
        self._consumer.incremental_unassign([TopicPartition(*cursor.partition)])
        if not cursor.spans:
            self._drop(cursor)
            return
        if self._undecided is not None:
            self._undecided.skip(cursor.place, cursor.position, cursor.spans[0].start)
        cursor.position = cursor.spans[0].start
        self._consumer.incremental_assign([TopicPartition(*cursor.partition, cursor.position)])

    def _drop(self, cursor: Cursor) -> None:
        del self._cursors[cursor.place]
        del self._places[cursor.partition]

    def _parts(self, batch: Batch) -> Iterator[Batch]:
        """The batch, in parts where large values came after small ones."""
        each = sizes(batch.records)
        if sum(each) > MOST_BYTES:
            *before, last = stretches(each, MOST_BYTES)
            for rows in before:
                part = batch.records.rows(rows)
                yield Batch(records=part, read_to={place: position + 1 for place, position in zip(part.log, part.position, strict=True)})
            batch.records = batch.records.rows(last)
        yield batch

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
            if place not in self._moved:
                self._reached(batch, cursor, message.offset() or 0)
        elif code in OUT_OF_RANGE:
            self._out_of_range(batch, cursor)
        elif code in MAYBE_GONE:
            self._looked_s = 0.0
        else:
            self._notes.append(f"{cursor.named}: {error.str()}")

    def _out_of_range(self, batch: Batch, cursor: Cursor) -> None:
        """Retention has overtaken the read, or the log is shorter than it was: says so and goes on where records are."""
        self._looked_s = 0.0
        try:
            first = self._clients.firsts([cursor.partition], timeout_s=_ASK_S)[cursor.partition]
            end = self._clients.ends([cursor.partition], timeout_s=_ASK_S)[cursor.partition]
        except (KafkaException, KeyError):
            self._again(cursor, cursor.position)
            return
        if cursor.position < first:
            self._overtaken(batch, cursor, first)
        elif cursor.is_beyond(end):
            self._doubts[cursor.place] = f"{cursor.named}: the log ends at {end}, before {cursor.position}: the cluster has lost records"
            if cursor.end is not None:
                self._next_span(cursor)
                return
            cursor.position = end
        if self._cursors.get(cursor.place) is cursor:
            self._again(cursor, cursor.position)

    def _overtaken(self, batch: Batch, cursor: Cursor, first: int) -> None:
        gone = first if cursor.end is None else min(first, cursor.end)
        batch.absent.append(Absence(cursor.place, cursor.position, gone, "retention"))
        batch.first[cursor.place] = first
        if self._undecided is not None:
            self._undecided.skip(cursor.place, cursor.position, gone)
        self._reached(batch, cursor, gone)

    def _again(self, cursor: Cursor, position: int) -> None:
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
        if self._undecided is None or self._clients.health.is_down:
            return
        is_due = self._request.follow and time.monotonic() - self._decided_s >= _DECIDE_S
        if is_due or self._undecided.is_much():
            self._decide(batch, stop)

    def _decide(self, batch: Batch, stop: threading.Event, *, is_last: bool = False) -> bool:
        """Whether the cluster answered; what it did not tell is said in a note."""
        assert self._undecided is not None
        try:
            decision = self._undecided.decide(stop, is_last=is_last)
        except KafkaException as error:
            self._clients.health.unanswered()
            hope = "capturing again tells" if is_last else "it is asked again"
            self._notes.append(f"which records were aborted cannot be told now: {error.args[0].str()}; {hope}")
        else:
            batch.changes.extend(decision.changes)
            batch.decided = [*(batch.decided or []), *decision.stretches]
            return decision.is_answered
        finally:
            self._decided_s = time.monotonic()
        return False

    # ---- one life of a topic, and the next

    def _claims(self, batch: Batch) -> bool:
        """Whether the batch says anything of a topic, which is true only if it is the one that was asked for."""
        return self._lives.have_ids and bool(len(batch.records) or batch.read_to or batch.absent or self._doubts)

    def _ask(self, *, is_waited_for: bool) -> None:
        """Asks what the topics are now, when the answer is waited for or it is time."""
        if is_waited_for:
            # an answer that was asked for before these records came says nothing of them
            self._question = self._asker.submit(self._clients.topics_now, self._lives.names, _ASK_S)
        elif self._question is None and time.monotonic() - self._looked_s >= _LOOK_S:
            self._question = self._asker.submit(self._clients.topics_now, self._lives.names, _ASK_S)

    def _is_of_these_topics(self, batch: Batch) -> bool:
        """Makes sure that what the batch says is of the topics that were asked for; False while that cannot be known."""
        has_to_know = self._claims(batch)
        if self._question is None:
            self._say_doubts()
            return True
        if not wait([self._question], _POLL_S if has_to_know else 0).done:
            return not has_to_know
        try:
            now = self._question.result()
        except KafkaException:
            self._question = None
            self._clients.health.unanswered()
            self._ask(is_waited_for=has_to_know)
            return not has_to_know
        self._question, self._looked_s = None, time.monotonic()
        self._clients.health.worked()
        self._turn(batch, self._lives.compare(now))
        self._say_doubts()
        return True

    def _say_doubts(self) -> None:
        self._notes.extend(self._doubts.values())
        self._doubts.clear()

    def _turn(self, batch: Batch, turn: Turn) -> None:
        for name in turn.gone:
            self._close_topic(batch, name)
        for key in turn.opened:
            self._open(batch, key)
        self._notes.extend(turn.notes)

    def _close_topic(self, batch: Batch, name: str) -> None:
        """Records received before the change was seen may be of either topic: they are left out, and not counted as read."""
        live = [cursor for cursor in self._cursors.values() if cursor.key.name == name]
        touched = {place for place in {*batch.records.log, *batch.read_to, *self._doubts} if self._plan.logs[place].key.name == name}
        gone = touched.union(cursor.place for cursor in live)
        kept = [row for row, place in enumerate(batch.records.log) if place not in gone]
        if len(kept) < len(batch.records):
            batch.records = batch.records.rows(kept)
        batch.absent = [absence for absence in batch.absent if absence.log not in gone]
        for place in gone:
            batch.read_to.pop(place, None)
            batch.first.pop(place, None)
            self._doubts.pop(place, None)
            batch.closed.append(place)
            if self._undecided is not None:
                self._undecided.forget(place)
        for cursor in live:
            self._consumer.incremental_unassign([TopicPartition(*cursor.partition)])
            self._drop(cursor)

    def _open(self, batch: Batch, key: LogKey) -> None:
        info = LogInfo(key, 0, 0)
        span = Span(len(self._plan.logs), 0, None)
        self._plan.logs.append(info)
        batch.opened.append((info, span))
        self._add(span)
        self._consumer.incremental_assign([TopicPartition(key.name, key.partition, 0)])
