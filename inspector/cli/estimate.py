"""`eventscope capture … --estimate`: how much a request would read, before it is read. Reads offsets, and a few records if told so.

Read `capture` for the arguments, which are those of the capture itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.sources import Plan, Request, Source

RECORDS_PER_S = 50_000
BYTES_PER_S = 40_000_000
"""What one capture does on a small machine, decoding and storing; the slower of the two counts."""
_SAMPLE_S = 5.0
_SAMPLED_LOGS = 5


@dataclass(slots=True)
class Estimate:
    """`records` is the most there can be (positions); `bytes` are of keys and values, None where no record was looked at."""

    logs: int = 0
    records: int = 0
    bytes: int | None = None
    seconds: float = 0.0
    sampled: int = 0
    """So many records were read to know their size."""
    follows: bool = False
    notes: list[str] = field(default_factory=list)


def estimate(
    sources: Sequence[tuple[Source, Request]],
    *,
    sample: int = 0,
    limit: int | None = None,
    max_bytes: int | None = None,
    max_rate: float | None = None,
) -> Estimate:
    """What reading all of `sources` would take as things are now, within the limits. Raises as `Source.pin` does."""
    from inspector.sources.spans import narrowed

    told = Estimate()
    sampled_bytes = 0
    for source, request in sources:
        plan = narrowed(source.pin(request), request.ranges)
        told.logs += len({span.log for span in plan.spans}) if request.ranges else len(plan.logs)
        told.records += sum(_length(plan, place) for place in range(len(plan.spans)))
        told.follows = told.follows or request.follow
        told.notes += plan.notes
        if sample:
            count, size = _sampled(source, plan, request, sample // len(sources))
            told.sampled += count
            sampled_bytes += size
    if limit is not None:
        told.records = min(told.records, limit)
    if told.sampled or not told.records:
        told.bytes = sampled_bytes * told.records // max(1, told.sampled)
        told.bytes = told.bytes if max_bytes is None else min(told.bytes, max_bytes)
    told.seconds = round(max(told.records / (max_rate or RECORDS_PER_S), (told.bytes or 0) / BYTES_PER_S, 0.1), 1)
    return told


def _length(plan: Plan, place: int) -> int:
    span = plan.spans[place]
    end = plan.logs[span.log].end if span.end is None else min(span.end, plan.logs[span.log].end)
    return max(0, end - span.start)


def _sampled(source: Source, plan: Plan, request: Request, count: int) -> tuple[int, int]:
    """(records, bytes) of about `count` records at the starts of the longest spans; fewer when they do not come in time."""
    longest = sorted(range(len(plan.spans)), key=lambda place: -_length(plan, place))[:_SAMPLED_LOGS]
    each = max(1, count // max(1, len(longest)))
    few = [place for place in longest if _length(plan, place)]
    plan.spans = [replace(plan.spans[place], end=plan.spans[place].start + min(each, _length(plan, place))) for place in few]
    stop = threading.Event()
    deadline = time.monotonic() + _SAMPLE_S
    records = size = 0
    for batch in source.read(plan, replace(request, follow=False), stop):
        records += len(batch.records)
        size += sum(len(part or b"") for column in (batch.records.key, batch.records.value) for part in column)
        if records >= count or time.monotonic() > deadline:
            stop.set()
    return records, size


def words(told: Estimate) -> str:
    """The estimate as a sentence."""
    size = "bytes unknown until records are sampled (--sample 100)"
    if told.bytes is not None:
        size = f"about {told.bytes / 1e6:,.1f} MB (from {told.sampled:,} records)" if told.sampled else "nothing to read"
    then = ", then whatever comes" if told.follows else ""
    return f"at most {told.records:,} records of {told.logs:,} partition{'s' * (told.logs != 1)}, {size}, about {told.seconds:,.1f} s{then}"


def as_json(told: Estimate) -> str:
    """The estimate as a JSON line of type `estimate`."""
    return json.dumps({"type": "estimate", **asdict(told), "text": words(told)}, ensure_ascii=False)
