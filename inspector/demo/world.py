"""The shop while it runs: its clock, its processes, the stock, and the next version of every stream. No I/O, no real clock.

A process is a generator that yields the seconds it waits; the world wakes it up. All chance comes from one seeded
generator, so the same seed and times give the same events. Read `sagas` and `trade` for the processes.
"""

from __future__ import annotations

import heapq
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from inspector.demo.day import SECOND_US
from inspector.demo.faults import Plants
from inspector.demo.model import ARTICLES, COLLECTORS_ITEM, Article, Category, Mark, ShopEvent

Process = Iterator[float]
"""What happens over time: yields the seconds until it goes on."""


@dataclass(slots=True)
class Shelf:
    """One article's stock, price and whether it is on sale."""

    article: Article
    price: Decimal
    on_hand: int = 0
    reserved: int = 0
    listed: bool = True
    on_order: bool = False

    @property
    def available(self) -> int:
        """Pieces that may still be promised; below zero once oversold."""
        return self.on_hand - self.reserved


class World:
    """Everything the processes share."""

    def __init__(self, seed: int, start_us: int, live_us: int, plants: Plants) -> None:
        self.rng = random.Random(seed)
        self.now_us = start_us
        self.start_us = start_us
        self.live_us = live_us
        self.plants = plants
        self.shelves = {article.sku: Shelf(article, article.price) for article in (*ARTICLES, COLLECTORS_ITEM)}
        self._versions: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._waiting: list[tuple[int, int, Process]] = []
        self._started = 0
        self._emitted: list[ShopEvent] = []
        self._orders = 100_000

    def start(self, process: Process, *, after_s: float = 0.0) -> None:
        """Lets `process` begin `after_s` from now."""
        self._wake_at(self.now_us + round(after_s * SECOND_US), process)

    def run(self) -> Iterator[ShopEvent]:
        """What all processes do, in the order of time, until none is left."""
        while self._waiting:
            self.now_us, _, process = heapq.heappop(self._waiting)
            wait_s = next(process, None)
            if wait_s is not None:
                self._wake_at(self.now_us + round(wait_s * SECOND_US), process)
            yield from self._emitted
            self._emitted.clear()

    def _wake_at(self, at_us: int, process: Process) -> None:
        self._started += 1  # processes due at the same instant go in the order they asked
        heapq.heappush(self._waiting, (at_us, self._started, process))

    def emit(
        self,
        category: Category,
        stream: str,
        kind: str,
        data: Mapping[str, object],
        *,
        actor: str,
        cause: ShopEvent | None = None,
        schema_version: int = 1,
        mark: Mark | None = None,
    ) -> ShopEvent:
        """Makes the next event of `stream`, caused by `cause` and of the same correlation, and hands it out."""
        self._versions[category.name, stream] += 1
        event = self.plants.alter(
            ShopEvent(
                at_us=self.now_us,
                time_us=self.now_us,
                id=self.new_id(),
                category=category,
                stream=stream,
                version=self._versions[category.name, stream],
                kind=kind,
                data=data,
                actor=actor,
                correlation_id=cause.correlation_id if cause else self.new_id(),
                causation_id=cause.id if cause else None,
                schema_version=schema_version,
                mark=mark,
            )
        )
        self._emitted.append(event)
        return event

    def redeliver(self, event: ShopEvent, mark: Mark) -> ShopEvent:
        """Sends `event` to Kafka once more, with the same id and the same bytes."""
        again = replace(event, redelivery=True, mark=mark)
        self._emitted.append(again)
        return again

    def new_id(self) -> str:
        """A random UUID, from the seed."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def new_order_number(self) -> int:
        """The next order number."""
        self._orders += 1
        return self._orders

    def seconds(self, least: float, most: float) -> float:
        """A wait between `least` and `most`."""
        return self.rng.uniform(least, most)

    def progress(self) -> float:
        """How much of the history is over: 0 at its start, 1 where the live part begins."""
        span_us = self.live_us - self.start_us
        return 1.0 if span_us <= 0 else (self.now_us - self.start_us) / span_us
