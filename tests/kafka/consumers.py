"""Real consumers in groups: what the lag that is shown is compared with."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, TopicPartition

from tests.kafka.helpers import Cluster, wait_until


class GroupConsumer:
    """One member of a group; `protocol` is classic or consumer (KIP-848). Reads and commits exactly as much as it is told to."""

    def __init__(self, cluster: Cluster, group: str, topic: str, *, protocol: str = "classic", client_id: str = "reader") -> None:
        timing = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500} if protocol == "classic" else {}
        self._topic = topic
        self._lock = threading.Lock()
        self._consumer = Consumer(
            {
                "bootstrap.servers": cluster.broker.bootstrap,
                "group.id": group,
                "client.id": client_id,
                "group.protocol": protocol,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
                **timing,
            }
        )
        self._consumer.subscribe([topic])
        self.read = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self) -> None:
        """Waits until it has partitions."""
        wait_until(self._has_partitions, "the consumer has partitions")

    def _has_partitions(self) -> bool:
        self._keep(self._consumer.poll(0.1))
        return bool(self._consumer.assignment())

    def _keep(self, message: object) -> None:
        """A record that came while it only joined is read again later."""
        if message is not None and getattr(message, "error", lambda: True)() is None:
            self._consumer.seek(TopicPartition(message.topic(), message.partition(), message.offset()))  # type: ignore[attr-defined]

    def take(self, count: int) -> None:
        """Reads `count` records and commits."""
        left = count
        while left:
            taken = [message for message in self._consumer.consume(left, 0.5) if message.error() is None]
            left -= len(taken)
        self.read += count
        self._consumer.commit(asynchronous=False)

    def go(self, rate_per_s: float) -> None:
        """From now on reads at a steady rate, committing after each record or few."""
        self._thread = threading.Thread(target=self._go, args=(rate_per_s,), daemon=True)
        self._thread.start()

    def _go(self, rate_per_s: float) -> None:
        began_s, done = time.monotonic(), 0
        while not self._stop.wait(0.02):
            due = int((time.monotonic() - began_s) * rate_per_s) - done
            taken = [message for message in self._consumer.consume(due, 0.1) if message.error() is None] if due else []
            if taken:
                done += len(taken)
                self.read += len(taken)
                self._consumer.commit(asynchronous=False)

    def stop(self) -> None:
        """It no longer reads, and stays in its group."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join(10)
            self._thread = None
            self._stop.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._consumer.close()
