"""Decoding and identity once more, from the bytes a capture holds: with another profile, newer rules or better decoders.

What was read is never changed; what it means is, in transactions of at most 20,000 events, so that the capture is right
at every instant. What the source itself said of an event (its envelope) is kept. Read `identify` for the rules,
`capture.rereading` for what is read, `capture.rewrite` for what is replaced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspector.capture.condition import Condition
from inspector.capture.damage import damage_said
from inspector.capture.rereading import LOGS, RECORDS, RECORDS_OF_LOG, StoredPage, first_values, identifier_of, stored_log
from inspector.capture.schemas import Waiting, waiting
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag
from inspector.identify import Profile
from inspector.schemas import Place, Schemas
from inspector.schemas.topic import TOPIC, SchemasTopic

BATCH_ROWS = 20_000
BATCH_BYTES = 16 * 1024 * 1024

_ROWS = (
    f"{RECORDS} WHERE event.seq > :after AND log.source_id = :source AND NOT event.flags & :oversize AND ({{condition}}) ORDER BY event.seq"
)


@dataclass(slots=True)
class Outcome:
    """How decoding again went. `undecodable` counts what remains so in the whole capture, `oversize` what was left as it is."""

    events: int = 0
    changed: int = 0
    """Of these, how many have another identity than before (type, stream, version, time, ids or actor), decoder or schema."""
    undecodable: int = 0
    oversize: int = 0
    finished: int = 0
    """How many events waited for a schema and do so no longer."""
    missing: list[Waiting] = field(default_factory=list)
    """The schemas that events still wait for, those with the most events first."""
    is_whole: bool = True
    """False when it was stopped before the end; what was done stays."""


def run(
    path: Path,
    *,
    profile: Profile | None = None,
    condition: Condition | None = None,
    places: Sequence[Place] = (),
    progress: Callable[[int], None] = lambda _events: None,
    is_stopped: Callable[[], bool] = lambda: False,
    ending: Callable[[], None] = lambda: None,
) -> Outcome:
    """Decodes and identifies the events of the capture at `path` that meet `condition` (all: None) again.

    `places` are asked for schemas that the capture has not. `progress` is told how many are done after each transaction,
    `ending` is called before the file is let go of. Raises CaptureError for what is no capture, CaptureInUseError when it is
    being written, UsageError when it holds no values.
    """
    if not path.is_file():
        raise CaptureError(f"there is no capture {path}")
    outcome = Outcome()
    with damage_said(path), CaptureWriter(path) as writer:
        if not writer.with_values:
            raise UsageError(f"{path.name} was captured without values: there is nothing to decode")
        before = _waiting(writer)
        writer.note_setting("decoded", time.time_ns())
        for (source_id,) in writer.select("SELECT id FROM source ORDER BY id").fetchall():
            for page_size, changed in _decode_source(writer, source_id, profile, condition, places):
                outcome.events += page_size
                outcome.changed += changed
                progress(outcome.events)
                outcome.is_whole = not is_stopped()
                if not outcome.is_whole:
                    break
            if not outcome.is_whole:
                break
        writer.note_setting("decoded", time.time_ns())
        writer.mark_late_again()
        writer.outdate_searches()
        writer.forget_unused_schemas()
        outcome.missing = _waiting(writer)
        outcome.finished = max(0, sum(one.events for one in before) - sum(one.events for one in outcome.missing))
        counting = "SELECT count(*) FILTER (WHERE flags & :bad), count(*) FILTER (WHERE flags & :big) FROM event"
        bits = {"bad": int(Flag.undecodable), "big": int(Flag.oversize)}
        outcome.undecodable, outcome.oversize = writer.select(counting, bits).fetchall()[0]
        ending()
    return outcome


def _waiting(writer: CaptureWriter) -> list[Waiting]:
    return waiting(lambda sql, bound: writer.select(sql, bound).fetchall())


def _decode_source(
    writer: CaptureWriter, source_id: int, profile: Profile | None, condition: Condition | None, places: Sequence[Place]
) -> Iterator[tuple[int, int]]:
    """Does one source, giving of each transaction the number of events, and of those that changed."""
    logs = [stored_log(row) for row in writer.select(LOGS, {"source": source_id}).fetchall()]
    stored = writer.schemas(source_id)
    book = Schemas(places, stored.values())
    _learn(writer, source_id, book)
    identifier = identifier_of(logs, profile, book)
    if condition is not None:
        # all of a log is decoded as it was captured, from its beginning; of a part the beginning is asked for
        for name in {log.info.key.name for log in logs}:
            identifier.remember(name, *first_values(writer.select, source_id, name))
    stager = Stager()
    try:
        after = 0
        while page := _page(writer, source_id, StoredPage(logs, stored), after, condition):
            batch = identifier.events(page.records, [log.info for log in logs])
            changed = writer.rewrite(page.seqs, [log.id for log in logs], source_id, stager.stage(batch))
            after = page.seqs[-1]
            yield len(page.seqs), changed
    finally:
        stager.close()


def _learn(writer: CaptureWriter, source_id: int, book: Schemas) -> None:
    """The schemas in the registry's own topic, where the capture holds it, are known before the first event is decoded."""
    topic = SchemasTopic()
    bound = {"source": source_id, "name": TOPIC, "oversize": int(Flag.oversize)}
    book.add_new(topic.learn(writer.select(RECORDS_OF_LOG, bound).fetchall()))


def _page(writer: CaptureWriter, source_id: int, page: StoredPage, after: int, condition: Condition | None) -> StoredPage | None:
    """The next events of a source, as they were read: at most 20,000, and not much over 16 MB; None when there are no more."""
    places = {log.id: place for place, log in enumerate(page.logs)}
    bindings: dict[str, Any] = {
        **(condition.bindings if condition else {}),
        "after": after,
        "source": source_id,
        "oversize": int(Flag.oversize),
    }
    rows = writer.select(_ROWS.format(condition=condition.sql if condition else "true"), bindings)
    try:
        for row in rows:
            page.add(row, places)
            if len(page.seqs) >= BATCH_ROWS or page.bytes >= BATCH_BYTES:
                break
    finally:
        rows.close(True)
    return page if page.seqs else None
