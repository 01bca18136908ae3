"""Who looks at the consumer groups of a source, and how far they are, every few seconds beside its reading, as samples in its batches.

Read `groups` for what is measured, `kafka` for who reads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import cast

from inspector.errors import SourceError
from inspector.sources import Batch, factory_of
from inspector.sources.groups import GroupsLook, GroupsReader

EVERY_S = 5.0


def open_groups(url: str, config: Mapping[str, str] | None = None) -> GroupsReader | None:
    """Who looks at the consumer groups of a source; None where there are none. Raises UsageError for an address that means nothing."""
    asked = getattr(factory_of(url), "groups", None)
    return None if asked is None else cast("GroupsReader", asked(url, dict(config or {})))


def with_samples(
    batches: Generator[Batch, None, None], reader: GroupsReader, names: Sequence[str], stop: threading.Event
) -> Generator[Batch, None, None]:
    """The batches, some of them with samples of the groups; one look more when all is read. Closes `reader`.

    What cannot be looked at is said in notes, each once, and keeps nothing from being read.
    """
    looking = _Looking(reader, names)
    try:
        with closing(batches):
            for batch in batches:
                looking.add_to(batch)
                yield batch
        if not stop.is_set() or not looking.has_looked:
            last = Batch()
            looking.finish(last)
            yield last
    finally:
        looking.close()


class _Looking:
    """Looks in a thread of its own, so that reading never waits for it."""

    def __init__(self, reader: GroupsReader, names: Sequence[str]) -> None:
        self._reader, self._names = reader, names
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="groups")
        self._asked_s = time.monotonic()
        self._look: Future[GroupsLook] | None = self._executor.submit(reader.look, names)
        self._said: set[str] = set()
        self.has_looked = False

    def add_to(self, batch: Batch) -> None:
        """What is known by now; asks again when it is time."""
        if self._look is not None and self._look.done():
            self._take(batch, self._look)
            self._look = None
        if self._look is None and time.monotonic() - self._asked_s >= EVERY_S:
            self._asked_s = time.monotonic()
            self._look = self._executor.submit(self._reader.look, self._names)

    def finish(self, batch: Batch) -> None:
        """One more look, waited for."""
        waiting, self._look = self._look, None
        self._take(batch, waiting or self._executor.submit(self._reader.look, self._names))

    def _take(self, batch: Batch, asked: Future[GroupsLook]) -> None:
        try:
            look = asked.result()
        except SourceError as error:
            self._note(batch, f"the lag of consumer groups is not known now: {error}")
            return
        self.has_looked = True
        batch.samples = list(look.samples())
        for note in look.notes:
            self._note(batch, note)
        for group in look.groups:
            if group.error:
                self._note(batch, group.error)

    def _note(self, batch: Batch, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            batch.notes.append(text)

    def close(self) -> None:
        """Lets go of the groups once the look that is under way has ended."""
        self._executor.submit(self._reader.close)
        self._executor.shutdown(wait=False)
