"""What is said of a partition once it was looked through: sentences on order, transactions, log start, and the files beside it.

Knows the rules of no format. Read `survey` for who asks, `indexes` for the files.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inspector.errors import SourceError
from inspector.segments import indexes
from inspector.segments.facts import MOST_KEPT
from inspector.segments.files import small_file
from inspector.segments.transactions import Aborted

if TYPE_CHECKING:
    from inspector.segments.survey import Survey, Surveyed

T = TypeVar("T")


def said_by(path: Path, read: Callable[[bytes], T], survey: Survey) -> T | None:
    """What a file beside the segments says; None where there is none, or it may not be opened, with a note where it is damaged."""
    if survey.partition.is_alone or path.is_symlink() or not path.exists():
        return None
    try:
        return read(small_file(path, indexes.MOST_BYTES))
    except (ValueError, SourceError) as error:
        survey.notes.append(f"{survey.partition.named}: {path.name} cannot be used: {error}")
        return None


def compare(survey: Survey, found: Surveyed, wrong: int, end: int) -> None:
    """What the index files of a segment say otherwise; `wrong` entries of `.index` point nowhere, its offsets end before `end`."""
    if wrong:
        found.facts.note(f"its .index has {wrong:,} entries that point at no batch, or at another offset; it is not needed")
    problem = said_by(
        found.path.with_suffix(".timeindex"),
        lambda data: indexes.time_problem(indexes.time_entries(data, found.base), found.base, end, found.latest_ms),
        survey,
    )
    if problem:
        found.facts.note(f"its .timeindex does not fit: {problem}; it is not needed")
    for one in said_by(found.path.with_suffix(".txnindex"), lambda data: _not_shown(data, survey), survey) or []:
        found.facts.note(
            f"its .txnindex names an aborted transaction of producer {one.producer_id} at {one.first} to {one.last} "
            "that the records do not show"
        )


def _not_shown(data: bytes, survey: Survey) -> list[Aborted]:
    """The transactions of an index that the records do not show, some of them. Raises ValueError for a damaged one."""
    ends = {(one.producer_id, one.last) for one in survey.transactions.aborted}
    return list(islice((one for one in indexes.transactions(data) if (one.producer_id, one.last) not in ends), MOST_KEPT))


def conclude(survey: Survey) -> None:
    """Sentences on the whole partition, appended to its notes."""
    named = survey.partition.named
    said = [*_order(survey), *_transactions(survey), *_bounds(survey)]
    survey.notes.extend(f"{named}: {text}" for text in said)


def _order(survey: Survey) -> list[str]:
    said = []
    if survey.odd:
        said.append(f"{survey.odd:,} batches stand at a wrong offset or leader epoch; their records are marked damaged")
    if survey.holes:
        said.append(f"{survey.holes:,} offsets inside hold no record, as compaction leaves them")
    return said


def _transactions(survey: Survey) -> list[str]:
    known, said = survey.transactions, []
    if known.open:
        said.append(
            f"{len(known.open):,} transactions have no end in these files; a reader of committed records sees nothing "
            f"from offset {known.stable} on"
        )
    if known.unknown:
        said.append(f"how {known.unknown:,} transactions ended cannot be told: the end may lie in what is damaged or missing")
    return said


def _bounds(survey: Survey) -> list[str]:
    start, mark, said = survey.partition.log_start, survey.partition.high_watermark, []
    if start is not None and start > survey.first:
        last = min(start, survey.end) - 1
        said.append(f"offsets {survey.first} to {last} are below the log start {start}: deleted, and still on disk")
    if mark is not None and mark < survey.end:
        said.append(
            f"offsets {mark} to {survey.end - 1} are above the high watermark that was last written down: "
            "a broker may not have given them to any reader yet"
        )
    return said
