"""The shop in a process of its own: a Kafka cluster and a store in a folder, filled, then live until told to stop.

One JSON line on stdout says when and where it is ready; the end of stdin ends it. Read `shop` for what is written,
`headless` for a caller.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

from inspector.demo.faults import Account
from inspector.demo.kafka import ShopCluster
from inspector.demo.layout import Placed, place
from inspector.demo.model import TOPICS
from inspector.demo.shop import LEAST_HISTORY, events, scenario
from inspector.demo.store import ShopStore
from inspector.errors import UsageError
from inspector.event import format_time

STORE_FILE = "shop.db"
FAULTS_FILE = "faults.json"
_TICK_S = 0.05
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What to serve. `now_us` is when the live part begins in the story: None is the real now; `rate_per_s` counts events."""

    seed: int = 1
    history: int = 20_000
    rate_per_s: float = 20.0
    live: bool = True
    now_us: int | None = None

    def arguments(self) -> list[str]:
        """The same as options of `eventscope demo --serve DIR`."""
        given = ["--seed", str(self.seed), "--history", str(self.history), "--rate", repr(self.rate_per_s)]
        given += [] if self.live else ["--no-live"]
        return given if self.now_us is None else [*given, "--now", str(format_time(self.now_us))]


def serve(folder: Path, options: ServeOptions, out: TextIO, stop: threading.Event) -> None:
    """Runs the shop in `folder` until `stop` is set; writes the ready line to `out` once the history is in both logs.

    Raises UsageError when the folder cannot be used or the history is too short, SourceError when the cluster fails.
    """
    store_path = _fresh_store(folder)
    if options.history and options.history < LEAST_HISTORY:
        raise UsageError(f"the demo's history has at least {LEAST_HISTORY} events, or none with --history 0")
    started_us = time.time_ns() // 1000
    live_us = started_us if options.now_us is None else options.now_us
    story = scenario(options.seed, live_us, history=options.history, live_per_s=options.rate_per_s if options.live else 0.0)
    shop = _Shop(store_path, ShopCluster())
    try:
        feed = place(events(story))
        first_live = shop.fill(feed, live_us)
        _note_faults(folder, options, shop.account)
        out.write(json.dumps(shop.ready(folder)) + "\n")
        out.flush()
        if options.live:
            shop.follow(chain([first_live], feed), stop, ahead_us=live_us - started_us)
        stop.wait()
    finally:
        shop.close()


def stop_with_stdin(stop: threading.Event, descriptor: int = 0) -> None:
    """Sets `stop` when stdin ends: closed by a caller, or by the caller's own end."""

    def watch() -> None:
        while os.read(descriptor, 4096):  # not sys.stdin: a reader blocked in it would hold up the interpreter's end
            pass
        stop.set()

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def _fresh_store(folder: Path) -> Path:
    path = folder / STORE_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the demo cannot use {folder}: {error.strerror}") from None
    if path.exists():
        raise UsageError(f"{folder} already holds a {STORE_FILE}: give the demo another folder, or remove that file")
    return path


def _note_faults(folder: Path, options: ServeOptions, account: Account) -> None:
    noted = {"seed": options.seed, "history": options.history, "faults": account.to_json()}
    (folder / FAULTS_FILE).write_text(json.dumps(noted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


class _Shop:
    """The two places the shop writes to. The store comes first, as with an outbox."""

    def __init__(self, store_path: Path, cluster: ShopCluster) -> None:
        self._path = store_path
        self._cluster = cluster
        self._store = ShopStore(store_path)
        self._records = 0
        self._rows = 0
        self.account = Account()

    def fill(self, feed: Iterator[Placed], live_us: int) -> Placed:
        """Writes what lies before `live_us`, and gives the first event that does not."""
        batch: list[Placed] = []
        for placed in feed:
            if placed.event.at_us >= live_us:
                break
            self.account.add(placed)
            batch.append(placed)
            if len(batch) == _BATCH:
                self._write(batch)
                batch = []
        self._write(batch)
        self._cluster.flush()
        return placed

    def follow(self, feed: Iterator[Placed], stop: threading.Event, *, ahead_us: int) -> None:
        """Writes each event when its time has come, the story being `ahead_us` ahead of the real clock, until `stop` is set."""
        due: list[Placed] = []
        for placed in feed:
            while placed.event.at_us > time.time_ns() // 1000 + ahead_us:
                self._write(due)
                due = []
                if stop.wait(_TICK_S):
                    return
            due.append(placed)
            if len(due) == _BATCH:  # behind the clock: no time to wait
                self._write(due)
                due = []
                if stop.is_set():
                    return

    def ready(self, folder: Path) -> dict[str, object]:
        """The ready line: URLs of both sources, the topics, the account of the faults, records and rows written."""
        return {
            "kafka": f"kafka://{self._cluster.address}",
            "store": f"sqlite:///{self._path.absolute().as_posix()}",
            "topics": list(TOPICS),
            "faults": str((folder / FAULTS_FILE).absolute()),
            "events": self._records,
            "rows": self._rows,
        }

    def close(self) -> None:
        """Closes both; what was written stays in the store."""
        self._store.close()
        self._cluster.close()

    def _write(self, batch: list[Placed]) -> None:
        if batch:
            self._rows += self._store.append(batch)
            self._cluster.append(batch)
            self._records += len(batch)
