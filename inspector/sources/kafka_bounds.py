"""What the ends of a request mean in offsets, once, when a capture is pinned.

A time becomes the first offset whose record is at or after it. A broker that does not answer that question (some old and
test brokers) is asked for records instead: their times are bisected and then read forward, which is marked approximate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, TopicPartition

from inspector.event import format_time
from inspector.sources import Absence, Bound, Isolation, LogInfo, Request
from inspector.sources.kafka_client import Clients, OffsetSpec, Partition

_PROBE_S = 10.0
_BACK_STEPS = (1, 2, 10, 100, 1_000, 10_000)
_LISTED = 8
_NO_TIME = -1

Record = tuple[int, int]
"""(offset, time in ms)."""


class Bounds:
    """Resolves one request; what the user should know is appended to `notes`."""

    def __init__(self, clients: Clients, request: Request, notes: list[str]) -> None:
        self._clients = clients
        self._request = request
        self._notes = notes

    def resolve(self, logs: Sequence[LogInfo]) -> tuple[list[tuple[int, int | None]], list[Absence]]:
        """Per log what is asked, `[start, end)` with no end when following; and what retention has taken of it."""
        ends = self._ends(logs)
        starts = self._offsets(self._request.start, logs, ends, is_start=True)
        stops: Sequence[int | None]
        if self._request.end != Bound():
            stops = self._offsets(self._request.end, logs, ends, is_start=False)
        else:
            stops = [None] * len(logs) if self._request.follow else ends
        if not self._request.follow:
            stops = [self._pinned(info, stop, end) for info, stop, end in zip(logs, stops, ends, strict=True)]
        asked = [(start, stop if stop is None else max(start, stop)) for start, stop in zip(starts, stops, strict=True)]
        absent = []
        for place, (info, (start, stop)) in enumerate(zip(logs, asked, strict=True)):
            gone = info.first if stop is None else min(info.first, stop)
            if start < gone:
                absent.append(Absence(place, start, gone, "retention"))
        return asked, absent

    def _pinned(self, info: LogInfo, stop: int | None, end: int) -> int:
        """The end of a reading that waits for nothing: no position beyond what there is now."""
        if stop is None or stop <= end:
            return end if stop is None else stop
        self._notes.append(f"{_named(info)}: asked up to position {stop}, it ends at {end}: read to there (--follow waits for more)")
        return end

    def _ends(self, logs: Sequence[LogInfo]) -> list[int]:
        if self._request.isolation is not Isolation.committed:
            return [info.end for info in logs]
        stable = self._clients.ends([_place(info) for info in logs], committed=True)
        return [stable.get(_place(info), info.first) for info in logs]

    def _offsets(self, bound: Bound, logs: Sequence[LogInfo], ends: Sequence[int], *, is_start: bool) -> list[int]:
        if bound.time_us is not None:
            return self._at_time(bound.time_us, logs, ends, is_start=is_start)
        found = []
        for info, end in zip(logs, ends, strict=True):
            if bound.position is not None:
                if is_start and bound.position > end:
                    self._notes.append(f"{_named(info)}: position {bound.position} is beyond the end {end}")
                found.append(bound.position)
            elif bound.last is not None:
                found.append(max(info.first, end - bound.last))
            else:
                found.append(end if bound.edge == "latest" else info.first)
        return found

    # ---- times

    def _at_time(self, time_us: int, logs: Sequence[LogInfo], ends: Sequence[int], *, is_start: bool) -> list[int]:
        milliseconds = -(-time_us // 1000)
        answers = self._clients.offsets({_place(info): OffsetSpec.for_timestamp(milliseconds) for info in logs})
        unanswered = [(info, end) for info, end in zip(logs, ends, strict=True) if answers.get(_place(info), -1) < 0]
        tails = self._tails(unanswered)
        found: list[int] = []
        beyond: list[tuple[LogInfo, int | None]] = []
        for info, end in zip(logs, ends, strict=True):
            offset = answers.get(_place(info), -1)
            if offset < 0:
                offset = self._after_all(info, end, milliseconds, tails.get(_place(info)), beyond)
            found.append(min(max(offset, info.first), end) if not is_start else max(offset, info.first))
        if is_start:
            self._say_beyond(beyond, time_us)
            self._notes.append(
                f"at or after {format_time(time_us)} means, in each partition, the first offset with such a time: "
                "records with a later time at an earlier offset are not read"
            )
        return found

    def _say_beyond(self, beyond: Sequence[tuple[LogInfo, int | None]], time_us: int) -> None:
        for info, last_ms in beyond[:_LISTED]:
            last_time = None if last_ms in {None, _NO_TIME} else format_time((last_ms or 0) * 1000)
            last = f"last record {last_time}" if last_time else "no time of a last record is known"
            self._notes.append(f"{_named(info)}: nothing at or after {format_time(time_us)}, {last}")
        if len(beyond) > _LISTED:
            self._notes.append(f"… and {len(beyond) - _LISTED} more partitions with nothing at or after {format_time(time_us)}")

    def _after_all(self, info: LogInfo, end: int, milliseconds: int, last: Record | None, beyond: list[tuple[LogInfo, int | None]]) -> int:
        """The end when the last record is before the time; otherwise the broker did not answer, and records tell."""
        if last is None or last[1] < milliseconds:
            beyond.append((info, last[1] if last else None))
            return end
        self._notes.append(f"{_named(info)}: the broker does not look times up; the offset was found from record times and is approximate")
        return self._bisected(info, last[0], milliseconds)

    def _tails(self, logs: Sequence[tuple[LogInfo, int]]) -> dict[Partition, Record]:
        """The last record below the end given with each partition; markers and compaction may lie above it."""
        found: dict[Partition, Record] = {}
        left = [(info, end) for info, end in logs if info.first < end]
        for back in _BACK_STEPS:
            if not left:
                break
            spans = {_place(info): (max(info.first, end - back), end) for info, end in left}
            found.update(self._records(spans))
            left = [(info, end) for info, end in left if _place(info) not in found and end - back > info.first]
        return found

    def _bisected(self, info: LogInfo, high: int, milliseconds: int) -> int:
        low, place = info.first, _place(info)
        while high - low > 1000:
            middle = (low + high) // 2
            _, record = next(self._records({place: (middle, high)}), (place, None))
            if record is None or record[1] >= milliseconds:
                high = middle
            else:
                low = record[0] + 1
        read = (record for _, record in self._records({place: (low, high + 1)}))
        return next((offset for offset, ms in read if ms >= milliseconds), high)

    def _records(self, spans: Mapping[Partition, tuple[int, int]]) -> Iterator[tuple[Partition, Record]]:
        """The records of each partition's `[start, end)`, as they come; ends early when the broker goes silent."""
        left = dict(spans)
        consumer = self._clients.consumer()
        try:
            consumer.assign([TopicPartition(*place, start) for place, (start, _) in spans.items()])
            heard_s = time.monotonic()
            while left and time.monotonic() - heard_s < _PROBE_S:
                for message in consumer.consume(1000, 0.05):
                    heard_s = time.monotonic()
                    place, offset, error = (message.topic(), message.partition()), message.offset() or 0, message.error()
                    ended = error is not None and error.code() == KafkaError._PARTITION_EOF
                    end = left[place][1] if place in left else 0
                    if error is None and offset < end:
                        yield place, (offset, _milliseconds(message))
                    if ended or (error is None and offset >= end - 1):
                        left.pop(place, None)
        finally:
            consumer.close()


def _milliseconds(message: Any) -> int:
    stamp: tuple[int, int] = message.timestamp()
    return stamp[1]


def _place(info: LogInfo) -> Partition:
    return info.key.name, info.key.partition


def _named(info: LogInfo) -> str:
    return f"{info.key.name} partition {info.key.partition}"
